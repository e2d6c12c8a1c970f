//! The server that a subcommand sends something to.

use std::time::Duration;

use anyhow::{Context as _, bail};
use async_compression::Level;
use async_compression::tokio::bufread::ZstdEncoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncReadExt as _};

use crate::model::{CommitSha, ProjectName};
use crate::store::TokenText;

/// How often something is sent before giving up.
const ATTEMPTS: u32 = 5;

/// Longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Compression of what is sent: at level 3 a firmware with debug information
/// shrinks to about a third, faster than most networks take it.
const ZSTD_LEVEL: Level = Level::Precise(3);

/// A server, and the token with which it is sent to.
pub(super) struct Server {
    url: String,
    token: TokenText,
    agent: ureq::Agent,
}

/// Something to be sent.
pub(super) struct Shipment<'a> {
    pub(super) method: Method,
    pub(super) path: String,
    /// The parameters that are given.
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) content_type: &'static str,
    /// Compressed.
    pub(super) body: &'a [u8],
}

/// How something is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Method {
    /// Beside what is there.
    Post,
    /// In place of what is there.
    Put,
}

/// What the server answers when it refuses something.
#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
    message: String,
}

/// An attempt that may succeed when made again.
struct Retry {
    reason: String,
    after: Option<Duration>,
}

impl Server {
    pub(super) fn new(url: &str, token: TokenText) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_mins(2)))
            .timeout_await_100(Some(Duration::from_secs(5)))
            .user_agent(concat!("initboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { url: url.trim_end_matches('/').to_owned(), token, agent }
    }

    /// Sends something, again where that may help, and gives the answer. What goes
    /// wrong meanwhile is told to `say`.
    ///
    /// # Errors
    /// When the server refuses it, or cannot be reached.
    pub(super) fn send<T: DeserializeOwned>(
        &self,
        shipment: &Shipment<'_>,
        say: impl Fn(&str),
    ) -> anyhow::Result<T> {
        let mut wait = Duration::from_secs(1);
        for attempt in 1.. {
            match self.attempt(shipment)? {
                Ok(answer) => return Ok(answer),
                Err(retry) if attempt == ATTEMPTS => {
                    bail!("{} (tried {ATTEMPTS} times)", retry.reason);
                }
                Err(retry) => {
                    let pause = retry.after.unwrap_or(wait).min(MAX_WAIT);
                    let reason = super::one_line(&anyhow::Error::msg(retry.reason));
                    say(&format!("{reason}; trying again in {} s", pause.as_secs()));
                    std::thread::sleep(pause);
                    wait *= 2;
                }
            }
        }
        bail!("nothing was sent")
    }

    /// Sends the configuration of a project; gives the number of the version that
    /// counts now, and whether it is new.
    ///
    /// # Errors
    /// As [`Server::send`].
    pub(super) fn configure(
        &self,
        project: &ProjectName,
        commit: Option<&CommitSha>,
        text: &str,
    ) -> anyhow::Result<(u32, bool)> {
        #[derive(Deserialize)]
        struct Answer {
            number: u32,
            created: bool,
        }
        let body = compressed(text.as_bytes())?;
        let shipment = Shipment {
            method: Method::Put,
            path: format!("/api/v1/projects/{project}/configuration"),
            query: commit.map(|commit| ("commit", commit.to_string())).into_iter().collect(),
            content_type: "application/toml",
            body: &body,
        };
        let say = |problem: &str| anstream::eprintln!("{project}: {problem}");
        let Answer { number, created } = self.send(&shipment, say)?;
        Ok((number, created))
    }

    /// The address of a page; servers that were not told their own answer with a
    /// path.
    pub(super) fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { format!("{}{url}", self.url) } else { url.to_owned() }
    }

    /// Sends once. The outer error is final.
    fn attempt<T: DeserializeOwned>(
        &self,
        shipment: &Shipment<'_>,
    ) -> anyhow::Result<Result<T, Retry>> {
        let address = format!("{}{}", self.url, shipment.path);
        let request = match shipment.method {
            Method::Post => self.agent.post(address),
            Method::Put => self.agent.put(address),
        };
        let request = request
            .header("Authorization", format!("Bearer {}", self.token.reveal()))
            .header("Content-Type", shipment.content_type)
            .header("Content-Encoding", "zstd")
            // So that a refusal comes before the body is sent, not while.
            .header("Expect", "100-continue");
        let request = shipment
            .query
            .iter()
            .fold(request, |request, (name, value)| request.query(*name, value));
        let mut response = match request.send(shipment.body) {
            Ok(response) => response,
            Err(error) if may_pass(&error) => {
                let reason = format!("cannot reach {}: {error}", self.url);
                return Ok(Err(Retry { reason, after: None }));
            }
            Err(error) => return Err(error).with_context(|| format!("cannot use {}", self.url)),
        };
        let status = response.status().as_u16();
        let after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let text = response.body_mut().read_to_string().unwrap_or_default();
        if matches!(status, 200 | 201) {
            let answer = serde_json::from_str(&text)
                .with_context(|| format!("{} is not a server of initboard", self.url))?;
            return Ok(Ok(answer));
        }
        let reason = match serde_json::from_str::<Refusal>(&text) {
            Ok(refusal) => refusal.error.message,
            Err(_) => format!("{} answered with status {status}", self.url),
        };
        // 507 is final: the disk does not become empty by asking again.
        if status == 429 || (500..600).contains(&status) && status != 507 {
            return Ok(Err(Retry { reason, after }));
        }
        bail!("{reason}")
    }
}

/// Whether a failure to exchange bytes may pass by itself.
fn may_pass(error: &ureq::Error) -> bool {
    matches!(
        error,
        ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::HostNotFound
            | ureq::Error::Protocol(_)
    )
}

/// The file, compressed with zstd.
pub(super) fn compressed_file(file: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    runtime()?.block_on(async {
        let file = tokio::fs::File::open(file).await?;
        zstd(tokio::io::BufReader::new(file)).await
    })
}

/// A text, compressed with zstd.
fn compressed(text: &[u8]) -> anyhow::Result<Vec<u8>> {
    runtime()?.block_on(zstd(text))
}

async fn zstd(bytes: impl AsyncBufRead + Unpin) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    ZstdEncoder::with_quality(bytes, ZSTD_LEVEL).read_to_end(&mut body).await?;
    Ok(body)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?)
}
