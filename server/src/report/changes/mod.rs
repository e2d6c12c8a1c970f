//! What a pull request changes, for a person: as the comment of a bot, and at a
//! terminal. As JSON, the report is what `analyze::diff` gives.
//!
//! - `words`: the sentences that all forms share
//! - `markdown`: a comment or a job summary on GitHub
//! - `terminal`: a terminal, or plain text

mod markdown;
mod terminal;
mod words;

pub(crate) use words::{boards, counted, facts, headline, of_group, ports};

use crate::model::{CommitSha, ProjectName};

pub use markdown::{MAX_BYTES, correction, markdown, marker};
pub use terminal::{terminal, text};

/// What a report is of.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The project, whose name tells its comment from that of another one.
    pub project: Option<ProjectName>,
    /// Address of a server that has the builds, to whose pages the report links;
    /// only with a project.
    pub server: Option<String>,
    /// The commit that the change starts from.
    pub base: Option<CommitSha>,
    /// How the base was chosen, where that is to be said: `the nearest ancestor
    /// with builds`.
    pub base_note: Option<String>,
    /// The commit that the change leads to.
    pub head: Option<CommitSha>,
    /// Whether whoever builds it said that all its builds were sent: what is missing
    /// then will not come.
    pub head_is_finished: bool,
}

impl Subject {
    /// The address of a page about a board, where a server has one.
    fn board_page(&self, board: &str) -> Option<String> {
        let id: crate::model::BoardId = board.parse().ok()?;
        let (server, project) = (self.server.as_deref()?, self.project.as_ref()?);
        let page = format!(
            "{}/{}/{}/{}",
            server.trim_end_matches('/'),
            project.as_str(),
            id.port,
            id.label()
        );
        Some(match &self.head {
            Some(head) => format!("{page}/{head}"),
            None => page,
        })
    }

    /// The address of the page about a rule, where there is a server.
    fn rule_page(&self, rule: &str) -> Option<String> {
        let server = self.server.as_deref()?.trim_end_matches('/');
        Some(format!("{server}/-/rules/{rule}"))
    }
}

#[cfg(test)]
mod tests;
