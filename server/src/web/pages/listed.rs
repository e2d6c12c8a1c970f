//! What the catalog says of a board, and the page of a board without builds.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;

use super::build::Fact;
use super::repository::Repository;
use super::run::Row;
use super::source::SourceView;
use super::when::When;
use super::{PageError, Section, Shell, encoded, page};
use crate::model::{BoardId, LinkerScript, ProjectName};
use crate::store::{ListedBoard, Project, Source, TreeCommit};

/// Whether a board was built, as people say it. A sign goes before the word, for
/// lists that have room for no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Built,
    NotSeen,
    Retired,
}

impl State {
    pub(super) fn of(board: &ListedBoard) -> Self {
        match (board.is_retired(), &board.build) {
            (true, _) => Self::Retired,
            (false, Some(_)) => Self::Built,
            (false, None) => Self::NotSeen,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::NotSeen => "not seen",
            Self::Retired => "retired",
        }
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Built => "●",
            Self::NotSeen => "○",
            Self::Retired => "✕",
        }
    }
}

#[derive(Template)]
#[template(path = "listed.html")]
struct ListedPage {
    shell: Shell,
    project: ProjectName,
    board: BoardId,
    state: State,
    listed: String,
    retired: Option<String>,
    facts: Vec<Fact>,
    source: Option<SourceView>,
}

/// The page of a board that was never built.
pub(super) fn unseen_board(
    project: &Project,
    listed: &ListedBoard,
    source: Option<Source>,
) -> Result<Response, PageError> {
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let board = listed.board.clone();
    let at = |tree: &TreeCommit| {
        let when = When::new(tree.committed_at, now);
        format!("{} ({})", tree.commit.short(), when.ago)
    };
    page(&ListedPage {
        shell: Shell::within(
            Section::Overview,
            &project.name,
            format!(
                "/api/v1/projects/{}/ports/{}/boards/{}",
                project.name,
                board.port,
                board.label()
            ),
        ),
        state: State::of(listed),
        listed: listed.listed.as_ref().map(at).unwrap_or_default(),
        retired: listed.retired.as_ref().map(at),
        facts: facts(&project.name, listed, repository.as_ref()),
        source: source.map(|source| SourceView::new(source, repository.as_ref(), now)),
        project: project.name.clone(),
        board,
    })
}

/// What the catalog says of a board; nothing where it never listed it.
pub(super) fn facts(
    project: &ProjectName,
    listed: &ListedBoard,
    repository: Option<&Repository<'_>>,
) -> Vec<Fact> {
    let Some(tree) = &listed.listed else {
        return Vec::new();
    };
    let mut facts = Vec::new();
    if let Some(mcu) = &listed.mcu {
        facts.push(Fact {
            name: "family",
            value: mcu.clone(),
            link: Some(format!(
                "/{project}/-/catalog?port={}&mcu={}",
                listed.board.port,
                encoded(mcu)
            )),
            mono: true,
        });
    }
    for script in &listed.linker_scripts {
        facts.push(Fact {
            name: "linker script",
            value: script_text(script),
            link: script.found.then(|| repository?.file(&tree.commit, &script.path)).flatten(),
            mono: true,
        });
    }
    if listed.linker_scripts.is_empty() {
        facts.push(Fact {
            name: "linker script",
            value: "not told by the source tree".to_owned(),
            link: None,
            mono: false,
        });
    }
    facts.push(Fact {
        name: "listed at",
        value: tree.commit.to_string(),
        link: repository.map(|repository| repository.commit(&tree.commit)),
        mono: true,
    });
    if let Some(tree) = &listed.retired {
        facts.push(Fact {
            name: "retired by",
            value: tree.commit.to_string(),
            link: repository.map(|repository| repository.commit(&tree.commit)),
            mono: true,
        });
    }
    facts
}

fn script_text(script: &LinkerScript) -> String {
    let condition = script.condition.as_ref().map(|condition| format!(" if {condition}"));
    let includes = match script.includes.as_slice() {
        [] => String::new(),
        includes => format!(", includes {}", includes.join(", ")),
    };
    let missing = if script.found { "" } else { " (not in the tree)" };
    format!("{}{}{includes}{missing}", script.path, condition.unwrap_or_default())
}
