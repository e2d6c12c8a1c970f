//! The order in which control reaches the nodes of a graph.
//!
//! The order comes from the graph alone. Strongly connected components are
//! collapsed and emitted in topological order; inside one, the edges into its
//! header are cut and the rest is ordered the same way, so that the body of a
//! loop stands wholly before what follows the loop. (Plain reverse post-order
//! puts the exit of a loop that is tested at its top before its body.) Addresses
//! only decide between arms that exclude each other.
//!
//! A component that is entered at several nodes (an irreducible loop, which only
//! a jump into a loop makes) has no header of its own: the entry that leads to
//! the runtime's start without passing another one is taken for it, else the one
//! that is met first from the outside.

use std::collections::{HashMap, HashSet};

/// Deepest nesting of loops that is ordered as such; deeper ones, which no
/// compiler makes, are emitted in reverse post-order.
const MAX_DEPTH: usize = 64;

/// Most entries of one loop that are weighed against each other.
const MAX_ENTRIES: usize = 8;

/// The edges of a graph, as lists of successors by node.
pub(in crate::extract) type Successors = [Vec<usize>];

/// The nodes that can be reached from `entry`, in the order in which control
/// reaches them first.
///
/// `address` tells where each node stands; it breaks ties between exclusive
/// arms. `pivots` are nodes near the top of a loop: one that is entered at
/// several nodes begins with the entry that leads to one of them directly.
pub(in crate::extract) fn order(
    successors: &Successors,
    entry: usize,
    address: &[u64],
    pivots: &[usize],
) -> Vec<usize> {
    nested(successors, entry, address, pivots, 0)
}

/// Orders one graph: the whole one, or the inside of a loop with `header` as
/// its entry. Edges that lead back to the header are left out.
fn nested(
    successors: &Successors,
    header: usize,
    address: &[u64],
    pivots: &[usize],
    depth: usize,
) -> Vec<usize> {
    let edges = |node: usize| successors[node].iter().copied().filter(|&next| next != header);
    let components = components(successors.len(), header, &edges);
    let mut component_of = vec![usize::MAX; successors.len()];
    for (index, component) in components.iter().enumerate() {
        for &node in component {
            component_of[node] = index;
        }
    }
    let lowest: Vec<Option<u64>> = components
        .iter()
        .map(|component| component.iter().map(|&node| address[node]).min())
        .collect();
    let following = |component: usize| {
        let mut following: Vec<usize> = components[component]
            .iter()
            .flat_map(|&node| edges(node))
            .map(|node| component_of[node])
            .filter(|&other| other != component)
            .collect();
        // Reverse post-order emits first what is visited last.
        following.sort_unstable_by_key(|&other| (std::cmp::Reverse(lowest[other]), other));
        following.dedup();
        following
    };
    let sequence = reverse_post_order(components.len(), component_of[header], following);
    let entries = entries(&components, &component_of, header, &sequence, &edges);
    let mut pivotal = vec![Vec::new(); components.len()];
    for &pivot in pivots.iter().filter(|&&pivot| component_of[pivot] != usize::MAX) {
        pivotal[component_of[pivot]].push(pivot);
    }
    let mut ordered = Vec::with_capacity(successors.len());
    for component in sequence {
        let nodes = &components[component];
        if let [only] = nodes.as_slice() {
            ordered.push(*only);
            continue;
        }
        let candidates = &entries[component];
        let loop_header = candidates
            .iter()
            .copied()
            .filter(|_| candidates.len() > 1)
            .find(|&candidate| leads_to(successors, candidate, candidates, &pivotal[component]))
            .or_else(|| candidates.first().copied())
            .unwrap_or(nodes[0]);
        let part = Part { nodes, header: loop_header, pivots: &pivotal[component] };
        ordered.extend(inside(successors, &part, address, depth + 1));
    }
    ordered
}

/// The inside of a loop.
struct Part<'a> {
    nodes: &'a [usize],
    header: usize,
    pivots: &'a [usize],
}

/// Orders the nodes of one component, as a graph of its own.
fn inside(successors: &Successors, part: &Part<'_>, address: &[u64], depth: usize) -> Vec<usize> {
    let Part { nodes, header, pivots } = part;
    let index_of: HashMap<usize, usize> =
        nodes.iter().enumerate().map(|(index, &node)| (node, index)).collect();
    let edges: Vec<Vec<usize>> = nodes
        .iter()
        .map(|&node| {
            successors[node].iter().filter_map(|next| index_of.get(next).copied()).collect()
        })
        .collect();
    let entry = index_of.get(header).copied().unwrap_or_default();
    let ordered = if depth < MAX_DEPTH {
        let addresses: Vec<u64> = nodes.iter().map(|&node| address[node]).collect();
        let pivots: Vec<usize> =
            pivots.iter().filter_map(|pivot| index_of.get(pivot).copied()).collect();
        nested(&edges, entry, &addresses, &pivots, depth)
    } else {
        reverse_post_order(edges.len(), entry, |node| edges[node].clone())
    };
    ordered.into_iter().map(|index| nodes[index]).collect()
}

