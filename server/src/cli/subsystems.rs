//! `initboard subsystems`: how every function was mapped to its subsystem.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::output::print;
use super::subjects::Subjects;
use crate::analyze::fleet::Unit;
use crate::analyze::subsystem::{By, MappedFunction, mapped};
use crate::report::json;
use crate::report::terminal::printable;

/// Show how every init and deinit function was mapped to a subsystem: by an
/// alias, by the rule of names, or not at all
#[derive(Debug, Args)]
pub(super) struct Subsystems {
    #[command(flatten)]
    subjects: Subjects,
    /// Only functions that neither an alias nor the rule of names says anything of
    #[arg(long)]
    unmapped: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A list for a person
    Terminal,
    /// The list with all that is known
    Json,
}

impl Subsystems {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (subjects, config) = self.subjects.read()?;
        let units: Vec<Unit<'_>> = subjects
            .iter()
            .map(|subject| Unit::new(&subject.label, &subject.port, &subject.table))
            .collect();
        let mut functions = mapped(&units, &config.policy.aliases);
        functions.retain(|function| !self.unmapped || function.by == By::Nothing);
        let text = match self.format {
            Format::Terminal => terminal(&functions),
            Format::Json => json::value(&functions),
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A line for each function, under the name of its subsystem.
fn terminal(functions: &[MappedFunction]) -> String {
    let mut text = String::new();
    let mut subsystem = None;
    for function in functions {
        if subsystem != Some(&function.subsystem) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", printable(&function.subsystem));
            subsystem = Some(&function.subsystem);
        }
        let by = match &function.alias {
            Some(alias) if alias != function.function.as_str() => format!("alias {alias}"),
            _ => function.by.as_str().to_owned(),
        };
        let _ = writeln!(
            text,
            "  {:<36} {:<26} {}",
            printable(function.function.as_str()),
            printable(&by),
            printable(&function.on.join(", "))
        );
    }
    let count = |by| functions.iter().filter(|function| function.by == by).count();
    let _ = writeln!(
        text,
        "{} functions: {} by an alias, {} by the rule of names, {} by nothing",
        functions.len(),
        count(By::Alias),
        count(By::Rule),
        count(By::Nothing)
    );
    text
}
