//! The keys with which an issuer signs, read from where it publishes them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};

use super::IdentityError;
use crate::http::{self, Answer};

/// How long keys count after they were read: one that was withdrawn is refused from
/// then on.
const MAX_AGE: Duration = Duration::from_hours(1);
/// How long the issuer may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest set of keys, in bytes; that of GitHub has some 10,000.
const MAX_BYTES: u64 = 256 << 10;

/// The keys of an issuer. They are read when one is asked for that is not known, or
/// those that are known are old: at most once in a while, so that nobody who makes
/// up names of keys can have them read.
#[derive(Debug)]
pub(super) struct Keys {
    address: String,
    pause: Duration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    read_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl Keys {
    /// The keys of the issuer at `url`. Both GitHub and GitHub Enterprise publish
    /// them where OpenID Connect Discovery usually leads.
    pub(super) fn new(url: &str, pause: Duration) -> Self {
        let address = format!("{url}/.well-known/jwks");
        Self { address, pause, known: Mutex::default() }
    }

    /// The key of that name. Whoever asks while they are read waits, and does not
    /// read them again.
    pub(super) fn get(&self, kid: &str, issuer: &str) -> Result<DecodingKey, IdentityError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |since: Option<Instant>, time| since.is_none_or(|at| at.elapsed() >= time);
        let is_old = is_over(known.read_at, MAX_AGE);
        if !is_old && let Some(key) = known.keys.get(kid) {
            return Ok(key.clone());
        }
        let no_keys = |reason: String| IdentityError::NoKeys { issuer: issuer.to_owned(), reason };
        if is_over(known.tried_at, self.pause) {
            known.tried_at = Some(Instant::now());
            known.keys = self.read().map_err(no_keys)?;
            known.read_at = Some(Instant::now());
        } else if is_old {
            return Err(no_keys("they could not be read a moment ago".to_owned()));
        }
        known.keys.get(kid).cloned().ok_or_else(|| IdentityError::UnknownKey {
            found: crate::model::quoted(kid),
            issuer: issuer.to_owned(),
        })
    }

    fn read(&self) -> Result<HashMap<String, DecodingKey>, String> {
        let request = http::agent().get(&self.address);
        let answer = request
            .config()
            .timeout_global(Some(TIMEOUT))
            // Where keys come from is not for the issuer's host to delegate.
            .max_redirects(0)
            .build()
            .call()
            .and_then(|response| Answer::read(response, MAX_BYTES))
            .map_err(|error| error.to_string())?;
        if answer.status != 200 {
            return Err(format!("{} answered with status {}", self.address, answer.status));
        }
        let set: JwkSet = serde_json::from_slice(&answer.body)
            .map_err(|error| format!("{} holds no set of keys: {error}", self.address))?;
        Ok(set.keys.iter().filter_map(rsa_key).collect())
    }
}

/// A key for RS256, with its name. Others are passed over.
fn rsa_key(key: &Jwk) -> Option<(String, DecodingKey)> {
    let AlgorithmParameters::RSA(parameters) = &key.algorithm else { return None };
    let name = key.common.key_id.clone()?;
    Some((name, DecodingKey::from_rsa_components(&parameters.n, &parameters.e).ok()?))
}
