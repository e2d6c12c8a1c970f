//! As much of CMake as tells the linker script of a board: `set` of the
//! variables that are asked for, under `if`.
//!
//! Functions, macros, loops and `include` are not followed. An `if` that cannot
//! be decided leaves its condition with what stands under it.

use std::collections::BTreeMap;

use super::linker;
use crate::model::{MAX_LINKER_SCRIPTS, MAX_TEXT_BYTES};
use crate::tree::Layout;

/// Deepest `if` that is followed.
const MAX_DEPTH: usize = 64;
/// Longest value, in bytes.
const MAX_BYTES: usize = 4096;
/// Most variables that are known; others stay as they are written.
const MAX_VARIABLES: usize = 10_000;

/// What CMake files set.
pub(super) struct Variables<'l> {
    layout: &'l Layout,
    known: BTreeMap<String, String>,
    /// The linker scripts, each with the condition under which it is set; as many and
    /// as long as a table may hold.
    pub(super) scripts: Vec<(String, Option<String>)>,
}

/// An `if` whose end was not met yet.
struct Open {
    /// Whether what stands here counts; `None` where it cannot be known.
    counts: Option<bool>,
    /// Whether an arm before was known to count.
    is_done: bool,
    /// The condition of this arm, where it cannot be decided.
    condition: Option<String>,
    /// Those of the arms before.
    before: Vec<String>,
}

impl<'l> Variables<'l> {
    pub(super) fn new(layout: &'l Layout, given: BTreeMap<String, String>) -> Self {
        Self { layout, known: given, scripts: Vec::new() }
    }

    /// The value of a variable, where it is set and known.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    /// Reads a file in `folder`.
    pub(super) fn read(&mut self, text: &str, folder: &str) {
        for name in ["CMAKE_CURRENT_LIST_DIR", "CMAKE_CURRENT_SOURCE_DIR", "PROJECT_DIR"] {
            self.known.insert(name.to_owned(), format!("./{folder}"));
        }
        let mut open: Vec<Open> = Vec::new();
        let mut too_deep = 0_usize;
        for (command, arguments) in commands(text) {
            match command.to_ascii_lowercase().as_str() {
                "if" if too_deep > 0 || open.len() == MAX_DEPTH => too_deep += 1,
                "if" => {
                    let counts = self.decide(&arguments);
                    open.push(Open {
                        counts,
                        is_done: counts == Some(true),
                        condition: counts.is_none().then(|| arguments.join(" ")),
                        before: Vec::new(),
                    });
                }
                "endif" if too_deep > 0 => too_deep -= 1,
                "endif" => drop(open.pop()),
                _ if too_deep > 0 => {}
                word @ ("elseif" | "else") => {
                    let decided = if word == "else" { Some(true) } else { self.decide(&arguments) };
                    let Some(arm) = open.last_mut() else { continue };
                    arm.before.extend(arm.condition.take());
                    arm.counts = match decided {
                        _ if arm.is_done => Some(false),
                        Some(true) if !arm.before.is_empty() => None,
                        decided => decided,
                    };
                    arm.is_done |= decided == Some(true);
                    arm.condition = decided.is_none().then(|| arguments.join(" "));
                }
                "set" if open.iter().all(|arm| arm.counts != Some(false)) => {
                    self.set(&arguments, &open);
                }
                _ => {}
            }
        }
    }

    fn set(&mut self, arguments: &[String], open: &[Open]) {
        let Some((name, values)) = arguments.split_first() else { return };
        // `set(X value CACHE STRING "…")` and `set(X value PARENT_SCOPE)`.
        let is_keyword = |word: &String| matches!(word.as_str(), "CACHE" | "PARENT_SCOPE");
        let end = values.iter().position(is_keyword).unwrap_or(values.len());
        let value = self.expanded(&values[..end].join(";"));
        let is_conditional =
            open.iter().any(|arm| arm.condition.is_some() || !arm.before.is_empty());
        if self.layout.linker_scripts.contains(name) && !value.is_empty() {
            if !is_conditional {
                self.scripts.clear();
            }
            if self.scripts.len() < MAX_LINKER_SCRIPTS {
                self.scripts.push((value.clone(), is_conditional.then(|| condition(open))));
            }
        }
        if is_conditional {
            self.known.remove(name);
        } else if self.known.len() < MAX_VARIABLES || self.known.contains_key(name) {
            self.known.insert(name.clone(), value);
        }
    }

    /// Whether a condition holds; `None` where it cannot be known.
    fn decide(&self, condition: &[String]) -> Option<bool> {
        let negations = condition.iter().take_while(|word| *word == "NOT").count();
        let words: Vec<&str> = condition[negations..].iter().map(String::as_str).collect();
        let holds = match words[..] {
            ["DEFINED", name] => !self.value(name)?.is_empty(),
            [name] => is_true(self.value(name)?),
            [name, "STREQUAL", text] => {
                self.value(name.trim_start_matches("${").trim_end_matches('}'))? == text
            }
            _ => return None,
        };
        Some(holds == (negations % 2 == 0))
    }

