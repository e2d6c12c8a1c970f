//! Trusted repositories: whose workflows get tokens that soon expire, in exchange
//! for what their forge says of them.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

use super::value::Seconds;
use super::{ProjectId, Reader, Scopes, StoreError, TokenText, TrustedRepositoryId, Writer};
use crate::model::{ProjectName, RepositoryName};

/// How long a token that expired is still listed, for whoever asks what a run did.
const LISTED_AFTER_EXPIRY: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A repository, and which of its workflows may do what with a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedRepository {
    /// Its row.
    pub id: TrustedRepositoryId,
    /// The project.
    pub project_id: ProjectId,
    /// The name of that project.
    pub project: String,
    /// Its name and what it may.
    pub trust: Trust,
    /// When it was last given a token.
    pub last_used_at: Option<Timestamp>,
}

/// What makes a repository the one that is trusted, and what it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Its name.
    pub repository: RepositoryName,
    /// The forge's numbers for it and its owner; those of the first run that comes
    /// where they are not given.
    pub numbers: Numbers,
    /// The file of the workflow, below `.github/workflows`; any when `None`.
    pub workflow: Option<String>,
    /// The environment that the job runs in; any or none when `None`.
    pub environment: Option<String>,
    /// What its tokens may do.
    pub scopes: Scopes,
}

/// A forge's numbers for a repository and its owner. Unlike the name, they are
/// never given to somebody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// That of the repository.
    pub repository: Option<u64>,
    /// That of its owner.
    pub owner: Option<u64>,
}

/// A token to be given in exchange for an identity.
#[derive(Clone, Debug)]
pub struct Exchange<'a> {
    /// For whom.
    pub repository: &'a TrustedRepository,
    /// Its numbers, as the forge states them.
    pub numbers: Numbers,
    /// What names the statement of identity, and until when that is valid.
    pub jti: &'a str,
    /// Until when the statement is valid.
    pub valid_until: Timestamp,
    /// What the token is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: Scopes,
    /// Its text.
    pub text: &'a TokenText,
    /// The time.
    pub now: Timestamp,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// The pull request whose builds are all that it is to send, if it is for one.
    pub pull_request: Option<u32>,
}

const SELECT_TRUSTED: &str = "SELECT trusted_repository.*, project.name AS project
    FROM trusted_repository JOIN project ON project.id = trusted_repository.project_id";

impl TrustedRepository {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let name: String = row.get("repository")?;
        let repository = name.parse().map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                0,
                rusqlite::types::Type::Text,
                Box::<crate::model::RepositoryNameError>::new(error),
            )
        })?;
        let number = |column| {
            Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
        };
        Ok(Self {
            id: row.get("id")?,
            project_id: row.get("project_id")?,
            project: row.get("project")?,
            trust: Trust {
                repository,
                numbers: Numbers {
                    repository: number("repository_id")?,
                    owner: number("owner_id")?,
                },
                workflow: row.get("workflow")?,
                environment: row.get("environment")?,
                scopes: Scopes::from_row(row)?,
            },
            last_used_at: row.get::<_, Option<Seconds>>("last_used_at")?.map(|at| at.0),
        })
    }
}

