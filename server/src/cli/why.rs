//! `initboard why`: who registers or calls a function, what orders it, and which
//! call of main reaches it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::extract::{label, read};
use super::output::print;
use super::source_tree::config_of_firmware;
use crate::analyze::why;
use crate::report::terminal;

/// Say who registers or calls a function, what orders it, and which call of main
/// reaches it
#[derive(Debug, Args)]
pub(super) struct Why {
    /// The function, or a part of its name
    #[arg(value_name = "FUNCTION")]
    function: String,
    /// Linked firmware (ELF)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Configuration to use in place of the initboard.toml of this folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Why {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = config_of_firmware(self.config.as_deref())?;
        let table = read(&self.file, &config)?;
        let reasons = match why::reasons(&table, &self.function) {
            Ok(reasons) => reasons,
            Err(similar) if similar.is_empty() => {
                bail!(
                    "`{}` is neither registered nor called by main in {}",
                    self.function,
                    label(&self.file, &config)
                )
            }
            Err(similar) => bail!(
                "`{}` is neither registered nor called by main in {}; there is {}",
                self.function,
                label(&self.file, &config),
                similar.join(", ")
            ),
        };
        print(&terminal::reasons(&label(&self.file, &config), &table, &reasons))?;
        Ok(ExitCode::SUCCESS)
    }
}
