//! `initboard openapi`: the description of the API, as `docs/openapi.json` has
//! it.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

/// Print the description of the API (OpenAPI)
#[derive(Debug, Args)]
pub(super) struct Openapi {}

impl Openapi {
    #[expect(clippy::unused_self, reason = "every subcommand runs the same way")]
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        std::io::stdout().write_all(crate::web::openapi::text()?.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
