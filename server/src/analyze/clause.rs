//! Conditions as sets of clauses: what `A && (B || C)` asks for, piece by piece.
//!
//! Clauses are compared as text. Two ways to write one thing are two things
//! here; that errs on the side of saying less.

use std::collections::BTreeSet;

/// One clause of a condition: its text without `!` in front, and whether it is
/// to hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause {
    /// The clause, such as `MICROPY_PY_NETWORK` or `A || B`.
    pub text: String,
    /// Whether it is asked to hold (`true`) or not to.
    pub holds: bool,
}

/// The clauses of a condition, all of which it asks for.
pub fn clauses(condition: Option<&str>) -> BTreeSet<Clause> {
    let mut found = BTreeSet::new();
    let mut rest: Vec<&str> = condition.into_iter().collect();
    while let Some(text) = rest.pop() {
        let text = without_parentheses(text.trim());
        let parts = split_at_and(text);
        if parts.len() > 1 {
            rest.extend(parts);
        } else if !text.is_empty() {
            let mut holds = true;
            let mut text = text;
            // `!(A)` and `!A` alike; `!A && B` was split before.
            while let Some(inner) = text.strip_prefix('!').filter(|inner| !inner.starts_with('=')) {
                holds = !holds;
                text = without_parentheses(inner.trim());
            }
            found.insert(Clause { text: text.to_owned(), holds });
        }
    }
    found
}

/// The pieces between every `&&` outside parentheses; the whole where an
/// operator that binds weaker stands there.
fn split_at_and(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'?' if depth == 0 => return vec![text],
            b'|' if depth == 0 && bytes.get(at + 1) == Some(&b'|') => return vec![text],
            b'&' if depth == 0 && bytes.get(at + 1) == Some(&b'&') => {
                parts.push(&text[start..at]);
                at += 1;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&text[start..]);
    parts
}

/// `text` without parentheses around the whole of it.
fn without_parentheses(mut text: &str) -> &str {
    while let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        let mut depth = 0_i64;
        let closes_early = inner.bytes().any(|byte| {
            depth += i64::from(byte == b'(') - i64::from(byte == b')');
            depth < 0
        });
        if closes_early {
            break;
        }
        text = inner.trim();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(condition: &str) -> Vec<String> {
        let said =
            |clause: Clause| format!("{}{}", if clause.holds { "" } else { "!" }, clause.text);
        clauses(Some(condition)).into_iter().map(said).collect()
    }

    #[test]
    fn a_condition_is_the_set_of_what_it_asks_for() {
        for (condition, expected) in [
            ("A", &["A"][..]),
            ("A && B", &["A", "B"]),
            ("B && (A) && A", &["A", "B"]),
            ("(A && B) && !C", &["A", "B", "!C"]),
            ("A || B", &["A || B"]),
            ("(A || B) && C", &["A || B", "C"]),
            ("!(A || B)", &["!A || B"]),
            ("!!A", &["A"]),
            ("(A) || (B)", &["(A) || (B)"]),
            ("A != 1 && f(x, (y))", &["A != 1", "f(x, (y))"]),
            ("A ? B && C : D", &["A ? B && C : D"]),
            (")(", &[")("]),
            ("&&", &[]),
        ] {
            assert_eq!(said(condition), expected, "{condition}");
        }
        assert!(clauses(None).is_empty());
    }
}