    /// The value of a variable, empty where it is not set; `None` where it
    /// cannot be known.
    fn value(&self, name: &str) -> Option<&str> {
        let is_script = self.layout.linker_scripts.iter().any(|script| script == name);
        match self.get(name) {
            Some(value) => (!value.contains("${")).then_some(value),
            // Set under a condition, it has no value that is known.
            None if is_script => self.scripts.is_empty().then_some(""),
            None => self.layout.is_board_setting(name).then_some(""),
        }
    }

    /// `text` with the variables that are known in place of their names.
    fn expanded(&self, text: &str) -> String {
        let mut done = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            done.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            match self.get(name) {
                Some(value) => done.push_str(value),
                None => done.extend(["${", name, "}"]),
            }
            rest = behind;
            if done.len() > MAX_BYTES {
                return String::new();
            }
        }
        done.push_str(rest);
        if done.len() > MAX_BYTES { String::new() } else { done }
    }
}

/// What must hold for the innermost arm. There may be any number of arms before it:
/// what is longer than a table may hold is left out.
fn condition(open: &[Open]) -> String {
    let parts = open.iter().flat_map(|arm| {
        let negated = arm.before.iter().map(|before| format!("not ({before})"));
        negated.chain(arm.condition.clone())
    });
    let mut condition = String::new();
    for part in parts {
        if !condition.is_empty() {
            condition.push_str(" and ");
        }
        condition.push_str(&part);
        if condition.len() > MAX_TEXT_BYTES {
            break;
        }
    }
    linker::cut(&condition)
}

fn is_true(value: &str) -> bool {
    let value = value.to_ascii_uppercase();
    !matches!(value.as_str(), "" | "0" | "OFF" | "NO" | "FALSE" | "N" | "IGNORE" | "NOTFOUND")
        && !value.ends_with("-NOTFOUND")
}

/// The commands of a file with their arguments, quotes taken off.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut commands = Vec::new();
    let mut characters = text.chars().peekable();
    let mut word = String::new();
    // Depth of parentheses, and the command that they belong to.
    let mut depth = 0_usize;
    let mut current: Option<(String, Vec<String>)> = None;
    while let Some(c) = characters.next() {
        match c {
            '#' => drop(characters.by_ref().find(|&c| c == '\n')),
            '"' if depth > 0 => {
                let mut is_escaped = false;
                for c in characters.by_ref() {
                    if c == '"' && !is_escaped {
                        break;
                    }
                    is_escaped = c == '\\' && !is_escaped;
                    word.push(c);
                }
                if let Some((_, arguments)) = &mut current {
                    arguments.push(std::mem::take(&mut word));
                }
            }
            '(' if depth == 0 => {
                current = Some((std::mem::take(&mut word), Vec::new()));
                depth = 1;
            }
            '(' | ')' | ' ' | '\t' | '\r' | '\n' => {
                match &mut current {
                    Some((_, arguments)) if !word.is_empty() => {
                        arguments.push(std::mem::take(&mut word));
                    }
                    // `if (X)`: the name of a command may stand before a space.
                    None if c == '\n' => word.clear(),
                    _ => {}
                }
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth == 0 {
                    commands.extend(current.take());
                }
            }
            c => word.push(c),
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(files: &[&str]) -> Vec<(String, Option<String>)> {
        let layout = Layout::default();
        let given = BTreeMap::from([("MICROPY_BOARD_DIR".to_owned(), "./b".to_owned())]);
        let mut variables = Variables::new(&layout, given);
        for file in files {
            variables.read(file, "ports/x");
        }
        variables.scripts
    }

    const PORT: &str = "if (NOT MICROPY_BOARD_LINKER_SCRIPT) # the default\n\
        set(MICROPY_BOARD_LINKER_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/default.ld)\nendif()\n";

    #[test]
    fn what_the_board_sets_takes_the_place_of_the_default() {
        assert_eq!(scripts(&[PORT]), [("./ports/x/default.ld".to_owned(), None)]);
        let board = "set(MICROPY_BOARD_LINKER_SCRIPT \"${MICROPY_BOARD_DIR}/own.ld\")";
        assert_eq!(scripts(&[board, PORT]), [("./b/own.ld".to_owned(), None)]);
    }

    #[test]
    fn what_cannot_be_decided_is_a_condition() {
        let board =
            "if(CHIP STREQUAL \"a\")\nset(LD_FILE a.ld)\nelse()\nset(LD_FILE b.ld)\nendif()";
        assert_eq!(
            scripts(&[board]),
            [
                ("a.ld".to_owned(), Some("CHIP STREQUAL a".to_owned())),
                ("b.ld".to_owned(), Some("not (CHIP STREQUAL a)".to_owned())),
            ]
        );
        let board =
            "if(MICROPY_X)\nset(LD_FILE a.ld)\nelseif(1)\nelse()\nset(LD_FILE b.ld)\nendif()";
        assert_eq!(scripts(&[board]), [("b.ld".to_owned(), Some("not (1)".to_owned()))]);
    }

    #[test]
    fn text_that_is_no_cmake_sets_nothing() {
        for text in ["set(", "set()", ")))", "\"", "set(LD_FILE \"a", "if(if(if(", "endif()else()"]
        {
            scripts(&[text]);
        }
    }
}
