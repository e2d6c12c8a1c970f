//! Levels and priorities that keep an order.
//!
//! What stands between two things that no level runs must be run by levels of its
//! own: a run-level call cannot reach over a call that stays. So entries come in
//! segments; levels rise within a segment, and from one segment to the next.
//! Deinit tables run backwards: their order is given from its end.

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
    loop {
        let left: Vec<usize> = (0..items.len()).filter(|&item| placed[item].is_none()).collect();
        let wanted: Vec<Item> = left
            .iter()
            .map(|&item| {
                // What stays by hand parts what is around it.
                let parted = placed[..item].iter().filter(|place| place.is_some()).count();
                Item { segment: items[item].segment + parted, ..items[item].clone() }
            })
            .collect();
        let out = |placed: &mut Vec<Option<Placed>>, out: &[usize], why| {
            for &item in out {
                placed[left[item]] = Some(why);
            }
        };
        let Some(levels) = levels(&wanted) else {
            let smallest = smallest_segment(&wanted);
            if smallest.is_empty() {
                // Registered by hand in an order that no levels have: nothing can be added.
                return placed.into_iter().map(|item| item.unwrap_or(Placed::Fixed)).collect();
            }
            out(&mut placed, &smallest, Placed::NoLevel);
            continue;
        };
        match priorities(&wanted, &levels) {
            Err(crowded) => out(&mut placed, &crowded, Placed::NoPriority),
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

/// The new items of the segment with fewest of them; of two, the later one.
fn smallest_segment(items: &[Item]) -> Vec<usize> {
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
    segments.into_iter().rev().min_by_key(Vec::len).unwrap_or_default()
}

/// The number of each item; where there are too few, the items for which there is none.
fn priorities(items: &[Item], levels: &[usize]) -> Result<Vec<u8>, Vec<usize>> {
    let mut found = vec![0; items.len()];
    let mut start = 0;
    while start < items.len() {
        let chunk = levels[start..].iter().take_while(|&&level| level == levels[start]).count();
        let end = start + chunk;
        let mut at = start;
        let mut low = None;
        while at < end {
            let new: Vec<usize> =
                (at..end).take_while(|&item| items[item].number == Number::New).collect();
            let high = items[..end].get(at + new.len()).map(|item| item.number);
            let numbers = match (low, high) {
                (Some(Number::Other), _) | (_, Some(Number::Other)) => None,
                _ => spread(new.len(), low.and_then(Number::get), high.and_then(Number::get)),
            };
            let numbers = numbers.or_else(|| new.is_empty().then(Vec::new));
            let Some(numbers) = numbers else { return Err(new) };
            for (&item, number) in new.iter().zip(numbers) {
                found[item] = number;
            }
            low = high;
            at += new.len() + 1;
        }
        start = end;
    }
    Ok(found)
}

/// `count` numbers of two digits between `low` and `high`, as far apart as there is
/// room, but no further than ten.
fn spread(count: usize, low: Option<u8>, high: Option<u8>) -> Option<Vec<u8>> {
    let low = low.map(usize::from);
    let first = low.map_or(0, |low| low + 1);
    let end = high.map_or(100, usize::from);
    let room = end.saturating_sub(first);
    if count == 0 || count > room {
        return (count == 0).then(Vec::new);
    }
    let steps = [10, 5, 4, 3, 2];
    let step = steps.into_iter().find(|step| (count + 1) * step <= room + 1).unwrap_or(1);
    let length = (count - 1) * step;
    let start = match (low, high) {
        (Some(low), _) => low + step,
        // In front of what is there, close to it.
        (None, Some(_)) => end - step - length,
        (None, None) => step.min(end - 1 - length),
    };
    (0..count).map(|index| u8::try_from(start + index * step).ok()).collect()
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
        assert_eq!(said(&items), ["no priority", "fixed", "driver 10", "fixed"]);
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
            assert_eq!(spread(count, None, None), Some(expected));
        }
        assert_eq!(spread(99, None, None).unwrap(), (1..=99).collect::<Vec<u8>>());
        assert_eq!(spread(100, None, None).unwrap(), (0..=99).collect::<Vec<u8>>());
        assert_eq!(spread(101, None, None), None);
        assert_eq!(spread(2, Some(97), None), Some(vec![98, 99]));
        assert_eq!(spread(2, None, Some(2)), Some(vec![0, 1]));
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
