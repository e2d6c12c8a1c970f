//! Main as it is after the migration: without the calls that are registered, with
//! the calls that run their levels.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::lines::{Group, Lines, index, number};
use super::plan::{Plan, RunLevel};
use crate::model::{Entry, InitTable};

/// The file that holds main, as it is after the migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditedMain {
    /// Its path from the root of the source tree.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Statements that start or stop nothing, and stood among calls that one run-level
    /// call replaces.
    pub passed: Vec<PassedLines>,
    /// Run-level calls that could only be put under an `#if`: other configurations
    /// do not run them.
    pub under_condition: Vec<String>,
}

/// Lines of main that other calls passed, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassedLines {
    /// The number of the first in the text as it was, counted from 1.
    pub first: u32,
    /// The number of the last.
    pub last: u32,
    /// What the first says.
    pub text: String,
    /// Whether they now run behind the calls among which they stood; else in front.
    pub runs_behind: bool,
}

/// The text of the file that holds main, edited as the plan for its table says.
pub fn edited(text: &str, table: &InitTable, plan: &Plan) -> EditedMain {
    let lines = Lines::of(text);
    let removed = lines.without_calls(plan);
    let main = Main { lines: &lines, entries: &table.entries, plan };
    let mut added: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut under_condition = Vec::new();
    let mut passed: BTreeMap<usize, bool> = BTreeMap::new();
    for run in plan.new_runs() {
        let calls: Vec<usize> = main.calls(run);
        let (Some(&first), Some(&last)) = (calls.iter().min(), calls.iter().max()) else {
            continue;
        };
        let (line, is_inside) = main.place(run, first);
        if is_inside {
            under_condition.push(run.call());
        }
        let indent: String = lines.text[first].chars().take_while(|c| c.is_whitespace()).collect();
        added.entry(line).or_default().push(format!("{indent}{};", run.call()));
        let between = line.min(first)..line.max(last);
        let is_passed = |index: &usize| !removed.contains(index) && !lines.says_nothing(*index);
        passed.extend(between.filter(is_passed).map(|index| (index, index >= line)));
    }
    let include = plan.new_runs().next().and_then(|_| lines.last_include());
    let mut edited = String::with_capacity(text.len());
    // Blank lines around what is gone are one gap, not several.
    let mut is_gap = false;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let line = lines.text[index];
        // What is added ends as the line does beside which it stands.
        let ending = if whole.ends_with("\r\n") { "\r\n" } else { "\n" };
        for call in added.get(&index).into_iter().flatten() {
            edited.extend([call.as_str(), ending]);
            is_gap = false;
        }
        if removed.contains(&index) {
            let before = index.checked_sub(1).map_or("", |before| lines.text[before]);
            is_gap |= before.trim().is_empty() && !added.contains_key(&index);
        } else if !(is_gap && line.trim().is_empty()) {
            edited.push_str(whole);
            is_gap = false;
        }
        if include == Some(index) {
            edited.extend(["#include \"mp_registry.h\"", ending]);
        }
    }
    EditedMain {
        path: table.source.as_ref().map_or_else(String::new, |source| source.path.clone()),
        text: edited,
        passed: together(&passed, &lines),
        under_condition,
    }
}

/// Lines that were passed on the same side, as far as only lines without a statement
/// stand between them.
fn together(passed: &BTreeMap<usize, bool>, lines: &Lines<'_>) -> Vec<PassedLines> {
    let mut all: Vec<PassedLines> = Vec::new();
    let mut before = None;
    for (&line, &runs_behind) in passed {
        match all.last_mut().filter(|last| last.runs_behind == runs_behind) {
            Some(last) if before.is_some_and(|before: usize| before + 1 == line) => {
                last.last = number(line);
            }
            _ => all.push(PassedLines {
                first: number(line),
                last: number(line),
                text: lines.text[line].trim().to_owned(),
                runs_behind,
            }),
        }
        before = Some(line);
    }
    all
}

