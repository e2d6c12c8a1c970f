//! What a language can write: which calls have a registration in it at all, and
//! conditions as attributes of Rust.

use super::by_hand::Reason;
use super::code::Language;
use crate::analyze::clause::clauses;

/// Words that are no names of functions, though they look like some.
const C_KEYWORDS: [&str; 17] = [
    "auto", "break", "case", "const", "continue", "default", "do", "else", "extern", "for", "goto",
    "if", "register", "return", "static", "switch", "while",
];
const RUST_KEYWORDS: [&str; 24] = [
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "return", "self", "use",
    "while",
];

/// A call as a registration has to say it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) function: &'a str,
    pub(super) condition: Option<&'a str>,
    /// Where they need a wrapper.
    pub(super) arguments: Option<&'a str>,
}

/// Why a call cannot be registered in a language. Names and conditions come from
/// files that anybody can make.
pub(super) fn unwritable(language: Language, call: Call<'_>) -> Option<Reason> {
    let Call { function, condition, arguments } = call;
    let keywords = match language {
        Language::C => C_KEYWORDS.as_slice(),
        Language::Rust => RUST_KEYWORDS.as_slice(),
    };
    if !is_identifier(function) || keywords.contains(&function) {
        return Some(Reason::Unnameable);
    }
    match language {
        Language::C if condition.is_some_and(|condition| !keeps_its_line(condition)) => {
            Some(Reason::UnwritableCondition)
        }
        Language::C => None,
        Language::Rust => match arguments {
            Some("()") => Some(Reason::UnknownResult),
            Some(_) => Some(Reason::ForeignArguments),
            None if attribute(condition).is_none() => Some(Reason::ForeignCondition),
            None => None,
        },
    }
}

/// Whether a text is a name in C and in Rust.
fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text != "_"
}

/// Whether a text of C that stands on a line ends with it: it neither goes on with
/// what follows, nor makes that a comment. A backslash has a second spelling, the
/// trigraph.
fn keeps_its_line(text: &str) -> bool {
    text.chars().all(|c| !c.is_control())
        && ["\\", "??/", "/*", "//"].iter().all(|reaching| !text.contains(reaching))
}

/// `#[cfg(..)]` for a condition of names that hold or do not, and nothing for no
/// condition; `None` for others, which Rust cannot ask for.
pub(super) fn attribute(condition: Option<&str>) -> Option<String> {
    let Some(condition) = condition else { return Some(String::new()) };
    let mut parts = Vec::new();
    for clause in clauses(Some(condition)) {
        let name = clause
            .text
            .strip_prefix("defined")
            .map_or(clause.text.as_str(), |rest| rest.trim().trim_matches(['(', ')']))
            .trim();
        let name = is_identifier(name).then(|| name.to_ascii_lowercase())?;
        parts.push(if clause.holds { name } else { format!("not({name})") });
    }
    Some(match parts.as_slice() {
        [only] => format!("#[cfg({only})]"),
        several => format!("#[cfg(all({}))]", several.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(language: Language, function: &str, condition: &str, arguments: &str) -> &'static str {
        let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let call = Call { function, condition: some(condition), arguments: some(arguments) };
        unwritable(language, call).map_or("", Reason::as_str)
    }

    #[test]
    fn no_name_of_a_file_becomes_code() {
        for name in ["foo.bar", "x(void);evil", "", "_", "1x", "ä"] {
            assert_eq!(said(Language::C, name, "", ""), "unnameable", "{name}");
            assert_eq!(said(Language::Rust, name, "", ""), "unnameable", "{name}");
        }
        assert_eq!(said(Language::C, "match", "", ""), "");
        assert_eq!(said(Language::Rust, "match", "", ""), "unnameable");
        assert_eq!(said(Language::C, "switch", "", ""), "unnameable");
    }

    #[test]
    fn no_condition_swallows_the_line_behind_it() {
        for condition in ["A \\", "A ??/", "A /* and", "A // and", "A\n#error"] {
            assert_eq!(said(Language::C, "a", condition, ""), "unwritable-condition");
            assert_eq!(said(Language::Rust, "a", condition, ""), "foreign-condition");
        }
        assert_eq!(said(Language::C, "a", "A / B && (C || D)", ""), "");
    }

    #[test]
    fn rust_takes_what_it_can_say() {
        assert_eq!(said(Language::Rust, "a", "A && !defined(B)", ""), "");
        assert_eq!(said(Language::Rust, "a", "A == 1", ""), "foreign-condition");
        assert_eq!(said(Language::Rust, "a", "", "(&repl, 1)"), "foreign-arguments");
        assert_eq!(said(Language::Rust, "a", "", "()"), "unknown-result");
        assert_eq!(said(Language::C, "a", "A == 1", "(&repl, 1)"), "");
    }
}
