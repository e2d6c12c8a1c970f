//! Levels and priorities that keep an order.
//!
//! What stands between two things that no level runs must be run by levels of its
//! own: a run-level call cannot reach over a call that stays. So entries come in
//! segments; levels rise within a segment, and from one segment to the next.
//! Deinit tables run backwards: their order is given from its end.

use std::collections::BTreeSet;

use crate::model::{Priority, RFC_LEVELS};

/// The number of levels.
pub(super) const LEVELS: usize = RFC_LEVELS.len();

/// An entry that needs a place, in the order in which its table is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its segment: the same or a later one than that of the item before.
    pub(super) segment: usize,
    /// The levels that may run it.
    pub(super) allowed: [bool; LEVELS],
    /// The one that should.
    pub(super) preferred: usize,
    /// Its number.
    pub(super) number: Number,
}

/// The number that an item has in the table of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// None yet.
    New,
    /// It is registered, at this one.
    At(u8),
    /// It is registered, at a priority that is no number of two digits.
    Other,
}

impl Number {
    /// The number of an entry that is registered.
    pub(super) fn of(priority: Option<&Priority>) -> Self {
        let text = priority.map_or("", Priority::as_str);
        text.parse().ok().filter(|_| text.len() == 2).map_or(Self::Other, Self::At)
    }

    fn get(self) -> Option<u8> {
        match self {
            Self::At(number) => Some(number),
            Self::New | Self::Other => None,
        }
    }
}

/// Where an item is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// In the table of a level.
    At {
        /// The level.
        level: usize,
        /// The number.
        priority: u8,
    },
    /// It stays where it is, registered.
    Fixed,
    /// No level is left.
    NoLevel,
    /// No number is left.
    NoPriority,
}

/// What it costs to place an item one level away from the one that it should have, and
/// to run one more level within a segment.
const MISPLACED: u32 = 2;
const SPLIT: u32 = 1;

/// Places for as many items as have one.
pub(super) fn place(items: &[Item]) -> Vec<Placed> {
    let mut placed: Vec<Option<Placed>> = vec![None; items.len()];
    // Items that cannot have the level of the one before, which has no numbers left.
    let mut cuts: BTreeSet<usize> = BTreeSet::new();
    loop {
        let mut left = Vec::new();
        let mut wanted = Vec::new();
        // What stays by hand parts what is around it, and so does a cut.
        let mut parted = 0;
        for (index, item) in items.iter().enumerate() {
            parted += usize::from(cuts.contains(&index));
            if placed[index].is_some() {
                parted += 1;
            } else {
                left.push(index);
                wanted.push(Item { segment: item.segment + parted, ..item.clone() });
            }
        }
        let Some(levels) = levels(&wanted) else {
            let out = smallest_segments(&wanted);
            for segment in &out {
                let is_cut = |at: usize| left.get(at).is_some_and(|index| cuts.contains(index));
                let crowded = segment.iter().any(|&at| is_cut(at))
                    || segment.last().is_some_and(|&at| is_cut(at + 1));
                let why = if crowded { Placed::NoPriority } else { Placed::NoLevel };
                for at in segment {
                    placed[left[*at]] = Some(why);
                }
            }
            if out.is_empty() {
                // Registered by hand in an order that no levels have: nothing can be added.
                return placed.into_iter().map(|item| item.unwrap_or(Placed::Fixed)).collect();
            }
            continue;
        };
        match priorities(&wanted, &levels) {
            Err(cut) => cuts.extend([left[cut]]),
            Ok(priorities) => {
                for ((&item, &level), &priority) in left.iter().zip(&levels).zip(&priorities) {
                    let is_fixed = items[item].number != Number::New;
                    let at = Placed::At { level, priority };
                    placed[item] = Some(if is_fixed { Placed::Fixed } else { at });
                }
                return placed.into_iter().map(|item| item.unwrap_or(Placed::Fixed)).collect();
            }
        }
    }
}

