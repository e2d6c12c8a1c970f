//! Main as it is after the migration: without the calls that are registered, with
//! the calls that run their levels.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::plan::{Plan, RunLevel};
use crate::model::{Entry, InitTable};

/// The file that holds main, as it is after the migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditedMain {
    /// Its path from the root of the source tree.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Statements that start or stop nothing, and stood between calls that one
    /// run-level call replaces: they now run after all of these.
    pub passed: Vec<PassedLine>,
    /// Run-level calls that could only be put under an `#if`: other configurations
    /// do not run them.
    pub under_condition: Vec<String>,
}

/// A line of main that other calls passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassedLine {
    /// Its number in the text as it was, counted from 1.
    pub line: u32,
    /// What it says.
    pub text: String,
}

/// The `#include`s of a text, with the `#if`s around them, a line each.
pub fn includes(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: BTreeSet<usize> = includes_of(&lines).collect();
    for group in groups(&lines) {
        if kept.range(group.first..=group.last).next().is_some() {
            kept.extend(group.directives);
        }
    }
    kept.into_iter().map(|line| lines[line].trim().to_owned()).collect()
}

/// The text of the file that holds main, edited as the plan for its table says.
pub fn edited(text: &str, table: &InitTable, plan: &Plan) -> EditedMain {
    let lines: Vec<&str> = text.lines().collect();
    let groups = groups(&lines);
    let removed = removed(&lines, &groups, plan);
    let main = Main { lines: &lines, groups: &groups, entries: &table.entries, plan };
    let mut added: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut under_condition = Vec::new();
    let mut passed = BTreeMap::new();
    for run in plan.new_runs() {
        let calls: Vec<usize> = main.calls(run);
        let (Some(&first), Some(&last)) = (calls.iter().min(), calls.iter().max()) else {
            continue;
        };
        let (line, is_inside) = main.place(run, first);
        if is_inside {
            under_condition.push(run.call());
        }
        let indent: String = lines[first].chars().take_while(|c| c.is_whitespace()).collect();
        added.entry(line).or_default().push(format!("{indent}{};", run.call()));
        let between = (first..last).filter(|line| !removed.contains(line));
        passed.extend(
            between.filter(|&line| !says_nothing(lines[line])).map(|line| (line, lines[line])),
        );
    }
    let include = plan.new_runs().next().and_then(|_| last_include(&lines, &groups));
    let mut edited = String::with_capacity(text.len());
    let mut push = |line: &str| {
        edited.push_str(line);
        edited.push('\n');
    };
    for (index, line) in lines.iter().enumerate() {
        added.get(&index).into_iter().flatten().for_each(|line| push(line));
        if !removed.contains(&index) {
            push(line);
        }
        if include == Some(index) {
            push("#include \"mp_registry.h\"");
        }
    }
    EditedMain {
        path: table.source.as_ref().map_or_else(String::new, |source| source.path.clone()),
        text: edited,
        passed: passed
            .into_iter()
            .map(|(line, text)| PassedLine { line: number(line), text: text.trim().to_owned() })
            .collect(),
        under_condition,
    }
}

/// The lines of the calls that are registered, and of the `#if`s that then hold
/// nothing.
fn removed(lines: &[&str], groups: &[Group], plan: &Plan) -> BTreeSet<usize> {
    let calls = plan.registrations.iter().filter_map(|registration| registration.call.as_ref());
    let mut removed: BTreeSet<usize> =
        calls.flat_map(|call| index(call.first)..=index(call.last)).collect();
    // Inner ones come later.
    for group in groups.iter().rev() {
        let mut body = group.first + 1..group.last;
        let touched = body.clone().any(|line| removed.contains(&line));
        let is_empty = body.all(|line| removed.contains(&line) || says_nothing(lines[line]));
        if touched && is_empty {
            removed.extend(group.first..=group.last);
        }
    }
    removed
}

/// What a place for a run-level call is looked for in.
struct Main<'a> {
    lines: &'a [&'a str],
    groups: &'a [Group],
    entries: &'a [Entry],
    plan: &'a Plan,
}

impl Main<'_> {
    /// The lines of the calls that a run-level call replaces.
    fn calls(&self, run: &RunLevel) -> Vec<usize> {
        let call = |&registration: &usize| self.plan.registrations[registration].call.as_ref();
        run.runs.iter().filter_map(call).map(|call| index(call.first)).collect()
    }

    /// The line in front of which a run-level call stands, whose first call stands on
    /// line `first`; and whether that is under an `#if`.
    ///
    /// It must run in every configuration, and so stands in front of the outermost
    /// `#if` in which nothing runs before that call, or behind one in which nothing
    /// runs after the last.
    fn place(&self, run: &RunLevel, first: usize) -> (usize, bool) {
        let positions: BTreeSet<u32> = run
            .runs
            .iter()
            .map(|&registration| self.plan.registrations[registration].position)
            .collect();
        let around: Vec<&Group> =
            self.groups.iter().filter(|group| group.first < first && first < group.last).collect();
        let others = |group: &Group, is_other: &dyn Fn(u32) -> bool| {
            self.entries.iter().any(|entry| {
                let line = entry.location.as_ref().map(|place| index(place.line));
                line.is_some_and(|line| group.first < line && line < group.last)
                    && entry.via.is_empty()
                    && !positions.contains(&entry.position)
                    && is_other(entry.position)
            })
        };
        let Some(outermost) = around.iter().find(|group| self.is_balanced(group)) else {
            return (first, !around.is_empty());
        };
        let begin = positions.first().copied().unwrap_or_default();
        if !others(outermost, &|position| position < begin) {
            (outermost.first, outermost.first != around[0].first)
        } else if !others(outermost, &|position| position > begin) {
            (outermost.last + 1, outermost.first != around[0].first)
        } else {
            (first, true)
        }
    }

    /// Whether the braces within an `#if` are closed there.
    fn is_balanced(&self, group: &Group) -> bool {
        let text = self.lines[group.first..=group.last].join("\n");
        text.matches('{').count() == text.matches('}').count() && !text.contains("main(")
    }
}

