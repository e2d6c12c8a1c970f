//! What stayed in its order: the heaviest run of ascending numbers.

/// Marks a run of ascending numbers in `values` that weighs most; with all
/// weights alike, a longest increasing subsequence. The run ascends strictly;
/// `None` is never part of it. `weight` is of an index and at least 1.
pub(super) fn heaviest_run(values: &[Option<usize>], weight: impl Fn(usize) -> u64) -> Vec<bool> {
    let size = values.iter().flatten().max().map_or(0, |most| most + 1);
    // A tree of prefixes (Fenwick) over the numbers: the best run that ends at or
    // below each; of equal ones, the one with the least end.
    let mut tree: Vec<Option<Best>> = vec![None; size + 1];
    let mut previous: Vec<Option<usize>> = vec![None; values.len()];
    let mut best: Option<Best> = None;
    for (index, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let mut before = None;
        let mut at = value;
        while at > 0 {
            before = before.max(tree[at]);
            at &= at - 1;
        }
        previous[index] = before.map(|(_, _, index)| index);
        let run = before.map_or(0, |(sum, _, _)| sum) + weight(index);
        let here = Some((run, std::cmp::Reverse(value), index));
        best = best.max(here);
        let mut at = value + 1;
        while at <= size {
            tree[at] = tree[at].max(here);
            at += at & at.wrapping_neg();
        }
    }
    let mut is_part = vec![false; values.len()];
    let mut at = best.map(|(_, _, index)| index);
    while let Some(index) = at {
        is_part[index] = true;
        at = previous[index];
    }
    is_part
}

/// Weight of a run, the number at its end, and the index of that.
type Best = (u64, std::cmp::Reverse<usize>, usize);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The weight of the heaviest run, found by trying all.
    fn heaviest(values: &[(usize, u64)]) -> u64 {
        let weight = |set: u32| {
            let chosen: Vec<&(usize, u64)> =
                (0..values.len()).filter(|i| set >> i & 1 == 1).map(|i| &values[i]).collect();
            let ascends = chosen.windows(2).all(|pair| pair[0].0 < pair[1].0);
            if ascends { chosen.iter().map(|(_, weight)| weight).sum() } else { 0 }
        };
        (0..1_u32 << values.len()).map(weight).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_run_is_heavier(
            order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
            weights in proptest::collection::vec(1..4_u64, 9),
            gap in 0..9_usize,
        ) {
            let mut values: Vec<Option<usize>> = order.iter().copied().map(Some).collect();
            values[gap] = None;
            let run = heaviest_run(&values, |index| weights[index]);
            let marked: Vec<usize> = (0..9).filter(|&index| run[index]).collect();
            prop_assert!(marked.windows(2).all(|pair| values[pair[0]] < values[pair[1]]));
            prop_assert!(!run[gap]);
            let given: Vec<(usize, u64)> =
                (0..9).filter_map(|index| Some((values[index]?, weights[index]))).collect();
            prop_assert_eq!(marked.iter().map(|&index| weights[index]).sum::<u64>(), heaviest(&given));
        }
    }
}
