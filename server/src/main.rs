//! The `initboard` program.

use std::process::ExitCode;

use clap::Parser;
use initboard::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
