//! The command line: one file per subcommand.
//!
//! Exit codes: 0 fine; 1 findings or a difference where one was forbidden; 2 bad
//! usage or unreadable input, with one line on standard error. The code is the same
//! when whoever reads the output has read enough (`| head`).

mod builds;
mod catalog;
mod check;
mod comment;
mod compared;
mod database;
pub mod demo;
mod diff;
mod extract;
mod extract_tree;
mod firmware_file;
mod firmware_folder;
mod identity;
mod matrix;
mod migrate;
mod openapi;
mod order;
mod order_check;
mod output;
mod project;
mod serve;
mod server;
mod source_tree;
mod subjects;
mod subsystems;
mod token;
mod trust;
mod upload;
mod webhook;
mod why;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

/// Shows which init and deinit functions a firmware runs, in which order, and
/// how that differs elsewhere
#[derive(Debug, Parser)]
#[command(name = "initboard", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Extract(extract::Extract),
    Order(order::Order),
    Check(check::Check),
    Diff(diff::Diff),
    Comment(comment::Comment),
    Subsystems(subsystems::Subsystems),
    Why(why::Why),
    Catalog(catalog::Catalog),
    Matrix(matrix::Matrix),
    Migrate(migrate::Migrate),
    Serve(serve::Serve),
    Project(project::Project),
    Token(token::Token),
    Upload(upload::Upload),
    Demo(demo::Demo),
    Openapi(openapi::Openapi),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli.run(),
        Err(error) => match error.kind() {
            // Asked for, and longer than a line.
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
            _ => {
                anstream::eprintln!("initboard: {}", usage_line(&error.to_string()));
                ExitCode::from(2)
            }
        },
    }
}

/// What clap says of bad usage, in one line: without the synopsis, which
/// `--help` has as well.
fn usage_line(message: &str) -> String {
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<&str> = lines
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .collect();
    let said = said.join(" ");
    format!("{}; --help tells more", said.strip_prefix("error: ").unwrap_or(&said))
}

impl Cli {
    /// Runs the subcommand. What fails is said in one line on standard error.
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Extract(extract) => extract.run(),
            Command::Order(order) => order.run(),
            Command::Check(check) => check.run(),
            Command::Diff(diff) => diff.run(),
            Command::Comment(comment) => comment.run(),
            Command::Subsystems(subsystems) => subsystems.run(),
            Command::Why(why) => why.run(),
            Command::Catalog(catalog) => catalog.run(),
            Command::Matrix(matrix) => matrix.run(),
            Command::Migrate(migrate) => migrate.run(),
            Command::Serve(serve) => serve.run(),
            Command::Project(project) => project.run(),
            Command::Token(token) => token.run(),
            Command::Upload(upload) => upload.run(),
            Command::Demo(demo) => demo.run(),
            Command::Openapi(openapi) => openapi.run(),
        };
        match result {
            Ok(code) => code,
            Err(error) => {
                complain(&error);
                ExitCode::from(2)
            }
        }
    }
}

/// Says what failed, in one line on standard error.
fn complain(error: &anyhow::Error) {
    anstream::eprintln!("initboard: {}", one_line(error));
}

/// An error with its causes in one line, without control characters: messages
/// quote names that come from files and servers.
fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}")
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bad_usage_is_said_in_one_line() {
        let said = |arguments: &[&str]| {
            let error = Cli::try_parse_from(["initboard"].iter().chain(arguments)).unwrap_err();
            usage_line(&error.to_string())
        };
        assert_eq!(
            said(&["extract", "--format", "yaml", "x"]),
            "invalid value 'yaml' for '--format <FORMAT>' [possible values: terminal, json]; --help tells more"
        );
        assert_eq!(
            said(&["why", "x"]),
            "the following required arguments were not provided: <FILE>; --help tells more"
        );
        assert_eq!(
            said(&["extrct", "x"]),
            "unrecognized subcommand 'extrct' tip: a similar subcommand exists: 'extract'; --help tells more"
        );
    }

    #[test]
    fn an_error_is_one_line_without_control_characters() {
        let error = anyhow::anyhow!("a\u{1b}[31m\nb").context("cannot read");
        assert_eq!(one_line(&error), "cannot read: a [31m b");
    }
}
