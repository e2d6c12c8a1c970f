//! `initboard order`: the order file, written and brought up to date.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use super::builds;
use super::output::print;
use super::source_tree::config_of_firmware;
use crate::analyze::diff::Unreadable;
use crate::analyze::order_file::{OrderFile, Unbuilt};
use crate::report::changes::counted;

/// Largest order file, in bytes. That of 250 boards has some 100 kB.
const MAX_ORDER_BYTES: u64 = 16 << 20;

/// Print what boards run as a text to be reviewed with the source, or keep such a
/// file up to date
#[derive(Debug, Args)]
pub(super) struct Order {
    /// Linked firmware (ELF), tables as `initboard extract --format json` prints
    /// them, or a folder with either as ports/PORT/build-BOARD/FILE
    #[arg(value_name = "FILE", required = true)]
    builds: Vec<PathBuf>,
    /// Write this order file; what stands in it of other boards is kept, and so are
    /// comments
    #[arg(long, value_name = "ORDER")]
    write: Option<PathBuf>,
    /// Leave out the boards of the file that are not among the builds
    #[arg(long, requires = "write")]
    prune: bool,
    /// Configuration to use in place of the initboard.toml of this folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Order {
    /// Prints the order file, or writes it. A build that cannot be read leaves the
    /// file as it is.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = config_of_firmware(self.config.as_deref())?;
        let built = builds::read(&self.builds, &config)?;
        if let Some(Unreadable { board, why }) = built.unreadable.first() {
            bail!("{board}: {why}");
        }
        let earlier = match &self.write {
            Some(path) if path.exists() => read(path)?,
            _ => OrderFile::default(),
        };
        let unbuilt = if self.prune { Unbuilt::Drop } else { Unbuilt::Keep };
        let updated = earlier.updated(&built.builds, unbuilt)?;
        for no_order in &updated.left_out {
            super::complain(&anyhow::anyhow!("left out: {no_order}"));
        }
        let text = updated.file.to_string();
        let Some(path) = &self.write else {
            print(&text)?;
            return Ok(ExitCode::SUCCESS);
        };
        std::fs::write(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        for lost in &updated.lost {
            super::complain(&anyhow::anyhow!("a comment without a line is left out: {lost}"));
        }
        let boards = counted(updated.file.boards(), "board");
        let ports = counted(updated.file.ports(), "port");
        print(&format!("{}: {boards} of {ports}\n", path.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The order file at a path.
///
/// # Errors
/// When it cannot be read, or is none.
pub(super) fn read(path: &Path) -> anyhow::Result<OrderFile> {
    let name = path.display();
    let cannot_read = || format!("cannot read {name}");
    let metadata = std::fs::metadata(path).with_context(cannot_read)?;
    ensure!(
        metadata.is_file(),
        "{name} is no regular file: expected an order file, which `initboard order --write` writes"
    );
    let mut text = Vec::new();
    let file = std::fs::File::open(path).with_context(cannot_read)?;
    file.take(MAX_ORDER_BYTES + 1).read_to_end(&mut text).with_context(cannot_read)?;
    ensure!(
        text.len() as u64 <= MAX_ORDER_BYTES,
        "{name} has more than {MAX_ORDER_BYTES} bytes: expected an order file, which `initboard order --write` writes"
    );
    let text = String::from_utf8(text).with_context(|| {
        format!("{name} is no text in UTF-8: expected an order file, which `initboard order --write` writes")
    })?;
    text.parse::<OrderFile>().with_context(|| name.to_string())
}
