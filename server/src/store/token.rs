//! Tokens: who may upload to a project, and who may configure it.
//!
//! A token's text is shown once, when it is created. The database keeps its
//! SHA-256 — enough to recognise it, useless to whoever reads the file. The
//! text has 256 random bits, so a plain digest cannot be searched.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use sha2::Digest;

use super::value::{Bytes, Seconds};
use super::{ProjectId, Reader, StoreError, TokenId, TrustedRepositoryId, Writer};
use crate::model::Sha256;

/// What every token starts with, so that people and secret scanners know one.
const TOKEN_PREFIX: &str = "ibt_";

/// Length of a token's text: the prefix and 32 bytes in hexadecimal.
const TOKEN_LENGTH: usize = TOKEN_PREFIX.len() + 64;

/// How much of a token's text is kept to name it: 40 random bits.
const SHOWN_LENGTH: usize = TOKEN_PREFIX.len() + 10;

/// Least of a token's text that names it: enough that nobody types it by chance.
const NAMING_LENGTH: usize = TOKEN_PREFIX.len() + 6;

/// The first characters of a token's text, at least 10 of them, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPrefix(String);

/// The text is not the beginning of a token's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this names no token: expected what `initboard token list` shows of it, {TOKEN_PREFIX} and at least 6 characters"
)]
pub struct TokenPrefixError;

impl FromStr for TokenPrefix {
    type Err = TokenPrefixError;

    fn from_str(text: &str) -> Result<Self, TokenPrefixError> {
        let digits = text.strip_prefix(TOKEN_PREFIX).ok_or(TokenPrefixError)?;
        let named = (NAMING_LENGTH..=TOKEN_LENGTH).contains(&text.len());
        if !named || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(TokenPrefixError);
        }
        // More than is stored may be given, such as the whole token.
        Ok(Self(text[..text.len().min(SHOWN_LENGTH)].to_owned()))
    }
}

/// The secret text of a token. Not printed by `Debug`.
#[derive(Clone)]
pub struct TokenText(String);

/// What is known of a token after its creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its row.
    pub id: TokenId,
    /// The project that it is for.
    pub project_id: ProjectId,
    /// The name of that project.
    pub project: String,
    /// What it is for, in the words of who created it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The first characters of its text.
    pub prefix: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When something was last stored with it.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it ends by itself, if ever.
    pub expires_at: Option<Timestamp>,
    /// The pull request whose builds are all that it may send, if it is for one.
    pub pull_request: Option<u32>,
}

/// A token to be stored.
pub(super) struct NewToken<'a> {
    pub(super) project: ProjectId,
    pub(super) name: &'a str,
    pub(super) scopes: Scopes,
    pub(super) text: &'a TokenText,
    pub(super) created_at: Timestamp,
    /// The repository that it was given to, and when it expires.
    pub(super) given: Option<(TrustedRepositoryId, Timestamp)>,
    pub(super) pull_request: Option<u32>,
}

/// One thing that a token may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Send builds, and what source trees say.
    Upload,
    /// Send the configuration.
    Configure,
}

/// The text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a scope: expected upload or configure")]
pub struct ScopeError {
    found: String,
}

/// What a token may do; at least one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes {
    upload: bool,
    configure: bool,
}

impl Scope {
    /// All of them.
    const ALL: [Self; 2] = [Self::Upload, Self::Configure];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Configure => "configure",
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let scope = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        scope.ok_or_else(|| ScopeError { found: crate::model::quoted(text) })
    }
}

impl Scopes {
    /// `first`, and those among `more`.
    pub fn new(first: Scope, more: &[Scope]) -> Self {
        let has = |scope| first == scope || more.contains(&scope);
        Self { upload: has(Scope::Upload), configure: has(Scope::Configure) }
    }

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { upload: row.get("may_upload")?, configure: row.get("may_configure")? })
    }

    /// Those of them that are among `others`, if any.
    pub fn within(self, others: Self) -> Option<Self> {
        let both = Self {
            upload: self.upload && others.upload,
            configure: self.configure && others.configure,
        };
        (both.upload || both.configure).then_some(both)
    }

    /// Whether `scope` is one of them.
    pub const fn allow(self, scope: Scope) -> bool {
        match scope {
            Scope::Upload => self.upload,
            Scope::Configure => self.configure,
        }
    }
}

/// `upload, configure`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Scope::ALL.into_iter().filter(|scope| self.allow(*scope)).map(Scope::as_str);
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

/// The text is not a token's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a token: expected {TOKEN_PREFIX} and 64 characters, as `initboard token create` printed it"
)]
pub struct TokenTextError;

impl TokenText {
    /// A new token from the system's random numbers.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        Ok(Self(format!("{TOKEN_PREFIX}{}", Sha256(random))))
    }

    /// The secret itself, to show it once or to send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> Sha256 {
        Sha256(sha2::Sha256::digest(self.0.as_bytes()).into())
    }

    fn shown(&self) -> &str {
        &self.0[..SHOWN_LENGTH]
    }
}

