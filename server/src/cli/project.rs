//! `initboard project`: create and list projects.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::database::Database;
use crate::model::{BranchName, ProjectName, RepositoryUrl};

/// Create and list projects
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
            Action::List { database } => {
                let mut out = anstream::stdout().lock();
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
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
