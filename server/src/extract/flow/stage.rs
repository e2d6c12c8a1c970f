//! Where in the life of main each node stands, and whether a path leaves it out.
//!
//! The outermost loop that holds `mp_init` is the soft-reset loop. Cutting the
//! edges that lead back to its header leaves one pass: what stands before the
//! loop is `boot`; what can be reached from a runner (of boot.py, main.py or a
//! REPL) and cannot reach one any more is `stop`; the rest is `start`.

use std::collections::VecDeque;

use crate::model::Stage;

/// A graph with the soft-reset loop found in it.
pub(in crate::extract) struct Pass {
    /// Successors without the edges that lead back to the header.
    forward: Vec<Vec<usize>>,
    backward: Vec<Vec<usize>>,
    /// The nodes of the soft-reset loop; empty where main has none.
    in_loop: Vec<bool>,
    header: Option<usize>,
    stages: Vec<Stage>,
    /// The nodes that every pass goes through: by stage, and for what stands
    /// behind the loop.
    always: [Vec<bool>; 4],
}

/// Most runners that are asked whether they are the last one.
const MAX_RUNNERS: usize = 64;

impl Pass {
    /// Finds the soft-reset loop.
    ///
    /// `order` is the order of the nodes; `runtime` are the nodes that call
    /// `mp_init`, `runners` those that run scripts or a REPL.
    pub(in crate::extract) fn new(
        successors: &[Vec<usize>],
        entry: usize,
        order: &[usize],
        runtime: &[usize],
        runners: &[usize],
    ) -> Self {
        let size = successors.len();
        let backward = reversed(successors);
        let first_runtime = order.iter().copied().find(|node| runtime.contains(node));
        // The component of `mp_init`: what it reaches and what reaches it.
        let in_loop: Vec<bool> = match first_runtime {
            Some(node) => {
                let (down, up) =
                    (reach(successors, &successors[node]), reach(&backward, &backward[node]));
                (0..size).map(|other| down[other] && up[other]).collect()
            }
            None => vec![false; size],
        };
        let header = order.iter().copied().find(|&node| in_loop[node]);
        let forward: Vec<Vec<usize>> = successors
            .iter()
            .enumerate()
            .map(|(node, nexts)| {
                let back = |next: usize| in_loop[node] && Some(next) == header;
                nexts.iter().copied().filter(|&next| !back(next)).collect()
            })
            .collect();
        let backward = reversed(&forward);
        let after_runner: Vec<usize> =
            runners.iter().flat_map(|&runner| forward[runner].iter().copied()).collect();
        let after = reach(&forward, &after_runner);
        let before = reach(&backward, runners);
        let before_loop = header.map(|header| reach(&backward, &backward[header]));
        let stages: Vec<Stage> = (0..size)
            .map(|node| {
                if !in_loop[node] && before_loop.as_ref().is_some_and(|before| before[node]) {
                    Stage::Boot
                } else if after[node] && !before[node] {
                    Stage::Stop
                } else {
                    Stage::Start
                }
            })
            .collect();
        let mut pass =
            Self { forward, backward, in_loop, header, stages, always: Default::default() };
        let ends: Vec<usize> = (0..size).filter(|&node| successors[node].is_empty()).collect();
        let [boot, start, stop] = pass.find_goals(successors, runners, &ends);
        let first = header.unwrap_or(entry);
        pass.always = [(entry, &boot), (first, &start), (first, &stop), (entry, &ends)]
            .map(|(from, goals)| always_passed(&pass.forward, from, goals));
        pass
    }

    /// The stage of a node.
    pub(in crate::extract) fn stage(&self, node: usize) -> Stage {
        self.stages[node]
    }

    /// Successors within one pass.
    pub(in crate::extract) fn forward(&self) -> &[Vec<usize>] {
        &self.forward
    }

    /// Whether a pass leaves the node out: one that gets to the loop (for boot),
    /// to the last runner (for start), to the end of the loop (for stop), or to
    /// the end of main (behind the loop).
    pub(in crate::extract) fn is_conditional(&self, node: usize) -> bool {
        let stage = self.stages[node];
        let behind = stage == Stage::Stop && self.header.is_some() && !self.in_loop[node];
        !self.always[if behind { 3 } else { stage as usize }][node]
    }

    /// The nodes that one pass leads to, by stage.
    fn find_goals(
        &self,
        successors: &[Vec<usize>],
        runners: &[usize],
        ends: &[usize],
    ) -> [Vec<usize>; 3] {
        let size = self.forward.len();
        let latches: Vec<usize> = (0..size)
            .filter(|&node| {
                self.in_loop[node] && successors[node].iter().any(|&next| Some(next) == self.header)
            })
            .collect();
        let stop = if latches.is_empty() { ends.to_vec() } else { latches };
        let boot = self.header.map_or_else(|| ends.to_vec(), |header| vec![header]);
        // The last runners: those that lead to no other but their own loop.
        let last = |runner: usize| {
            let down = reach(&self.forward, &self.forward[runner]);
            let up = reach(&self.backward, &[runner]);
            runners.iter().all(|&other| !down[other] || up[other])
        };
        let weighed = runners.iter().copied().take(MAX_RUNNERS);
        let start: Vec<usize> = weighed.filter(|&runner| last(runner)).collect();
        let start = if start.is_empty() { stop.clone() } else { start };
        [boot, start, stop]
    }
}