impl FromStr for TokenText {
    type Err = TokenTextError;

    fn from_str(text: &str) -> Result<Self, TokenTextError> {
        let digits = text.strip_prefix(TOKEN_PREFIX).ok_or(TokenTextError)?;
        if text.len() == TOKEN_LENGTH && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenTextError)
        }
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenText({}…)", self.shown())
    }
}

/// The columns that [`Token::from_row`] reads.
const SELECT_TOKEN: &str = "SELECT token.*, project.name AS project
    FROM token JOIN project ON project.id = token.project_id";

impl Token {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let time = |column| {
            Ok::<_, rusqlite::Error>(row.get::<_, Option<Seconds>>(column)?.map(|at| at.0))
        };
        Ok(Self {
            id: row.get("id")?,
            project_id: row.get("project_id")?,
            project: row.get("project")?,
            name: row.get("name")?,
            scopes: Scopes::from_row(row)?,
            prefix: row.get("prefix")?,
            created_at: row.get::<_, Seconds>("created_at")?.0,
            last_used_at: time("last_used_at")?,
            revoked_at: time("revoked_at")?,
            expires_at: time("expires_at")?,
            pull_request: row.get("pull_request")?,
        })
    }
}

impl Reader<'_> {
    /// The token with that text, revoked or not, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn token(&self, text: &TokenText) -> Result<Option<Token>, StoreError> {
        // Looked up by digest: how long that takes tells nothing of the text.
        let mut query =
            self.sql.prepare_cached(&format!("{SELECT_TOKEN} WHERE token.sha256 = ?1"))?;
        Ok(query.query_row(params![Bytes(text.digest())], Token::from_row).optional()?)
    }

    /// All tokens, by project and age.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let mut query =
            self.sql.prepare_cached(&format!("{SELECT_TOKEN} ORDER BY project.name, token.id"))?;
        let tokens = query.query_map([], Token::from_row)?;
        Ok(tokens.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Stores a new token for a project.
    ///
    /// # Errors
    /// When the database fails.
    pub fn create_token(
        &self,
        project: ProjectId,
        name: &str,
        scopes: Scopes,
        text: &TokenText,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.insert_token(&NewToken {
            project,
            name,
            scopes,
            text,
            created_at: now,
            given: None,
            pull_request: None,
        })
    }

    pub(super) fn insert_token(&self, token: &NewToken<'_>) -> Result<(), StoreError> {
        let (given_to, expires_at) = token.given.unzip();
        self.sql
            .prepare_cached(
                "INSERT INTO token (project_id, name, may_upload, may_configure, prefix, sha256,
                     created_at, trusted_repository_id, expires_at, pull_request)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                token.project,
                token.name,
                token.scopes.upload,
                token.scopes.configure,
                token.text.shown(),
                Bytes(token.text.digest()),
                Seconds(token.created_at),
                given_to,
                expires_at.map(Seconds),
                token.pull_request,
            ])?;
        Ok(())
    }

    /// Revokes the token whose text starts with `prefix`. Revoking twice
    /// changes nothing.
    ///
    /// # Errors
    /// When none or more than one starts so, or the database fails.
    pub fn revoke_token(&self, prefix: &TokenPrefix, now: Timestamp) -> Result<Token, StoreError> {
        let given = &prefix.0;
        let matches: Vec<Token> = self
            .reader()
            .tokens()?
            .into_iter()
            .filter(|token| token.prefix.starts_with(given))
            .collect();
        let [token] = matches.as_slice() else {
            return Err(match matches.len() {
                0 => StoreError::NoToken(given.clone()),
                _ => StoreError::AmbiguousToken(given.clone()),
            });
        };
        self.sql
            .prepare_cached("UPDATE token SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1")?
            .execute(params![token.id, Seconds(now)])?;
        Ok(Token { revoked_at: token.revoked_at.or(Some(now)), ..token.clone() })
    }

    /// Notes that something was stored with the token.
    ///
    /// # Errors
    /// When the database fails.
    pub fn touch_token(&self, token: TokenId, now: Timestamp) -> Result<(), StoreError> {
        self.sql
            .prepare_cached("UPDATE token SET last_used_at = ?2 WHERE id = ?1")?
            .execute(params![token, Seconds(now)])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_by_form_and_not_printed_by_debug() {
        let token = TokenText::generate().unwrap();
        let text = token.reveal().to_owned();
        assert!(text.parse::<TokenText>().is_ok());
        assert!(text.starts_with("ibt_"));
        assert!(!format!("{token:?}").contains(&text[SHOWN_LENGTH..]));
        for wrong in ["", "ibt_", "ibt_é", &text[..67], &text.replace("ibt_", "ghp_")] {
            assert!(wrong.parse::<TokenText>().is_err(), "{wrong:?} was accepted");
        }
    }
}
