//! Builds: a firmware of a board at a commit, and the line that they form.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::commit::{CommitPrefix, CommitRow};
use super::value::{Bytes, Count, Seconds};
use super::{
    BoardRow, BuildId, FirmwareId, FirmwareReading, OrderId, PlacesId, ProjectId, Reader, Reading,
    StoreError, TableId, Writer,
};
use crate::model::{BoardId, CommitSha, InitTable, Sha256};

/// What the column `changed` holds: the order is that of the build before.
const SAME: i8 = 0;
/// It is another one.
const CHANGED: i8 = 1;
/// There is no build before.
const FIRST: i8 = 2;
/// It is that of the build before, but from another table: other priorities, or what main
/// called is registered now.
const SAME_OTHERWISE: i8 = -1;

/// A build as an upload describes it.
#[derive(Clone, Debug)]
pub struct NewBuild {
    /// The project.
    pub project: ProjectId,
    /// The board.
    pub board: BoardId,
    /// The commit that was built.
    pub commit: CommitSha,
    /// Its parents, first parent first; empty when not known.
    pub parents: Vec<CommitSha>,
    /// The branch that was built.
    pub branch: Option<String>,
    /// When the commit was made.
    pub committed_at: Option<Timestamp>,
    /// The pull request that was built.
    pub pull_request: Option<u32>,
    /// The commit that the pull request is compared with.
    pub base: Option<CommitSha>,
    /// Now.
    pub received_at: Timestamp,
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedBuild {
    /// The build.
    pub id: BuildId,
    /// Whether it is new. Not when the same firmware was sent before for the
    /// same board and commit.
    pub created: bool,
}

/// A build in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BuildSummary {
    /// Its number.
    pub id: BuildId,
    /// The commit.
    pub commit: CommitSha,
    /// When the commit was made.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
    /// When the build was received.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The branch.
    pub branch: Option<String>,
    /// The pull request.
    pub pull_request: Option<u32>,
    /// The commit that the pull request is compared with.
    pub base: Option<CommitSha>,
    /// The order that runs; equal numbers are equal orders, whether main calls what
    /// runs or a level holds it. None where nothing runs.
    pub order: Option<OrderId>,
    /// The table; equal numbers are tables that are equal but for addresses and
    /// places.
    pub table: TableId,
    /// What its table, with places and addresses, was read from.
    #[serde(skip)]
    #[schema(ignore)]
    pub reading: FirmwareReading,
    /// The places of its entries in the source; equal numbers are equal places.
    #[serde(skip)]
    #[schema(ignore)]
    pub places: PlacesId,
    /// Number of init functions.
    pub init_count: u32,
    /// Number of deinit functions.
    pub deinit_count: u32,
    /// Number of anomalies.
    pub anomaly_count: u32,
    /// Whether the order is another one than in the build before on the same
    /// branch.
    pub changed: bool,
    /// Whether it is the first build of its board on the branch.
    pub first: bool,
    /// Digest of the firmware.
    pub sha256: Sha256,
    /// Size of the firmware in bytes.
    pub size: u64,
}

/// A build with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// What a list shows of it.
    pub summary: BuildSummary,
    /// Parents of the commit, as far as uploads named them.
    pub parents: Vec<CommitSha>,
    /// Builds of the same board at the same commit with other firmware, newest
    /// first. Usually none.
    pub others: Vec<BuildSummary>,
    /// The table, as extraction gave it, without findings.
    pub table: InitTable,
}

/// What [`BuildSummary::from_row`] reads; a condition follows.
pub(super) const SELECT_BUILD: &str = r#"SELECT build.*, "commit".sha AS sha, branch.name AS branch,
        firmware.sha256 AS sha256, firmware.size AS size, firmware.table_id AS table_id,
        firmware.readings AS readings, firmware.places_id AS places_id,
        init_table.order_id AS order_id, init_table.init_count AS init_count, init_table.deinit_count AS deinit_count,
        init_table.anomaly_count AS anomaly_count
    FROM build
    JOIN "commit" ON "commit".id = build.commit_id
    JOIN firmware ON firmware.id = build.firmware_id
    JOIN init_table ON init_table.id = firmware.table_id
    LEFT JOIN branch ON branch.id = build.branch_id"#;

