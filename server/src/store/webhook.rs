//! Webhooks: whom a project tells that a report changed, and what was told last.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::value::{Bytes, Seconds};
use super::{ProjectId, Reader, StoreError, Writer};
use crate::model::{CommitSha, Sha256};

/// Whom a project tells.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where messages are sent.
    pub url: String,
    /// What they are signed with.
    pub secret: String,
}

// A secret is for whoever verifies messages, not for logs.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Reader<'_> {
    /// Whom a project tells, if anyone.
    ///
    /// # Errors
    /// When the database fails.
    pub fn webhook(&self, project: ProjectId) -> Result<Option<Webhook>, StoreError> {
        let mut query =
            self.sql.prepare_cached("SELECT url, secret FROM webhook WHERE project_id = ?1")?;
        let found = query.query_row([project], |row| {
            Ok(Webhook { url: row.get("url")?, secret: row.get("secret")? })
        });
        Ok(found.optional()?)
    }

    /// Digest of what was told last of a pull request.
    ///
    /// # Errors
    /// When the database fails.
    pub fn told(
        &self,
        project: ProjectId,
        pull_request: u32,
    ) -> Result<Option<Sha256>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT digest FROM webhook_delivery WHERE project_id = ?1 AND pull_request = ?2",
        )?;
        let found =
            query.query_row(params![project, pull_request], |row| Ok(row.get::<_, Bytes<_>>(0)?.0));
        Ok(found.optional()?)
    }

    /// The pull requests that were built since a time, of projects that had a webhook
    /// by then.
    ///
    /// # Errors
    /// When the database fails.
    pub fn built_since(&self, since: Timestamp) -> Result<Vec<(ProjectId, u32)>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "SELECT pull_request.project_id, pull_request.number
             FROM webhook JOIN pull_request ON pull_request.project_id = webhook.project_id
                 AND pull_request.received_at >= max(?1, webhook.created_at)",
        )?;
        let found = query.query_map([Seconds(since)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The pull request that builds of a commit were sent for, if any was.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pull_request_of(
        &self,
        project: ProjectId,
        commit: &CommitSha,
    ) -> Result<Option<u32>, StoreError> {
        let mut query = self.sql.prepare_cached(
            r#"SELECT pull_request FROM build
               WHERE commit_id = (SELECT id FROM "commit" WHERE project_id = ?1 AND sha = ?2)
                 AND pull_request IS NOT NULL
               ORDER BY id DESC LIMIT 1"#,
        )?;
        Ok(query.query_row(params![project, Bytes(commit)], |row| row.get(0)).optional()?)
    }
}

impl Writer<'_> {
    /// Sets whom a project tells, or that it tells nobody. Who is told anew is told
    /// everything.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_webhook(
        &self,
        project: ProjectId,
        webhook: Option<&Webhook>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.sql.execute("DELETE FROM webhook WHERE project_id = ?1", [project])?;
        self.sql.execute("DELETE FROM webhook_delivery WHERE project_id = ?1", [project])?;
        if let Some(webhook) = webhook {
            self.sql.execute(
                "INSERT INTO webhook (project_id, url, secret, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![project, webhook.url, webhook.secret, Seconds(now)],
            )?;
        }
        Ok(())
    }

    /// Notes what was told of a pull request.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_told(
        &self,
        project: ProjectId,
        pull_request: u32,
        digest: Sha256,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO webhook_delivery (project_id, pull_request, digest, delivered_at)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET digest = excluded.digest,
                                           delivered_at = excluded.delivered_at",
            )?
            .execute(params![project, pull_request, Bytes(digest), Seconds(now)])?;
        Ok(())
    }
}
