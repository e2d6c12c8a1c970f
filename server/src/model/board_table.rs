//! Tables with the boards that they are of, as `initboard extract` prints them,
//! one after another.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{BoardId, InitTable, TableError};

/// A table, and the board that it is of where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardTable {
    /// The board.
    pub board: Option<BoardId>,
    /// The table.
    pub table: InitTable,
}

/// The keys as they are written: those of the table, after the board.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    board: Option<String>,
    #[serde(flatten)]
    table: &'a InitTable,
}

#[derive(Deserialize)]
struct Board {
    board: Option<String>,
}

impl BoardTable {
    /// Reads the tables of a text, one after another.
    ///
    /// # Errors
    /// When one of them is no table, or states a board that is none.
    pub fn read_all(text: &[u8]) -> Result<Vec<Self>, TableError> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        let mut tables = Vec::new();
        let mut start = 0;
        while let Some(value) = values.next() {
            value.map_err(TableError::Json)?;
            let end = values.byte_offset();
            tables.push(Self::read(&text[start..end])?);
            start = end;
        }
        Ok(tables)
    }

    fn read(text: &[u8]) -> Result<Self, TableError> {
        let table = InitTable::from_json(text)?;
        let Board { board } = serde_json::from_slice(text).map_err(TableError::Json)?;
        Ok(Self { board: board.map(|board| board.parse()).transpose()?, table })
    }
}

impl Serialize for BoardTable {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let board = self.board.as_ref().map(ToString::to_string);
        Written { board, table: &self.table }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::diff::made;

    #[test]
    fn what_is_written_is_read_again() {
        let of = |board: Option<&str>| BoardTable {
            board: board.map(|board| board.parse().unwrap()),
            table: made::table("start: gc_init pin_init0"),
        };
        let tables = [of(Some("stm32/PYBV10-DP")), of(None)];
        let text: String =
            tables.iter().map(|table| serde_json::to_string(table).unwrap() + "\n").collect();
        assert!(text.starts_with(r#"{"board":"stm32/PYBV10-DP","schema":1,"#));
        assert_eq!(BoardTable::read_all(text.as_bytes()).unwrap(), tables);
        assert_eq!(BoardTable::read_all(b" \n").unwrap(), []);
    }

    #[test]
    fn a_table_that_is_cut_off_is_an_error() {
        let text = serde_json::to_string(&made::table("start: pin_init0")).unwrap();
        let cut = format!("{text}\n{}", &text[..40]);
        let error = BoardTable::read_all(cut.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("the table is not valid: EOF"), "{error}");
    }
}