/// What a place for a run-level call is looked for in.
struct Main<'a> {
    lines: &'a Lines<'a>,
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
        let groups = self.lines.groups.iter();
        let around: Vec<&Group> =
            groups.filter(|group| group.first < first && first < group.last).collect();
        let others = |group: &Group, is_other: &dyn Fn(u32) -> bool| {
            self.entries.iter().any(|entry| {
                let line = entry.location.as_ref().map(|place| index(place.line));
                line.is_some_and(|line| group.first < line && line < group.last)
                    && entry.via.is_empty()
                    && !positions.contains(&entry.position)
                    && is_other(entry.position)
            })
        };
        // One around all of main is a condition of every call in it.
        let main = self.plan.main.as_str();
        let within = around.iter().filter(|group| !self.lines.names(group, main));
        let within: Vec<&&Group> = within.collect();
        let Some(outermost) = within.iter().find(|group| self.lines.is_balanced(group)) else {
            return (first, !within.is_empty());
        };
        let is_inside = outermost.first != within[0].first;
        let begin = positions.first().copied().unwrap_or_default();
        if !others(outermost, &|position| position < begin) {
            (outermost.first, is_inside)
        } else if !others(outermost, &|position| position > begin) {
            (outermost.last + 1, is_inside)
        } else {
            (first, true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::derive_with;
    use crate::analyze::migrate::by_hand::{Known, Once};
    use crate::analyze::migrate::code::Language;
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
        let known = Known {
            policy: &policy,
            port: None,
            written: Some(&written),
            headers: None,
            once: Once::ByHand,
            languages: &[Language::C],
        };
        let plan = plan(&table, known).unwrap();
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
}"
        );
        assert_eq!(passed(&edited), ["13-13 behind: enabled = 1;"]);
        assert_eq!(edited.under_condition, [""; 0]);
    }

    fn passed(edited: &EditedMain) -> Vec<String> {
        let said = |passed: &PassedLines| {
            let side = if passed.runs_behind { "behind" } else { "in front" };
            format!("{}-{} {side}: {}", passed.first, passed.last, passed.text)
        };
        edited.passed.iter().map(said).collect()
    }

    #[test]
    fn nothing_goes_but_the_calls() {
        let edited = migrated(
            "int main(void) {
    mp_init();
    #if A
    a_init();
    *flags = 1;
    #endif
    #if B
    b_init();
    #define WITH_B 1
    #endif
    #if C
    /* see C.md */ enabled();
    c_init();
    #endif
    #if D && \\
        E
    /* what D
     * needs */
    {
        d_init();
    }
    #endif

    #if F
    f_init();
    #endif

    pyexec_file(\"boot.py\");
}
",
        );
        assert_eq!(
            edited.text,
            "int main(void) {
    mp_init();
    mp_init_run_level(MP_INIT_DRIVER);
    #if A
    *flags = 1;
    #endif
    #if B
    #define WITH_B 1
    #endif
    #if C
    /* see C.md */ enabled();
    #endif

    pyexec_file(\"boot.py\");
}
"
        );
        assert_eq!(
            passed(&edited),
            ["5-5 behind: *flags = 1;", "12-12 behind: /* see C.md */ enabled();"]
        );
    }

    #[test]
    fn what_stands_between_a_level_and_its_first_call_is_told() {
        let edited = migrated(
            "int main(void) {\r
    mp_init();\r
    #if A\r
    clock = 1;\r
    mode = (mode_t) {\r
        2\r
    };\r
    a_init();\r
    #endif\r
    b_init();\r
    pyexec_file(\"boot.py\");\r
}\r
",
        );
        assert!(edited.text.contains("mp_init();\r\n    mp_init_run_level(MP_INIT_DRIVER);\r\n"));
        assert_eq!(edited.text.matches('\n').count(), edited.text.matches("\r\n").count());
        assert_eq!(passed(&edited), ["4-7 behind: clock = 1;"]);
    }

    #[test]
    fn each_line_keeps_its_own_ending() {
        let edited = migrated(
            "#include \"a.h\"\r\nint main(void) {\n    mp_init();\n    a_init();\r\n    pyexec_file(\"boot.py\");\n}",
        );
        assert_eq!(
            edited.text,
            "#include \"a.h\"\r\n#include \"mp_registry.h\"\r\nint main(void) {\n    mp_init();\n    mp_init_run_level(MP_INIT_DRIVER);\r\n    pyexec_file(\"boot.py\");\n}"
        );
    }

    #[test]
    fn a_condition_around_all_of_main_is_none_of_its_calls() {
        let text = "#if PORT
void mp_task(void *arg) {
    mp_init();
    #if A
    a_init();
    #endif
    pyexec_file(\"boot.py\");
}
#endif
";
        let edited = migrated(text);
        assert_eq!(
            edited.text,
            "#if PORT
void mp_task(void *arg) {
    mp_init();
    mp_init_run_level(MP_INIT_DRIVER);
    pyexec_file(\"boot.py\");
}
#endif
"
        );
        assert_eq!(edited.under_condition, [""; 0]);
    }

    #[test]
    fn a_condition_that_only_main_knows_keeps_its_calls_there() {
        let text = "#define WITH_A (FOO && BAR)
int main(void) {
    mp_init();
    #if WITH_A
    a_init();
    #endif
    pyexec_file(\"boot.py\");
}
";
        assert_eq!(migrated(text).text, text);
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
}";
        assert!(edited.text.ends_with(expected), "{}", edited.text);
    }
}
