//! Who a workflow is: what its forge signs of it (OpenID Connect).
//!
//! GitHub Actions gives a job that has `id-token: write` a statement of who it is, a
//! JSON Web Token made for one audience:
//! <https://docs.github.com/actions/reference/security/oidc>. [`Issuer::verify`]
//! checks that the issuer signed it ([`keys`], [`signature`]) for this server and
//! for now, and [`claims`] whether it says what a project asks for. That it counts
//! once is for the store to see to.

pub(super) mod claims;
mod keys;
mod signature;

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation, dangerous};

pub(super) use self::claims::{Claims, Grant};
use self::keys::Keys;
use crate::model::quoted;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 30;

/// Longest statement, in bytes; those of GitHub have some 2,000.
const MAX_BYTES: usize = 16 << 10;

/// Whose statements count.
#[derive(Debug)]
pub(super) struct Issuer {
    url: String,
    keys: Keys,
}

/// A statement that the issuer signed, for this server and for now.
pub(super) struct Identity {
    pub(super) claims: Claims,
    /// By what it is told from every other.
    pub(super) jti: String,
    /// From when on it is refused as expired.
    pub(super) valid_until: Timestamp,
}

/// Why a statement says nothing of who somebody is.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdentityError {
    /// It is no statement of identity.
    #[error(
        "this is no identity of a workflow: {0}; expected a JSON Web Token, as ACTIONS_ID_TOKEN_REQUEST_URL gives it"
    )]
    Malformed(String),
    /// It is signed in another way, or says that it is.
    #[error("the identity is not signed with RS256: expected that of its issuer as it was given")]
    Algorithm,
    /// It was signed with a key that the issuer does not have.
    #[error(
        "the identity is signed with the key `{found}`, which {issuer} does not have: expected one that it signed"
    )]
    UnknownKey { found: String, issuer: String },
    /// It was changed.
    #[error(
        "the signature of the identity is wrong: expected that of its issuer, and nothing changed"
    )]
    Signature,
    /// A claim is not as it has to be.
    #[error("the claim `{claim}` of the identity is {found}: expected {expected}")]
    Claim { claim: &'static str, found: String, expected: String },
    /// The keys of the issuer cannot be had.
    #[error("the keys of {issuer} cannot be read: {reason}; try again shortly")]
    NoKeys { issuer: String, reason: String },
}

impl IdentityError {
    /// A claim that is not as it has to be.
    fn claim(claim: &'static str, found: Option<&str>, expected: impl Into<String>) -> Self {
        let found =
            found.map_or_else(|| "missing".to_owned(), |text| format!("`{}`", quoted(text)));
        Self::Claim { claim, found, expected: expected.into() }
    }
}

impl Issuer {
    /// The issuer at `url`, whose keys are read anew at most once in `pause`.
    pub(super) fn new(url: &str, pause: Duration) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { keys: Keys::new(&url, pause), url }
    }

    /// Reads a statement, and checks all but what a project asks for. Blocks the
    /// thread.
    ///
    /// # Errors
    /// When it is none, or not for `audience`, or not for now.
    pub(super) fn verify(
        &self,
        text: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Identity, IdentityError> {
        if text.len() > MAX_BYTES {
            let bytes = format!("it has {} bytes, and no more than {MAX_BYTES}", text.len());
            return Err(IdentityError::Malformed(bytes));
        }
        // Before the keys: what somebody else signed is no reason to ask for them.
        let claims = dangerous::insecure_decode_claims::<Claims>(text)
            .map_err(|error| IdentityError::Malformed(error.to_string()))?;
        self.check_issuer(&claims)?;
        // Fails on `none`, too, which is no algorithm to the library.
        let header = jsonwebtoken::decode_header(text).map_err(|_| IdentityError::Algorithm)?;
        if header.alg != Algorithm::RS256 {
            return Err(IdentityError::Algorithm);
        }
        let kid = header.kid.unwrap_or_default();
        let key = self.keys.get(&kid, &self.url)?;
        signature::install();
        let claims = jsonwebtoken::decode::<Claims>(text, &key, &signature_alone())
            .map_err(|_| IdentityError::Signature)?
            .claims;
        self.check_issuer(&claims)?;
        if !claims.audience.as_ref().is_some_and(|found| found.is_only(audience)) {
            let found = claims.audience.as_ref().map(ToString::to_string);
            let expected = format!("`{audience}`, the host of this server's --base-url");
            return Err(IdentityError::claim("aud", found.as_deref(), expected));
        }
        let valid_until = check_times(&claims, now)?;
        let jti = claims.jti.clone().filter(|jti| (1..=200).contains(&jti.len()));
        let jti = jti.ok_or_else(|| {
            IdentityError::claim("jti", claims.jti.as_deref(), "a name of 1 to 200 bytes")
        })?;
        Ok(Identity { claims, jti, valid_until })
    }

    fn check_issuer(&self, claims: &Claims) -> Result<(), IdentityError> {
        if claims.issuer.as_deref() == Some(&self.url) {
            return Ok(());
        }
        let expected = format!("`{}`, which this server accepts (--oidc-issuer)", self.url);
        Err(IdentityError::claim("iss", claims.issuer.as_deref(), expected))
    }
}

/// The signature, and nothing of what is signed: for that the library knows only
/// that it is wrong.
fn signature_alone() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

/// Checks that a statement is for now; gives until when it is.
fn check_times(claims: &Claims, now: Timestamp) -> Result<Timestamp, IdentityError> {
    let now = now.as_second();
    let said = |time: Option<i64>| {
        time.map(|time| Timestamp::from_second(time).map_or(time.to_string(), |at| at.to_string()))
    };
    let end = claims.expires.and_then(|time| time.checked_add(LEEWAY));
    let end = end.filter(|end| *end > now).and_then(|end| Timestamp::from_second(end).ok());
    let end = end.ok_or_else(|| {
        let expected = "a time that is not over: get a new one for each exchange";
        IdentityError::claim("exp", said(claims.expires).as_deref(), expected)
    })?;
    if claims.not_before.is_none_or(|start| start.saturating_sub(LEEWAY) > now) {
        let expected = "a time that has come; else the clocks differ";
        return Err(IdentityError::claim("nbf", said(claims.not_before).as_deref(), expected));
    }
    Ok(end)
}
