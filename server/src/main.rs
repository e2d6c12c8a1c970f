//! The `initboard` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    initboard::cli::main()
}
