//! Search: boards and functions of a project by a part of their name.

use std::collections::BTreeMap;

use rusqlite::params;
use serde::Serialize;
use utoipa::ToSchema;

use super::board::board_id;
use super::value::Word;
use super::{ProjectId, Reader, StoreError, TableId};
use crate::model::{BoardId, Level, Phase, PortName, SymbolName};

/// Most boards and most functions that a search gives.
const LIMIT: usize = 50;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchHits {
    /// Boards whose name, or whose port's name, holds the text.
    pub boards: Vec<BoardHit>,
    /// Functions whose name holds the text, in the latest build of any board.
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
    /// The boards that run it, by port.
    pub places: Vec<FunctionPlace>,
}

/// The boards of one port that run a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunctionPlace {
    /// The port.
    pub port: PortName,
    /// Its boards, each `BOARD` or `BOARD-VARIANT`.
    pub boards: Vec<String>,
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
        let boards = self.latest_tables(project)?;
        let wanted = text.to_ascii_lowercase();
        let mut hits = SearchHits::default();
        for (board, _) in &boards {
            if board.to_string().to_ascii_lowercase().contains(&wanted) {
                hits.boards.push(BoardHit { port: board.port.clone(), label: board.label() });
            }
        }
        hits.functions = self.functions(project, text, &boards)?;
        hits.more = hits.boards.len() > LIMIT || hits.functions.len() > LIMIT;
        hits.boards.truncate(LIMIT);
        hits.functions.truncate(LIMIT);
        Ok(hits)
    }

    /// The boards of a project with the order of their latest builds.
    fn latest_tables(&self, project: ProjectId) -> Result<Vec<(BoardId, TableId)>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT port.name AS port, board.name AS board, board.variant AS variant,
                    firmware.table_id AS table_id
             FROM port
             JOIN board ON board.port_id = port.id
             JOIN build ON build.id = board.latest_build
             JOIN firmware ON firmware.id = build.firmware_id
             WHERE port.project_id = ?1
             ORDER BY port.name, board.name, board.variant",
        )?;
        let boards =
            query.query_map([project], |row| Ok((board_id(row)?, row.get("table_id")?)))?;
        Ok(boards.collect::<Result<_, _>>()?)
    }

    /// The first functions that fit, and one more where there are more.
    fn functions(
        &self,
        project: ProjectId,
        text: &str,
        boards: &[(BoardId, TableId)],
    ) -> Result<Vec<FunctionHit>, StoreError> {
        // No index can find a part of a name; but only the orders that boards
        // have now are looked at, and those are few.
        let mut query = self.sql.prepare_cached(
            r"SELECT DISTINCT function, phase, level, table_id FROM entry
              WHERE table_id IN (
                  SELECT firmware.table_id
                  FROM port
                  JOIN board ON board.port_id = port.id
                  JOIN build ON build.id = board.latest_build
                  JOIN firmware ON firmware.id = build.firmware_id
                  WHERE port.project_id = ?1)
                AND function LIKE ?2 ESCAPE '\'
              ORDER BY function, phase, level, table_id",
        )?;
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
        let mut by_table: BTreeMap<TableId, Vec<&BoardId>> = BTreeMap::new();
        for (board, table) in boards {
            by_table.entry(*table).or_default().push(board);
        }
        Ok(found
            .into_iter()
            .map(|(hit, tables)| {
                let mut running: Vec<&BoardId> = tables
                    .iter()
                    .filter_map(|table| by_table.get(table))
                    .flatten()
                    .copied()
                    .collect();
                running.sort_unstable();
                FunctionHit { places: by_port(&running), ..hit }
            })
            .collect())
    }
}

/// Groups boards that are sorted by port.
fn by_port(boards: &[&BoardId]) -> Vec<FunctionPlace> {
    boards
        .chunk_by(|one, other| one.port == other.port)
        .map(|boards| FunctionPlace {
            port: boards[0].port.clone(),
            boards: boards.iter().map(|board| board.label()).collect(),
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
