//! Search: boards and functions of a project by a part of their name.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use serde::Serialize;
use utoipa::ToSchema;

use super::board::board_id;
use super::source::SHOWN_SOURCE;
use super::value::Word;
use super::{ListedBoard, ProjectId, Reader, StoreError, TableId};
use crate::model::{Level, Phase, PortName, SymbolName};

/// Most boards and most functions that a search gives.
const LIMIT: usize = 50;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchHits {
    /// Boards whose name, or whose port's name, holds the text.
    pub boards: Vec<BoardHit>,
    /// Functions whose name holds the text, in the latest build of any board or
    /// the source of any port.
    pub functions: Vec<FunctionHit>,
    /// Whether there are more than are given.
    pub more: bool,
}

/// A board that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BoardHit {
    /// Its port.
    pub port: PortName,
    /// `BOARD` or `BOARD-VARIANT`.
    pub label: String,
    /// Whether it has builds.
    pub built: bool,
}

/// A function that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunctionHit {
    /// Its name.
    pub function: SymbolName,
    /// Whether it starts or stops something; null for a landmark.
    pub phase: Option<Phase>,
    /// The level that it is registered at.
    pub level: Option<Level>,
    /// Where it runs, by port.
    pub places: Vec<FunctionPlace>,
}

/// Where a function runs on one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunctionPlace {
    /// The port.
    pub port: PortName,
    /// The boards whose builds run it, each `BOARD` or `BOARD-VARIANT`.
    pub boards: Vec<String>,
    /// Whether the text of the port's main calls it.
    pub in_source: bool,
}

/// The names of a project, to be searched any number of times.
#[derive(Debug, Default)]
pub struct Searchable {
    /// All boards, by name.
    boards: Vec<BoardHit>,
    /// All functions by name, phase and level, each with the tables that have it.
    functions: Vec<(FunctionHit, Vec<TableId>)>,
    /// Where the tables were read: by port, the builds before the source.
    places: Vec<Place>,
    /// The places of each table.
    places_of: HashMap<TableId, Vec<usize>>,
}

/// Where a table was read: the latest build of a board, or the newest source of
/// a port.
#[derive(Debug)]
struct Place {
    port: PortName,
    /// None for a source.
    board: Option<String>,
    table: TableId,
}

/// The tables that are shown now: of the latest build of each board, and of the
/// newest source of each port.
fn shown_tables() -> String {
    format!(
        "SELECT port.name AS port, board.name AS board, board.variant AS variant,
                firmware.table_id AS table_id
         FROM port
         JOIN board ON board.port_id = port.id
         JOIN build ON build.id = board.latest_build
         JOIN firmware ON firmware.id = build.firmware_id
         WHERE port.project_id = ?1
         UNION ALL
         SELECT port.name, NULL, NULL, source.table_id
         FROM port
         JOIN source ON source.id = {SHOWN_SOURCE}
         WHERE port.project_id = ?1
         ORDER BY port, board NULLS LAST, variant"
    )
}

