//! The webhook: tells the address that a project chose when the report of a pull
//! request changed.
//!
//! A report changes with every build that comes, so nothing is told before CI says
//! that all are there (`finish`), or none has come for a while. What was told last
//! is in the database: the same again is not told, nor at first that nothing
//! changed. Messages are JSON, signed as GitHub signs its own:
//! `x-initboard-signature-256: sha256=` and the HMAC-SHA256 of the body. The body has
//! an id and a time, so that whoever is told can refuse a message played again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::time::Instant;

use super::changes::{Changes, Head};
use super::events::Happening;
use super::state::blocking;
use super::{AppError, AppState};
use crate::analyze::diff::Verdict;
use crate::http;
use crate::model::{CommitSha, ProjectName, Sha256};
use crate::report::changes::headline;
use crate::store::{Project, ProjectId, StoreError, Webhook};

/// Most of an answer that is read; nothing in it is used.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// When a webhook is called.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long after the last build of a commit that nobody called finished.
    pub calm: Duration,
    /// How long to wait before each further try.
    pub retries: [Duration; 3],
}

impl Default for Patience {
    fn default() -> Self {
        Self { calm: Duration::from_mins(2), retries: [5, 30, 120].map(Duration::from_secs) }
    }
}

/// How far a server looks back when it starts: what was told is not told again, so
/// that this need only be longer than a server is down.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(24);

/// What is sent.
#[derive(Debug, Serialize)]
struct Message<'a> {
    event: &'static str,
    /// Tells the delivery from others; the same at each further try.
    delivery: &'a str,
    /// When it was first sent.
    sent_at: Timestamp,
    project: &'a ProjectName,
    pull_request: u32,
    head: &'a CommitSha,
    base: Option<&'a CommitSha>,
    verdict: Verdict,
    headline: String,
    /// The page; a path alone where the server was not told its own address.
    url: String,
}

/// A pull request of a project.
type Subject = (ProjectId, u32);

/// Watches what happens and calls webhooks, until the server stops.
pub(super) async fn run(app: AppState) {
    let mut happenings = app.events().follow();
    let mut due = left_over(&app).await;
    loop {
        let next = due.values().min().copied();
        let wait = async {
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            happening = happenings.next() => match happening {
                Some(Happening { project, pull_request: Some(number), is_last, .. }) => {
                    let calm = if is_last { Duration::ZERO } else { app.config().webhook.calm };
                    due.insert((project, number), Instant::now() + calm);
                }
                Some(_) => {}
                None => return,
            },
            () = wait => {
                let now = Instant::now();
                let ready: Vec<Subject> =
                    due.iter().filter(|(_, at)| **at <= now).map(|(subject, _)| *subject).collect();
                for subject in ready {
                    due.remove(&subject);
                    // Others need not wait for an address that does not answer.
                    tokio::spawn(tell(app.clone(), subject));
                }
            }
        }
    }
}

/// What may have waited, or been tried again, when a server stopped.
async fn left_over(app: &AppState) -> HashMap<Subject, Instant> {
    let since = Timestamp::now() - LOOKS_BACK;
    let found = app.read(move |reader| Ok::<_, AppError>(reader.built_since(since)?)).await;
    let found = found.unwrap_or_else(|error| {
        tracing::warn!(error = error.message(), "what webhooks were not told is not known");
        Vec::new()
    });
    let at = Instant::now() + app.config().webhook.calm;
    found.into_iter().map(|subject| (subject, at)).collect()
}

async fn tell(app: AppState, subject: Subject) {
    if let Err(error) = try_to_tell(&app, subject).await {
        tracing::warn!(%error, pull_request = subject.1, "a webhook was not told");
    }
}

/// Why a webhook was not told.
#[derive(Debug, thiserror::Error)]
enum WebhookError {
    #[error("{}", .0.message())]
    Report(AppError),
    #[error("{url} did not answer: {error}")]
    Silent { url: String, error: String },
    #[error("{url} answered {status}: expected 2xx")]
    Refused { url: String, status: u16 },
}

