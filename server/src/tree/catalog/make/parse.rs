//! The text of a makefile to the statements that can decide a variable.
//!
//! Rules and their recipes are left out. GNU make's manual, chapters "Writing
//! Makefiles" and "Conditional Parts of Makefiles", says how lines are told
//! apart.

/// Deepest conditionals that are read; what is deeper is left out.
const MAX_DEPTH: usize = 64;

/// A statement of a makefile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// A variable is given a value.
    Assign(Assignment),
    /// Other makefiles are read here.
    Include {
        /// Their paths, not expanded.
        paths: String,
    },
    /// One of several arms counts.
    If {
        /// The arms, each with its test.
        arms: Vec<(Test, Vec<Statement>)>,
        /// What counts when no test holds.
        otherwise: Vec<Statement>,
    },
}

impl Statement {
    /// Whether it may assign a value in which one of `words` stands.
    pub(super) fn names(&self, words: &[String]) -> bool {
        match self {
            Self::Assign(Assignment { value, .. }) => {
                value.split_whitespace().any(|word| words.iter().any(|named| named == word))
            }
            Self::Include { .. } => false,
            Self::If { arms, otherwise } => {
                let mut bodies = arms.iter().map(|(_, body)| body).chain([otherwise]);
                bodies.any(|body| body.iter().any(|statement| statement.names(words)))
            }
        }
    }
}

/// `NAME = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The variable, not expanded.
    pub(super) name: String,
    pub(super) how: How,
    /// The value, not expanded.
    pub(super) value: String,
}

/// How an assignment treats the value that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// `=`: takes its place, and is expanded when it is used.
    Deferred,
    /// `:=`: takes its place, expanded at once.
    AtOnce,
    /// `?=`: only where there is none.
    IfUnset,
    /// `+=`: behind it.
    Append,
}

/// What decides an arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// `ifeq`, or negated `ifneq`.
    Equal { left: String, right: String, is_negated: bool },
    /// `ifdef`, or negated `ifndef`.
    Defined { name: String, is_negated: bool },
    /// Something else, as it is written.
    Other(String),
}

/// A conditional whose end was not met yet.
struct Open {
    arms: Vec<(Test, Vec<Statement>)>,
    /// The statements of the arm that is being read.
    current: Vec<Statement>,
    /// Its test; `None` after a plain `else`.
    test: Option<Test>,
    otherwise: Vec<Statement>,
}

impl Open {
    fn new(test: Test) -> Self {
        Self { arms: Vec::new(), current: Vec::new(), test: Some(test), otherwise: Vec::new() }
    }

    fn close_arm(&mut self) {
        let statements = std::mem::take(&mut self.current);
        match self.test.take() {
            Some(test) => self.arms.push((test, statements)),
            None => self.otherwise.extend(statements),
        }
    }

    fn close(mut self) -> Statement {
        self.close_arm();
        Statement::If { arms: self.arms, otherwise: self.otherwise }
    }
}

/// Reads a makefile. What is no statement that matters here is left out, so
/// any text is one.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let mut done = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    // Conditionals that are too deep to be read, and whether recipe lines may
    // follow, or a `define` is being read.
    let mut too_deep = 0_usize;
    let mut is_after_rule = false;
    let mut is_definition = false;
    for line in logical_lines(text) {
        if is_after_rule && line.starts_with('\t') {
            continue;
        }
        let line = without_comment(&line).trim();
        let (word, rest) = first_word(line);
        if is_definition {
            is_definition = word != "endef";
            continue;
        }
        match word {
            "" => {}
            "define" => is_definition = true,
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => {
                if open.len() == MAX_DEPTH || too_deep > 0 {
                    too_deep += 1;
                } else {
                    open.push(Open::new(test(word, rest)));
                }
            }
            "else" if too_deep == 0 => {
                let Some(innermost) = open.last_mut() else { continue };
                innermost.close_arm();
                let (word, rest) = first_word(rest);
                innermost.test = (!word.is_empty()).then(|| test(word, rest));
            }
            "endif" if too_deep > 0 => too_deep -= 1,
            "endif" => {
                let Some(statement) = open.pop().map(Open::close) else { continue };
                open.last_mut().map_or(&mut done, |open| &mut open.current).push(statement);
            }
            _ if too_deep > 0 => {}
            _ => {
                let statement = statement(word, rest, line);
                is_after_rule = statement.is_none() && line.contains(':');
                let body = open.last_mut().map_or(&mut done, |open| &mut open.current);
                body.extend(statement);
            }
        }
    }
    // A conditional without its end is closed by the end of the file.
    while let Some(statement) = open.pop().map(Open::close) {
        open.last_mut().map_or(&mut done, |open| &mut open.current).push(statement);
    }
    done
}

/// The lines, each with those that a backslash at its end joins to it.
fn logical_lines(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while line.ends_with('\\') && !line.ends_with("\\\\") {
            line.pop();
            line.truncate(line.trim_end().len());
            line.push(' ');
            let Some(next) = lines.next() else { break };
            line.push_str(next.trim_start());
        }
        Some(line)
    })
}

/// The line up to its comment.
fn without_comment(line: &str) -> &str {
    let is_comment = |&(at, _): &(usize, &str)| !line[..at].ends_with('\\');
    line.match_indices('#').find(is_comment).map_or(line, |(at, _)| &line[..at])
}

fn first_word(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    let end = line.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(line.len());
    // `$(X) = y` begins with no word that decides anything.
    if line[..end].ends_with('$') { ("$", line) } else { (&line[..end], line[end..].trim_start()) }
}

