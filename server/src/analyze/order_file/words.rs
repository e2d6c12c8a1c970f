//! The words of an order file, and names as words.

use super::Role;
use crate::model::{Stage, SymbolName, quoted};

/// The version of the format that this program writes and reads.
pub(super) const VERSION: &str = "1";

/// What the first line begins with; the version follows.
pub(super) const TITLE: &str = "initboard order, version ";

/// What every heading and every entry can begin with, for messages.
pub(super) const FIRST_WORDS: &str =
    "port, board, boot, start, stop, unseen, init, deinit, landmark, run-init or run-deinit";

/// The heading above the entries of a stage, or of those that main is not seen to
/// run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heading(pub(super) Option<Stage>);

impl Heading {
    /// The word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self.0 {
            Some(stage) => stage.as_str(),
            None => "unseen",
        }
    }

    /// The heading that a word is.
    pub(super) fn of(word: &str) -> Option<Self> {
        let stages = [Some(Stage::Boot), Some(Stage::Start), Some(Stage::Stop), None];
        stages.into_iter().map(Self).find(|heading| heading.as_str() == word)
    }
}

/// What an entry is, as its line begins.
pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Init => "init",
        Role::Deinit => "deinit",
        Role::Landmark => "landmark",
        Role::RunInit => "run-init",
        Role::RunDeinit => "run-deinit",
    }
}

/// What the beginning of a line says that an entry is.
pub(super) fn role_of(word: &str) -> Option<Role> {
    let roles = [Role::Init, Role::Deinit, Role::Landmark, Role::RunInit, Role::RunDeinit];
    roles.into_iter().find(|role| role_word(*role) == word)
}

/// A name as one word that looks like what it is: the letters, digits and marks of
/// ASCII but `#` and `\` stand for themselves, all else is escaped. A name may hold
/// line ends, or letters that are written from right to left.
pub(super) fn escaped(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_graphic() && c != '#' && c != '\\' {
            word.push(c);
        } else {
            word.extend(c.escape_unicode());
        }
    }
    word
}

/// The name that a word stands for.
pub(super) fn unescaped(word: &str) -> Result<SymbolName, String> {
    let mut name = String::with_capacity(word.len());
    let mut rest = word;
    while let Some((plain, escape)) = rest.split_once('\\') {
        name.push_str(plain);
        let code = escape.strip_prefix("u{").and_then(|code| code.split_once('}'));
        let c = code.and_then(|(code, _)| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        let (Some((_, behind)), Some(c)) = (code, c) else {
            return Err(format!(
                "`{}` has a \\ that begins no character: expected \\u{{..}} with its number, such as \\u{{23}} for #",
                quoted(word)
            ));
        };
        name.push(c);
        rest = behind;
    }
    name.push_str(rest);
    SymbolName::try_from(name).map_err(str::to_owned)
}