impl From<AppError> for WebhookError {
    fn from(error: AppError) -> Self {
        Self::Report(error)
    }
}

async fn try_to_tell(app: &AppState, (id, number): Subject) -> Result<(), WebhookError> {
    let derived = app.derived();
    let found = app
        .read(move |reader| {
            let Some(webhook) = reader.webhook(id)? else { return Ok(None) };
            let projects = reader.projects()?.into_iter().map(|summary| summary.project);
            let Some(project): Option<Project> = projects.into_iter().find(|of| of.id == id) else {
                return Ok(None);
            };
            let head = Head::PullRequest(number);
            let changes = Changes::read(reader, &derived, &project, &head, None)?;
            Ok::<_, AppError>(Some((webhook, changes, reader.told(id, number)?)))
        })
        .await?;
    let Some((webhook, changes, told)) = found else { return Ok(()) };
    let digest = digest(&changes)?;
    let is_quiet = matches!(changes.report.verdict, Verdict::Unchanged | Verdict::NothingCompared);
    if told == Some(digest) || told.is_none() && is_quiet {
        return Ok(());
    }
    let delivery = delivery()?;
    let message = Message {
        event: "report",
        delivery: &delivery,
        sent_at: Timestamp::now(),
        project: &changes.project,
        pull_request: number,
        head: &changes.head.commit,
        base: changes.base.as_ref().map(|base| &base.commit),
        verdict: changes.report.verdict,
        headline: headline(&changes.report),
        url: app.url(&changes.url),
    };
    let body = serde_json::to_vec(&message).map_err(AppError::internal)?;
    deliver(app, webhook, &delivery, body).await?;
    app.write(move |writer| {
        writer.note_told(id, number, digest, Timestamp::now())?;
        Ok::<_, StoreError>(())
    })
    .await?;
    Ok(())
}

/// What tells a report from another one: what changed, but not of which commits or
/// which boards are still to come.
fn digest(changes: &Changes) -> Result<Sha256, AppError> {
    let report = &changes.report;
    let told = (report.verdict, &report.groups, &report.findings, &report.not_compared);
    Ok(Sha256::of(&serde_json::to_vec(&told).map_err(AppError::internal)?))
}

/// Sends a message, and tries again where that may help.
async fn deliver(
    app: &AppState,
    webhook: Webhook,
    delivery: &str,
    body: Vec<u8>,
) -> Result<(), WebhookError> {
    let mut retries = app.config().webhook.retries.into_iter();
    loop {
        let (to, id, copy) = (webhook.clone(), delivery.to_owned(), body.clone());
        let sent = blocking(move || Ok(send(&to, &id, &copy))).await?;
        let may_pass = match &sent {
            Ok(()) => return Ok(()),
            Err(WebhookError::Refused { status, .. }) => {
                matches!(status, 408 | 429 | 500..=599)
            }
            Err(_) => true,
        };
        match retries.next().filter(|_| may_pass) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return sent,
        }
    }
}

fn send(webhook: &Webhook, delivery: &str, body: &[u8]) -> Result<(), WebhookError> {
    let url = || webhook.url.clone();
    let silent = |error: ureq::Error| WebhookError::Silent { url: url(), error: error.to_string() };
    let response = http::agent()
        .post(&webhook.url)
        .header("content-type", "application/json")
        .header("x-initboard-event", "report")
        .header("x-initboard-delivery", delivery)
        .header("x-initboard-signature-256", signature(&webhook.secret, body))
        .send(body)
        .map_err(silent)?;
    let answer = http::Answer::read(response, MAX_ANSWER_BYTES).map_err(silent)?;
    match answer.status {
        200..=299 => Ok(()),
        status => Err(WebhookError::Refused { url: url(), status }),
    }
}

/// `sha256=` and the HMAC-SHA256 (RFC 2104) of a message in hexadecimal.
fn signature(secret: &str, body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hexadecimal(ring::hmac::sign(&key, body).as_ref()))
}

/// An id that no other delivery has.
fn delivery() -> Result<String, AppError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(AppError::internal)?;
    Ok(hexadecimal(&random))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        // Test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
