//! Paths with gaps: `ports/{port}/boards/{board}/mpconfigboard.mk`.

use std::fmt;

use crate::tree::{SourceTree, TreeEntryKind, TreeError, parts};

/// Most gaps between two slashes; what a name is split into is found by trying.
const MAX_GAPS: usize = 2;
/// Longest name that is split.
const MAX_NAME_BYTES: usize = 255;

/// A path from the root of a tree, with gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Vec<Piece>>,
}

/// A piece of a name between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Gap(Gap),
}

/// What stands in a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// `{port}`.
    Port,
    /// `{board}`.
    Board,
    /// `{variant}`.
    Variant,
    /// `{driver}`.
    Driver,
    /// `*`: anything, nothing included.
    Any,
}

/// What the gaps of a pattern stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Names {
    pub(crate) port: Option<String>,
    pub(crate) board: Option<String>,
    pub(crate) variant: Option<String>,
    pub(crate) driver: Option<String>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A gap is none.
    #[error(
        "`{found}` has a gap that is none of {{port}}, {{board}}, {{variant}}, {{driver}} and *: expected a path such as ports/{{port}}/boards/{{board}}/mpconfigboard.mk"
    )]
    Gap {
        /// The text.
        found: String,
    },
    /// It does not lead to a place in the tree.
    #[error(
        "`{found}` is no path from the root of the tree: expected names with / between them, without . and .."
    )]
    Path {
        /// The text.
        found: String,
    },
    /// Two gaps meet.
    #[error(
        "`{found}` has two gaps without text between them, and nothing tells where the one ends: expected some, such as the - in build-{{board}}-{{variant}}"
    )]
    AdjacentGaps {
        /// The text.
        found: String,
    },
    /// Too many gaps in one name.
    #[error("`{found}` has too many gaps in one name: expected at most {MAX_GAPS} between two /")]
    TooManyGaps {
        /// The text.
        found: String,
    },
}

impl Gap {
    const NAMED: [(&str, Self); 4] = [
        ("{port}", Self::Port),
        ("{board}", Self::Board),
        ("{variant}", Self::Variant),
        ("{driver}", Self::Driver),
    ];
}

impl Names {
    fn get(&self, gap: Gap) -> Option<&str> {
        match gap {
            Gap::Port => self.port.as_deref(),
            Gap::Board => self.board.as_deref(),
            Gap::Variant => self.variant.as_deref(),
            Gap::Driver => self.driver.as_deref(),
            Gap::Any => None,
        }
    }

    fn set(&mut self, gap: Gap, name: &str) {
        match gap {
            Gap::Port => self.port = Some(name.to_owned()),
            Gap::Board => self.board = Some(name.to_owned()),
            Gap::Variant => self.variant = Some(name.to_owned()),
            Gap::Driver => self.driver = Some(name.to_owned()),
            Gap::Any => {}
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When the text is no path in a tree, or has gaps that a pattern cannot
    /// have.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let found = || crate::model::quoted(text);
        let names = parts(text).filter(|names| !names.is_empty());
        let names = names.ok_or_else(|| PatternError::Path { found: found() })?;
        // A gap that stood in an earlier name is known, and so is where it ends.
        let mut known: Vec<Gap> = Vec::new();
        let parts = names.into_iter().map(|name| {
            let pieces = pieces(name).ok_or_else(|| PatternError::Gap { found: found() })?;
            let gaps = pieces.iter().filter(|piece| matches!(piece, Piece::Gap(_))).count();
            if gaps > MAX_GAPS {
                return Err(PatternError::TooManyGaps { found: found() });
            }
            let is_open = |piece: &Piece| matches!(piece, Piece::Gap(gap) if !known.contains(gap));
            if pieces.windows(2).any(|pair| pair.iter().all(is_open)) {
                return Err(PatternError::AdjacentGaps { found: found() });
            }
            known.extend(pieces.iter().filter_map(|piece| match piece {
                Piece::Gap(gap) if *gap != Gap::Any => Some(*gap),
                _ => None,
            }));
            Ok(pieces)
        });
        Ok(Self { text: text.to_owned(), parts: parts.collect::<Result<_, _>>()? })
    }

    /// Whether the pattern has such a gap.
    pub(crate) fn has(&self, gap: Gap) -> bool {
        self.parts.iter().flatten().any(|piece| *piece == Piece::Gap(gap))
    }

    /// The path, where `names` fill all its gaps.
    pub(crate) fn path(&self, names: &Names) -> Option<String> {
        let parts: Option<Vec<String>> =
            self.parts.iter().map(|pieces| literal(pieces, names)).collect();
        Some(parts?.join("/"))
    }

    /// Whether the first parts of `path` are those of the pattern, whatever
    /// stands in its gaps.
    pub(crate) fn leads_to(&self, path: &Self) -> bool {
        self.parts.len() < path.parts.len()
            && self.parts.iter().zip(&path.parts).all(|(pieces, other)| {
                literal(other, &Names::default())
                    .is_some_and(|name| split(pieces, &name, &Names::default()).is_some())
            })
    }

    /// What stands in the gaps, where the first of `names`, the parts of a path, are
    /// the parts of the pattern.
    pub(crate) fn begins(&self, names: &[&str]) -> Option<Names> {
        let names = names.get(..self.parts.len())?;
        let mut parts = self.parts.iter().zip(names);
        parts.try_fold(Names::default(), |found, (pieces, name)| split(pieces, name, &found))
    }

    /// The files or folders of the tree that the pattern matches, where what is
    /// in `names` already stands in its gap, by path.
    pub(crate) fn find(
        &self,
        tree: &dyn SourceTree,
        names: &Names,
        kind: TreeEntryKind,
    ) -> Result<Vec<(String, Names)>, TreeError> {
        let mut places = vec![(String::new(), names.clone())];
        for (index, pieces) in self.parts.iter().enumerate() {
            let is_last = index + 1 == self.parts.len();
            let mut next = Vec::new();
            for (folder, names) in places {
                if let Some(name) = literal(pieces, &names).filter(|_| !is_last) {
                    // Whether it is there shows below.
                    next.push((below(&folder, &name), names));
                    continue;
                }
                let wanted = if is_last { kind } else { TreeEntryKind::Folder };
                for entry in tree.list(&folder)?.into_iter().filter(|entry| entry.kind == wanted) {
                    if let Some(names) = split(pieces, &entry.name, &names) {
                        next.push((below(&folder, &entry.name), names));
                    }
                }
            }
            places = next;
        }
        Ok(places)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A name taken apart; `None` where a brace belongs to no gap.
fn pieces(name: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let start = rest.find(['{', '*', '}']).unwrap_or(rest.len());
        let (text, gap) = rest.split_at(start);
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        rest = match gap.strip_prefix('*') {
            Some(after) => {
                pieces.push(Piece::Gap(Gap::Any));
                after
            }
            None if gap.is_empty() => gap,
            None => {
                let (word, named) = Gap::NAMED.iter().find(|(word, _)| gap.starts_with(word))?;
                pieces.push(Piece::Gap(*named));
                &gap[word.len()..]
            }
        };
    }
    Some(pieces)
}

/// The name, where it has no gap that `names` leave open.
fn literal(pieces: &[Piece], names: &Names) -> Option<String> {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        Piece::Gap(gap) => names.get(*gap),
    });
    texts.collect()
}

