//! The conditions of the preprocessor, as text: read from a directive, negated,
//! joined. They are shown and compared, never evaluated, but for `0` and `1`.

use crate::model::MAX_TEXT_BYTES;

/// What a directive asks for, on one line and without comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause(String);

impl Clause {
    /// The clause of `#if TEXT` or `#elif TEXT`.
    pub(super) fn of_if(text: &[u8]) -> Self {
        Self(on_one_line(text))
    }

    /// The clause of `#ifdef TEXT`.
    pub(super) fn of_ifdef(text: &[u8]) -> Self {
        // What stands behind the name is ignored by the preprocessor, too.
        let text = on_one_line(text);
        Self(format!("defined({})", text.split(' ').next().unwrap_or_default()))
    }

    #[cfg(test)]
    fn as_str(&self) -> &str {
        &self.0
    }

    /// The opposite.
    pub(super) fn negated(&self) -> Self {
        let text = self.0.as_str();
        if let Some(rest) = text.strip_prefix('!').map(str::trim_start)
            && is_primary(rest)
        {
            return Self(rest.to_owned());
        }
        if is_primary(text) { Self(format!("!{text}")) } else { Self(format!("!({text})")) }
    }

    /// Whether the clause holds whatever is configured (`Some(true)`), or never
    /// does (`Some(false)`).
    pub(super) fn constant(&self) -> Option<bool> {
        match self.0.as_str() {
            "1" | "!0" => Some(true),
            "0" | "!1" => Some(false),
            _ => None,
        }
    }
}

/// Several clauses, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Condition {
    clauses: Vec<Clause>,
    bytes: usize,
}

impl Condition {
    /// Adds a clause, unless it is there or always holds. What goes beyond the
    /// longest text that is stored is cut when it is shown.
    pub(super) fn add(&mut self, clause: Clause) {
        if self.bytes > MAX_TEXT_BYTES
            || clause.constant() == Some(true)
            || self.clauses.contains(&clause)
        {
            return;
        }
        self.bytes += clause.0.len() + 4;
        self.clauses.push(clause);
    }

    /// Adds all clauses of `other`.
    pub(super) fn extend(&mut self, other: &Self) {
        for clause in &other.clauses {
            self.add(clause.clone());
        }
    }

    /// Whether it never holds: it asks for `0`, or for a clause and its opposite.
    pub(super) fn is_impossible(&self) -> bool {
        self.clauses.iter().any(|clause| {
            clause.constant() == Some(false) || self.clauses.contains(&clause.negated())
        })
    }

    /// The condition as one expression; `None` where it asks for nothing.
    pub(super) fn text(&self) -> Option<String> {
        let mut text = match self.clauses.as_slice() {
            [] => return None,
            [only] => only.0.clone(),
            several => {
                let parts: Vec<String> = several
                    .iter()
                    .map(|clause| {
                        if binds_weaker_than_and(&clause.0) {
                            format!("({})", clause.0)
                        } else {
                            clause.0.clone()
                        }
                    })
                    .collect();
                parts.join(" && ")
            }
        };
        if text.len() > MAX_TEXT_BYTES {
            let mut end = MAX_TEXT_BYTES - '…'.len_utf8();
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push('…');
        }
        Some(text)
    }
}

/// `text` without comments and continued lines, every run of blanks a single
/// one.
fn on_one_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        plain.push_str(&rest[..at]);
        plain.push(' ');
        rest = match rest[at..].strip_prefix("/*").and_then(|inside| inside.split_once("*/")) {
            Some((_, behind)) => behind,
            None => "",
        };
    }
    plain.push_str(rest);
    let plain = plain.replace("\\\r\n", " ").replace("\\\n", " ");
    let words: Vec<&str> = plain.split_ascii_whitespace().collect();
    words.join(" ")
}

/// Whether `text` needs no parentheses under a `!`: a name, a call of one, or
/// something in parentheses.
fn is_primary(text: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let rest = text.trim_start_matches(is_name);
    if rest.is_empty() {
        return !text.is_empty();
    }
    // `defined X`, the old way to write it.
    if text.len() - rest.len() == "defined".len() && text.starts_with("defined ") {
        return !rest[1..].is_empty() && rest[1..].chars().all(is_name);
    }
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth <= 1 => return depth == 1 && at + 1 == rest.len(),
            ')' => depth -= 1,
            _ if depth == 0 => return false,
            _ => {}
        }
    }
    false
}

/// Whether an operator outside parentheses binds weaker than `&&`.
fn binds_weaker_than_and(text: &str) -> bool {
    let mut depth = 0_usize;
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, &byte)| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (byte == b'?' || (byte == b'|' && bytes.get(at + 1) == Some(&b'|')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(text: &str) -> Clause {
        Clause::of_if(text.as_bytes())
    }

    fn condition(texts: &[&str]) -> Condition {
        let mut condition = Condition::default();
        for text in texts {
            condition.add(clause(text));
        }
        condition
    }

    #[test]
    fn a_directive_is_one_line_without_comments() {
        assert_eq!(clause(" A /* why */ && \\\n   B // so").as_str(), "A && B");
        assert_eq!(Clause::of_ifdef(b" X  // why").as_str(), "defined(X)");
        assert_eq!(clause("A /* open").as_str(), "A");
    }

    #[test]
    fn the_opposite_has_parentheses_where_they_are_needed() {
        for (text, expected) in [
            ("A", "!A"),
            ("!A", "A"),
            ("defined(A)", "!defined(A)"),
            ("defined A", "!defined A"),
            ("!defined(A)", "defined(A)"),
            ("A && B", "!(A && B)"),
            ("(A && B)", "!(A && B)"),
            ("(A) && (B)", "!((A) && (B))"),
            ("!A && B", "!(!A && B)"),
            ("A == 1", "!(A == 1)"),
        ] {
            assert_eq!(clause(text).negated().as_str(), expected);
        }
    }

    #[test]
    fn clauses_are_joined_as_c_would_read_them() {
        let joined = |texts: &[&str]| condition(texts).text();
        assert_eq!(joined(&[]), None);
        assert_eq!(joined(&["1"]), None);
        assert_eq!(joined(&["A || B"]).unwrap(), "A || B");
        assert_eq!(joined(&["A || B", "C"]).unwrap(), "(A || B) && C");
        assert_eq!(joined(&["A", "B == 2", "A"]).unwrap(), "A && B == 2");
        assert_eq!(joined(&["(A || B)", "C"]).unwrap(), "(A || B) && C");
    }

    #[test]
    fn a_clause_and_its_opposite_never_hold_together() {
        let impossible = |texts: &[&str]| condition(texts).is_impossible();
        assert!(impossible(&["A", "B", "!A"]));
        assert!(impossible(&["A || B", "!(A || B)"]));
        assert!(impossible(&["0"]));
        assert!(!impossible(&["A", "!B"]));
    }
}
