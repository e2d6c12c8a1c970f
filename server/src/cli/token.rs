//! `initboard token`: create, list and revoke tokens.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::database::Database;
use super::output::print;
use crate::model::ProjectName;
use crate::store::{Scope, Scopes, StoreError, TokenPrefix, TokenText};

/// Create, list and revoke tokens, with which projects are uploaded to and
/// configured
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a token; its text is printed once, on standard output
    Create {
        /// The project that it is for
        #[arg(long, value_name = "NAME")]
        project: ProjectName,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "upload")]
        name: String,
        /// What it may do: upload (builds, and what source trees say), configure (the
        /// project's initboard.toml), or both, separated by commas
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
    /// List the tokens
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Revoke a token
    Revoke {
        /// The first characters of the token, as `token list` shows them
        prefix: TokenPrefix,
        #[command(flatten)]
        database: Database,
    },
}

impl Token {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let now = Timestamp::now();
        match self.action {
            Action::Create { project, name, scopes, database } => {
                let scopes = match scopes.as_slice() {
                    [first, more @ ..] => Scopes::new(*first, more),
                    [] => bail!("--scope names nothing: expected upload, configure or both"),
                };
                let text = TokenText::generate()?;
                database.open_existing()?.write(|writer| {
                    let found = writer
                        .reader()
                        .project(&project)?
                        .ok_or_else(|| StoreError::NoProject(project.clone()))?;
                    writer.create_token(found.id, &name, scopes, &text, now)
                })?;
                anstream::eprintln!(
                    "This token of `{project}` may {}. It is shown only now: keep it as a secret of CI, in INITBOARD_TOKEN.",
                    scopes.to_string().replace(", ", " and ")
                );
                print(&format!("{}\n", text.reveal()))?;
            }
            Action::List { database } => {
                let mut out = String::new();
                for token in database.open_existing()?.read(|reader| reader.tokens())? {
                    let expired = token.expires_at.filter(|at| *at <= now);
                    let state = match (token.revoked_at, expired, token.last_used_at) {
                        (Some(at), ..) => format!("revoked {at}"),
                        (None, Some(at), _) => format!("expired {at}"),
                        (None, None, Some(at)) => format!("last used {at}"),
                        (None, None, None) => "never used".to_owned(),
                    };
                    writeln!(
                        out,
                        "{}  {:<20} {:<20} {:<17}  created {}  {state}",
                        token.prefix,
                        token.project,
                        token.name.escape_debug().to_string(),
                        token.scopes.to_string(),
                        token.created_at,
                    )?;
                }
                print(&out)?;
            }
            Action::Revoke { prefix, database } => {
                let token =
                    database.open_existing()?.write(|writer| writer.revoke_token(&prefix, now))?;
                anstream::eprintln!(
                    "revoked {}... of `{}`: what is sent with it is refused from now on",
                    token.prefix,
                    token.project
                );
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
