//! `initboard project trust`: whose workflows need no stored secret.

use std::fmt::Write as _;

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::database::Database;
use super::output::print;
use crate::model::{ProjectName, RepositoryName};
use crate::store::{self, Numbers, Scope, Scopes, StoreError};

/// Let the workflows of a repository upload without a stored secret
#[derive(Debug, Args)]
pub(super) struct Trust {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Trust a repository on GitHub
    Add {
        /// The project
        project: ProjectName,
        /// OWNER/NAME
        repository: RepositoryName,
        /// Its number, which stays when it is renamed, and is never given again; that
        /// of the first run that comes unless given
        #[arg(long, value_name = "NUMBER")]
        repository_id: Option<u64>,
        /// The number of its owner; that of the first run that comes unless given
        #[arg(long, value_name = "NUMBER")]
        owner_id: Option<u64>,
        /// The only workflow to trust, such as order.yml in .github/workflows
        #[arg(long, value_name = "FILE")]
        workflow: Option<String>,
        /// The only environment to trust, whose protection rules then hold
        #[arg(long, value_name = "NAME")]
        environment: Option<String>,
        /// What its runs may do: upload, configure, or both, separated by commas. Those
        /// for pull requests may only upload
        #[arg(
            long = "scope",
            value_name = "SCOPE",
            value_delimiter = ',',
            default_value = "upload"
        )]
        scopes: Vec<Scope>,
        #[command(flatten)]
        database: Database,
    },
    /// List the repositories that are trusted
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Trust a repository no more, and revoke the tokens that it has
    Remove {
        /// The project
        project: ProjectName,
        /// OWNER/NAME
        repository: RepositoryName,
        #[command(flatten)]
        database: Database,
    },
}

impl Trust {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let now = Timestamp::now();
        match self.action {
            Action::Add {
                project,
                repository,
                repository_id,
                owner_id,
                workflow,
                environment,
                scopes,
                database,
            } => {
                let [first, more @ ..] = scopes.as_slice() else {
                    bail!("--scope names nothing: expected upload, configure or both");
                };
                let trust = store::Trust {
                    repository,
                    numbers: Numbers { repository: repository_id, owner: owner_id },
                    workflow,
                    environment,
                    scopes: Scopes::new(*first, more),
                };
                database.open_existing()?.write(|writer| {
                    let found = writer
                        .reader()
                        .project(&project)?
                        .ok_or_else(|| StoreError::NoProject(project.clone()))?;
                    writer.trust_repository(found.id, &project, &trust, now)
                })?;
                anstream::eprintln!(
                    "`{project}` trusts {}: a job with `permissions: id-token: write` needs no token",
                    trust.repository
                );
            }
            Action::List { database } => {
                let mut out = String::new();
                for found in
                    database.open_existing()?.read(|reader| reader.trusted_repositories())?
                {
                    let trust = found.trust;
                    let number =
                        |number: Option<u64>| number.map_or("-".to_owned(), |n| n.to_string());
                    let any = |text: Option<String>| {
                        text.map_or("any".to_owned(), |text| text.escape_debug().to_string())
                    };
                    let used = match found.last_used_at {
                        Some(at) => format!("last used {at}"),
                        None => "never used".to_owned(),
                    };
                    writeln!(
                        out,
                        "{:<20} {:<30} {:<17}  repository {}  owner {}  workflow {}  environment {}  {used}",
                        found.project,
                        trust.repository.as_str(),
                        trust.scopes.to_string(),
                        number(trust.numbers.repository),
                        number(trust.numbers.owner),
                        any(trust.workflow),
                        any(trust.environment),
                    )?;
                }
                print(&out)?;
            }
            Action::Remove { project, repository, database } => {
                database.open_existing()?.write(|writer| {
                    let found = writer
                        .reader()
                        .project(&project)?
                        .ok_or_else(|| StoreError::NoProject(project.clone()))?;
                    writer.distrust_repository(found.id, &project, &repository, now)
                })?;
                anstream::eprintln!(
                    "`{project}` does not trust {repository} any more, and its tokens are revoked"
                );
            }
        }
        Ok(())
    }
}
