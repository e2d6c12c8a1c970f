//! Commits: what orders the builds.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::value::{Bytes, Seconds};
use super::{BoardRow, ProjectId, Reader, StoreError, TreeCommit, Writer};
use crate::model::CommitSha;

/// The beginning of a commit identifier, at least 7 digits of it, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitPrefix(String);

/// Why a text is no commit, not even an abbreviated one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a commit: expected at least its first 7 hexadecimal digits")]
pub struct CommitPrefixError(String);

impl FromStr for CommitPrefix {
    type Err = CommitPrefixError;

    fn from_str(text: &str) -> Result<Self, CommitPrefixError> {
        if (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            let shown = text.chars().take(80).flat_map(char::escape_default).collect();
            Err(CommitPrefixError(shown))
        }
    }
}

impl From<&CommitSha> for CommitPrefix {
    fn from(commit: &CommitSha) -> Self {
        Self(commit.as_str().to_owned())
    }
}

impl fmt::Display for CommitPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CommitPrefix {
    /// The least and the greatest identifier that start so, as bytes.
    pub(super) fn range(&self) -> (Vec<u8>, Vec<u8>) {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => digit - b'0',
            _ => digit - b'a' + 10,
        };
        let bytes = |filler| {
            let digits: Vec<u8> = self.0.bytes().map(value).chain([filler]).collect();
            digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect::<Vec<u8>>()
        };
        let mut last = bytes(0xf);
        last.resize(33, 0xff);
        (bytes(0), last)
    }
}

/// A commit as the writer needs it.
pub(super) struct CommitRow {
    pub(super) id: i64,
    pub(super) committed_at: Timestamp,
}

impl Reader<'_> {
    /// A commit of a project and when it was made, if anything of it was uploaded.
    ///
    /// # Errors
    /// When the prefix fits several commits, or the database fails.
    pub fn commit(
        &self,
        project: ProjectId,
        prefix: &CommitPrefix,
    ) -> Result<Option<TreeCommit>, StoreError> {
        let (first, last) = prefix.range();
        let mut query = self.sql.prepare_cached(
            r#"SELECT sha, committed_at FROM "commit"
               WHERE project_id = ?1 AND sha BETWEEN ?2 AND ?3 LIMIT 2"#,
        )?;
        let mut matches = query
            .query_map(params![project, first, last], TreeCommit::from_row)?
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        match (matches.next(), matches.next()) {
            (Some(first), Some(second)) => Err(StoreError::AmbiguousCommit {
                prefix: prefix.to_string(),
                first: first.commit,
                second: second.commit,
            }),
            (found, _) => Ok(found),
        }
    }
}

impl Writer<'_> {
    /// Stores a commit, or finds it.
    ///
    /// The first upload that states when the commit was made is believed; until
    /// then its builds are ordered by when the first of them was received.
    pub(super) fn put_commit(
        &self,
        project: ProjectId,
        sha: &CommitSha,
        stated: Option<Timestamp>,
        received_at: Timestamp,
    ) -> Result<CommitRow, StoreError> {
        let known = self
            .sql
            .prepare_cached(
                r#"SELECT id, committed_at, time_stated FROM "commit"
                   WHERE project_id = ?1 AND sha = ?2"#,
            )?
            .query_row(params![project, Bytes(sha)], |row| {
                Ok((row.get(0)?, row.get::<_, Seconds>(1)?.0, row.get::<_, bool>(2)?))
            })
            .optional()?;
        match (known, stated) {
            (Some((id, _, false)), Some(committed_at)) => {
                self.date_commit(id, committed_at)?;
                Ok(CommitRow { id, committed_at })
            }
            (Some((id, committed_at, _)), _) => Ok(CommitRow { id, committed_at }),
            (None, _) => {
                let committed_at = stated.unwrap_or(received_at);
                let id = self
                    .sql
                    .prepare_cached(
                        r#"INSERT INTO "commit" (project_id, sha, committed_at, time_stated)
                           VALUES (?1, ?2, ?3, ?4) RETURNING id"#,
                    )?
                    .query_row(
                        params![project, Bytes(sha), Seconds(committed_at), stated.is_some()],
                        |row| row.get(0),
                    )?;
                Ok(CommitRow { id, committed_at })
            }
        }
    }

    /// Stores the parents of a commit. They are part of what its identifier
    /// names, so who sends them later sends the same ones.
    pub(super) fn put_parents(&self, commit: i64, parents: &[CommitSha]) -> Result<(), StoreError> {
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO commit_parent (commit_id, ordinal, parent) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?;
        for (ordinal, parent) in (0_u32..).zip(parents) {
            insert.execute(params![commit, ordinal, Bytes(parent)])?;
        }
        Ok(())
    }

    fn date_commit(&self, commit: i64, committed_at: Timestamp) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                r#"UPDATE "commit" SET committed_at = ?2, time_stated = 1 WHERE id = ?1"#,
            )?
            .execute(params![commit, Seconds(committed_at)])?;
        self.move_builds_of(commit, committed_at)
    }
}

impl Reader<'_> {
    /// The commit that starts so and of which the board has a build.
    pub(super) fn commit_of_board(
        &self,
        project: ProjectId,
        board: BoardRow,
        prefix: &CommitPrefix,
    ) -> Result<Option<i64>, StoreError> {
        let (first, last) = prefix.range();
        let mut query = self.sql.prepare_cached(
            r#"SELECT id, sha FROM "commit"
               WHERE project_id = ?1 AND sha BETWEEN ?2 AND ?3
                 AND EXISTS (SELECT 1 FROM build WHERE commit_id = "commit".id AND board_id = ?4)
               LIMIT 2"#,
        )?;
        let mut matches = query
            .query_map(params![project, first, last, board], |row| {
                Ok((row.get(0)?, row.get::<_, Bytes<CommitSha>>(1)?.0))
            })?
            .collect::<Result<Vec<(i64, CommitSha)>, _>>()?
            .into_iter();
        match (matches.next(), matches.next()) {
            (Some((_, first)), Some((_, second))) => {
                Err(StoreError::AmbiguousCommit { prefix: prefix.to_string(), first, second })
            }
            (found, _) => Ok(found.map(|(id, _)| id)),
        }
    }

    /// The parents of a commit, as far as uploads named them.
    pub(super) fn parents(&self, commit: i64) -> Result<Vec<CommitSha>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT parent FROM commit_parent WHERE commit_id = ?1 ORDER BY ordinal",
        )?;
        let parents = query.query_map([commit], |row| Ok(row.get::<_, Bytes<_>>(0)?.0))?;
        Ok(parents.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_what_starts_with_it() {
        let prefix: CommitPrefix = "ABCDEF1".parse().unwrap();
        let (first, last) = prefix.range();
        let bytes = |text: &str| text.repeat(40)[..40].parse::<CommitSha>().unwrap().to_bytes();
        assert!((&first..=&last).contains(&&bytes("abcdef1234")));
        assert!((&first..=&last).contains(&&bytes("abcdef1f")));
        assert!(!(&first..=&last).contains(&&bytes("abcdef2")));
        assert!("abcdef".parse::<CommitPrefix>().is_err());
        assert!("abcdefg".parse::<CommitPrefix>().is_err());
    }
}
