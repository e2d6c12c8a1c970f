//! Calls that the compiler, or the programmer, wrote into several arms.
//!
//! A call that stands in two arms that exclude each other is one call: both
//! become one node of the graph, so that it stands behind whatever stands before
//! either.

use std::collections::{HashMap, HashSet};

/// Most nodes that are candidates: each costs a walk through the graph, and a
/// comparison with each of the others.
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
    let candidates: Vec<usize> = sequence
        .iter()
        .copied()
        .filter(|&node| keys[node].is_some())
        .take(MAX_CANDIDATES)
        .collect();
    let mut reachable = Reachable::new(forward, &candidates);
    let mut groups: HashMap<(u64, Option<u64>), Vec<usize>> = HashMap::new();
    for (candidate, &node) in candidates.iter().enumerate() {
        let Some(key) = keys[node] else { continue };
        let known = groups.entry(key).or_default();
        // In the graph as it is by now: two merges that are right each alone may
        // contradict each other.
        let partner =
            known.iter().copied().find(|&other| !reachable.in_one_direction(other, candidate));
        match partner {
            Some(other) => {
                stands_for[node] = candidates[other];
                reachable.merge(other, candidate);
            }
            None => known.push(candidate),
        }
    }
    stands_for
}

/// Which candidates can be reached from which, while some of them become one.
struct Reachable {
    /// By candidate, whether each of them can be reached.
    from: Vec<Vec<bool>>,
}

impl Reachable {
    fn new(forward: &[Vec<usize>], candidates: &[usize]) -> Self {
        let from = |&start: &usize| {
            let mut seen = vec![false; forward.len()];
            let mut ahead = vec![start];
            while let Some(node) = ahead.pop() {
                for &next in &forward[node] {
                    if !std::mem::replace(&mut seen[next], true) {
                        ahead.push(next);
                    }
                }
            }
            candidates.iter().map(|&candidate| seen[candidate]).collect()
        };
        Self { from: candidates.iter().map(from).collect() }
    }

    fn in_one_direction(&self, a: usize, b: usize) -> bool {
        self.from[a][b] || self.from[b][a]
    }

    /// Makes two candidates one: what reaches either now reaches both, and all
    /// that can be reached from them.
    fn merge(&mut self, a: usize, b: usize) {
        let mut behind: Vec<bool> =
            self.from[a].iter().zip(&self.from[b]).map(|(&one, &other)| one || other).collect();
        behind[a] = true;
        behind[b] = true;
        for (candidate, reached) in self.from.iter_mut().enumerate() {
            if candidate == a || candidate == b || reached[a] || reached[b] {
                for (reached, &behind) in reached.iter_mut().zip(&behind) {
                    *reached |= behind;
                }
            }
        }
    }
}

/// The graph in which merged nodes are one. Nodes that another stands for are
/// left without edges.
pub(super) fn contracted(successors: &[Vec<usize>], stands_for: &[usize]) -> Vec<Vec<usize>> {
    let mut contracted = vec![Vec::new(); successors.len()];
    let mut known: HashSet<(usize, usize)> = HashSet::new();
    for (node, nexts) in successors.iter().enumerate() {
        for &next in nexts {
            let edge = (stands_for[node], stands_for[next]);
            if known.insert(edge) {
                contracted[edge.0].push(edge.1);
            }
        }
    }
    contracted
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
