//! `initboard project webhook`: whom a project tells that a report changed.

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;

use super::database::Database;
use super::output::print;
use crate::model::{ProjectName, Sha256};
use crate::store::{self, StoreError};

/// Tell an address when the report of a pull request changed
#[derive(Debug, Args)]
pub(super) struct Webhook {
    /// The project
    project: ProjectName,
    /// Where to send messages, with https:// or http://
    #[arg(long, value_name = "URL", required_unless_present = "remove", value_parser = address)]
    url: Option<String>,
    /// Tell nobody any more
    #[arg(long, conflicts_with = "url")]
    remove: bool,
    #[command(flatten)]
    database: Database,
}

fn address(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("expected an address that begins with https:// or http://".to_owned()),
    }
}

impl Webhook {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let webhook = match self.url {
            Some(url) => Some(store::Webhook { url, secret: secret()? }),
            None => None,
        };
        self.database.open_existing()?.write(|writer| {
            let found = writer.reader().project(&self.project)?;
            let found = found.ok_or(StoreError::NoProject(self.project.clone()))?;
            writer.set_webhook(found.id, webhook.as_ref(), Timestamp::now())
        })?;
        match webhook {
            Some(webhook) => {
                anstream::eprintln!(
                    "`{}` tells {} from now on; messages are signed with the secret that follows, which is not shown again",
                    self.project,
                    webhook.url
                );
                print(&format!("{}\n", webhook.secret))?;
            }
            None => anstream::eprintln!("`{}` tells nobody any more", self.project),
        }
        Ok(())
    }
}

/// 32 random bytes in hexadecimal, as a digest is written.
fn secret() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system has no random numbers to give")?;
    Ok(Sha256(bytes).to_string())
}