/// For each component the nodes at which control enters it, those that are
/// entered from furthest up first.
fn entries<I: Iterator<Item = usize>>(
    components: &[Vec<usize>],
    component_of: &[usize],
    header: usize,
    sequence: &[usize],
    edges: &impl Fn(usize) -> I,
) -> Vec<Vec<usize>> {
    let mut entries = vec![Vec::new(); components.len()];
    entries[component_of[header]].push(header);
    for &component in sequence {
        let mut nodes = components[component].clone();
        nodes.sort_unstable();
        for next in nodes.into_iter().flat_map(edges) {
            let known = &mut entries[component_of[next]];
            if component_of[next] != component
                && known.len() < MAX_ENTRIES
                && !known.contains(&next)
            {
                known.push(next);
            }
        }
    }
    entries
}

/// Whether a walk from `entry` meets one of `pivots` before another of
/// `entries`.
fn leads_to(successors: &Successors, entry: usize, entries: &[usize], pivots: &[usize]) -> bool {
    let pivots: HashSet<usize> = pivots.iter().copied().collect();
    let mut seen: HashSet<usize> = entries.iter().copied().collect();
    let mut ahead = vec![entry];
    while let Some(node) = ahead.pop() {
        if pivots.contains(&node) {
            return true;
        }
        ahead.extend(successors[node].iter().copied().filter(|&next| seen.insert(next)));
    }
    false
}

/// The strongly connected components that can be reached from `start` (Tarjan,
/// without recursion: code decides how deep a graph is).
fn components<I: Iterator<Item = usize>>(
    size: usize,
    start: usize,
    edges: &impl Fn(usize) -> I,
) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut number = vec![UNSEEN; size];
    let mut low = vec![0; size];
    let mut on_stack = vec![false; size];
    let mut stack = Vec::new();
    let mut found = Vec::new();
    let mut count = 0;
    let mut visits: Vec<(usize, I)> = Vec::new();
    let mut enter = |node: usize,
                     stack: &mut Vec<usize>,
                     number: &mut [usize],
                     low: &mut [usize],
                     on_stack: &mut [bool]| {
        number[node] = count;
        low[node] = count;
        count += 1;
        stack.push(node);
        on_stack[node] = true;
    };
    enter(start, &mut stack, &mut number, &mut low, &mut on_stack);
    visits.push((start, edges(start)));
    while let Some((node, rest)) = visits.last_mut() {
        let node = *node;
        if let Some(next) = rest.next() {
            if number[next] == UNSEEN {
                enter(next, &mut stack, &mut number, &mut low, &mut on_stack);
                visits.push((next, edges(next)));
            } else if on_stack[next] {
                low[node] = low[node].min(number[next]);
            }
            continue;
        }
        visits.pop();
        if let Some((parent, _)) = visits.last() {
            low[*parent] = low[*parent].min(low[node]);
        }
        if low[node] == number[node] {
            let mut component = Vec::new();
            while let Some(member) = stack.pop() {
                on_stack[member] = false;
                component.push(member);
                if member == node {
                    break;
                }
            }
            found.push(component);
        }
    }
    found
}

