//! `initboard project`: create, configure and list projects, and say whose
//! workflows they trust.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::database::Database;
use super::output::print;
use super::server::Server;
use super::source_tree;
use super::trust::Trust;
use super::webhook::Webhook;
use crate::config::FILE_NAME;
use crate::model::{BranchName, CommitSha, ProjectName, RepositoryUrl};
use crate::store::{NewConfiguration, StoreError, TokenText};

/// Create, configure and list projects, and say whose workflows they trust
#[derive(Debug, Args)]
pub(super) struct Project {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a project
    Create {
        /// Its name, the first part of its addresses
        name: ProjectName,
        /// Where its source can be browsed: github.com/OWNER/NAME with https://
        #[arg(long, value_name = "URL")]
        repository: Option<RepositoryUrl>,
        /// The branch that boards are shown of; else that of the first build
        #[arg(long, value_name = "NAME")]
        default_branch: Option<BranchName>,
        #[command(flatten)]
        database: Database,
    },
    /// Send the configuration of a project, which counts from then on
    Configure {
        /// The project; else the one that the configuration names
        project: Option<ProjectName>,
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
        file: PathBuf,
        /// The commit in whose tree it stands, in full
        #[arg(long, value_name = "SHA")]
        commit: Option<CommitSha>,
        /// Address of a server to send it to; without one it goes into the database
        /// of this machine
        #[arg(long, value_name = "URL", env = "INITBOARD_SERVER", requires = "token")]
        server: Option<String>,
        /// A token of the project with the scope `configure`; better set in the
        /// environment than given here
        #[arg(long, env = "INITBOARD_TOKEN", hide_env_values = true, value_name = "TOKEN")]
        token: Option<TokenText>,
        #[command(flatten)]
        database: Database,
    },
    /// Let the workflows of a repository upload without a stored secret
    Trust(Trust),
    Webhook(Webhook),
    /// List the projects
    List {
        #[command(flatten)]
        database: Database,
    },
}

impl Project {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            Action::Create { name, repository, default_branch, database } => {
                let repository = repository.as_ref().map(RepositoryUrl::as_str);
                database.open()?.write(|writer| {
                    let project = writer.create_project(&name, repository, Timestamp::now())?;
                    default_branch
                        .iter()
                        .try_for_each(|branch| writer.set_default_branch(project.id, branch))
                })?;
                anstream::eprintln!(
                    "created; `initboard token create --project {name}` makes a token to upload with"
                );
            }
            Action::Configure { project, file, commit, server, token, database } => {
                let (config, text) = source_tree::read(&file)?;
                let project = project.or(config.project.name).with_context(|| {
                    format!(
                        "{} does not say which project it is for: expected its name as an argument, or `name` in the section [project]",
                        file.display()
                    )
                })?;
                let (version, created) = match (server, token) {
                    (Some(server), Some(token)) => {
                        Server::new(&server, token).configure(&project, commit.as_ref(), &text)?
                    }
                    _ => database.open_existing()?.write(|writer| {
                        let found = writer.reader().project(&project)?;
                        let found = found.ok_or(StoreError::NoProject(project.clone()))?;
                        let repository = config.project.repository.as_ref();
                        let recorded = writer.record_configuration(&NewConfiguration {
                            project: found.id,
                            text: &text,
                            repository_url: repository.map(RepositoryUrl::as_str),
                            commit: commit.as_ref(),
                            token: None,
                            received_at: Timestamp::now(),
                        })?;
                        Ok::<_, StoreError>((recorded.version.number, recorded.created))
                    })?,
                };
                let news = if created { "counts from now on" } else { "counted already" };
                anstream::eprintln!("version {version} of the configuration of `{project}` {news}");
            }
            Action::Trust(trust) => trust.run()?,
            Action::Webhook(webhook) => webhook.run()?,
            Action::List { database } => {
                let mut out = String::new();
                for summary in database.open_existing()?.read(|reader| reader.projects())? {
                    let project = summary.project;
                    writeln!(
                        out,
                        "{:<20} {:>4} ports {:>5} boards  {}",
                        project.name.as_str(),
                        summary.ports,
                        summary.boards,
                        project.repository_url.as_deref().unwrap_or("-"),
                    )?;
                }
                print(&out)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