/// The cheapest levels of items, or `None` where there are none that keep their order.
fn levels(items: &[Item]) -> Option<Vec<usize>> {
    // For each item and level the cost up to there, and the level of the item before.
    let mut costs: Vec<[Option<(u32, usize)>; LEVELS]> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let mut row = [None; LEVELS];
        for (level, cell) in row.iter_mut().enumerate().filter(|(level, _)| item.allowed[*level]) {
            let own = u32::try_from(level.abs_diff(item.preferred)).unwrap_or(0) * MISPLACED;
            *cell = match index.checked_sub(1) {
                None => Some((own, level)),
                Some(before) => {
                    let is_same = items[before].segment == item.segment;
                    let from = (0..=level).filter(|&other| is_same || other < level);
                    let cost = |other: usize| {
                        let (cost, _) = costs[before][other]?;
                        let split = if is_same && other != level { SPLIT } else { 0 };
                        Some((cost + split + own, other))
                    };
                    from.filter_map(cost).min()
                }
            };
        }
        costs.push(row);
    }
    let Some(last) = costs.last() else { return Some(Vec::new()) };
    let cheapest =
        last.iter().enumerate().filter_map(|(level, cell)| Some((cell.as_ref()?.0, level)));
    let (_, mut level) = cheapest.min()?;
    let mut levels = Vec::with_capacity(items.len());
    for row in costs.iter().rev() {
        levels.push(level);
        level = row[level]?.1;
    }
    levels.reverse();
    Some(levels)
}

/// The new items of the segments that cannot have a level of their own: those with
/// fewest of them, of two the later one, and at least one.
fn smallest_segments(items: &[Item]) -> Vec<Vec<usize>> {
    let mut segments: Vec<Vec<usize>> = Vec::new();
    let mut last = None;
    for (index, item) in items.iter().enumerate().filter(|(_, item)| item.number == Number::New) {
        if last.replace(item.segment) != Some(item.segment) {
            segments.push(Vec::new());
        }
        if let Some(segment) = segments.last_mut() {
            segment.push(index);
        }
    }
    let too_many = segments.len().saturating_sub(LEVELS).max(1);
    segments.reverse();
    segments.sort_by_key(Vec::len);
    segments.truncate(too_many);
    segments
}

/// The number of each item; where a level has too few, the item from which on another
/// level is needed.
fn priorities(items: &[Item], levels: &[usize]) -> Result<Vec<u8>, usize> {
    let mut found = vec![0; items.len()];
    let mut start = 0;
    while start < items.len() {
        let chunk = levels[start..].iter().take_while(|&&level| level == levels[start]).count();
        let end = start + chunk;
        let mut at = start;
        let mut low = None;
        while at < end {
            let new = items[at..end].iter().take_while(|item| item.number == Number::New).count();
            let high = items[..end].get(at + new).map(|item| item.number);
            let room = room(low, high);
            if new > room {
                // Behind as many as fit, or in front of them where only their end is given.
                return Err(if low.is_none() && high.is_some() {
                    at + new - room
                } else {
                    at + room
                });
            }
            let numbers = spread(new, low.and_then(Number::get), high.and_then(Number::get));
            for (place, number) in found[at..].iter_mut().zip(numbers) {
                *place = number;
            }
            low = high;
            at += new + 1;
        }
        start = end;
    }
    Ok(found)
}

/// How many numbers there are between two others.
fn room(low: Option<Number>, high: Option<Number>) -> usize {
    if [low, high].contains(&Some(Number::Other)) {
        return 0;
    }
    let number = |end: Option<Number>| end.and_then(Number::get).map(usize::from);
    let first = number(low).map_or(0, |low| low + 1);
    number(high).unwrap_or(100).saturating_sub(first)
}

