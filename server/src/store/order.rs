//! Orders: what runs, and when, whichever way it got there.

use rusqlite::{OptionalExtension, Transaction};
use rusqlite_migration::HookResult;
use serde::Serialize;

use super::value::{Bytes, Json, Word};
use super::{OrderId, StoreError, TableId, Writer};
use crate::model::{EntryKind, InitTable, Level, Origin, Phase, Sha256, Stage, SymbolName};

/// Something that runs. Priorities, slots and conditions are why it does.
#[derive(Debug, Serialize)]
struct Step {
    phase: Option<Phase>,
    kind: EntryKind,
    /// Where nothing else tells when it runs: of entries whose level main is not seen
    /// to run, and of calls in a text, which does not show what they run.
    level: Option<Level>,
    function: Option<SymbolName>,
    stage: Option<Stage>,
}

impl Step {
    fn new(
        is_text: bool,
        (phase, kind, level): (Option<Phase>, EntryKind, Option<Level>),
        (function, stage): (Option<SymbolName>, Option<Stage>),
    ) -> Option<Self> {
        let runs_level = kind == EntryKind::RunLevel;
        if runs_level && !is_text {
            // Firmware has the entries themselves in its place.
            return None;
        }
        let level = level.filter(|_| stage.is_none() || runs_level);
        Some(Self { phase, kind, level, function, stage })
    }
}

impl Writer<'_> {
    /// Stores the order that `table` says, or finds it; `None` when nothing
    /// runs.
    pub(super) fn put_order(&self, table: &InitTable) -> Result<Option<OrderId>, StoreError> {
        let is_text = table.source.is_some();
        let step = |entry: &crate::model::Entry| {
            let what = (entry.phase, entry.kind, entry.level.clone());
            Step::new(is_text, what, (entry.function.clone(), entry.stage))
        };
        let steps: Vec<Step> = table.entries.iter().filter_map(step).collect();
        self.put_steps(&steps)
    }

    fn put_steps(&self, steps: &[Step]) -> Result<Option<OrderId>, StoreError> {
        if steps.iter().all(|step| step.kind == EntryKind::Landmark) {
            return Ok(None);
        }
        let content =
            serde_json::to_vec(&steps).map_err(|_| StoreError::Corrupt { what: "table" })?;
        let digest = Bytes(Sha256::of(&content));
        let known = self
            .sql
            .prepare_cached("SELECT id FROM run_order WHERE digest = ?1")?
            .query_row([&digest], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(Some(id));
        }
        Ok(self
            .sql
            .prepare_cached("INSERT INTO run_order (digest) VALUES (?1) RETURNING id")?
            .query_row([&digest], |row| row.get(0))?)
    }

    /// The steps of a table that is stored, as it was when orders changed their
    /// meaning.
    fn steps(&self, table: TableId) -> Result<Vec<Step>, StoreError> {
        let origins: Vec<Origin> = self
            .sql
            .prepare_cached("SELECT origins FROM init_table WHERE id = ?1")?
            .query_row([table], |row| Ok(row.get::<_, Json<_>>(0)?.0))?;
        let is_text = origins.contains(&Origin::Source);
        let mut query = self.sql.prepare_cached(
            "SELECT phase, kind, level, function, stage FROM entry
             WHERE table_id = ?1 ORDER BY position",
        )?;
        let steps = query.query_map([table], |row| {
            let word = |column| row.get::<_, Option<Word<_>>>(column);
            let what = (word(0)?.map(|word| word.0), row.get::<_, Word<_>>(1)?.0);
            let level = row.get::<_, Option<Word<_>>>(2)?.map(|word| word.0);
            let function = row.get::<_, Option<Word<_>>>(3)?.map(|word| word.0);
            let stage = row.get::<_, Option<Word<_>>>(4)?.map(|word| word.0);
            Ok(Step::new(is_text, (what.0, what.1, level), (function, stage)))
        })?;
        steps.filter_map(Result::transpose).map(|step| Ok(step?)).collect()
    }
}

/// Derives the orders of all tables anew, and with them which builds changed theirs:
/// the part of migration 014 that SQL cannot do.
pub(super) fn derive_anew(transaction: &Transaction<'_>) -> HookResult {
    let writer = Writer { sql: transaction };
    let tables = transaction
        .prepare("SELECT id FROM init_table")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<Vec<TableId>, _>>()?;
    for table in tables {
        let order = writer
            .steps(table)
            .and_then(|steps| writer.put_steps(&steps))
            .map_err(|error| rusqlite_migration::HookError::Hook(error.to_string()))?;
        transaction
            .prepare_cached("UPDATE init_table SET order_id = ?2 WHERE id = ?1")?
            .execute(rusqlite::params![table, order])?;
    }
    transaction.execute_batch(
        "DELETE FROM run_order
         WHERE id NOT IN (SELECT order_id FROM init_table WHERE order_id IS NOT NULL);
         WITH marked AS (
             SELECT build.id AS id, build.changed AS before,
                 CASE WHEN lag(build.id) OVER line IS NULL THEN 2
                      WHEN lag(init_table.order_id) OVER line IS NOT init_table.order_id THEN 1
                      WHEN lag(init_table.id) OVER line <> init_table.id THEN -1
                      ELSE 0 END AS after
             FROM build
             JOIN firmware ON firmware.id = build.firmware_id
             JOIN init_table ON init_table.id = firmware.table_id
             WHERE build.pull_request IS NULL
             WINDOW line AS (PARTITION BY build.board_id, build.branch_id
                             ORDER BY build.committed_at, build.id))
         UPDATE build SET changed = marked.after FROM marked
         WHERE marked.id = build.id AND marked.after <> marked.before;",
    )?;
    Ok(())
}