impl Reader<'_> {
    /// The repository of that name, if the project trusts it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn trusted_repository(
        &self,
        project: ProjectId,
        repository: &RepositoryName,
    ) -> Result<Option<TrustedRepository>, StoreError> {
        let mut query = self.sql.prepare_cached(&format!(
            "{SELECT_TRUSTED} WHERE trusted_repository.project_id = ?1 AND repository = ?2"
        ))?;
        let found = query
            .query_row(params![project, repository.as_str()], TrustedRepository::from_row)
            .optional()?;
        Ok(found)
    }

    /// All repositories that projects trust, by project and name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn trusted_repositories(&self) -> Result<Vec<TrustedRepository>, StoreError> {
        let mut query = self
            .sql
            .prepare_cached(&format!("{SELECT_TRUSTED} ORDER BY project.name, repository"))?;
        let found = query.query_map([], TrustedRepository::from_row)?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Lets the workflows of a repository do something with a project.
    ///
    /// # Errors
    /// When the project trusts it already, or the database fails.
    pub fn trust_repository(
        &self,
        project: ProjectId,
        name: &ProjectName,
        trust: &Trust,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.reader().trusted_repository(project, &trust.repository)?.is_some() {
            return Err(StoreError::Trusted {
                project: name.clone(),
                repository: trust.repository.clone(),
            });
        }
        self.sql
            .prepare_cached(
                "INSERT INTO trusted_repository (project_id, repository, repository_id, owner_id,
                     workflow, environment, may_upload, may_configure, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                project,
                trust.repository.as_str(),
                trust.numbers.repository.map(u64::cast_signed),
                trust.numbers.owner.map(u64::cast_signed),
                trust.workflow,
                trust.environment,
                trust.scopes.allow(super::Scope::Upload),
                trust.scopes.allow(super::Scope::Configure),
                Seconds(now),
            ])?;
        Ok(())
    }

    /// Trusts a repository no more; the tokens that it has are revoked.
    ///
    /// # Errors
    /// When the project does not trust it, or the database fails.
    pub fn distrust_repository(
        &self,
        project: ProjectId,
        name: &ProjectName,
        repository: &RepositoryName,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let found = self.reader().trusted_repository(project, repository)?;
        let found = found.ok_or_else(|| StoreError::NotTrusted {
            project: name.clone(),
            repository: repository.clone(),
        })?;
        self.sql
            .prepare_cached(
                "UPDATE token SET revoked_at = coalesce(revoked_at, ?2)
                 WHERE trusted_repository_id = ?1 AND expires_at > ?2",
            )?
            .execute(params![found.id, Seconds(now)])?;
        self.sql
            .prepare_cached("DELETE FROM trusted_repository WHERE id = ?1")?
            .execute([found.id])?;
        Ok(())
    }

    /// Gives a token in exchange for an identity, once: says whether it was not
    /// exchanged before. The numbers of the repository are kept where it had none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn exchange(&self, exchange: &Exchange<'_>) -> Result<bool, StoreError> {
        let now = Seconds(exchange.now);
        self.sql
            .prepare_cached("DELETE FROM used_identity WHERE expires_at <= ?1")?
            .execute([&now])?;
        let is_first = self
            .sql
            .prepare_cached("INSERT OR IGNORE INTO used_identity VALUES (?1, ?2)")?
            .execute(params![exchange.jti, Seconds(exchange.valid_until)])?;
        if is_first == 0 {
            return Ok(false);
        }
        self.sql
            .prepare_cached(
                "UPDATE trusted_repository SET last_used_at = ?2,
                     repository_id = coalesce(repository_id, ?3),
                     owner_id = coalesce(owner_id, ?4)
                 WHERE id = ?1",
            )?
            .execute(params![
                exchange.repository.id,
                now,
                exchange.numbers.repository.map(u64::cast_signed),
                exchange.numbers.owner.map(u64::cast_signed),
            ])?;
        // Those with which a configuration was sent stay, and say who did.
        self.sql
            .prepare_cached(
                "DELETE FROM token WHERE trusted_repository_id = ?1 AND expires_at < ?2
                     AND NOT EXISTS (SELECT 1 FROM configuration WHERE token_id = token.id)",
            )?
            .execute(params![
                exchange.repository.id,
                Seconds(exchange.now - LISTED_AFTER_EXPIRY)
            ])?;
        self.insert_token(&super::token::NewToken {
            project: exchange.repository.project_id,
            name: exchange.name,
            scopes: exchange.scopes,
            text: exchange.text,
            created_at: exchange.now,
            given: Some((exchange.repository.id, exchange.expires_at)),
            pull_request: exchange.pull_request,
        })?;
        Ok(true)
    }
}
