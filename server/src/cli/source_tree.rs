//! The source tree that somebody names, with its configuration and the ports
//! that were asked for.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use crate::config::{Config, ConfigError, FILE_NAME};
use crate::model::{MAX_CONFIGURATION_BYTES, PortName};
use crate::report::terminal::printable;
use crate::tree::layout::PortFolder;
use crate::tree::{self, Opened};

/// Most ports that are named where one is missing.
const MAX_NAMED: usize = 40;
/// Most names that are said to be none, a line each.
const MAX_SKIPPED: usize = 10;

/// How to read the tree that `--tree` names, and which of its ports.
#[derive(Debug, Args)]
pub(super) struct TreeArguments {
    /// Commit, branch or tag of the tree to read straight from git; without it,
    /// the files as they stand, and HEAD of a bare repository
    #[arg(long, value_name = "REV", requires = "tree")]
    rev: Option<String>,
    /// Configuration to use in place of the initboard.toml of the tree, or of this
    /// folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// A source tree with the ports that were asked for.
pub(super) struct SelectedTree {
    pub(super) opened: Opened,
    pub(super) config: Config,
    /// The text of the tree's own; `None` where another one is used.
    pub(super) configuration: Option<String>,
    pub(super) ports: Vec<PortFolder>,
}

impl TreeArguments {
    /// Opens the tree at `path`, reads its configuration, and finds its ports;
    /// only those in `only`, if it names any.
    ///
    /// # Errors
    /// When the tree or its configuration cannot be read, or when it has no
    /// port, or lacks one that was asked for.
    pub(super) fn open(&self, path: &Path, only: &[PortName]) -> anyhow::Result<SelectedTree> {
        let opened = tree::open(path, self.rev.as_deref())?;
        let (config, configuration) = self.config(path, &opened)?;
        let (mut ports, _) = config.tree.ports(&*opened.tree)?;
        let name = path.display();
        ensure!(
            !ports.is_empty(),
            "{name} has no ports: expected the root of a firmware's source tree, or its layout in `[tree]` of {FILE_NAME}"
        );
        if let Some(missing) = only.iter().find(|name| ports.iter().all(|p| p.port != **name)) {
            let names: Vec<&str> =
                ports.iter().take(MAX_NAMED).map(|port| port.port.as_str()).collect();
            bail!("{name} has no port `{missing}`: expected one of {}", names.join(", "));
        }
        ports.retain(|port| only.is_empty() || only.contains(&port.port));
        Ok(SelectedTree { opened, config, configuration, ports })
    }

    /// The configuration for firmware that is given as files: the one that is
    /// named, else that of the folder where this program runs, if it has one.
    ///
    /// # Errors
    /// When it cannot be read, or is no configuration.
    pub(super) fn config_of_firmware(&self) -> anyhow::Result<Config> {
        // Where files conflict with --tree, clap does not ask for what needs it.
        ensure!(
            self.rev.is_none(),
            "--rev is for source trees: expected --tree PATH in place of files"
        );
        config_of_firmware(self.config.as_deref())
    }

    /// The configuration that is named.
    pub(super) fn config_path(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The configuration, and its text where it is the tree's own.
    fn config(&self, path: &Path, opened: &Opened) -> anyhow::Result<(Config, Option<String>)> {
        if let Some(path) = &self.config {
            return Ok((read(path)?.0, None));
        }
        let read = || -> Result<_, ConfigError> {
            Ok((Config::of_tree(&*opened.tree)?, Config::text_of_tree(&*opened.tree)?))
        };
        read().with_context(|| {
            let place = path.join(FILE_NAME);
            match opened.commit() {
                Some(commit) => format!("{} at {}", place.display(), commit.sha.short()),
                None => place.display().to_string(),
            }
        })
    }
}

impl SelectedTree {
    /// The names of the ports that were asked for.
    pub(super) fn port_names(&self) -> Vec<PortName> {
        self.ports.iter().map(|port| port.port.clone()).collect()
    }
}

/// The configuration in `file`, else that of the folder where this program runs,
/// if it has one.
///
/// # Errors
/// When it cannot be read, or is no configuration.
pub(super) fn config_of_firmware(file: Option<&Path>) -> anyhow::Result<Config> {
    let here = Path::new(FILE_NAME);
    match file {
        Some(path) => Ok(read(path)?.0),
        None if here.exists() => Ok(read(here)?.0),
        None => Ok(Config::shipped()),
    }
}

/// Says which files and folders stand where ports, boards and variants do, and
/// have names that none of these can have.
pub(super) fn complain_of_skipped(skipped: &[String]) {
    for name in skipped.iter().take(MAX_SKIPPED) {
        anstream::eprintln!(
            "initboard: skipped {}: its name can be none of a port, board or variant",
            printable(name)
        );
    }
    if let Some(more @ 1..) = skipped.len().checked_sub(MAX_SKIPPED) {
        anstream::eprintln!("initboard: skipped {more} more of that kind");
    }
}

/// The configuration in a file, and its text.
///
/// # Errors
/// When it cannot be read, or is no configuration.
pub(super) fn read(path: &Path) -> anyhow::Result<(Config, String)> {
    let text = read_bytes(path)?;
    let config = Config::parse(&text).with_context(|| path.display().to_string())?;
    Ok((config, String::from_utf8(text)?))
}

fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let cannot_read = || format!("cannot read {name}");
    let metadata = std::fs::metadata(path).with_context(cannot_read)?;
    ensure!(metadata.is_file(), "{name} is no regular file: expected a file such as {FILE_NAME}");
    let mut text = Vec::new();
    let file = std::fs::File::open(path).with_context(cannot_read)?;
    file.take(MAX_CONFIGURATION_BYTES as u64 + 1)
        .read_to_end(&mut text)
        .with_context(cannot_read)?;
    ensure!(
        text.len() <= MAX_CONFIGURATION_BYTES,
        "{name} has more than {MAX_CONFIGURATION_BYTES} bytes: expected a file such as {FILE_NAME}"
    );
    Ok(text)
}
