//! The server that a subcommand sends something to.

use async_compression::Level;
use async_compression::tokio::bufread::ZstdEncoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncReadExt as _};

use crate::http::{self, Answer, Failure, Patience};
use crate::model::{CommitSha, ProjectName};
use crate::store::TokenText;

/// Compression of what is sent: at level 3 a firmware with debug information
/// shrinks to about a third, faster than most networks take it.
const ZSTD_LEVEL: Level = Level::Precise(3);

/// Largest answer that is read: that to facts, with the findings of all boards.
const MAX_ANSWER_BYTES: u64 = 64 << 20;

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

impl Server {
    pub(super) fn new(url: &str, token: TokenText) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), token, agent: http::agent() }
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
        let say = |problem: &str| say(&super::one_line(&anyhow::Error::msg(problem.to_owned())));
        Patience::default().insist(say, || self.attempt(shipment)).map_err(anyhow::Error::msg)
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

    /// Sends once.
    fn attempt<T: DeserializeOwned>(&self, shipment: &Shipment<'_>) -> Result<T, Failure<String>> {
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
        let answer = request
            .send(shipment.body)
            .and_then(|response| Answer::read(response, MAX_ANSWER_BYTES))
            .map_err(|error| {
                Failure::of_exchange(&error, format!("cannot reach {}: {error}", self.url))
            })?;
        if matches!(answer.status, 200 | 201) {
            return serde_json::from_slice(&answer.body).map_err(|error| {
                Failure::Final(format!("{} is not a server of initboard: {error}", self.url))
            });
        }
        Err(refused(&self.url, &answer))
    }
}

/// What an answer of a server at `url` that is no success means.
pub(super) fn refused(url: &str, answer: &Answer) -> Failure<String> {
    let reason = match serde_json::from_slice::<Refusal>(&answer.body) {
        Ok(refusal) => refusal.error.message,
        Err(_) => format!("{url} answered with status {}", answer.status),
    };
    match answer.status {
        // The disk does not become empty by asking again, nor the server able.
        501 | 507 => Failure::Final(reason),
        429 | 500..=599 => Failure::Passing { reason, after: answer.retry_after() },
        _ => Failure::Final(reason),
    }
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
