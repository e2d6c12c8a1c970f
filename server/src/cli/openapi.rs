//! `initboard openapi`: the description of the API, as `docs/openapi.json` has
//! it.

use std::process::ExitCode;

use clap::Args;

use super::output::print;

/// Print the description of the API (OpenAPI)
#[derive(Debug, Args)]
pub(super) struct Openapi {}

impl Openapi {
    #[expect(clippy::unused_self, reason = "every subcommand runs the same way")]
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        print(&crate::web::openapi::text()?)?;
        Ok(ExitCode::SUCCESS)
    }
}