fn statement(word: &str, rest: &str, line: &str) -> Option<Statement> {
    match word {
        "include" | "-include" | "sinclude" if !starts_assignment(rest) => {
            Some(Statement::Include { paths: rest.to_owned() })
        }
        "export" | "override" | "private" => assignment(rest),
        _ => assignment(line),
    }
}

/// Whether the operator of an assignment comes first.
fn starts_assignment(rest: &str) -> bool {
    ["=", ":=", "::=", "?=", "+="].iter().any(|operator| rest.starts_with(operator))
}

/// A line that is an assignment to a variable; `None` for a rule, also for one
/// that sets a variable for its target alone.
fn assignment(line: &str) -> Option<Statement> {
    let mut depth = 0_usize;
    let bytes = line.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            b'=' => {
                let (name, how) = match at.checked_sub(1).map(|before| bytes[before]) {
                    Some(b'?') => (&line[..at - 1], How::IfUnset),
                    Some(b'+') => (&line[..at - 1], How::Append),
                    _ => (&line[..at], How::Deferred),
                };
                return assigned(name, how, &line[at + 1..]);
            }
            b':' => {
                let operator = line[at..].trim_start_matches(':');
                let how = operator.strip_prefix('=')?;
                return assigned(&line[..at], How::AtOnce, how);
            }
            _ => {}
        }
    }
    None
}

fn assigned(name: &str, how: How, value: &str) -> Option<Statement> {
    let name = name.trim();
    // Two words are `TARGET VARIABLE`, which is nothing.
    let is_name = !name.is_empty() && (name.contains('$') || !name.contains(char::is_whitespace));
    is_name.then(|| {
        let value = value.trim_start().to_owned();
        Statement::Assign(Assignment { name: name.to_owned(), how, value })
    })
}

fn test(word: &str, rest: &str) -> Test {
    let other = || Test::Other(format!("{word} {rest}"));
    match word {
        "ifdef" | "ifndef" => {
            Test::Defined { name: rest.trim().to_owned(), is_negated: word == "ifndef" }
        }
        "ifeq" | "ifneq" => match operands(rest) {
            Some((left, right)) => Test::Equal {
                left: left.trim().to_owned(),
                right: right.trim().to_owned(),
                is_negated: word == "ifneq",
            },
            None => other(),
        },
        _ => other(),
    }
}

/// The operands of `(a,b)`, `"a" "b"` or `'a' 'b'`.
fn operands(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        let comma = super::functions::top_level(inside, ',').next()?;
        return Some((&inside[..comma], &inside[comma + 1..]));
    }
    let quoted = |text: &str| -> Option<(usize, char)> {
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        Some((1 + text[1..].find(quote)?, quote))
    };
    let (end, _) = quoted(text)?;
    let rest = text[end + 1..].trim_start();
    let (rest_end, _) = quoted(rest)?;
    Some((&text[1..end], &rest[1..rest_end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assign(name: &str, how: How, value: &str) -> Statement {
        Statement::Assign(Assignment { name: name.to_owned(), how, value: value.to_owned() })
    }

    #[test]
    fn assignments_are_told_from_rules() {
        let text = "A = b # c\nB ?= $(X:.o=.d)\nC := d\nD += e \\\n  f\nall: $(OBJ)\n\tE = g\n\
                    $(T): F = h\nexport G=i\n\tH = j\nifdef X\n\tI = k\nendif\n";
        assert_eq!(
            statements(text),
            [
                assign("A", How::Deferred, "b"),
                assign("B", How::IfUnset, "$(X:.o=.d)"),
                assign("C", How::AtOnce, "d"),
                assign("D", How::Append, "e f"),
                assign("G", How::Deferred, "i"),
                assign("H", How::Deferred, "j"),
                Statement::If {
                    arms: vec![(
                        Test::Defined { name: "X".to_owned(), is_negated: false },
                        vec![assign("I", How::Deferred, "k")]
                    )],
                    otherwise: vec![],
                },
            ]
        );
    }

    #[test]
    fn arms_of_nested_conditionals_keep_their_place() {
        let text = "ifeq ($(A), 1)\nifneq \"x\" 'y'\nX = 1\nelse\nX = 2\nendif\nelse ifeq ($(f a,b),c)\nX = 3\nelse\n-include x.mk y.mk\nendif\n";
        let equal = |left: &str, right: &str, is_negated| Test::Equal {
            left: left.to_owned(),
            right: right.to_owned(),
            is_negated,
        };
        assert_eq!(
            statements(text),
            [Statement::If {
                arms: vec![
                    (
                        equal("$(A)", "1", false),
                        vec![Statement::If {
                            arms: vec![(
                                equal("x", "y", true),
                                vec![assign("X", How::Deferred, "1")]
                            )],
                            otherwise: vec![assign("X", How::Deferred, "2")],
                        }]
                    ),
                    (equal("$(f a,b)", "c", false), vec![assign("X", How::Deferred, "3")]),
                ],
                otherwise: vec![Statement::Include { paths: "x.mk y.mk".to_owned() }],
            }]
        );
    }

    #[test]
    fn a_definition_of_several_lines_assigns_nothing() {
        assert_eq!(
            statements("define X\nY = 1\nendef\nZ = 2\n"),
            [assign("Z", How::Deferred, "2")]
        );
    }

    #[test]
    fn conditionals_that_are_too_deep_are_left_out_to_their_end() {
        let text = format!("{}X = 1\n{}Y = 2\n", "ifdef A\n".repeat(1000), "endif\n".repeat(1000));
        assert_eq!(statements(&text).last(), Some(&assign("Y", How::Deferred, "2")));
        // Without an end, it is the file's.
        assert_eq!(statements(&"ifdef A\n".repeat(1000)).len(), 1);
    }
}
