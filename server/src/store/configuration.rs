//! The configuration of a project: the text of its `initboard.toml`, each version
//! that was sent. What a text means is for others to say.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::value::{Bytes, Seconds};
use super::{ProjectId, Reader, StoreError, TokenId, Writer};
use crate::model::{CommitSha, Sha256};

/// One version of a project's configuration, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfigurationVersion {
    /// Its number, from 1. The greatest one counts.
    pub number: u32,
    /// Digest of its text. Two versions with the same one are of one text.
    pub sha256: Sha256,
    /// When it was received.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The commit in whose tree it stands, where that was told.
    pub commit: Option<CommitSha>,
    /// The name of the token that it was sent with; null where it was sent on the
    /// server itself.
    pub sent_by: Option<String>,
}

/// A version with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The version.
    pub version: ConfigurationVersion,
    /// The text as it was sent.
    pub text: String,
}

/// A configuration to be stored, which was parsed before.
#[derive(Clone, Copy, Debug)]
pub struct NewConfiguration<'a> {
    /// The project.
    pub project: ProjectId,
    /// The text.
    pub text: &'a str,
    /// The repository that it names.
    pub repository_url: Option<&'a str>,
    /// The commit in whose tree it stands.
    pub commit: Option<&'a CommitSha>,
    /// The token that it was sent with; `None` on the server itself.
    pub token: Option<TokenId>,
    /// When it was received.
    pub received_at: Timestamp,
}

/// What became of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedConfiguration {
    /// The version that counts now.
    pub version: ConfigurationVersion,
    /// Whether it is new. Not when the text is that of the version before.
    pub created: bool,
}

/// The columns that [`ConfigurationVersion::from_row`] reads, and the tables that
/// they come from.
const SELECT_VERSION: &str = "SELECT configuration.number AS number,
        configuration_text.sha256 AS sha256, configuration.received_at AS received_at,
        configuration.commit_sha AS commit_sha, token.name AS sent_by,
        configuration_text.text AS text
    FROM configuration
    JOIN configuration_text ON configuration_text.id = configuration.text_id
    LEFT JOIN token ON token.id = configuration.token_id";

impl ConfigurationVersion {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get("number")?,
            sha256: row.get::<_, Bytes<_>>("sha256")?.0,
            received_at: row.get::<_, Seconds>("received_at")?.0,
            commit: row.get::<_, Option<Bytes<_>>>("commit_sha")?.map(|sha| sha.0),
            sent_by: row.get("sent_by")?,
        })
    }
}

impl Configuration {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { version: ConfigurationVersion::from_row(row)?, text: row.get("text")? })
    }
}

impl Reader<'_> {
    /// The configuration of a project that counts, if one was sent; or the version
    /// with that number.
    ///
    /// # Errors
    /// When the database fails.
    pub fn configuration(
        &self,
        project: ProjectId,
        number: Option<u32>,
    ) -> Result<Option<Configuration>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_VERSION}
             WHERE configuration.project_id = ?1
               AND configuration.number = coalesce(?2, (SELECT max(number) FROM configuration
                                                        WHERE project_id = ?1))"
        ))?;
        Ok(query.query_row(params![project, number], Configuration::from_row).optional()?)
    }

    /// The newest versions of a project's configuration, newest first, at most
    /// `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn configuration_versions(
        &self,
        project: ProjectId,
        limit: usize,
    ) -> Result<Vec<ConfigurationVersion>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_VERSION} WHERE configuration.project_id = ?1
             ORDER BY configuration.number DESC LIMIT ?2"
        ))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let versions = query.query_map(params![project, limit], ConfigurationVersion::from_row)?;
        Ok(versions.collect::<Result<_, _>>()?)
    }

    /// The text with that digest, if a configuration has it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn configuration_text(&self, sha256: Sha256) -> Result<Option<String>, StoreError> {
        let mut query =
            self.sql.prepare_cached("SELECT text FROM configuration_text WHERE sha256 = ?1")?;
        Ok(query.query_row([Bytes(sha256)], |row| row.get(0)).optional()?)
    }
}

impl Writer<'_> {
    /// Stores a configuration as the one that counts. The text that counts already
    /// is no new version.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_configuration(
        &self,
        new: &NewConfiguration<'_>,
    ) -> Result<RecordedConfiguration, StoreError> {
        let sha256 = Sha256::of(new.text.as_bytes());
        let before = self.reader().configuration_versions(new.project, 1)?.into_iter().next();
        let number = match before {
            Some(version) if version.sha256 == sha256 => {
                return Ok(RecordedConfiguration { version, created: false });
            }
            Some(version) => version.number + 1,
            None => 1,
        };
        self.sql
            .prepare_cached(
                "INSERT INTO configuration_text (sha256, text) VALUES (?1, ?2)
                 ON CONFLICT (sha256) DO NOTHING",
            )?
            .execute(params![Bytes(sha256), new.text])?;
        let id: i64 = self
            .sql
            .prepare_cached(
                "INSERT INTO configuration (project_id, number, text_id, received_at, commit_sha,
                                            token_id, repository_url)
                 VALUES (?1, ?2, (SELECT id FROM configuration_text WHERE sha256 = ?3), ?4, ?5,
                         ?6, ?7)
                 RETURNING id",
            )?
            .query_row(
                params![
                    new.project,
                    number,
                    Bytes(sha256),
                    Seconds(new.received_at),
                    new.commit.map(Bytes),
                    new.token,
                    new.repository_url,
                ],
                |row| row.get(0),
            )?;
        self.sql
            .prepare_cached("UPDATE project SET configuration_id = ?2 WHERE id = ?1")?
            .execute(params![new.project, id])?;
        let stored = self.reader().configuration(new.project, Some(number))?;
        let version = stored.ok_or(StoreError::Corrupt { what: "configuration" })?.version;
        Ok(RecordedConfiguration { version, created: true })
    }

    /// Stores the configuration that came with the tree of a commit, unless a tree
    /// of a later one is known: trees may come in any order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_configuration_of_tree(
        &self,
        commit: &CommitSha,
        new: &NewConfiguration<'_>,
    ) -> Result<Option<RecordedConfiguration>, StoreError> {
        let is_outdated: Option<bool> = self
            .sql
            .prepare_cached(
                r#"SELECT max(committed_at) >
                       (SELECT tree.committed_at
                        FROM "commit" JOIN tree ON tree.commit_id = "commit".id
                        WHERE "commit".project_id = ?1 AND "commit".sha = ?2)
                   FROM tree WHERE project_id = ?1"#,
            )?
            .query_row(params![new.project, Bytes(commit)], |row| row.get(0))?;
        if is_outdated == Some(true) {
            return Ok(None);
        }
        self.record_configuration(new).map(Some)
    }
}
