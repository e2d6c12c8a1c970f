//! How this program asks other machines: one client, answers of bounded size, and
//! how long to go on asking.

use std::fmt;
use std::time::Duration;

use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderMap, Response};

/// What requests say of who sends them.
const USER_AGENT: &str = concat!("initboard/", env!("CARGO_PKG_VERSION"));

/// A client that gives up on machines that do not answer, and leaves the status of
/// an answer to whoever asked. Secrets follow a redirection only within a host.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_mins(2)))
        .timeout_recv_body(Some(Duration::from_mins(2)))
        .timeout_await_100(Some(Duration::from_secs(5)))
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .user_agent(USER_AGENT)
        .build()
        .into()
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads an answer whose body has at most `limit` bytes.
    ///
    /// # Errors
    /// When it has more, or breaks off.
    pub(crate) fn read(
        mut response: Response<ureq::Body>,
        limit: u64,
    ) -> Result<Self, ureq::Error> {
        let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
        let (parts, _) = response.into_parts();
        Ok(Self { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// A header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long to wait, where the answer says so in seconds (RFC 9110, 10.2.3).
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
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

/// An attempt that failed.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// It would fail again.
    Final(E),
    /// It may succeed when made again, `after` some time if that is known.
    Passing {
        /// Why it failed.
        reason: E,
        /// How long to wait.
        after: Option<Duration>,
    },
}

impl<E> Failure<E> {
    /// That of an exchange of bytes that broke with `error`, for `reason`.
    pub(crate) fn of_exchange(error: &ureq::Error, reason: E) -> Self {
        if may_pass(error) { Self::Passing { reason, after: None } } else { Self::Final(reason) }
    }
}

/// What was tried in vain.
#[derive(Debug)]
pub(crate) struct GivenUp<E> {
    /// Why the last attempt failed.
    pub(crate) reason: E,
    /// How often it was tried.
    pub(crate) attempts: u32,
}

impl<E: fmt::Display> fmt::Display for GivenUp<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        if self.attempts > 1 { write!(f, " (tried {} times)", self.attempts) } else { Ok(()) }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for GivenUp<E> {}

/// How long to go on asking.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often to ask, at most.
    pub attempts: u32,
    /// The wait after the first attempt; it doubles with each one.
    pub first_wait: Duration,
    /// The longest wait. Who asks for a longer one is not asked again: what is done
    /// meanwhile would only make it longer.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
        }
    }
}

impl Patience {
    /// Makes an attempt, again where that may help. What goes wrong meanwhile is
    /// told to `say`.
    ///
    /// # Errors
    /// When an attempt fails for good, or the last one does.
    pub(crate) fn insist<T, E: fmt::Display>(
        &self,
        say: impl Fn(&str),
        mut attempt: impl FnMut() -> Result<T, Failure<E>>,
    ) -> Result<T, GivenUp<E>> {
        let mut wait = self.first_wait;
        let mut attempts = 1;
        loop {
            let (reason, after) = match attempt() {
                Ok(done) => return Ok(done),
                Err(Failure::Final(reason)) => return Err(GivenUp { reason, attempts: 1 }),
                Err(Failure::Passing { reason, after }) => (reason, after),
            };
            let pause = after.unwrap_or(wait.min(self.longest_wait));
            if attempts >= self.attempts || pause > self.longest_wait {
                return Err(GivenUp { reason, attempts });
            }
            say(&format!("{reason}; trying again in {} s", pause.as_secs()));
            std::thread::sleep(pause);
            wait *= 2;
            attempts += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const HASTE: Patience = Patience {
        attempts: 3,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(3),
    };

    fn tried(
        outcomes: Vec<Result<u8, Failure<&'static str>>>,
    ) -> (Result<u8, String>, Vec<String>) {
        let said = RefCell::new(Vec::new());
        let mut outcomes = outcomes.into_iter();
        let result = HASTE
            .insist(|text| said.borrow_mut().push(text.to_owned()), || outcomes.next().unwrap())
            .map_err(|error| error.to_string());
        (result, said.into_inner())
    }

    fn passing(after: Option<Duration>) -> Result<u8, Failure<&'static str>> {
        Err(Failure::Passing { reason: "busy", after })
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let (result, said) = tried(vec![passing(None), passing(Some(Duration::ZERO)), Ok(1)]);
        assert_eq!(result, Ok(1));
        assert_eq!(said, ["busy; trying again in 0 s", "busy; trying again in 0 s"]);
    }

    #[test]
    fn what_does_not_pass_is_given_up() {
        let (result, said) = tried(vec![passing(None), passing(None), passing(None), Ok(1)]);
        assert_eq!(result, Err("busy (tried 3 times)".to_owned()));
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn who_asks_for_too_long_a_wait_is_not_asked_again() {
        let (result, said) = tried(vec![passing(Some(Duration::from_hours(1))), Ok(1)]);
        assert_eq!((result, said.len()), (Err("busy".to_owned()), 0));
    }

    #[test]
    fn a_refusal_is_not_tried_again() {
        let (result, said) = tried(vec![passing(None), Err(Failure::Final("no")), Ok(1)]);
        assert_eq!(result, Err("no".to_owned()));
        assert_eq!(said.len(), 1);
    }
}
