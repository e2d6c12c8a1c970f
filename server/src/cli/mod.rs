//! The command line: one file per subcommand.
//!
//! Exit codes: 0 fine; 1 findings or a difference where one was forbidden; 2 bad
//! usage or unreadable input, with one line on standard error.

pub mod build_path;
mod database;
pub mod demo;
mod extract;
mod openapi;
mod project;
mod serve;
mod token;
mod upload;
mod why;

use std::process::ExitCode;

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
    Why(why::Why),
    Serve(serve::Serve),
    Project(project::Project),
    Token(token::Token),
    Upload(upload::Upload),
    Demo(demo::Demo),
    Openapi(openapi::Openapi),
}

impl Cli {
    /// Runs the subcommand. What fails is said in one line on standard error.
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Extract(extract) => extract.run(),
            Command::Why(why) => why.run(),
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
    fn an_error_is_one_line_without_control_characters() {
        let error = anyhow::anyhow!("a\u{1b}[31m\nb").context("cannot read");
        assert_eq!(one_line(&error), "cannot read: a [31m b");
    }
}
