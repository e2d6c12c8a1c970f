//! What the tests share.

pub(crate) mod answers;
pub(crate) mod github;

use std::time::Duration;

use initboard::forge;
use initboard::forge::github::VerdictKind;
use initboard::http::Patience;

use self::github::{GitHub, REPOSITORY, TOKEN};

/// Short waits: what is tested is that there is one.
pub(crate) const HASTE: Patience = Patience {
    attempts: 3,
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_secs(2),
};

/// A client with the token of GitHub Actions.
pub(crate) fn client(github: &GitHub) -> forge::github::GitHub {
    client_with(github, TOKEN, VerdictKind::CheckRun)
}

pub(crate) fn client_with(
    github: &GitHub,
    token: &str,
    verdict: VerdictKind,
) -> forge::github::GitHub {
    let repository = REPOSITORY.parse().unwrap();
    let token = token.parse().unwrap();
    forge::github::GitHub::new(&github.api(), repository, token, verdict, HASTE, |_| ())
}
