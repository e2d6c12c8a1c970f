//! `initboard serve`: the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, ensure};
use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::database::Database;
use crate::web::{self, AppState, Config};

/// Where the server listens unless told otherwise.
pub(super) const DEFAULT_LISTEN: &str = "127.0.0.1:8424";

/// Serve the pages and the API
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    database: Database,
    /// Address and port to listen on
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "INITBOARD_LISTEN",
        default_value = DEFAULT_LISTEN
    )]
    listen: SocketAddr,
    /// Largest firmware accepted, decompressed: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", env = "INITBOARD_MAX_UPLOAD", default_value = "64MiB")]
    max_upload: Size,
    /// Keep each uploaded firmware in this folder; without it none is kept
    #[arg(long, value_name = "DIR", env = "INITBOARD_KEEP_FIRMWARE")]
    keep_firmware: Option<PathBuf>,
    /// The address under which people reach this server; answers to uploads
    /// hold it
    #[arg(long, value_name = "URL", env = "INITBOARD_BASE_URL")]
    base_url: Option<String>,
    /// Whose identities of workflows are exchanged for tokens (`initboard project
    /// trust`): an OpenID Connect issuer. A GitHub Enterprise Server
    /// has its own, HOST/_services/token
    #[arg(
        long,
        value_name = "URL",
        env = "INITBOARD_OIDC_ISSUER",
        default_value = web::GITHUB_ACTIONS
    )]
    oidc_issuer: String,
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let shift = match unit.trim() {
            "" | "B" => Some(0),
            "KiB" | "K" => Some(10),
            "MiB" | "M" => Some(20),
            "GiB" | "G" => Some(30),
            _ => None,
        };
        shift
            .and_then(|shift| digits.parse::<u64>().ok()?.checked_mul(1 << shift))
            .filter(|&size| size > 0)
            .map(Self)
            .ok_or_else(|| {
                "expected a number of bytes, or one with KiB, MiB or GiB: 64MiB".to_owned()
            })
    }
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
        let service = Service::new()?;
        let store = self.database.open()?;
        let base_url = self.base_url.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &base_url {
            ensure!(
                url.starts_with("https://") || url.starts_with("http://"),
                "`{url}` is not an address: expected one that starts with https:// or http://"
            );
        }
        let issuer = self.oidc_issuer.trim_end_matches('/').to_owned();
        // Whoever could change its keys on the way could sign as anybody.
        ensure!(
            issuer.starts_with("https://") || is_of_this_machine(&issuer),
            "`{issuer}` is no issuer to trust: expected an address that starts with https://"
        );
        let config = Config {
            oidc_issuer: issuer,
            max_upload: self.max_upload.0,
            keep_firmware: self.keep_firmware,
            base_url,
            ..Config::for_store(&store)
        };
        let app = AppState::new(store, config).context("cannot make the server's folders")?;
        service.listen(self.listen, None, app)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether an address without TLS leads nowhere else, as in tests.
fn is_of_this_machine(url: &str) -> bool {
    let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    host.and_then(|host| host.parse::<SocketAddr>().ok())
        .is_some_and(|address| address.ip().is_loopback())
}

/// Somebody who serves, and hears from the first moment on when asked to stop.
pub(super) struct Service {
    runtime: Runtime,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Service {
    /// Starts to hear. Signals do not end the process from here on.
    pub(super) fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let entered = runtime.enter();
        let stop = Box::pin(stop_signal()?);
        drop(entered);
        Ok(Self { runtime, stop })
    }

    /// Says where the server listens, and with which page to begin if there is one
    /// to begin with, and answers requests until it is asked to stop, or was
    /// before.
    pub(super) fn listen(
        self,
        address: SocketAddr,
        first_page: Option<&str>,
        app: AppState,
    ) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!("cannot listen on {address}; --listen chooses another address or port")
            })?;
            let address = listener.local_addr()?;
            if let Some(path) = first_page {
                anstream::eprintln!("begin with http://{address}/{path}");
            }
            anstream::eprintln!("listening on http://{address}");
            web::serve(listener, app, self.stop).await;
            Ok(())
        })
    }
}

/// Ready when the process is asked to stop: Ctrl-C, SIGTERM as service managers
/// send it, or SIGHUP when the terminal closes.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // `nohup` starts programs so that they go on when the terminal closes.
    let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Whether the process was started with SIGHUP ignored (proc(5), `SigIgn`: a bit
/// for each signal, from 1 on).
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!("64MiB".parse(), Ok(Size(64 << 20)));
        assert_eq!("1 GiB".parse(), Ok(Size(1 << 30)));
        assert_eq!("4096".parse(), Ok(Size(4096)));
        for text in ["", "0", "MiB", "1XB", "-1", "99999999999GiB"] {
            assert!(text.parse::<Size>().is_err(), "{text:?} was accepted");
        }
    }
}