impl BuildSummary {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            commit: row.get::<_, Bytes<_>>("sha")?.0,
            committed_at: row.get::<_, Seconds>("committed_at")?.0,
            received_at: row.get::<_, Seconds>("received_at")?.0,
            branch: row.get("branch")?,
            pull_request: row.get("pull_request")?,
            base: row.get::<_, Option<Bytes<_>>>("base")?.map(|sha| sha.0),
            order: row.get("order_id")?,
            table: row.get("table_id")?,
            reading: FirmwareReading::from_row(row)?,
            places: row.get("places_id")?,
            init_count: row.get("init_count")?,
            deinit_count: row.get("deinit_count")?,
            anomaly_count: row.get("anomaly_count")?,
            changed: row.get::<_, i8>("changed")? == CHANGED,
            first: row.get::<_, i8>("changed")? == FIRST,
            sha256: row.get::<_, Bytes<_>>("sha256")?.0,
            size: row.get::<_, Count>("size")?.0,
        })
    }
}

impl Reader<'_> {
    /// One build.
    ///
    /// # Errors
    /// When there is none with that number, or the database fails.
    pub fn build_summary(&self, build: BuildId) -> Result<BuildSummary, StoreError> {
        let mut query = self.sql.prepare_cached(&format!("{SELECT_BUILD} WHERE build.id = ?1"))?;
        Ok(query.query_row([build], BuildSummary::from_row)?)
    }

    /// The newest builds of a board on its branches, by commit time.
    ///
    /// # Errors
    /// When the database fails.
    pub fn recent_builds(
        &self,
        board: BoardRow,
        limit: u32,
    ) -> Result<Vec<BuildSummary>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_BUILD} WHERE build.board_id = ?1 AND build.pull_request IS NULL
             ORDER BY build.committed_at DESC, build.id DESC LIMIT ?2"
        ))?;
        let builds = query.query_map(params![board, limit], BuildSummary::from_row)?;
        Ok(builds.collect::<Result<_, _>>()?)
    }

    /// The newest build that changed the order of a board, on the branch of
    /// `latest`. The first build of a branch counts as a change.
    ///
    /// # Errors
    /// When the database fails.
    pub fn last_change(
        &self,
        board: BoardRow,
        latest: BuildId,
    ) -> Result<Option<BuildSummary>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_BUILD} WHERE build.board_id = ?1 AND build.changed <> 0 AND build.changed > 0
               AND build.branch_id IS (SELECT branch_id FROM build WHERE id = ?2)
             ORDER BY build.committed_at DESC, build.id DESC LIMIT 1"
        ))?;
        Ok(query.query_row(params![board, latest], BuildSummary::from_row).optional()?)
    }

    /// The build of a board at a commit. Where several firmware files were sent
    /// for it, the newest received.
    ///
    /// # Errors
    /// When the prefix fits several commits, or the database fails.
    pub fn build(
        &self,
        project: ProjectId,
        board: BoardRow,
        commit: &CommitPrefix,
    ) -> Result<Option<Build>, StoreError> {
        let Some(commit) = self.commit_of_board(project, board, commit)? else {
            return Ok(None);
        };
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_BUILD} WHERE build.commit_id = ?1 AND build.board_id = ?2
             ORDER BY build.id DESC"
        ))?;
        let mut builds = query
            .query_map(params![commit, board], BuildSummary::from_row)?
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let Some(summary) = builds.next() else {
            return Ok(None);
        };
        let table = self.table_of(summary.reading)?;
        Ok(Some(Build { summary, parents: self.parents(commit)?, others: builds.collect(), table }))
    }
}

/// Where a build stands in the line of its board.
struct Place {
    id: BuildId,
    board: BoardRow,
    branch: Option<i64>,
    committed_at: Seconds,
    in_line: bool,
    order: Option<OrderId>,
    table: TableId,
    changed: i8,
}

impl Place {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            board: row.get("board_id")?,
            branch: row.get("branch_id")?,
            committed_at: row.get("committed_at")?,
            in_line: row.get::<_, Option<u32>>("pull_request")?.is_none(),
            order: row.get("order_id")?,
            table: row.get("table_id")?,
            changed: row.get("changed")?,
        })
    }
}

/// What [`Place::from_row`] reads; a condition follows.
const SELECT_PLACE: &str =
    "SELECT build.id, board_id, branch_id, committed_at, pull_request, order_id, table_id, changed
    FROM build
    JOIN firmware ON firmware.id = build.firmware_id
    JOIN init_table ON init_table.id = firmware.table_id";

