//! The source tree that somebody names, with its configuration.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;

use crate::config::{Config, FILE_NAME};
use crate::tree::{self, Opened};

/// Largest configuration, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Which source tree to read.
#[derive(Debug, Args)]
pub(super) struct TreeArguments {
    /// Root of the source tree: a folder with its files, or a git repository,
    /// which may be bare
    #[arg(long, value_name = "PATH")]
    pub(super) tree: PathBuf,
    /// Commit, branch or tag to read straight from git; without it, the files as
    /// they stand, and HEAD of a bare repository
    #[arg(long, value_name = "REV")]
    pub(super) rev: Option<String>,
    /// Configuration to use in place of the initboard.toml of the tree
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl TreeArguments {
    /// Opens the tree and reads its configuration.
    pub(super) fn open(&self) -> anyhow::Result<(Opened, Config)> {
        let opened = tree::open(&self.tree, self.rev.as_deref())?;
        let config = match &self.config {
            Some(path) => {
                let text = read_config(path)?;
                Config::parse(&text).with_context(|| path.display().to_string())?
            }
            None => Config::of_tree(&*opened.tree).with_context(|| {
                let place = self.tree.join(FILE_NAME);
                let commit = opened.commit().map(|commit| commit.sha.short().to_owned());
                match commit {
                    Some(commit) => format!("{} at {commit}", place.display()),
                    None => place.display().to_string(),
                }
            })?,
        };
        Ok((opened, config))
    }
}

fn read_config(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let cannot_read = || format!("cannot read {name}");
    let metadata = std::fs::metadata(path).with_context(cannot_read)?;
    ensure!(metadata.is_file(), "{name} is no regular file: expected a file such as {FILE_NAME}");
    let mut text = Vec::new();
    let file = std::fs::File::open(path).with_context(cannot_read)?;
    file.take(MAX_CONFIG_BYTES + 1).read_to_end(&mut text).with_context(cannot_read)?;
    ensure!(
        text.len() as u64 <= MAX_CONFIG_BYTES,
        "{name} has more than {MAX_CONFIG_BYTES} bytes: expected a file such as {FILE_NAME}"
    );
    Ok(text)
}
