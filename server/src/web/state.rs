//! What every handler has: the store, the limits, and whose turn it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::AppError;
use super::derived::Derived;
use super::events::Events;
use super::identity::Issuer;
use super::policies::Policies;
use super::webhook::Patience;
use crate::store::{Reader, Store, StoreError, Writer};

/// The issuer of GitHub Actions. A GitHub Enterprise Server has its own, at
/// `https://HOST/_services/token`.
pub const GITHUB_ACTIONS: &str = "https://token.actions.githubusercontent.com";

/// How the server behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Largest firmware accepted, in bytes, decompressed.
    pub max_upload: u64,
    /// Where firmware is kept after extraction; nowhere when `None`.
    pub keep_firmware: Option<PathBuf>,
    /// What addresses start with in answers, without a `/` at the end; answers
    /// hold paths alone when `None`.
    pub base_url: Option<String>,
    /// Whose identities of workflows are exchanged for tokens: the address of an
    /// OpenID Connect issuer, such as that of GitHub Actions.
    pub oidc_issuer: String,
    /// The least time between two readings of its keys.
    pub oidc_pause: Duration,
    /// When webhooks are called.
    pub webhook: Patience,
    /// Folder for bodies while they are received. Their files have no names, so
    /// nothing is left of them, whatever happens.
    pub spool: PathBuf,
    /// How long a client may take to send the head of a request, and how long a
    /// connection may stay open without one.
    pub head_total: Duration,
    /// How long a body may bring nothing before it is given up.
    pub body_idle: Duration,
    /// How long a body may take in all.
    pub body_total: Duration,
}

impl Config {
    /// The usual limits, for the database of `store`.
    pub fn for_store(store: &Store) -> Self {
        let mut spool = store.path().as_os_str().to_owned();
        spool.push("-spool");
        Self {
            max_upload: 64 << 20,
            keep_firmware: None,
            base_url: None,
            oidc_issuer: GITHUB_ACTIONS.to_owned(),
            oidc_pause: Duration::from_secs(30),
            webhook: Patience::default(),
            spool: spool.into(),
            head_total: Duration::from_secs(30),
            body_idle: Duration::from_secs(30),
            body_total: Duration::from_mins(10),
        }
    }
}

/// What every handler has. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    store: Store,
    config: Arc<Config>,
    /// One extraction per core at a time; the others wait with their file on
    /// disk.
    extractions: Arc<Semaphore>,
    derived: Derived,
    events: Events,
    issuer: Arc<Issuer>,
}

impl AppState {
    /// The state of a server, with its folders made.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn new(store: Store, config: Config) -> std::io::Result<Self> {
        std::fs::create_dir_all(&config.spool)?;
        if let Some(folder) = &config.keep_firmware {
            std::fs::create_dir_all(folder)?;
        }
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let issuer = Issuer::new(&config.oidc_issuer, config.oidc_pause);
        Ok(Self {
            store,
            issuer: Arc::new(issuer),
            config: Arc::new(config),
            extractions: Arc::new(Semaphore::new(cores)),
            derived: Derived::default(),
            events: Events::default(),
        })
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How the server behaves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What the projects configure.
    pub(super) fn policies(&self) -> Policies {
        self.derived.policies().clone()
    }

    /// What is derived from all that a project holds.
    pub(super) fn derived(&self) -> Derived {
        self.derived.clone()
    }

    /// Whom to tell what happens to builds.
    pub(super) const fn events(&self) -> &Events {
        &self.events
    }

    /// Whose identities of workflows count.
    pub(super) fn issuer(&self) -> Arc<Issuer> {
        Arc::clone(&self.issuer)
    }

    /// For whom an identity has to be: the host of this server, with its port where
    /// that is not the usual one.
    pub(super) fn audience(&self) -> Option<String> {
        let url = self.config.base_url.as_deref()?;
        let (_, rest) = url.split_once("://")?;
        Some(rest.split('/').next().unwrap_or_default().to_ascii_lowercase())
    }

    /// Asks the store something, on a thread that may wait.
    ///
    /// # Errors
    /// What `question` returns, and when the database fails.
    pub async fn read<T, E>(
        &self,
        question: impl FnOnce(&Reader<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, AppError>
    where
        T: Send + 'static,
        E: From<StoreError> + Into<AppError> + Send + 'static,
    {
        let store = self.store.clone();
        blocking(move || store.read(question).map_err(Into::into)).await
    }

    /// Changes the store in one transaction, on a thread that may wait.
    ///
    /// # Errors
    /// What `change` returns, and when the database fails.
    pub async fn write<T, E>(
        &self,
        change: impl FnOnce(&Writer<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, AppError>
    where
        T: Send + 'static,
        E: From<StoreError> + Into<AppError> + Send + 'static,
    {
        let store = self.store.clone();
        blocking(move || store.write(change).map_err(Into::into)).await
    }

    /// Waits for a turn to extract.
    pub(super) async fn extraction(&self) -> Result<OwnedSemaphorePermit, AppError> {
        Arc::clone(&self.extractions).acquire_owned().await.map_err(AppError::internal)
    }

    /// An address in an answer.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.base_url.as_deref().unwrap_or_default())
    }
}

/// Runs `work` on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // Panics go on where the layer that catches them sees them.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(AppError::internal(error)),
        },
    }
}
