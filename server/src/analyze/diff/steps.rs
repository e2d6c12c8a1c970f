//! What changed between two texts of one main: calls added, removed, moved, and
//! calls that stand under another condition.

use super::matching::{Movers, matching};
use crate::model::{Entry, OrderStep, StepKind};

/// The steps from one order to another: what is gone, in its old order, then
/// what is new, moved or changed, in its new order. Entries without a name
/// cannot be told apart and are left out.
pub fn steps(before: &[Entry], after: &[Entry]) -> Vec<OrderStep> {
    let before: Vec<&Entry> = before.iter().filter(|entry| entry.function.is_some()).collect();
    let after: Vec<&Entry> = after.iter().filter(|entry| entry.function.is_some()).collect();
    let matching = matching(&before, &after, &Movers::unknown());
    let gone = (0..before.len())
        .filter(|&index| matching.became[index].is_none())
        .filter_map(|index| step(StepKind::Removed, &before, index, None));
    let there = (0..after.len()).filter_map(|index| {
        let old = matching.came_from[index].map(|old| before[old]);
        let what = match old {
            None => StepKind::Added,
            Some(_) if !matching.stayed[index] => StepKind::Moved,
            Some(old)
                if old.condition != after[index].condition || old.stage != after[index].stage =>
            {
                StepKind::Changed
            }
            Some(_) => return None,
        };
        step(what, &after, index, old)
    });
    gone.chain(there).collect()
}

fn step(what: StepKind, order: &[&Entry], index: usize, old: Option<&Entry>) -> Option<OrderStep> {
    let entry = order[index];
    let behind = index.checked_sub(1).and_then(|index| order[index].function.clone());
    Some(OrderStep {
        what,
        function: entry.function.clone()?,
        kind: entry.kind,
        phase: entry.phase,
        stage: entry.stage,
        condition: entry.condition.clone(),
        behind,
        stage_before: old.and_then(|old| old.stage).filter(|stage| Some(*stage) != entry.stage),
        condition_before: old
            .filter(|old| old.condition != entry.condition)
            .and_then(|old| old.condition.clone()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{EntryKind, Origin, Phase, Stage, SymbolName};

    /// `name`, `name?CONDITION`, in stage `start`.
    fn order(calls: &[&str]) -> Vec<Entry> {
        let entry = |(position, call): (u32, &&str)| {
            let (name, condition) =
                call.split_once('?').map_or((*call, None), |(a, b)| (a, Some(b)));
            Entry {
                position,
                phase: Some(Phase::Init),
                kind: EntryKind::Entry,
                origin: Origin::Source,
                stage: Some(Stage::Start),
                level: None,
                slot: None,
                priority: None,
                function: SymbolName::from_bytes(name.as_bytes()),
                subsystem: None,
                declared_subsystem: None,
                satisfied: None,
                address: None,
                call_address: None,
                via: vec![],
                conditional: false,
                condition: condition.map(str::to_owned),
                location: None,
                after: vec![],
            }
        };
        (0..).zip(calls).map(entry).collect()
    }

    fn said(before: &[&str], after: &[&str]) -> Vec<String> {
        let said = |step: OrderStep| {
            let behind = step.behind.map_or_else(String::new, |name| format!(" behind {name}"));
            format!("{} {}{behind}", step.what.as_str(), step.function)
        };
        steps(&order(before), &order(after)).into_iter().map(said).collect()
    }

    #[test]
    fn the_fewest_calls_moved() {
        assert_eq!(said(&["a", "b", "c", "d"], &["b", "c", "d", "a"]), ["moved a behind d"]);
        assert_eq!(
            said(&["a", "b", "c"], &["a", "x", "c"]),
            ["removed b behind a", "added x behind a"]
        );
        assert_eq!(said(&["a", "b"], &["a", "b"]), [""; 0]);
        assert_eq!(said(&["x", "a", "x"], &["a", "x"]), ["removed x"]);
    }

    #[test]
    fn calls_of_one_function_are_told_apart_by_their_conditions() {
        assert_eq!(said(&["gc?A", "gc?B", "x"], &["gc?B", "x"]), ["removed gc"]);
        assert_eq!(said(&["gc?A", "gc?B"], &["gc?A", "gc?C"]), ["changed gc behind gc"]);
        let changed = &steps(&order(&["a?X"]), &order(&["a"]))[0];
        assert_eq!(
            (changed.condition.as_deref(), changed.condition_before.as_deref()),
            (None, Some("X"))
        );
    }

    /// Applies steps to an order of names that are all different.
    fn applied(before: &[String], steps: &[OrderStep]) -> Vec<String> {
        let touched = |what: &[StepKind], name: &String| {
            steps.iter().any(|step| what.contains(&step.what) && step.function.as_str() == name)
        };
        let mut order: Vec<String> = before
            .iter()
            .filter(|name| !touched(&[StepKind::Removed, StepKind::Moved], name))
            .cloned()
            .collect();
        for step in
            steps.iter().filter(|step| matches!(step.what, StepKind::Added | StepKind::Moved))
        {
            let at = step.behind.as_ref().map_or(0, |behind| {
                1 + order.iter().position(|name| name == behind.as_str()).unwrap()
            });
            order.insert(at, step.function.to_string());
        }
        order
    }

    proptest! {
        #[test]
        fn an_order_does_not_differ_from_itself(names in proptest::collection::vec("[a-d]", 0..20)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            prop_assert_eq!(steps(&order(&names), &order(&names)), []);
        }

        #[test]
        fn applying_the_steps_gives_the_other_order(
            before in proptest::collection::hash_set("[a-p]", 0..16),
            after in proptest::collection::hash_set("[a-p]", 0..16),
        ) {
            // Sets come in an order of their own.
            let (before, after): (Vec<String>, Vec<String>) =
                (before.into_iter().collect(), after.into_iter().collect());
            let entries = |names: &[String]| order(&names.iter().map(String::as_str).collect::<Vec<_>>());
            let steps = steps(&entries(&before), &entries(&after));
            prop_assert_eq!(applied(&before, &steps), after);
        }
    }
}