impl Reader<'_> {
    /// The boards of a project and the functions that they run now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn searchable(&self, project: ProjectId) -> Result<Searchable, StoreError> {
        let board = |listed: ListedBoard| BoardHit {
            label: listed.board.label(),
            built: listed.build.is_some(),
            port: listed.board.port,
        };
        let places = self.shown_tables(project)?;
        let mut places_of: HashMap<TableId, Vec<usize>> = HashMap::new();
        for (index, place) in places.iter().enumerate() {
            places_of.entry(place.table).or_default().push(index);
        }
        Ok(Searchable {
            boards: self.catalog(project)?.into_iter().map(board).collect(),
            functions: self.functions(project)?,
            places,
            places_of,
        })
    }

    /// The tables of a project that are shown now, with where they were read: by
    /// port, the builds before the source.
    fn shown_tables(&self, project: ProjectId) -> Result<Vec<Place>, StoreError> {
        let mut query = self.sql.prepare_cached(&shown_tables())?;
        let places = query.query_map([project], |row| {
            let board = match row.get_ref("board")? {
                ValueRef::Null => None,
                _ => Some(board_id(row)?.label()),
            };
            let port = row.get::<_, Word<_>>("port")?.0;
            Ok(Place { port, board, table: row.get("table_id")? })
        })?;
        Ok(places.collect::<Result<_, _>>()?)
    }

    /// All functions of the tables that are shown now.
    fn functions(
        &self,
        project: ProjectId,
    ) -> Result<Vec<(FunctionHit, Vec<TableId>)>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "SELECT DISTINCT function, phase, level, table_id FROM entry
             WHERE table_id IN (SELECT table_id FROM ({})) AND function IS NOT NULL
             ORDER BY function, phase, level, table_id",
            shown_tables()
        ))?;
        let mut rows = query.query([project])?;
        let mut found: Vec<(FunctionHit, Vec<TableId>)> = Vec::new();
        while let Some(row) = rows.next()? {
            let function = row.get::<_, Word<SymbolName>>(0)?.0;
            let phase = row.get::<_, Option<Word<_>>>(1)?.map(|word| word.0);
            let level = row.get::<_, Option<Word<_>>>(2)?.map(|word| word.0);
            let table = row.get(3)?;
            let hit = FunctionHit { function, phase, level, places: Vec::new() };
            match found.last_mut() {
                Some((last, tables)) if *last == hit => tables.push(table),
                _ => found.push((hit, vec![table])),
            }
        }
        Ok(found)
    }
}

impl Searchable {
    /// Boards and functions whose name holds `text`, whatever the case of ASCII
    /// letters. Nothing for an empty text.
    pub fn find(&self, text: &str) -> SearchHits {
        let wanted = text.trim().to_ascii_lowercase();
        if wanted.is_empty() {
            return SearchHits::default();
        }
        let of_board = |board: &BoardHit| {
            let whole = rank(&format!("{}/{}", board.port, board.label), &wanted)?;
            Some(rank(&board.label, &wanted).map_or(whole, |label| whole.min(label)))
        };
        let boards = ranked(&self.boards, of_board);
        let mut boards: Vec<BoardHit> = boards.take(LIMIT + 1).cloned().collect();
        let functions = ranked(&self.functions, |(hit, _)| rank(hit.function.as_str(), &wanted));
        let mut functions: Vec<FunctionHit> = functions
            .take(LIMIT + 1)
            .map(|(hit, tables)| FunctionHit { places: self.by_port(tables), ..hit.clone() })
            .collect();
        let more = boards.len() > LIMIT || functions.len() > LIMIT;
        boards.truncate(LIMIT);
        functions.truncate(LIMIT);
        SearchHits { boards, functions, more }
    }

    fn by_port(&self, tables: &[TableId]) -> Vec<FunctionPlace> {
        let here = tables.iter().filter_map(|table| self.places_of.get(table)).flatten();
        let mut here: Vec<usize> = here.copied().collect();
        here.sort_unstable();
        let here: Vec<&Place> = here.into_iter().map(|index| &self.places[index]).collect();
        by_port(&here)
    }
}

/// How well a name answers a search, the best first: it is the text, begins with it or
/// holds it, whatever the case of ASCII letters. `None` where it does not hold it.
pub fn rank(name: &str, text: &str) -> Option<u8> {
    let (name, text) = (name.to_ascii_lowercase(), text.trim().to_ascii_lowercase());
    if text.is_empty() {
        return None;
    }
    Some(match name.find(&text)? {
        0 if name.len() == text.len() => 0,
        0 => 1,
        _ => 2,
    })
}

/// What a search finds, the best first; of what is equally good, in its order.
fn ranked<T>(all: &[T], rank: impl Fn(&T) -> Option<u8>) -> impl Iterator<Item = &T> {
    let mut found: Vec<(u8, &T)> = all.iter().filter_map(|one| Some((rank(one)?, one))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, one)| one)
}

/// Groups places that are sorted by port.
fn by_port(places: &[&Place]) -> Vec<FunctionPlace> {
    places
        .chunk_by(|one, other| one.port == other.port)
        .map(|places| FunctionPlace {
            port: places[0].port.clone(),
            boards: places.iter().filter_map(|place| place.board.clone()).collect(),
            in_source: places.iter().any(|place| place.board.is_none()),
        })
        .collect()
}
