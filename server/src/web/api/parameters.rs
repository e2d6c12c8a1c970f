//! Query parameters, with errors that name the parameter, what it holds and
//! what was expected.

use std::fmt::Display;
use std::str::FromStr;

use crate::web::AppError;

/// The parameters of a request, each at most once and all of them known.
pub(in crate::web) struct Parameters {
    given: Vec<(String, String)>,
}

impl Parameters {
    /// Checks that every parameter is one of `known` and given once.
    ///
    /// # Errors
    /// 400 otherwise, with the name that was probably meant.
    pub(in crate::web) fn new(
        given: Vec<(String, String)>,
        known: &[&str],
    ) -> Result<Self, AppError> {
        for (index, (name, _)) in given.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let meant = match closest(name, known) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("expected {}", known.join(", ")),
                };
                return Err(AppError::bad_request(
                    "unknown-parameter",
                    format!("there is no parameter `{}`: {meant}", shown(name)),
                ));
            }
            if given[..index].iter().any(|(other, _)| other == name) {
                return Err(AppError::bad_request(
                    "repeated-parameter",
                    format!("the parameter `{name}` is given more than once: give it once"),
                ));
            }
        }
        Ok(Self { given })
    }

    /// The value of a parameter, if it is given.
    ///
    /// # Errors
    /// 400 when the value cannot be read.
    pub(in crate::web) fn optional<T>(&self, name: &'static str) -> Result<Option<T>, AppError>
    where
        T: FromStr<Err: Display>,
    {
        let Some((_, value)) = self.given.iter().find(|(given, _)| given == name) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|error| malformed(name, &error))
    }

    /// The value of a parameter that must be given.
    ///
    /// # Errors
    /// 400 when it is not, or its value cannot be read.
    pub(in crate::web) fn required<T>(
        &self,
        name: &'static str,
        expected: &str,
    ) -> Result<T, AppError>
    where
        T: FromStr<Err: Display>,
    {
        self.optional(name)?.ok_or_else(|| {
            AppError::bad_request(
                "missing-parameter",
                format!("the parameter `{name}` is missing: expected {expected}"),
            )
        })
    }
}

/// 400: the value of a parameter cannot be read.
pub(in crate::web) fn malformed(name: &str, error: &dyn Display) -> AppError {
    AppError::bad_request("malformed-parameter", format!("the parameter `{name}`: {error}"))
}

/// What is wrong with a parameter that can be one of a few words.
pub(in crate::web) fn unexpected(name: &str, found: &str, expected: &str) -> String {
    format!("the parameter `{name}` is `{}`: expected {expected}", shown(found))
}

/// A value of the client as it may stand in a message.
pub(in crate::web) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).flat_map(char::escape_default).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

/// The known name that differs from `name` in the fewest letters, if they are
/// few enough to be a slip.
fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    if name.len() > 32 {
        return None;
    }
    known
        .iter()
        .map(|known| (edits(&name, known), *known))
        .filter(|&(edits, known)| edits <= 1 + known.len() / 4)
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, known)| known)
}

/// Levenshtein distance: letters to insert, remove or replace.
fn edits(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["project", "port", "pull_request", "commit"];
        assert_eq!(closest("projct", &known), Some("project"));
        assert_eq!(closest("pull-request", &known), Some("pull_request"));
        assert_eq!(closest("Commit", &known), Some("commit"));
        assert_eq!(closest("colour", &known), None);
        assert_eq!(edits("kitten", "sitting"), 3);
    }
}
