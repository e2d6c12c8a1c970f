//! Why a function runs where it runs: the answer to "an order that the linker
//! makes is hard to debug".

use crate::model::{Entry, EntryKind, InitTable, Origin, Phase};

/// How many names are offered in place of one that is not there.
const SIMILAR: usize = 5;

/// Why one entry stands where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// The sentences, each a step from main down to the entry.
    pub steps: Vec<String>,
    /// The entries that run directly before and after it.
    pub before: Option<&'a Entry>,
    /// See `before`.
    pub after: Option<&'a Entry>,
}

/// The reasons for every entry of that function, or for all whose name holds
/// the text where none has it.
///
/// # Errors
/// With the names that are most like it, when there is none.
pub fn reasons<'a>(table: &'a InitTable, function: &str) -> Result<Vec<Reason<'a>>, Vec<String>> {
    let named = |wanted: &dyn Fn(&str) -> bool| -> Vec<&'a Entry> {
        let name =
            |entry: &&Entry| entry.function.as_ref().is_some_and(|name| wanted(name.as_str()));
        table.entries.iter().filter(name).collect()
    };
    let mut found = named(&|name| name == function);
    if found.is_empty() && !function.is_empty() {
        found = named(&|name| name.contains(function));
    }
    if found.is_empty() {
        return Err(similar(table, function));
    }
    Ok(found.into_iter().map(|entry| reason(table, entry)).collect())
}

fn reason<'a>(table: &'a InitTable, entry: &'a Entry) -> Reason<'a> {
    let neighbour = |offset: i64| {
        let position = i64::from(entry.position) + offset;
        table.entries.iter().find(|other| i64::from(other.position) == position)
    };
    let same_stage = |other: &&Entry| other.stage == entry.stage;
    Reason {
        entry,
        steps: steps(table, entry),
        before: neighbour(-1).filter(same_stage),
        after: neighbour(1).filter(same_stage),
    }
}

fn steps(table: &InitTable, entry: &Entry) -> Vec<String> {
    let mut steps = Vec::new();
    let main = table.main.as_ref().map_or("main", |main| main.function.as_str());
    let at = entry.call_address.map(|address| format!(" at {address}")).unwrap_or_default();
    let condition = if entry.conditional { ", on some paths only" } else { "" };
    let stage =
        entry.stage.map_or(String::new(), |stage| format!(" in its {} part", stage.as_str()));
    let level = entry.level.as_ref().filter(|_| entry.origin == Origin::Registry);
    if let (Some(level), Some(phase)) = (level, entry.phase) {
        steps.push(if entry.stage.is_some() {
            format!("{main} runs the {phase} entries of level {level}{stage}{at}{condition}")
        } else if table.main.is_some() {
            format!("{main} is not seen to run level {level}: where this entry runs is not known")
        } else {
            "main could not be read: levels are taken to run in their order".to_owned()
        });
        steps.push(in_level(table, entry, phase));
        if !entry.after.is_empty() {
            steps.push(format!("it states to run after {}", entry.after.join(", ")));
        }
    } else {
        let via: Vec<&str> = entry.via.iter().map(|name| name.as_str()).collect();
        let through =
            if via.is_empty() { String::new() } else { format!(" through {}", via.join(" and ")) };
        let how = if entry.address.is_none() { "holds it inlined" } else { "calls it" };
        steps.push(format!("{main} {how}{through}{stage}{at}{condition}"));
    }
    let also = table
        .entries
        .iter()
        .filter(|other| other.function == entry.function && other.position != entry.position);
    for other in also {
        steps.push(format!(
            "it runs at position {} as well: {}",
            other.position,
            if other.origin == Origin::Registry { "registered" } else { "called by hand" }
        ));
    }
    steps
}

/// What orders an entry among those of its level.
fn in_level(table: &InitTable, entry: &Entry, phase: Phase) -> String {
    let of_level = |other: &&Entry| {
        other.kind == EntryKind::Entry
            && other.phase == entry.phase
            && other.level == entry.level
            && other.slot.is_some()
    };
    // In the order in which they run, which slots need not be in where entries carry
    // their priority.
    let mut slots: Vec<Option<u32>> = Vec::new();
    for other in table.entries.iter().filter(of_level) {
        if !slots.contains(&other.slot) {
            slots.push(other.slot);
        }
    }
    let number = 1 + slots.iter().position(|&slot| slot == entry.slot).unwrap_or_default();
    let count = slots.len();
    let backwards = if phase == Phase::Deinit { "; deinit tables run backwards" } else { "" };
    let priority = entry.priority.as_ref().map_or_else(
        || "its priority went with the symbols".to_owned(),
        |priority| {
            format!(
                "its priority is {priority}, and priorities sort as text, then names{backwards}"
            )
        },
    );
    format!("it is number {number} of {count} in that level: {priority}")
}

/// The names most like one, the likest first.
fn similar(table: &InitTable, function: &str) -> Vec<String> {
    let mut names: Vec<(usize, String)> = table
        .entries
        .iter()
        .filter_map(|entry| entry.function.as_ref())
        .map(|name| (distance(name.as_str(), function), name.to_string()))
        .filter(|(distance, name)| *distance * 2 <= name.len())
        .collect();
    names.sort();
    names.dedup();
    names.into_iter().take(SIMILAR).map(|(_, name)| name).collect()
}

/// The number of letters to insert, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_of_names_counts_letters() {
        assert_eq!(distance("uart_init0", "uart_init0"), 0);
        assert_eq!(distance("uart_init0", "uart_init"), 1);
        assert_eq!(distance("pin_init0", "spi_init0"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