impl Writer<'_> {
    /// Stores a build, with all that it names.
    ///
    /// Sending the same again changes nothing, with one exception: a build that
    /// was first sent for a pull request and now comes without one has been
    /// merged, and joins the line of its board.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_build(
        &self,
        new: &NewBuild,
        reading: Reading<'_>,
    ) -> Result<RecordedBuild, StoreError> {
        if let (Some(branch), None) = (&new.branch, new.pull_request) {
            self.learn_default_branch(new.project, branch)?;
        }
        let firmware = self.put_firmware(new.project, reading)?;
        let commit =
            self.put_commit(new.project, &new.commit, new.committed_at, new.received_at)?;
        self.put_parents(commit.id, &new.parents)?;
        let board = self.put_board(new.project, &new.board)?;
        let known = self
            .sql
            .prepare_cached(
                "SELECT id, pull_request FROM build
                 WHERE commit_id = ?1 AND board_id = ?2 AND firmware_id = ?3",
            )?
            .query_row(params![commit.id, board, firmware], |row| {
                Ok((row.get(0)?, row.get::<_, Option<u32>>(1)?.is_some()))
            })
            .optional()?;
        self.note_pull_request(new, &commit)?;
        let Some((id, for_pull_request)) = known else {
            let id = self.insert_build(new, board, &commit, firmware)?;
            return Ok(RecordedBuild { id, created: true });
        };
        if for_pull_request && new.pull_request.is_none() {
            self.merge_build(id, new)?;
        }
        Ok(RecordedBuild { id, created: false })
    }

    fn insert_build(
        &self,
        new: &NewBuild,
        board: BoardRow,
        commit: &CommitRow,
        firmware: FirmwareId,
    ) -> Result<BuildId, StoreError> {
        let id = self
            .sql
            .prepare_cached(
                "INSERT INTO build (board_id, project_id, commit_id, firmware_id, branch_id,
                                    pull_request, base, received_at, committed_at, changed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0) RETURNING id",
            )?
            .query_row(
                params![
                    board,
                    new.project,
                    commit.id,
                    firmware,
                    self.put_branch(new)?,
                    new.pull_request,
                    new.base.as_ref().map(Bytes),
                    Seconds(new.received_at),
                    Seconds(commit.committed_at),
                ],
                |row| row.get(0),
            )?;
        self.settle(id)?;
        Ok(id)
    }

    fn merge_build(&self, build: BuildId, new: &NewBuild) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "UPDATE build SET pull_request = NULL, base = NULL, branch_id = ?2 WHERE id = ?1",
            )?
            .execute(params![build, self.put_branch(new)?])?;
        self.settle(build)
    }

    fn put_branch(&self, new: &NewBuild) -> Result<Option<i64>, StoreError> {
        let Some(branch) = &new.branch else {
            return Ok(None);
        };
        let known = self
            .sql
            .prepare_cached("SELECT id FROM branch WHERE project_id = ?1 AND name = ?2")?
            .query_row(params![new.project, branch], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(Some(id));
        }
        Ok(Some(
            self.sql
                .prepare_cached(
                    "INSERT INTO branch (project_id, name) VALUES (?1, ?2) RETURNING id",
                )?
                .query_row(params![new.project, branch], |row| row.get(0))?,
        ))
    }

    /// After a build came to its place: marks it and the one after it, and
    /// makes it the latest of its board where it is.
    fn settle(&self, build: BuildId) -> Result<(), StoreError> {
        let place = self.place(build)?;
        self.mark(&place)?;
        if place.in_line
            && let Some(next) = self.next(&place)?
        {
            self.mark(&next)?;
        }
        self.refresh_latest(&place)
    }

    /// Marks the builds of a firmware whose table is now another one.
    pub(super) fn mark_builds_of(&self, firmware: FirmwareId) -> Result<(), StoreError> {
        for build in self.ids("SELECT id FROM build WHERE firmware_id = ?1", firmware.0)? {
            self.settle(build)?;
        }
        Ok(())
    }

    /// Moves the builds of a commit to their place in time.
    pub(super) fn move_builds_of(
        &self,
        commit: i64,
        committed_at: Timestamp,
    ) -> Result<(), StoreError> {
        for build in self.ids("SELECT id FROM build WHERE commit_id = ?1", commit)? {
            let left = self.place(build)?;
            let follower = self.next(&left)?;
            self.sql
                .prepare_cached("UPDATE build SET committed_at = ?2 WHERE id = ?1")?
                .execute(params![build, Seconds(committed_at)])?;
            self.settle(build)?;
            if let Some(follower) = follower {
                self.mark(&follower)?;
            }
        }
        Ok(())
    }

    fn ids(&self, query: &str, key: i64) -> Result<Vec<BuildId>, StoreError> {
        let mut query = self.sql.prepare_cached(query)?;
        let ids = query.query_map([key], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    fn place(&self, build: BuildId) -> Result<Place, StoreError> {
        let mut query = self.sql.prepare_cached(&format!("{SELECT_PLACE} WHERE build.id = ?1"))?;
        Ok(query.query_row([build], Place::from_row)?)
    }

    fn previous(&self, place: &Place) -> Result<Option<Place>, StoreError> {
        self.neighbour(place, PREVIOUS)
    }

    fn next(&self, place: &Place) -> Result<Option<Place>, StoreError> {
        self.neighbour(place, NEXT)
    }

    fn neighbour(&self, place: &Place, condition: &str) -> Result<Option<Place>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!("{SELECT_PLACE} {condition}"))?;
        let at = params![place.board, place.branch, place.committed_at, place.id];
        Ok(query.query_row(at, Place::from_row).optional()?)
    }

    /// Sets whether the order of a build differs from that of the one before.
    fn mark(&self, place: &Place) -> Result<(), StoreError> {
        let changed = match (place.in_line, self.previous(place)?) {
            (false, _) => SAME,
            (true, None) => FIRST,
            (true, Some(previous)) if previous.table == place.table => SAME,
            (true, Some(previous)) if previous.order == place.order => SAME_OTHERWISE,
            (true, Some(_)) => CHANGED,
        };
        if changed != place.changed {
            self.sql
                .prepare_cached("UPDATE build SET changed = ?2 WHERE id = ?1")?
                .execute(params![place.id, changed])?;
        }
        Ok(())
    }

    fn refresh_latest(&self, place: &Place) -> Result<(), StoreError> {
        if place.in_line {
            self.show_newest(place.board)?;
        } else {
            // Shown only while the board has nothing else.
            self.sql
                .prepare_cached(
                    "UPDATE board SET latest_build = ?2
                     WHERE id = ?1 AND NOT EXISTS (
                         SELECT 1 FROM build AS shown WHERE shown.id = board.latest_build
                           AND (shown.pull_request IS NULL
                                OR (shown.committed_at, shown.id) > (?3, ?2)))",
                )?
                .execute(params![place.board, place.id, place.committed_at])?;
        }
        Ok(())
    }

    /// Makes a board show the newest of its builds, of the default branch where
    /// it has one of that. With none but for pull requests it shows what it did.
    pub(super) fn show_newest(&self, board: BoardRow) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "UPDATE board SET latest_build = coalesce(
                     (SELECT id FROM build
                      WHERE board_id = ?1 AND pull_request IS NULL AND branch_id = (
                          SELECT branch.id
                          FROM port
                          JOIN project ON project.id = port.project_id
                          JOIN branch ON branch.project_id = project.id
                                     AND branch.name = project.default_branch
                          WHERE port.id = board.port_id)
                      ORDER BY committed_at DESC, id DESC LIMIT 1),
                     (SELECT id FROM build WHERE board_id = ?1 AND pull_request IS NULL
                      ORDER BY committed_at DESC, id DESC LIMIT 1),
                     latest_build)
                 WHERE id = ?1",
            )?
            .execute([board])?;
        Ok(())
    }
}

/// The build before a place on the line of a board (`?1`) and branch (`?2`).
const PREVIOUS: &str = "WHERE board_id = ?1 AND pull_request IS NULL AND branch_id IS ?2
      AND (committed_at, build.id) < (?3, ?4)
    ORDER BY committed_at DESC, build.id DESC LIMIT 1";

/// The build after it.
const NEXT: &str = "WHERE board_id = ?1 AND pull_request IS NULL AND branch_id IS ?2
      AND (committed_at, build.id) > (?3, ?4)
    ORDER BY committed_at, build.id LIMIT 1";
