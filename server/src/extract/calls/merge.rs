//! Calls that the compiler, or the programmer, wrote into several arms.
//!
//! A call that stands in two arms that exclude each other is one call: both
//! become one node of the graph, so that it stands behind whatever stands before
//! either.

use std::collections::HashMap;

/// Most nodes that are candidates; deciding takes time in proportion to their
/// square.
const MAX_CANDIDATES: usize = 256;

/// For each node the one that stands for it.
///
/// `keys` tells which nodes make the same call (`None` for nodes that make none
/// that matters); `forward` are the edges of one pass, without the ones that lead
/// back; `sequence` is their order.
pub(super) fn representatives(
    forward: &[Vec<usize>],
    sequence: &[usize],
    keys: &[Option<(u64, Option<u64>)>],
) -> Vec<usize> {
    let mut stands_for: Vec<usize> = (0..forward.len()).collect();
    let mut groups: HashMap<(u64, Option<u64>), Vec<usize>> = HashMap::new();
    let candidates = sequence.iter().filter_map(|&node| Some((node, keys[node]?)));
    for (node, key) in candidates.take(MAX_CANDIDATES) {
        let known = groups.entry(key).or_default();
        // In the graph as it is by now: two merges that are right each alone may
        // contradict each other.
        let partner = known.iter().copied().find(|&other| {
            !reaches(forward, &stands_for, other, node)
                && !reaches(forward, &stands_for, node, other)
        });
        match partner {
            Some(other) => stands_for[node] = other,
            None => known.push(node),
        }
    }
    stands_for
}

/// The graph in which merged nodes are one. Nodes that another stands for are
/// left without edges.
pub(super) fn contracted(successors: &[Vec<usize>], stands_for: &[usize]) -> Vec<Vec<usize>> {
    let mut contracted = vec![Vec::new(); successors.len()];
    for (node, nexts) in successors.iter().enumerate() {
        for &next in nexts {
            let edges: &mut Vec<usize> = &mut contracted[stands_for[node]];
            if !edges.contains(&stands_for[next]) {
                edges.push(stands_for[next]);
            }
        }
    }
    contracted
}

fn reaches(forward: &[Vec<usize>], stands_for: &[usize], from: usize, to: usize) -> bool {
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for (node, &other) in stands_for.iter().enumerate().filter(|&(node, &other)| node != other) {
        members.entry(other).or_default().push(node);
    }
    let mut seen = vec![false; forward.len()];
    let mut ahead = vec![stands_for[from]];
    while let Some(node) = ahead.pop() {
        let merged = members.get(&node).into_iter().flatten().copied();
        for member in std::iter::once(node).chain(merged) {
            for &next in &forward[member] {
                let next = stands_for[next];
                if next == stands_for[to] {
                    return true;
                }
                if !std::mem::replace(&mut seen[next], true) {
                    ahead.push(next);
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Option<(u64, Option<u64>)> = Some((7, None));

    #[test]
    fn a_call_in_two_arms_is_one_and_stands_behind_what_is_before_either() {
        // 0 -> 1 (x) -> 2 (call) -> 4; 0 -> 3 (call) -> 4.
        let edges = vec![vec![1, 3], vec![2], vec![4], vec![4], vec![]];
        let stands_for = representatives(&edges, &[0, 1, 2, 3, 4], &[None, None, CALL, CALL, None]);
        assert_eq!(stands_for, [0, 1, 2, 2, 4]);
        let contracted = contracted(&edges, &stands_for);
        assert_eq!(contracted, [vec![1, 2], vec![2], vec![4], vec![], vec![]]);
    }

    #[test]
    fn calls_one_after_the_other_stay_two() {
        let edges = vec![vec![1], vec![2], vec![]];
        assert_eq!(representatives(&edges, &[0, 1, 2], &[CALL, None, CALL]), [0, 1, 2]);
    }

    #[test]
    fn two_calls_in_opposite_orders_are_not_both_merged() {
        // Arms: 1 (a) -> 2 (b), and 3 (b) -> 4 (a).
        let edges = vec![vec![1, 3], vec![2], vec![5], vec![4], vec![5], vec![]];
        let (a, b) = (Some((1, None)), Some((2, None)));
        let stands_for = representatives(&edges, &[0, 1, 2, 3, 4, 5], &[None, a, b, b, a, None]);
        assert_eq!(stands_for, [0, 1, 2, 2, 4, 5]);
    }
}