/// Nodes in reverse post-order from `start`.
fn reverse_post_order(size: usize, start: usize, next: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut seen = vec![false; size];
    let mut finished = Vec::new();
    seen[start] = true;
    let mut visits = vec![(start, next(start).into_iter())];
    while let Some((node, rest)) = visits.last_mut() {
        match rest.next() {
            Some(other) if !std::mem::replace(&mut seen[other], true) => {
                visits.push((other, next(other).into_iter()));
            }
            Some(_) => {}
            None => {
                finished.push(*node);
                visits.pop();
            }
        }
    }
    finished.reverse();
    finished
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ordered(edges: &[(usize, usize)]) -> Vec<usize> {
        let size = edges.iter().flat_map(|&(from, to)| [from, to]).max().map_or(1, |most| most + 1);
        let mut successors = vec![Vec::new(); size];
        for &(from, to) in edges {
            successors[from].push(to);
        }
        let address: Vec<u64> = (0..size as u64).collect();
        order(&successors, 0, &address, &[])
    }

    #[test]
    fn a_loop_tested_at_its_top_stands_before_its_exit() {
        // 0 -> 1 (test) -> 3 (body) -> 1; 1 -> 2 (exit), at a lower address.
        assert_eq!(ordered(&[(0, 1), (1, 2), (1, 3), (3, 1)]), [0, 1, 3, 2]);
    }

    #[test]
    fn a_jump_out_of_the_middle_of_a_loop_comes_after_the_loop() {
        // for (;;) { 1; if (2) goto 4; 3; } 4 at the lowest address is last.
        assert_eq!(ordered(&[(0, 2), (2, 1), (2, 3), (3, 2)]), [0, 2, 3, 1]);
    }

    #[test]
    fn exclusive_arms_stand_one_after_the_other_by_address() {
        // 0 -> {1 -> 3, 2 -> 4} -> 5
        assert_eq!(ordered(&[(0, 2), (0, 1), (1, 3), (2, 4), (3, 5), (4, 5)]), [0, 1, 3, 2, 4, 5]);
    }

    #[test]
    fn moved_blocks_do_not_change_the_order() {
        let edges = [(0, 1), (1, 2), (2, 3), (3, 1), (2, 4)];
        let reordered: Vec<(usize, usize)> = edges.iter().rev().copied().collect();
        assert_eq!(ordered(&edges), ordered(&reordered));
        let mut successors = vec![Vec::new(); 5];
        for (from, to) in edges {
            successors[from].push(to);
        }
        assert_eq!(order(&successors, 0, &[50, 10, 40, 30, 20], &[]), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_loop_entered_at_two_places_is_ordered_from_the_first() {
        // 0 -> 1 -> 2 -> 1, 0 -> 2.
        let found = ordered(&[(0, 1), (0, 2), (1, 2), (2, 1)]);
        assert_eq!(found, [0, 1, 2]);
    }

    #[test]
    fn a_loop_entered_at_two_places_begins_where_the_runtime_starts() {
        // 0 enters at 2 and at 1; 1 -> 3 (the pivot) -> 2 -> 1.
        let successors = vec![vec![2, 1], vec![3], vec![1], vec![2]];
        assert_eq!(order(&successors, 0, &[0, 1, 2, 3], &[3]), [0, 1, 3, 2]);
    }

    #[test]
    fn many_small_loops_are_ordered_in_passing() {
        let size = 100_000;
        let successors: Vec<Vec<usize>> = (0..size)
            .map(|node| match node % 2 {
                0 => vec![node + 1],
                _ if node + 1 < size => vec![node - 1, node + 1],
                _ => vec![node - 1],
            })
            .collect();
        let address: Vec<u64> = (0..size as u64).collect();
        assert_eq!(order(&successors, 0, &address, &[]), (0..size).collect::<Vec<_>>());
    }

    #[test]
    fn a_graph_as_deep_as_code_can_be_is_no_danger() {
        let size = 200_000;
        let successors: Vec<Vec<usize>> =
            (0..size).map(|node| if node + 1 < size { vec![node + 1] } else { vec![] }).collect();
        let address: Vec<u64> = (0..size as u64).collect();
        assert_eq!(order(&successors, 0, &address, &[]).len(), size);
    }

    proptest! {
        #[test]
        fn along_every_path_without_cycles_nodes_appear_in_order(
            edges in prop::collection::vec((0_usize..20, 0_usize..20), 0..60),
            address in prop::collection::vec(0_u64..1000, 20),
        ) {
            // Edges only lead upwards: a graph without cycles.
            let mut successors = vec![Vec::new(); 20];
            for (from, to) in edges {
                if from != to {
                    successors[from.min(to)].push(from.max(to));
                }
            }
            let found = order(&successors, 0, &address, &[]);
            let place = |node| found.iter().position(|&other| other == node);
            for (from, nexts) in successors.iter().enumerate() {
                for &to in nexts {
                    if let Some(at) = place(from) {
                        prop_assert!(at < place(to).unwrap());
                    }
                }
            }
        }

        #[test]
        fn every_reachable_node_is_emitted_once_and_dominators_come_first(
            edges in prop::collection::vec((0_usize..16, 0_usize..16), 0..50),
            address in prop::collection::vec(0_u64..1000, 16),
        ) {
            let mut successors = vec![Vec::new(); 16];
            for (from, to) in edges {
                successors[from].push(to);
            }
            let reach = |without: Option<usize>| {
                let mut seen = vec![false; 16];
                let mut ahead = if without == Some(0) { vec![] } else { vec![0] };
                while let Some(node) = ahead.pop() {
                    if !std::mem::replace(&mut seen[node], true) {
                        ahead.extend(successors[node].iter().copied().filter(|&next| Some(next) != without));
                    }
                }
                seen
            };
            let found = order(&successors, 0, &address, &[]);
            let reachable = reach(None);
            let mut sorted = found.clone();
            sorted.sort_unstable();
            let expected: Vec<usize> = (0..16).filter(|&node| reachable[node]).collect();
            prop_assert_eq!(sorted, expected);
            // What control must pass on every way to a node stands before it.
            let place = |node| found.iter().position(|&other| other == node).unwrap();
            for dominator in (0..16).filter(|&node| reachable[node]) {
                let left = reach(Some(dominator));
                for node in (0..16).filter(|&node| reachable[node] && !left[node] && node != dominator) {
                    prop_assert!(place(dominator) < place(node), "{dominator} dominates {node}: {found:?}");
                }
            }
        }
    }
}
