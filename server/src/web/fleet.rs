//! What the matrix and the pages of subsystems hold side by side: the ports of a
//! project, each by its text or by what most of its boards run, or the boards of
//! one port by their latest builds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::AppError;
use super::answers::{self, Orders};
use super::policies::Judge;
use crate::analyze::fleet::{Fleet, Unit};
use crate::analyze::matrix::Matrix;
use crate::model::{BoardId, InitTable, PortName};
use crate::store::{Project, Reader};

/// Tables side by side, with where they were read and what each has of every
/// subsystem.
#[derive(Debug)]
pub(super) struct SideBySide {
    pub(super) read: Vec<Read>,
    /// A column for each of `read`.
    pub(super) matrix: Matrix,
    distinct: Vec<Arc<InitTable>>,
}

/// Tables that are being read.
struct Tables {
    read: Vec<Read>,
    distinct: Vec<Arc<InitTable>>,
    judge: Judge,
}

/// Where a table was read.
#[derive(Debug)]
pub(super) struct Read {
    /// `stm32`, or `PYBV10` where all are boards of one port.
    pub(super) label: String,
    pub(super) port: PortName,
    /// The board whose build it is of; `None` for the text of the port's main.
    pub(super) board: Option<BoardId>,
    /// The index of its table: boards that run the same share one.
    table: usize,
}

impl SideBySide {
    /// The boards of `port`, or without one the ports of the project.
    pub(super) fn of(
        reader: &Reader<'_>,
        judge: Judge,
        project: &Project,
        port: Option<&PortName>,
    ) -> Result<Self, AppError> {
        let tables = Tables { read: Vec::new(), distinct: Vec::new(), judge };
        let tables = match port {
            Some(port) => tables.of_boards(reader, project, port)?,
            None => tables.of_ports(reader, project)?,
        };
        let Tables { read, distinct, judge } = tables;
        let units = read.iter().filter_map(|read| {
            let table = distinct.get(read.table)?;
            Some(Unit::new(&read.label, &read.port, table))
        });
        let matrix =
            Matrix::of(&Fleet::new(units.collect(), judge.policy()), judge.policy(), judge.today());
        Ok(Self { read, matrix, distinct })
    }

    /// The table that was read there.
    pub(super) fn table(&self, read: &Read) -> Option<&InitTable> {
        self.distinct.get(read.table).map(Arc::as_ref)
    }
}

impl Tables {
    /// The ports of a project: by the text of main, and where that was not
    /// uploaded by the order that most of its boards run.
    fn of_ports(mut self, reader: &Reader<'_>, project: &Project) -> Result<Self, AppError> {
        let sources = reader.sources_until(project.id, Timestamp::MAX)?;
        let with_text: BTreeSet<PortName> =
            sources.iter().map(|source| source.summary.port.clone()).collect();
        for source in sources {
            let (port, mut table) = (source.summary.port, source.table);
            self.judge.derive(&mut table, &port, None);
            let index = self.push(Arc::new(table));
            self.add(port.to_string(), &port, None, index);
        }
        for summary in reader.ports(project.id)? {
            if with_text.contains(&summary.name) {
                continue;
            }
            let boards = reader.port_boards(project.id, &summary.name)?;
            let orders = Orders::of(reader, &self.judge, &boards)?;
            // The first group is the largest that could be read.
            let most = orders.groups.into_iter().next();
            let most = most.filter(|(order, _)| order.is_some());
            let Some(label) = most.and_then(|(_, group)| group.boards.into_iter().next()) else {
                continue;
            };
            let board = boards.iter().find(|board| board.board.label() == label);
            let Some(board) = board else { continue };
            let Some(table) = orders.tables.get(&answers::key(board)) else { continue };
            let index = self.push(Arc::clone(table));
            let (name, board) = (summary.name.to_string(), board.board.clone());
            self.add(name, &summary.name, Some(board), index);
        }
        self.read.sort_by(|one, other| one.label.cmp(&other.label));
        Ok(self)
    }

    /// The boards of a port whose latest build could be read.
    fn of_boards(
        mut self,
        reader: &Reader<'_>,
        project: &Project,
        port: &PortName,
    ) -> Result<Self, AppError> {
        let boards = reader.port_boards(project.id, port)?;
        let mut known = BTreeMap::new();
        for board in boards.into_iter().filter(|board| !answers::is_unread(board)) {
            let index = match known.get(&board.latest.table) {
                Some(index) => *index,
                None => self.push(self.judge.table(reader, board.latest.reading, port)?),
            };
            known.insert(board.latest.table, index);
            self.add(board.board.label(), port, Some(board.board), index);
        }
        Ok(self)
    }

    fn push(&mut self, table: Arc<InitTable>) -> usize {
        self.distinct.push(table);
        self.distinct.len() - 1
    }

    fn add(&mut self, label: String, port: &PortName, board: Option<BoardId>, table: usize) {
        self.read.push(Read { label, port: port.clone(), board, table });
    }
}

impl Read {
    /// The page that has the evidence.
    pub(super) fn link(&self, project: &Project) -> String {
        match &self.board {
            Some(board) => format!("/{}/{board}", project.name),
            None => format!("/{}/{}", project.name, self.port),
        }
    }

    /// What was read.
    pub(super) fn note(&self) -> String {
        match &self.board {
            Some(board) => format!("as built for {board}"),
            None => format!("as the text of {}'s main says", self.port),
        }
    }
}
