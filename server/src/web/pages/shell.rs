//! What stands around the content of every page: the project, the parts of it, a
//! search, and the same answer as JSON.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

use crate::model::ProjectName;
use crate::store::{Reader, StoreError};

/// What stands around the content of a page.
#[derive(Default)]
pub(super) struct Shell {
    pub(super) project: Option<ProjectName>,
    /// The text in the search field.
    pub(super) query: String,
    /// The address of the same answer as JSON.
    pub(super) json: Option<String>,
    /// The part of the project that the page belongs to.
    pub(super) here: Option<Here>,
}

/// Where a page is among the parts of a project.
#[derive(Clone, Copy)]
pub(super) enum Here {
    /// It is the page of a part.
    At(Section),
    /// It is one of those that such a page leads to.
    Within(Section),
}

/// A part of a project that every page leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Matrix,
    Findings,
    Compare,
    Pulls,
    Migration,
    History,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Matrix,
        Self::Findings,
        Self::Compare,
        Self::Pulls,
        Self::Migration,
        Self::History,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Matrix => "Matrix",
            Self::Findings => "Findings",
            Self::Compare => "Compare",
            Self::Pulls => "Pull requests",
            Self::Migration => "Migration",
            Self::History => "History",
        }
    }

    /// The end of its address, behind that of the project.
    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Matrix => "/-/matrix",
            Self::Findings => "/-/findings",
            Self::Compare => "/-/compare",
            Self::Pulls => "/-/pulls",
            Self::Migration => "/-/migration",
            Self::History => "/-/history",
        }
    }
}

/// A link to a part of the project.
pub(super) struct Tab {
    pub(super) title: &'static str,
    pub(super) path: &'static str,
    /// The value of `aria-current`: `page` on the page itself, `true` within.
    pub(super) current: Option<&'static str>,
}

impl Shell {
    /// That of the page of a part of a project.
    pub(super) fn at(section: Section, project: &ProjectName, json: String) -> Self {
        Self { here: Some(Here::At(section)), ..Self::of(project, json) }
    }

    /// That of a page within a part of a project.
    pub(super) fn within(section: Section, project: &ProjectName, json: String) -> Self {
        Self { here: Some(Here::Within(section)), ..Self::of(project, json) }
    }

    /// That of a page that belongs to no part.
    pub(super) fn of(project: &ProjectName, json: String) -> Self {
        Self { project: Some(project.clone()), json: Some(json), ..Self::default() }
    }

    /// That of a page that all projects share, seen from one of them or from none.
    pub(super) fn shared(section: Section, project: Option<ProjectName>, json: String) -> Self {
        let here = Some(Here::Within(section));
        Self { project, here, json: Some(json), ..Self::default() }
    }

    /// The links to the parts of the project.
    pub(super) fn tabs(&self) -> impl Iterator<Item = Tab> {
        Section::ALL.into_iter().map(|section| Tab {
            title: section.title(),
            path: section.path(),
            current: match self.here {
                Some(Here::At(here)) if here == section => Some("page"),
                Some(Here::Within(here)) if here == section => Some("true"),
                _ => None,
            },
        })
    }

    /// What the address of a page that all projects share says behind its path, so
    /// that the project is not lost there.
    pub(super) fn beside(&self) -> String {
        self.project.as_ref().map(|project| format!("?project={project}")).unwrap_or_default()
    }
}

/// The project that an address is about, if there is such a one: that of its path; of
/// what all projects share, the one that `?project=` names, else the only one.
pub(super) fn project_of(
    reader: &Reader<'_>,
    uri: &Uri,
) -> Result<Option<ProjectName>, StoreError> {
    let first = uri.path().split('/').nth(1).unwrap_or_default();
    if first != "-" {
        return known(reader, first);
    }
    let query = uri.path_and_query().and_then(PathAndQuery::query).unwrap_or_default();
    match query.split('&').find_map(|part| part.strip_prefix("project=")) {
        Some(name) => known(reader, name),
        None => match reader.projects()?.as_slice() {
            [only] => Ok(Some(only.project.name.clone())),
            _ => Ok(None),
        },
    }
}

fn known(reader: &Reader<'_>, name: &str) -> Result<Option<ProjectName>, StoreError> {
    // What cannot be a name, also because it is encoded, is none.
    let Ok(name) = name.parse() else { return Ok(None) };
    Ok(reader.project(&name)?.map(|project| project.name))
}
