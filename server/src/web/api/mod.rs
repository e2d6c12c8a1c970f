//! The API: JSON twins of the pages, and the uploads.

pub(super) mod boards;
pub(super) mod commits;
pub(super) mod compare;
pub(super) mod configuration;
pub(super) mod diff;
pub(super) mod matrix;
pub(super) mod migration;
pub(super) mod parameters;
pub(super) mod projects;
pub(super) mod pulls;
pub(super) mod receive;
pub(super) mod rules;
pub(super) mod sources;
pub(super) mod tokens;
pub(super) mod tree;
pub(super) mod upload;

use crate::model::ProjectName;
use crate::store::{Project, Reader, StoreError};
use crate::web::AppError;

/// The project of that name.
///
/// # Errors
/// 404 when there is none.
pub(super) fn project(reader: &Reader<'_>, name: &str) -> Result<Project, AppError> {
    let name: ProjectName = name.parse()?;
    Ok(reader.project(&name)?.ok_or(StoreError::NoProject(name))?)
}
