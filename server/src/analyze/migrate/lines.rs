//! C text by its lines: which are directives, where an `#if` ends, and what is left of
//! a line without its comments.

use std::collections::BTreeSet;

use super::plan::Plan;

/// The `#include`s of a text, with the `#if`s around them, a line each.
pub(super) fn includes(text: &str) -> Vec<String> {
    let lines = Lines::of(text);
    let mut kept: BTreeSet<usize> = lines.includes().collect();
    for group in &lines.groups {
        if kept.range(group.first..=group.last).next().is_some() {
            kept.extend(&group.directives);
        }
    }
    kept.into_iter().map(|line| lines.text[line].trim().to_owned()).collect()
}

/// A text of C by its lines.
pub(super) struct Lines<'a> {
    /// As they stand.
    pub(super) text: Vec<&'a str>,
    /// The same without comments, and without what stands in quotes.
    bare: Vec<String>,
    /// Which of them are directives of the preprocessor, or go on with one.
    directives: Vec<bool>,
    /// The `#if`s by their first lines.
    pub(super) groups: Vec<Group>,
}

/// An `#if` with its `#endif`, by their lines.
pub(super) struct Group {
    pub(super) first: usize,
    pub(super) last: usize,
    /// All of its own directives.
    directives: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let bare: Vec<String> = bare(text).lines().map(str::to_owned).collect();
        let text: Vec<&str> = text.lines().collect();
        let mut directives = Vec::with_capacity(bare.len());
        let mut goes_on = false;
        for line in &bare {
            let is_directive = goes_on || line.trim_start().starts_with('#');
            goes_on = is_directive && line.trim_end().ends_with('\\');
            directives.push(is_directive);
        }
        let mut lines = Self { text, bare, directives, groups: Vec::new() };
        lines.groups = lines.groups();
        lines
    }

    fn groups(&self) -> Vec<Group> {
        let mut open: Vec<Group> = Vec::new();
        let mut closed = Vec::new();
        for line in 0..self.bare.len() {
            let Some(directive) = self.directive(line) else { continue };
            let with_rest = || line..=self.end_of_directive(line);
            if directive.starts_with("if") {
                open.push(Group { first: line, last: line, directives: with_rest().collect() });
            } else if directive.starts_with("el") {
                if let Some(group) = open.last_mut() {
                    group.directives.extend(with_rest());
                }
            } else if directive.starts_with("endif")
                && let Some(mut group) = open.pop()
            {
                group.last = self.end_of_directive(line);
                group.directives.extend(with_rest());
                closed.push(group);
            }
        }
        closed.sort_by_key(|group| group.first);
        closed
    }

    /// What stands behind the `#` of a directive that begins on a line.
    fn directive(&self, line: usize) -> Option<&str> {
        self.bare[line].trim_start().strip_prefix('#').map(str::trim_start)
    }

    /// The last line of the directive that begins on a line.
    fn end_of_directive(&self, line: usize) -> usize {
        let goes_on = |at: &usize| self.bare[*at].trim_end().ends_with('\\');
        (line..self.bare.len()).find(|at| !goes_on(at)).unwrap_or(line)
    }

    fn includes(&self) -> impl Iterator<Item = usize> + '_ {
        let is_include =
            |line: &usize| self.directive(*line).is_some_and(|rest| rest.starts_with("include"));
        (0..self.bare.len()).filter(is_include)
    }

    /// The last `#include` that stands under no `#if`; else the end of the last `#if`
    /// around one.
    pub(super) fn last_include(&self) -> Option<usize> {
        let around = |line: usize| {
            self.groups.iter().find(|group| (group.first..=group.last).contains(&line))
        };
        let plain = self.includes().filter(|&line| around(line).is_none()).last();
        plain.or_else(|| self.includes().last().and_then(around).map(|group| group.last))
    }

    /// The lines of the calls that are registered, and of the `#if`s that then hold
    /// nothing.
    pub(super) fn without_calls(&self, plan: &Plan) -> BTreeSet<usize> {
        let calls = plan.registrations.iter().filter_map(|one| one.call.as_ref());
        let mut removed: BTreeSet<usize> =
            calls.flat_map(|call| index(call.first)..=index(call.last)).collect();
        // Inner ones come later.
        for group in self.groups.iter().rev() {
            let body = group.first..=group.last;
            let is_touched = removed.range(body.clone()).next().is_some();
            let left: Vec<usize> = body
                .filter(|line| !removed.contains(line) && !group.directives.contains(line))
                .collect();
            if is_touched && self.are_empty(&left) {
                removed.extend(group.first..=group.last);
            }
        }
        removed
    }

    /// Whether lines hold nothing but blanks, comments and blocks of such.
    fn are_empty(&self, lines: &[usize]) -> bool {
        let text: String = lines.iter().map(|&line| self.bare[line].trim()).collect();
        let mut depth = 0_i32;
        text.chars().all(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            matches!(c, '{' | '}') && depth >= 0
        }) && depth == 0
    }

    /// Whether a line has no statement: it is blank, a directive, a brace or a comment.
    pub(super) fn says_nothing(&self, line: usize) -> bool {
        self.directives[line] || matches!(self.bare[line].trim(), "" | "{" | "}")
    }

    /// Whether the braces within an `#if` are closed there.
    pub(super) fn is_balanced(&self, group: &Group) -> bool {
        let text = self.bare[group.first..=group.last].concat();
        text.matches('{').count() == text.matches('}').count()
    }

    /// Whether a function is named within an `#if`.
    pub(super) fn names(&self, group: &Group, function: &str) -> bool {
        self.bare[group.first..=group.last].iter().any(|line| {
            let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.any(|word| word == function)
        })
    }
}

/// A text of C with blanks in place of its comments and of what stands in quotes.
fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if matches!(first, '"' | '\'') {
            quoted(rest, first)
        } else {
            bare.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (gone, behind) = rest.split_at(length);
        let is_quoted = matches!(first, '"' | '\'');
        let blank = |(at, c): (usize, char)| match c {
            '\n' => '\n',
            c if is_quoted && (at == 0 || at + 1 == gone.len()) => c,
            _ => ' ',
        };
        bare.extend(gone.char_indices().map(blank));
        rest = behind;
    }
    bare
}

/// The length of what stands in quotes, with them; to the end of the line where they
/// are not closed.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' if !is_escaped => return at,
            c if c == quote && !is_escaped => return at + 1,
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    text.len()
}

/// The index of a line that counts from 1, and back.
pub(super) fn index(line: u32) -> usize {
    usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX)
}

pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_come_with_their_conditions() {
        let long = "#if A && \\\n    B\n#include \"b.h\"\n#endif\n/*\n#include \"c.h\"\n*/\n";
        assert_eq!(includes(long), ["#if A && \\", "B", "#include \"b.h\"", "#endif"]);
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