/// An `#if` with its `#endif`, by their lines.
struct Group {
    first: usize,
    last: usize,
    /// All of its own directives.
    directives: Vec<usize>,
}

/// The `#if`s of a text by their first lines.
fn groups(lines: &[&str]) -> Vec<Group> {
    let mut open: Vec<Group> = Vec::new();
    let mut closed = Vec::new();
    for (line, text) in lines.iter().enumerate() {
        let Some(directive) = directive(text) else { continue };
        if directive.starts_with("if") {
            open.push(Group { first: line, last: line, directives: vec![line] });
        } else if directive.starts_with("el") {
            open.iter_mut().rev().take(1).for_each(|group| group.directives.push(line));
        } else if directive.starts_with("endif")
            && let Some(mut group) = open.pop()
        {
            group.last = line;
            group.directives.push(line);
            closed.push(group);
        }
    }
    closed.sort_by_key(|group| group.first);
    closed
}

/// What stands behind the `#` of a line.
fn directive(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('#').map(str::trim_start)
}

fn includes_of<'a>(lines: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    let is_include = |line: &&str| directive(line).is_some_and(|rest| rest.starts_with("include"));
    lines.iter().enumerate().filter(move |(_, line)| is_include(line)).map(|(index, _)| index)
}

/// The last `#include` that stands under no `#if`; else the end of the last `#if`
/// around one.
fn last_include(lines: &[&str], groups: &[Group]) -> Option<usize> {
    let around =
        |line: usize| groups.iter().find(|group| (group.first..=group.last).contains(&line));
    let plain = includes_of(lines).filter(|&line| around(line).is_none()).last();
    plain.or_else(|| includes_of(lines).last().and_then(around).map(|group| group.last))
}

/// Whether a line has no statement: it is blank, a directive, a brace or a comment.
fn says_nothing(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || matches!(line, "{" | "}")
        || ["#", "//", "/*", "*"].iter().any(|start| line.starts_with(start))
}

/// The index of a line that counts from 1, and back.
fn index(line: u32) -> usize {
    usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX)
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::derive_with;
    use crate::analyze::migrate::by_hand::Once;
    use crate::analyze::migrate::plan::plan;
    use crate::config::Config;
    use crate::extract::source::{self, Written};
    use crate::model::SourceFile;

    fn migrated(text: &str) -> EditedMain {
        let file = SourceFile {
            port: "demo".parse().unwrap(),
            path: "main.c".to_owned(),
            commit: None,
            drivers: vec![],
        };
        let mut table = source::read(text.as_bytes(), file).unwrap().unwrap();
        let policy = Config::shipped().policy;
        derive_with(&mut table, &policy, None);
        let written = Written::of(text.as_bytes()).unwrap();
        let plan = plan(&table, &policy, Some(&written), Once::ByHand).unwrap();
        edited(text, &table, &plan)
    }

    #[test]
    fn calls_go_with_the_conditions_that_held_only_them() {
        let edited = migrated(
            "#include \"a.h\"
#if NET
#include \"net.h\"
#endif
int main(void) {
    for (;;) {
        mp_init();
        #if NET
        // The network.
        net_init();
        #endif
        pwm_init();
        enabled = 1;
        #if CAN
        can_init(&bus,
            1);
        can_flag = 1;
        #endif
        pyexec_file(\"boot.py\");
        mp_deinit();
    }
}",
        );
        assert_eq!(
            edited.text,
            "#include \"a.h\"
#include \"mp_registry.h\"
#if NET
#include \"net.h\"
#endif
int main(void) {
    for (;;) {
        mp_init();
        mp_init_run_level(MP_INIT_DRIVER);
        enabled = 1;
        #if CAN
        can_flag = 1;
        #endif
        pyexec_file(\"boot.py\");
        mp_deinit();
    }
}
"
        );
        let passed: Vec<(u32, &str)> =
            edited.passed.iter().map(|passed| (passed.line, passed.text.as_str())).collect();
        assert_eq!(passed, [(13, "enabled = 1;")]);
        assert_eq!(edited.under_condition, [""; 0]);
    }

    #[test]
    fn a_level_runs_in_every_configuration() {
        let text = "int main(void) {
    mp_init();
    #if A
    pyexec_frozen_module(x);
    a_init();
    #endif
    b_init();
    pyexec_file(\"boot.py\");
}";
        let edited = migrated(text);
        let expected = "    pyexec_frozen_module(x);
    #endif
    mp_init_run_level(MP_INIT_DRIVER);
    pyexec_file(\"boot.py\");
}
";
        assert!(edited.text.ends_with(expected), "{}", edited.text);
    }

    #[test]
    fn includes_come_with_their_conditions() {
        let text = "#ifndef X\n#define X\n#include <a.h>\n#if B\n#include \"b.h\"\n#else\n#endif\n#if C\n#define C\n#endif\n#endif";
        assert_eq!(
            includes(text),
            [
                "#ifndef X",
                "#include <a.h>",
                "#if B",
                "#include \"b.h\"",
                "#else",
                "#endif",
                "#endif"
            ]
        );
    }
}
