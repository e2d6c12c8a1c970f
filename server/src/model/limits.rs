//! What bounds every value that comes as JSON, and the version that it states.

use serde::Deserialize;

use super::{MAX_TEXT_BYTES, SCHEMA_VERSION, TableError};

/// Checks the version that a text states, before anything else of it is read: so
/// that another one is named as such even when its keys differ. `unreadable` says
/// what the text should have been.
pub(super) fn check_version(
    text: &[u8],
    unreadable: impl FnOnce(serde_json::Error) -> TableError,
) -> Result<(), TableError> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let Version { schema } = serde_json::from_slice(text).map_err(unreadable)?;
    if schema == SCHEMA_VERSION { Ok(()) } else { Err(TableError::Schema { found: schema }) }
}

/// Checks how many of something there are.
pub(super) fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), TableError> {
    if found > limit { Err(TableError::TooMany { what, found, limit }) } else { Ok(()) }
}

/// Checks how long a text is.
pub(super) fn short(what: &'static str, text: &str) -> Result<(), TableError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(TableError::TextTooLong { what, found: text.len() });
    }
    Ok(())
}
