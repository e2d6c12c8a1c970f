//! Search: boards and functions of a project by a part of their name.

use std::collections::BTreeMap;

use rusqlite::params;
use rusqlite::types::ValueRef;
use serde::Serialize;
use utoipa::ToSchema;

use super::board::board_id;
use super::source::SHOWN_SOURCE;
use super::value::Word;
use super::{ProjectId, Reader, StoreError, TableId};
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

/// Where a table was read: the latest build of a board, or the newest source of
/// a port.
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
    /// Boards and functions of a project whose name holds `text`, whatever the
    /// case of ASCII letters. Nothing for an empty text.
    ///
    /// # Errors
    /// When the database fails.
    pub fn search(&self, project: ProjectId, text: &str) -> Result<SearchHits, StoreError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(SearchHits::default());
        }
        let wanted = text.to_ascii_lowercase();
        let mut hits = SearchHits::default();
        for listed in self.catalog(project)? {
            if listed.board.to_string().to_ascii_lowercase().contains(&wanted) {
                let label = listed.board.label();
                let built = listed.build.is_some();
                hits.boards.push(BoardHit { port: listed.board.port, label, built });
            }
        }
        let places = self.shown_tables(project)?;
        hits.functions = self.functions(project, text, &places)?;
        hits.more = hits.boards.len() > LIMIT || hits.functions.len() > LIMIT;
        hits.boards.truncate(LIMIT);
        hits.functions.truncate(LIMIT);
        Ok(hits)
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

    /// The first functions that fit, and one more where there are more.
    fn functions(
        &self,
        project: ProjectId,
        text: &str,
        places: &[Place],
    ) -> Result<Vec<FunctionHit>, StoreError> {
        // No index can find a part of a name; but only the orders that boards
        // have now are looked at, and those are few.
        let mut query = self.sql.prepare_cached(&format!(
            r"SELECT DISTINCT function, phase, level, table_id FROM entry
              WHERE table_id IN (SELECT table_id FROM ({}))
                AND function LIKE ?2 ESCAPE '\'
              ORDER BY function, phase, level, table_id",
            shown_tables()
        ))?;
        let mut rows = query.query(params![project, containing(text)])?;
        let mut found: Vec<(FunctionHit, Vec<TableId>)> = Vec::new();
        while let Some(row) = rows.next()? {
            let function = row.get::<_, Word<SymbolName>>(0)?.0;
            let phase = row.get::<_, Option<Word<_>>>(1)?.map(|word| word.0);
            let level = row.get::<_, Option<Word<_>>>(2)?.map(|word| word.0);
            let table = row.get(3)?;
            let hit = FunctionHit { function, phase, level, places: Vec::new() };
            match found.last_mut() {
                Some((last, tables)) if *last == hit => tables.push(table),
                _ => {
                    if found.len() > LIMIT {
                        break;
                    }
                    found.push((hit, vec![table]));
                }
            }
        }
        let mut by_table: BTreeMap<TableId, Vec<usize>> = BTreeMap::new();
        for (index, place) in places.iter().enumerate() {
            by_table.entry(place.table).or_default().push(index);
        }
        Ok(found
            .into_iter()
            .map(|(hit, tables)| {
                let here = tables.iter().filter_map(|table| by_table.get(table)).flatten();
                let mut here: Vec<usize> = here.copied().collect();
                here.sort_unstable();
                let here: Vec<&Place> = here.into_iter().map(|index| &places[index]).collect();
                FunctionHit { places: by_port(&here), ..hit }
            })
            .collect())
    }
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

/// A pattern for LIKE that holds for what contains `text`; its own signs are
/// escaped with `\`.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_the_pattern_language_stand_for_themselves() {
        assert_eq!(containing(r"50%_a\"), r"%50\%\_a\\%");
    }
}