/// The nodes that every way from `start` to one of `goals` goes through; all of
/// them where there is no way.
fn always_passed(edges: &[Vec<usize>], start: usize, goals: &[usize]) -> Vec<bool> {
    // One goal behind all of them.
    let goal = edges.len();
    let mut is_goal = vec![false; edges.len()];
    for &node in goals {
        is_goal[node] = true;
    }
    let nexts = |node: usize| edges[node].iter().copied().chain(is_goal[node].then_some(goal));
    let Some(way) = way(edges.len() + 1, start, goal, &nexts) else {
        return vec![true; edges.len()];
    };
    let mut place = vec![None; edges.len() + 1];
    for (index, &node) in way.iter().enumerate() {
        place[node] = Some(index);
    }
    // Along this way: a node of it that nothing before it gets around is on all.
    let mut always = vec![false; edges.len()];
    let mut seen = vec![false; edges.len() + 1];
    let mut furthest = 0;
    for (index, &node) in way.iter().enumerate().take(way.len() - 1) {
        always[node] = index == furthest;
        let mut ahead = vec![node];
        while let Some(from) = ahead.pop() {
            for next in nexts(from) {
                match place[next] {
                    Some(index) => furthest = furthest.max(index),
                    None if !std::mem::replace(&mut seen[next], true) => ahead.push(next),
                    None => {}
                }
            }
        }
    }
    always
}

/// A way from `start` to `goal`, both included.
fn way<I: Iterator<Item = usize>>(
    size: usize,
    start: usize,
    goal: usize,
    nexts: &impl Fn(usize) -> I,
) -> Option<Vec<usize>> {
    let mut came_from = vec![None; size];
    let mut ahead = VecDeque::from([start]);
    while let Some(node) = ahead.pop_front() {
        for next in nexts(node) {
            if next != start && came_from[next].is_none() {
                came_from[next] = Some(node);
                if next == goal {
                    let mut way = vec![goal];
                    while let Some(node) = way.last().and_then(|&node| came_from[node]) {
                        way.push(node);
                    }
                    way.reverse();
                    return Some(way);
                }
                ahead.push_back(next);
            }
        }
    }
    None
}

fn reversed(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut reversed = vec![Vec::new(); edges.len()];
    for (from, nexts) in edges.iter().enumerate() {
        for &to in nexts {
            reversed[to].push(from);
        }
    }
    reversed
}

/// The nodes that can be reached from `starts`, themselves included.
fn reach(edges: &[Vec<usize>], starts: &[usize]) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    for &start in starts {
        seen[start] = true;
    }
    let mut ahead = starts.to_vec();
    while let Some(node) = ahead.pop() {
        for &next in &edges[node] {
            if !std::mem::replace(&mut seen[next], true) {
                ahead.push(next);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// boot 0, header 1 (`mp_init`), 2 optional, 3 runner, 4 REPL a, 5 REPL b,
    /// 6 stop, back to 1.
    fn pass() -> Pass {
        let successors =
            vec![vec![1], vec![2, 3], vec![3], vec![4, 5, 6], vec![6], vec![6], vec![1]];
        Pass::new(&successors, 0, &[0, 1, 2, 3, 4, 5, 6], &[1], &[3, 4, 5])
    }

    #[test]
    fn a_soft_reset_loop_has_three_stages() {
        let pass = pass();
        let stages: Vec<Stage> = (0..7).map(|node| pass.stage(node)).collect();
        let (boot, start, stop) = (Stage::Boot, Stage::Start, Stage::Stop);
        assert_eq!(stages, [boot, start, start, start, start, start, stop]);
    }

    #[test]
    fn what_a_pass_can_leave_out_is_conditional() {
        let pass = pass();
        let conditional: Vec<bool> = (0..7).map(|node| pass.is_conditional(node)).collect();
        assert_eq!(conditional, [false, false, true, false, true, true, false]);
    }

    proptest! {
        #[test]
        fn what_is_always_passed_cannot_be_left_out(
            edges in prop::collection::vec((0_usize..12, 0_usize..12), 0..40),
            goals in prop::collection::vec(0_usize..12, 0..3),
        ) {
            let mut successors = vec![Vec::new(); 12];
            for (from, to) in edges {
                successors[from].push(to);
            }
            let found = always_passed(&successors, 0, &goals);
            let leads_without = |closed: Option<usize>| {
                let mut seen = [false; 12];
                let mut ahead = vec![0];
                while let Some(node) = ahead.pop() {
                    if Some(node) != closed && !std::mem::replace(&mut seen[node], true) {
                        ahead.extend(&successors[node]);
                    }
                }
                goals.iter().any(|&goal| seen[goal])
            };
            for (node, passed) in found.into_iter().enumerate() {
                prop_assert_eq!(passed, !leads_without(Some(node)), "{}", node);
            }
        }
    }

    #[test]
    fn what_stands_behind_the_loop_always_runs_once_the_loop_ends() {
        // boot 0, header 1 (mp_init), runner 2, test 3: back through 4, or on to 5.
        let successors = vec![vec![1], vec![2], vec![3], vec![4, 5], vec![1], vec![]];
        let pass = Pass::new(&successors, 0, &[0, 1, 2, 3, 4, 5], &[1], &[2]);
        assert_eq!(pass.stage(5), Stage::Stop);
        assert!(!pass.is_conditional(5));
    }

    #[test]
    fn without_a_loop_nothing_is_boot() {
        // mp_init 0, runner 1, deinit 2, end.
        let pass = Pass::new(&[vec![1], vec![2], vec![]], 0, &[0, 1, 2], &[0], &[1]);
        let stages: Vec<Stage> = (0..3).map(|node| pass.stage(node)).collect();
        assert_eq!(stages, [Stage::Start, Stage::Start, Stage::Stop]);
    }
}
