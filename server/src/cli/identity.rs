//! A token without a stored secret: GitHub Actions says who the job is, and the
//! server gives a token for that, which soon expires.

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::server;
use crate::http::{self, Answer, Failure, Patience};
use crate::model::ProjectName;
use crate::store::TokenText;

/// Largest answer that is read: an identity has some 2,000 bytes.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Where a job asks who it is, and with what
/// (<https://docs.github.com/actions/reference/security/oidc>).
struct Runner {
    url: String,
    token: String,
}

impl Runner {
    /// As the runner sets it where the job has `id-token: write`.
    fn of_environment() -> anyhow::Result<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (url, token) =
            (variable("ACTIONS_ID_TOKEN_REQUEST_URL"), variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
        match (url, token) {
            (Some(url), Some(token)) => Ok(Self { url, token }),
            _ if variable("GITHUB_ACTIONS").is_some() => bail!(
                "there is no token: expected one in INITBOARD_TOKEN, or `permissions: id-token: write` for the job and `initboard project trust add` on the server. Pull requests from forks get neither: have their tables posted by a workflow on `workflow_run` (docs/pull-requests.md)"
            ),
            _ => bail!(
                "there is no token: expected one in INITBOARD_TOKEN, as `initboard token create` printed it"
            ),
        }
    }

    /// Who the job is, said to `audience` alone.
    fn identity(&self, audience: &str) -> Result<String, Failure<String>> {
        #[derive(Deserialize)]
        struct Identity {
            value: String,
        }
        let answer = http::agent()
            .get(&self.url)
            .query("audience", audience)
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .and_then(|response| Answer::read(response, MAX_ANSWER_BYTES))
            .map_err(|error| {
                let reason = format!("cannot ask GitHub Actions who this is: {error}");
                Failure::of_exchange(&error, reason)
            })?;
        let reason = match serde_json::from_slice::<Identity>(&answer.body) {
            Ok(identity) if answer.status == 200 => return Ok(identity.value),
            _ => format!("GitHub Actions does not say who this is: status {}", answer.status),
        };
        Err(match answer.status {
            429 | 500..=599 => Failure::Passing { reason, after: answer.retry_after() },
            _ => Failure::Final(reason),
        })
    }
}

/// A token for `project` on the server at `url`, in exchange for who this job is.
///
/// # Errors
/// When this is no such job, or the project does not trust it.
pub(super) fn token(url: &str, project: &ProjectName) -> anyhow::Result<TokenText> {
    let runner = Runner::of_environment()?;
    let url = url.trim_end_matches('/');
    // Of the server that is talked to, whatever that says of itself: another could not
    // use it.
    let audience = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .filter(|host| !host.is_empty())
        .with_context(|| {
            format!(
                "`{url}` is not the address of a server: expected one that starts with https://"
            )
        })?
        .to_ascii_lowercase();
    let say = |problem: &str| anstream::eprintln!("{problem}");
    let token = Patience::default().insist(say, || {
        // A new one each time: it counts once, also when the answer is lost.
        let identity = runner.identity(&audience)?;
        exchange(&format!("{url}/api/v1/projects/{project}/tokens"), &identity)
    });
    Ok(token.map_err(anyhow::Error::msg)?.parse()?)
}

fn exchange(address: &str, identity: &str) -> Result<String, Failure<String>> {
    #[derive(Deserialize)]
    struct Given {
        token: String,
    }
    let answer = http::agent()
        .post(address)
        .header("Authorization", format!("Bearer {identity}"))
        .send_empty()
        .and_then(|response| Answer::read(response, MAX_ANSWER_BYTES))
        .map_err(|error| {
            Failure::of_exchange(&error, format!("cannot reach {address}: {error}"))
        })?;
    if answer.status == 201 {
        return serde_json::from_slice::<Given>(&answer.body)
            .map(|given| given.token)
            .map_err(|error| Failure::Final(format!("{address} gave no token: {error}")));
    }
    Err(server::refused(address, &answer))
}
