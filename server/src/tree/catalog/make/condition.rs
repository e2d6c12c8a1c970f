//! When something is so: the ways in which whoever builds can choose, in as few
//! words as possible.

use std::fmt;

use super::Decision;
use super::evaluate::Side;

/// Longest condition in bytes; what is longer names the variables alone.
const MAX_BYTES: usize = 512;

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Side::Variable(left) | Side::Text(left)) = &self.left;
        match (self.right.as_str(), self.holds) {
            ("", true) => write!(f, "{left} is not set"),
            ("", false) => write!(f, "{left} is set"),
            (right, true) => write!(f, "{left} = {right}"),
            (right, false) => write!(f, "{left} != {right}"),
        }
    }
}

impl Decision {
    /// Whether it is about a variable of that name.
    pub(in crate::tree::catalog) fn is_about(&self, variable: &str) -> bool {
        matches!(&self.left, Side::Variable(name) if name == variable)
    }

    /// Whether no choice makes both true.
    fn excludes(&self, other: &Self) -> bool {
        self.left == other.left
            && if self.right == other.right {
                self.holds != other.holds
            } else {
                // A variable has one value.
                self.holds && other.holds
            }
    }

    /// Whether it follows from `other`.
    fn follows_from(&self, other: &Self) -> bool {
        self == other
            || (self.left == other.left && self.right != other.right && !self.holds && other.holds)
    }
}

/// The condition under which one of the ways in `so` is taken and none of those
/// in `otherwise`; `None` for always.
pub(in crate::tree::catalog) fn condition(
    so: &[&[Decision]],
    otherwise: &[&[Decision]],
) -> Option<String> {
    if otherwise.is_empty() {
        return None;
    }
    let mut ways: Vec<Vec<&Decision>> = Vec::new();
    for way in so {
        let mut kept: Vec<&Decision> = way.iter().collect();
        // What can be left out without letting in any of the other ways. The
        // last decisions are the most particular ones.
        let mut index = kept.len();
        while index > 0 {
            index -= 1;
            let without: Vec<&Decision> =
                kept.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, d)| *d).collect();
            if otherwise.iter().all(|other| excludes(&without, other)) {
                kept = without;
            }
        }
        ways.push(kept);
    }
    let all = ways.clone();
    // A way that is part of another one adds nothing.
    let mut index = 0;
    ways.retain(|way| {
        index += 1;
        !all.iter().enumerate().any(|(other, wider)| {
            let is_part = wider.iter().all(|w| way.iter().any(|d| w.follows_from(d)));
            other + 1 != index && is_part && (wider.len() < way.len() || other + 1 < index)
        })
    });
    let texts: Vec<String> = ways
        .iter()
        .map(|way| way.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))
        .collect();
    let text = texts.join(", or ");
    if text.len() <= MAX_BYTES {
        return Some(text);
    }
    let mut names: Vec<String> = ways
        .iter()
        .flatten()
        .map(|decision| match &decision.left {
            Side::Variable(name) => name.clone(),
            Side::Text(text) => crate::model::quoted(text),
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut text = format!("depends on {}", names.join(", "));
    if text.len() > MAX_BYTES {
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        text.push('…');
    }
    Some(text)
}

/// Whether no choice makes all of `way` and all of `other` true.
fn excludes(way: &[&Decision], other: &[Decision]) -> bool {
    way.iter().any(|decision| other.iter().any(|other| decision.excludes(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(text: &str) -> Decision {
        let (left, right, holds) = match text.split_once("!=") {
            Some((left, right)) => (left, right, false),
            None => text.split_once('=').map(|(left, right)| (left, right, true)).unwrap(),
        };
        Decision { left: Side::Variable(left.to_owned()), right: right.to_owned(), holds }
    }

    fn said(so: &[&str], otherwise: &[&str]) -> Option<String> {
        let ways = |texts: &[&str]| -> Vec<Vec<Decision>> {
            texts.iter().map(|text| text.split_whitespace().map(decision).collect()).collect()
        };
        let (so, otherwise) = (ways(so), ways(otherwise));
        let slices = |ways: &[Vec<Decision>]| -> Vec<Vec<Decision>> { ways.to_vec() };
        let (so, otherwise) = (slices(&so), slices(&otherwise));
        let so: Vec<&[Decision]> = so.iter().map(Vec::as_slice).collect();
        let otherwise: Vec<&[Decision]> = otherwise.iter().map(Vec::as_slice).collect();
        condition(&so, &otherwise)
    }

    #[test]
    fn a_condition_says_no_more_than_decides() {
        assert_eq!(said(&["A=1", "A!=1"], &[]), None);
        assert_eq!(said(&["A=1"], &["A!=1"]).as_deref(), Some("A = 1"));
        assert_eq!(said(&["A= B=1", "A= B!=1"], &["A!= B=1"]).as_deref(), Some("A is not set"));
        assert_eq!(said(&["A=1 B=1"], &["A=1 B!=1", "A!=1"]).as_deref(), Some("A = 1 and B = 1"));
        assert_eq!(said(&["A=1", "A!=1 A=2"], &["A!=1 A!=2"]).as_deref(), Some("A = 1, or A = 2"));
        assert_eq!(said(&["A!="], &["A="]).as_deref(), Some("A is set"));
    }
}
