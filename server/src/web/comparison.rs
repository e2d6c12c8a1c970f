//! Boards and texts side by side, for the page and the API: what an address
//! names, read and aligned.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppError;
use super::policies::Policies;
use super::side::{Side, Sides, Subject};
use crate::analyze::align::{Alignment, Summary, align, summary};
use crate::model::{CommitSha, Entry, InitTable, PortName, ProjectName};
use crate::store::{CommitPrefix, Project, Reader};

/// Two to six orders side by side.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Comparison {
    /// The sides in the order of the address.
    pub(super) sides: Vec<ComparedSide>,
    /// Each side with the next one.
    pub(super) alignments: Vec<Alignment>,
    pub(super) summary: Summary,
}

/// One side with what it runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ComparedSide {
    /// As the address names it.
    #[schema(value_type = String, example = "stm32/PYBV10@1a2b3c4")]
    pub(super) side: Side,
    pub(super) project: ProjectName,
    pub(super) port: PortName,
    /// `BOARD` or `BOARD-VARIANT`; null for the text of a port's main.
    pub(super) board: Option<String>,
    pub(super) commit: CommitSha,
    /// When the commit was made.
    #[schema(value_type = String, format = DateTime)]
    pub(super) committed_at: Timestamp,
    /// What it runs, in order.
    pub(super) table: InitTable,
}

impl Comparison {
    /// Reads and aligns the sides. Those without a project are of `base`.
    ///
    /// # Errors
    /// 404, which names each side that there is not; or when the database fails.
    pub(super) fn read(
        reader: &Reader<'_>,
        policies: &Policies,
        base: &Project,
        sides: &Sides,
    ) -> Result<Self, AppError> {
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        for side in sides.all() {
            match read_side(reader, policies, base, side)? {
                Ok(side) => found.push(side),
                Err(reason) => unknown.push(reason),
            }
        }
        if !unknown.is_empty() {
            return Err(AppError::not_found("no-side", format!("{}.", unknown.join("; "))));
        }
        let orders: Vec<&[Entry]> = found.iter().map(|side| &side.table.entries[..]).collect();
        let alignments: Vec<Alignment> =
            orders.windows(2).map(|pair| align(pair[0], pair[1])).collect();
        let summary = summary(&orders, &alignments);
        Ok(Self { sides: found, alignments, summary })
    }
}

/// One side, or why there is none, in words.
fn read_side(
    reader: &Reader<'_>,
    policies: &Policies,
    base: &Project,
    side: &Side,
) -> Result<Result<ComparedSide, String>, AppError> {
    let at = side.commit.as_ref().map(|commit| format!(" at commit {commit}")).unwrap_or_default();
    let of = match side.project.as_ref().filter(|name| **name != base.name) {
        None => base.clone(),
        Some(name) => match reader.project(name)? {
            Some(project) => project,
            None => return Ok(Err(format!("There is no project `{name}`, which `{side}` names"))),
        },
    };
    let (id, project) = (of.id, &of.name);
    let (board, read) = match &side.subject {
        Subject::Board(board) => {
            let read = match (reader.board_row(id, board)?, &side.commit) {
                (None, _) => None,
                (Some((_, latest)), None) => {
                    let summary = reader.build_summary(latest)?;
                    Some((summary.commit, summary.committed_at, reader.table_of(summary.reading)?))
                }
                (Some((row, _)), Some(commit)) => reader
                    .build(id, row, commit)?
                    .map(|build| (build.summary.commit, build.summary.committed_at, build.table)),
            };
            let Some(read) = read else {
                return Ok(Err(format!("`{project}` has no build of a board `{board}`{at}")));
            };
            (Some(board.label()), read)
        }
        Subject::Source(port) => {
            let source = match &side.commit {
                Some(commit) => reader.source_at(id, port, commit)?,
                None => reader.source_of_port(id, port)?,
            };
            let Some(source) = source else {
                return Ok(Err(format!("`{project}` has no source text of a port `{port}`{at}")));
            };
            (None, (source.summary.commit, source.summary.committed_at, source.table))
        }
    };
    let (commit, committed_at, mut table) = read;
    let port = side.port().clone();
    // Each side as its own project calls things: a fork has names of its own.
    policies.judge(reader, &of)?.derive(&mut table, &port, board.as_deref());
    let project = of.name;
    Ok(Ok(ComparedSide { side: side.clone(), project, port, board, commit, committed_at, table }))
}

impl ComparedSide {
    /// The same side of the very commit that it shows, for an address that stays.
    pub(super) fn pinned(&self) -> Side {
        Side { commit: Some(CommitPrefix::from(&self.commit)), ..self.side.clone() }
    }
}
