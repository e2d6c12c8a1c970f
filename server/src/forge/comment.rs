//! The one comment of a pull request.
//!
//! It is found by its marker and its author: the marker alone could be copied by
//! anybody, and the author alone has other things to say. A comment of somebody
//! else is never touched, whatever stands in it.

use super::{Comment, Forge, ForgeError, Login};
use crate::http::{Failure, Patience};

/// What the comment is to say.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// By what it is found again: what its text begins with, which is not shown.
    pub marker: &'a str,
    /// The text, which begins with the marker.
    pub body: &'a str,
    /// Whether it is worth making a comment for. Else it only takes the place of
    /// what an earlier comment said.
    pub is_news: bool,
}

/// What became of the comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// There was none, and there is one now.
    Created(String),
    /// It had another text.
    Updated(String),
    /// It says so already.
    Unchanged(String),
    /// There is none, and nothing to say.
    Silent,
}

/// Sees to it that the comment of `author` on a pull request says `text`. What goes
/// wrong meanwhile is told to `say`.
///
/// # Errors
/// When the forge refuses or does not answer.
pub fn post(
    forge: &dyn Forge,
    pull_request: u64,
    author: &Login,
    text: Text<'_>,
    patience: &Patience,
    say: impl Fn(&str),
) -> Result<Posted, ForgeError> {
    let posted = patience.insist(say, || {
        // Each time anew: an attempt that failed may have made it.
        let comments = forge.comments(pull_request).map_err(Failure::Final)?;
        if let Some(own) = own(&comments, author, text.marker) {
            if same(&own.body, text.body) {
                return Ok(Posted::Unchanged(own.url.clone()));
            }
            forge.update_comment(own.id, text.body).map_err(Failure::Final)?;
            return Ok(Posted::Updated(own.url.clone()));
        }
        if !text.is_news {
            return Ok(Posted::Silent);
        }
        match forge.create_comment(pull_request, text.body) {
            Ok(created) => found_again(created, author).map_err(Failure::Final),
            Err(reason) if reason.may_have_happened() => {
                Err(Failure::Passing { reason, after: None })
            }
            Err(reason) => Err(Failure::Final(reason)),
        }
    });
    Ok(posted?)
}

/// The comment that is ours; of several the oldest.
fn own<'a>(comments: &'a [Comment], author: &Login, marker: &str) -> Option<&'a Comment> {
    comments.iter().find(|comment| {
        comment.author.as_ref() == Some(author) && comment.body.trim_start().starts_with(marker)
    })
}

/// Whether two texts are the same to whoever reads them: forges may end lines in
/// their own way, and leave out what is empty at the end.
fn same(one: &str, other: &str) -> bool {
    one.trim().lines().eq(other.trim().lines())
}

fn found_again(created: Comment, author: &Login) -> Result<Posted, ForgeError> {
    match created.author {
        Some(found) if found != *author => {
            Err(ForgeError::AnotherAuthor { url: created.url, found, expected: author.clone() })
        }
        _ => Ok(Posted::Created(created.url)),
    }
}