/// What stands in the gaps, if `name` has this form. Of several ways the one
/// whose first gap is shortest.
fn split(pieces: &[Piece], name: &str, names: &Names) -> Option<Names> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let Some((first, rest)) = pieces.split_first() else {
        return name.is_empty().then(|| names.clone());
    };
    let fixed = match first {
        Piece::Text(text) => Some(text.as_str()),
        Piece::Gap(gap) => names.get(*gap),
    };
    if let Some(text) = fixed {
        return split(rest, name.strip_prefix(text)?, names);
    }
    let Piece::Gap(gap) = first else { return None };
    let shortest = usize::from(*gap != Gap::Any);
    (shortest..=name.len()).filter(|&end| name.is_char_boundary(end)).find_map(|end| {
        let mut names = names.clone();
        names.set(*gap, &name[..end]);
        split(rest, &name[end..], &names)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board_and_variant(pattern: &str, name: &str) -> Option<(Option<String>, Option<String>)> {
        let pattern = Pattern::parse(pattern).unwrap();
        split(&pattern.parts[0], name, &Names::default()).map(|names| (names.board, names.variant))
    }

    #[test]
    fn gaps_take_what_stands_between_the_text_around_them() {
        let names =
            |board: &str, variant: &str| Some((Some(board.to_owned()), Some(variant.to_owned())));
        assert_eq!(board_and_variant("{board}-{variant}.mk", "A-B-C.mk"), names("A", "B-C"));
        assert_eq!(board_and_variant("{board}-{variant}.mk", "A-.mk"), None);
        assert_eq!(board_and_variant("{board}.*", "A.mk"), Some((Some("A".to_owned()), None)));
        assert_eq!(board_and_variant("x{board}.mk", "größe.mk"), None);
    }

    #[test]
    fn a_name_that_stands_twice_is_the_same() {
        let pattern = Pattern::parse("{board}/{board}.mk").unwrap();
        let names = Names { board: Some("A".to_owned()), ..Names::default() };
        assert_eq!(split(&pattern.parts[1], "A.mk", &names), Some(names.clone()));
        assert_eq!(split(&pattern.parts[1], "B.mk", &names), None);
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        let said = |text: &str| Pattern::parse(text).unwrap_err().to_string();
        assert!(said("ports/{prot}").starts_with("`ports/{prot}` has a gap that is none of"));
        assert!(said("ports/}").starts_with("`ports/}` has a gap that is none of"));
        assert!(said("../x").starts_with("`../x` is no path from the root of the tree"));
        assert!(said("").starts_with("`` is no path"));
        assert!(said("***").starts_with("`***` has too many gaps"));
        assert_eq!(
            said("ports/{port}/build-{board}{variant}"),
            "`ports/{port}/build-{board}{variant}` has two gaps without text between them, and nothing tells where the one ends: expected some, such as the - in build-{board}-{variant}"
        );
        assert!(Pattern::parse("{board}/{board}{variant}.mk").is_ok());
        assert!(said("build/{board}*").starts_with("`build/{board}*` has two gaps without text"));
    }
}
