//! One request to GitHub: what may be sent again, and what its answer means.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::GitHub;
use crate::forge::ForgeError;
use crate::http::{Answer, Failure};

/// Largest answer that is read: 100 comments of full length.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// How long to wait where GitHub limits the rate and does not say for how long.
const UNSTATED_WAIT: Duration = Duration::from_mins(1);
/// Longest part of a message that is repeated, in characters.
const MAX_MESSAGE: usize = 300;

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Method {
    #[default]
    Get,
    Post,
    Patch,
}

/// Something to ask.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: Method,
    /// The whole address.
    pub(super) address: String,
    /// Added to it, encoded.
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// Whether it does no harm to ask twice.
    pub(super) is_repeatable: bool,
    /// What it does, for messages.
    pub(super) action: &'static str,
    /// What a workflow grants for that.
    pub(super) permission: &'static str,
}

impl GitHub {
    /// Asks, again where that may help; gives the answer and the address of the page
    /// after it.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<(T, Option<String>), ForgeError> {
        let answer = self.patience.insist(self.say, || self.attempt(request))?;
        let malformed =
            |reason: String| ForgeError::Malformed { address: request.address.clone(), reason };
        let next = answer.header("link").and_then(next_page).map(str::to_owned);
        // The token goes along: to GitHub only.
        if let Some(address) = next.as_ref().filter(|next| !self.is_of_api(next)) {
            return Err(malformed(format!("its next page is at {address}")));
        }
        let value =
            serde_json::from_slice(&answer.body).map_err(|error| malformed(error.to_string()))?;
        Ok((value, next))
    }

    fn is_of_api(&self, address: &str) -> bool {
        address.strip_prefix(&self.api).is_some_and(|path| path.starts_with('/'))
    }

    fn attempt(&self, request: &Request) -> Result<Answer, Failure<ForgeError>> {
        let answer = self.send(request).map_err(|error| {
            let sent = !is_before_sending(&error);
            let reason = ForgeError::Unreachable {
                address: self.api.clone(),
                reason: error.to_string(),
                sent,
            };
            if request.is_repeatable || !sent {
                Failure::of_exchange(&error, reason)
            } else {
                Failure::Final(reason)
            }
        })?;
        if (200..300).contains(&answer.status) {
            Ok(answer)
        } else {
            Err(refusal(&answer, request))
        }
    }

    fn send(&self, request: &Request) -> Result<Answer, ureq::Error> {
        let headers = [
            ("Accept", "application/vnd.github+json"),
            ("X-GitHub-Api-Version", "2022-11-28"),
            ("Authorization", &self.token.authorization()),
        ];
        let address = &request.address;
        let response = match (request.method, &request.body) {
            (Method::Get, _) => with_headers(self.agent.get(address), &headers)
                .query_pairs(request.query.iter().map(|(name, value)| (*name, value)))
                .call(),
            (Method::Post, body) => {
                with_headers(self.agent.post(address), &headers).send_json(body)
            }
            (Method::Patch, body) => {
                with_headers(self.agent.patch(address), &headers).send_json(body)
            }
        };
        Answer::read(response?, MAX_ANSWER_BYTES)
    }
}

fn with_headers<B>(
    request: ureq::RequestBuilder<B>,
    headers: &[(&str, &str)],
) -> ureq::RequestBuilder<B> {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// Whether a failure comes before anything can have arrived.
fn is_before_sending(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        ureq::Error::Timeout(stage) => {
            matches!(stage, ureq::Timeout::Connect | ureq::Timeout::Resolve)
        }
        error => matches!(error, ureq::Error::ConnectionFailed | ureq::Error::HostNotFound),
    }
}

/// What an answer that is no success means.
fn refusal(answer: &Answer, request: &Request) -> Failure<ForgeError> {
    let Request { action, permission, .. } = *request;
    let said = message(answer);
    if let Some(after) = rate_limit(answer, &said) {
        let said = format!("{said}; it asks to wait {} s", after.as_secs());
        let reason = ForgeError::RateLimited { action, said };
        return Failure::Passing { reason, after: Some(after) };
    }
    let address = request.address.clone();
    Failure::Final(match answer.status {
        401 => ForgeError::Unauthorized { address, said },
        403 if said.contains("GitHub App") => ForgeError::NotAnApp { said },
        403 => ForgeError::Forbidden { action, permission, said },
        404 => ForgeError::NotFound { action, permission, address },
        status @ 500..=599 => {
            let reason = ForgeError::Unwell { action, status };
            if request.is_repeatable {
                return Failure::Passing { reason, after: answer.retry_after() };
            }
            reason
        }
        status => ForgeError::Refused { action, status, said },
    })
}

/// How long to wait where too much was asked: what GitHub says, else until its
/// limit starts anew, else a minute.
fn rate_limit(answer: &Answer, said: &str) -> Option<Duration> {
    let is_spent = answer.header("x-ratelimit-remaining") == Some("0");
    let is_limited = match answer.status {
        429 => true,
        // Other refusals have this status, too.
        403 => answer.retry_after().is_some() || is_spent || said.contains("rate limit"),
        _ => false,
    };
    let until_reset = || {
        let reset = answer.header("x-ratelimit-reset")?.parse().ok().map(Duration::from_secs)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        // A second more: the clocks differ.
        Some(reset.saturating_sub(now) + Duration::from_secs(1))
    };
    let stated = || answer.retry_after().or_else(|| is_spent.then(until_reset).flatten());
    is_limited.then(|| stated().unwrap_or(UNSTATED_WAIT))
}

/// What GitHub says of a refusal, in one line.
fn message(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
        #[serde(default)]
        errors: Vec<Value>,
    }
    let Ok(refusal) = serde_json::from_slice::<Refusal>(&answer.body) else {
        return format!("status {}", answer.status);
    };
    let details = refusal.errors.iter().map(|error| match &error["message"] {
        Value::String(text) => text.clone(),
        _ => error.to_string(),
    });
    let whole = std::iter::once(refusal.message).chain(details).collect::<Vec<_>>().join(": ");
    // It goes on in a sentence of ours.
    whole.trim_end_matches('.').chars().take(MAX_MESSAGE).collect()
}

/// The page after this one (RFC 8288).
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = |parameter: &str| matches!(parameter.trim(), "rel=\"next\"" | "rel=next");
        parameters.split(';').any(is_next).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_that_says_so() {
        let next = "<https://api.github.com/repositories/1/issues/2/comments?page=3>; rel=\"next\"";
        let last = "<https://api.github.com/repositories/1/issues/2/comments?page=9>; rel=\"last\"";
        let address = Some("https://api.github.com/repositories/1/issues/2/comments?page=3");
        assert_eq!(next_page(&format!("{last}, {next}")), address);
        assert_eq!(next_page(last), None);
        assert_eq!(next_page("nonsense"), None);
    }
}