/// `count` numbers of two digits between `low` and `high`, which has room for them, as
/// far apart as it has, but no further than ten.
fn spread(count: usize, low: Option<u8>, high: Option<u8>) -> Vec<u8> {
    if count == 0 {
        return Vec::new();
    }
    let low = low.map(usize::from);
    let first = low.map_or(0, |low| low + 1);
    let end = high.map_or(100, usize::from);
    let room = end.saturating_sub(first);
    let steps = [10, 5, 4, 3, 2];
    let step = steps.into_iter().find(|step| (count + 1) * step <= room + 1).unwrap_or(1);
    let length = (count - 1) * step;
    let start = match (low, high) {
        (Some(low), _) => low + step,
        // In front of what is there, close to it.
        (None, Some(_)) => end.saturating_sub(step + length),
        (None, None) => step.min(99_usize.saturating_sub(length)),
    };
    (0..count).filter_map(|index| u8::try_from(start + index * step).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item(segment: usize, preferred: usize) -> Item {
        Item { segment, allowed: [false, true, true, true], preferred, number: Number::New }
    }

    fn registered(segment: usize, level: usize, priority: &str) -> Item {
        let mut allowed = [false; LEVELS];
        allowed[level] = true;
        let number = Number::of(Some(&priority.parse().unwrap()));
        Item { segment, allowed, preferred: level, number }
    }

    fn said(items: &[Item]) -> Vec<String> {
        let said = |placed: Placed| match placed {
            Placed::At { level, priority } => format!("{} {priority:02}", RFC_LEVELS[level]),
            Placed::Fixed => "fixed".to_owned(),
            Placed::NoLevel => "no level".to_owned(),
            Placed::NoPriority => "no priority".to_owned(),
        };
        place(items).into_iter().map(said).collect()
    }

    #[test]
    fn a_segment_has_the_levels_that_its_entries_should_have_as_far_as_they_rise() {
        let items = [item(0, 1), item(0, 1), item(0, 2), item(0, 3), item(0, 2), item(0, 2)];
        assert_eq!(
            said(&items),
            ["core 10", "core 20", "driver 10", "driver 20", "driver 30", "driver 40"]
        );
    }

    #[test]
    fn a_later_segment_has_later_levels() {
        assert_eq!(said(&[item(0, 2), item(1, 2)]), ["core 10", "driver 10"]);
        let four =
            [item(0, 2), item(1, 2), item(1, 2), item(2, 2), item(2, 2), item(3, 2), item(3, 2)];
        assert_eq!(
            said(&four),
            [
                "no level",
                "core 10",
                "core 20",
                "driver 10",
                "driver 20",
                "service 10",
                "service 20"
            ]
        );
    }

    #[test]
    fn new_entries_stand_around_those_that_are_registered() {
        let items = [item(0, 2), registered(0, 2, "20"), registered(0, 2, "30"), item(0, 2)];
        assert_eq!(said(&items), ["driver 10", "fixed", "fixed", "driver 40"]);
        let items = [item(0, 2), registered(0, 2, "00"), item(0, 2), registered(0, 3, "10")];
        assert_eq!(said(&items), ["core 10", "fixed", "driver 10", "fixed"]);
        let mut first = item(0, 2);
        first.allowed = [false, false, true, false];
        assert_eq!(said(&[first, registered(0, 2, "00")]), ["no priority", "fixed"]);
    }

    #[test]
    fn numbers_stand_as_far_apart_as_there_is_room() {
        for (count, expected) in [
            (1, vec![10]),
            (9, (1..=9).map(|n| n * 10).collect()),
            (10, (1..=10).map(|n| n * 5).collect()),
        ] {
            assert_eq!(spread(count, None, None), expected);
        }
        assert_eq!(spread(99, None, None), (1..=99).collect::<Vec<u8>>());
        assert_eq!(spread(100, None, None), (0..=99).collect::<Vec<u8>>());
        assert_eq!(spread(2, Some(97), None), [98, 99]);
        assert_eq!(spread(2, None, Some(2)), [0, 1]);
    }

    #[test]
    fn what_one_level_has_no_numbers_for_goes_to_the_next() {
        let placed = said(&vec![item(0, 2); 250]);
        let of = |level: &str| placed.iter().filter(|text| text.starts_with(level)).count();
        assert_eq!([of("core"), of("driver"), of("service"), of("no")], [100, 100, 50, 0]);
        // Only what is too much stays by hand.
        let placed = said(&vec![item(0, 2); 310]);
        assert_eq!(placed.iter().filter(|text| *text == "no priority").count(), 10);
        let mut full: Vec<Item> = vec![registered(0, 2, "95"); 1];
        full.extend(vec![item(0, 2); 6]);
        full.push(registered(1, 3, "10"));
        assert_eq!(
            said(&full),
            [
                "fixed",
                "driver 96",
                "driver 97",
                "driver 98",
                "driver 99",
                "no priority",
                "no priority",
                "fixed"
            ]
        );
    }

    proptest! {
        #[test]
        fn what_is_placed_keeps_its_order(
            items in proptest::collection::vec((0_usize..2, 1_usize..4), 0..130)
        ) {
            let mut segment = 0;
            let items: Vec<Item> = items
                .into_iter()
                .map(|(step, preferred)| {
                    segment += usize::from(step == 0);
                    item(segment, preferred)
                })
                .collect();
            let placed = place(&items);
            let mut last: Option<(usize, (usize, u8))> = None;
            for (item, placed) in items.iter().zip(placed) {
                let Placed::At { level, priority } = placed else { continue };
                prop_assert!(priority < 100);
                if let Some((segment, before)) = last {
                    prop_assert!(before < (level, priority));
                    prop_assert!(segment == item.segment || before.0 < level);
                }
                last = Some((item.segment, (level, priority)));
            }
        }
    }
}
