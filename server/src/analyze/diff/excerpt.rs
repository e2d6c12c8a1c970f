//! Two orders as one listing, as `diff -u` would show them: what changed with
//! what stands around it.

use serde::Serialize;
use utoipa::ToSchema;

use super::matching::Matching;
use super::table::has_changed;
use crate::model::{Entry, EntryKind, Stage};

/// How many entries are shown before and after one that changed.
const CONTEXT: usize = 2;

/// One line of the listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExcerptLine {
    /// What the line tells.
    pub mark: LineMark,
    /// The function, or `boot.py` and `main.py` for their runners.
    pub name: String,
    /// What the entry is.
    pub kind: EntryKind,
    /// Its stage: afterwards, or before where it is no longer there.
    pub stage: Option<Stage>,
    /// How many entries are left out before this line.
    pub skipped: usize,
}

/// What a line of an excerpt tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineMark {
    /// It stands as it did.
    Kept,
    /// It is gone.
    Removed,
    /// It is new.
    Added,
    /// It stood here and stands elsewhere now.
    MovedAway,
    /// It stands here and stood elsewhere.
    MovedHere,
    /// It stands here as it did, in another stage, at another level or under
    /// another condition.
    Changed,
}

/// The listing of an earlier and a later order, in whose `names` each entry has
/// one.
pub(super) fn lines(
    [before, after]: [&[&Entry]; 2],
    names: &[Vec<String>; 2],
    matching: &Matching,
) -> Vec<ExcerptLine> {
    let line = |mark, side: usize, index: usize| {
        let entry: &Entry = [before, after][side][index];
        let name = names[side][index].clone();
        ExcerptLine { mark, name, kind: entry.kind, stage: entry.stage, skipped: 0 }
    };
    let mut all = Vec::with_capacity(after.len());
    let mut old = 0;
    for new in 0..=after.len() {
        if new < after.len() && !matching.stayed[new] {
            continue;
        }
        // What stood, then what stands, between two that stayed.
        let anchor = matching.came_from.get(new).copied().flatten();
        for old in old..anchor.unwrap_or(before.len()) {
            let is_gone = matching.became[old].is_none();
            let mark = if is_gone { LineMark::Removed } else { LineMark::MovedAway };
            all.push(line(mark, 0, old));
        }
        let first = (0..new).rev().take_while(|&new| !matching.stayed[new]).last().unwrap_or(new);
        for new in first..new {
            let is_new = matching.came_from[new].is_none();
            let mark = if is_new { LineMark::Added } else { LineMark::MovedHere };
            all.push(line(mark, 1, new));
        }
        if let Some(anchor) = anchor {
            let changed = has_changed(before[anchor], after[new]);
            all.push(line(if changed { LineMark::Changed } else { LineMark::Kept }, 1, new));
            old = anchor + 1;
        }
    }
    around_changes(all)
}

/// The lines that tell of a change, and those around them.
fn around_changes(all: Vec<ExcerptLine>) -> Vec<ExcerptLine> {
    let mut is_near = vec![false; all.len()];
    for (index, _) in all.iter().enumerate().filter(|(_, line)| line.mark != LineMark::Kept) {
        let end = all.len().min(index + CONTEXT + 1);
        is_near[index.saturating_sub(CONTEXT)..end].fill(true);
    }
    let mut skipped = 0;
    let mut shown = Vec::new();
    for (line, is_near) in all.into_iter().zip(is_near) {
        if is_near {
            shown.push(ExcerptLine { skipped, ..line });
            skipped = 0;
        } else {
            skipped += 1;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::diff::matching::Movers;
    use crate::analyze::diff::{made, table};

    #[test]
    fn both_orders_stand_in_one_listing() {
        let before = made::table("start: a_init b_init c_init d_init e_init f_init stop: x_deinit");
        let after =
            made::table("start: a_init b_init c_init d_init f_init y_init stop: e_init ?x_deinit");
        let said: Vec<String> = table::excerpt(&before, &after, &Movers::unknown())
            .iter()
            .map(|line| {
                let mark = match line.mark {
                    LineMark::Kept => ' ',
                    LineMark::Removed => '-',
                    LineMark::Added => '+',
                    LineMark::MovedAway => '<',
                    LineMark::MovedHere => '>',
                    LineMark::Changed => '!',
                };
                format!("{mark}{} {}", line.name, line.skipped)
            })
            .collect();
        assert_eq!(
            said,
            [
                " c_init 2",
                " d_init 0",
                "<e_init 0",
                " f_init 0",
                "+y_init 0",
                ">e_init 0",
                "!x_deinit 0"
            ]
        );
    }
}
