//! `initboard migrate`: how the calls of a main become registrations that run in the
//! same order.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::extract;
use super::output::print;
use super::source_tree::{TreeArguments, complain_of_skipped};
use crate::analyze;
use crate::analyze::migrate::by_hand::Once;
use crate::analyze::migrate::code::Language;
use crate::analyze::migrate::scripts::{ScriptAudit, audit};
use crate::analyze::migrate::{MainText, Proposal, propose};
use crate::model::PortName;
use crate::report::{json, migration};
use crate::tree::{catalog::catalog, headers, mains};

/// Propose registrations that run in the order of the calls in main
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Linked firmware (ELF) of one board, as it is before the migration
    #[arg(value_name = "FILE", required_unless_present = "tree", conflicts_with = "tree")]
    file: Option<PathBuf>,
    /// Source tree with the main of a port, in place of firmware: then arguments,
    /// conditions and lines are known, and main is edited as well
    #[arg(long, value_name = "PATH", requires = "port")]
    tree: Option<PathBuf>,
    /// The port whose main to migrate; of firmware, where its path does not tell
    #[arg(long, value_name = "PORT")]
    port: Option<PortName>,
    #[command(flatten)]
    reading: TreeArguments,
    /// Register what runs once as well, before the soft-reset loop or after it, at
    /// level early
    #[arg(long)]
    early: bool,
    /// Language of the registrations
    #[arg(long, value_enum, default_value_t = LanguageArgument::C)]
    language: LanguageArgument,
    /// Write the registrations, and of a tree main as it is afterwards, into this
    /// folder; nothing where nothing is to be registered
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LanguageArgument {
    /// With the header of registry-rt
    C,
    /// With the crate of registry-rt
    Rust,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A plan for a person
    Terminal,
    /// Everything, for a program
    Json,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    proposal: Proposal,
    /// What the linker scripts of the port's boards do; empty for firmware.
    scripts: Vec<ScriptAudit>,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let printed = match (&self.tree, &self.port, &self.file) {
            (Some(tree), Some(port), _) => self.of_tree(tree, port)?,
            (_, _, Some(file)) => self.of_firmware(file)?,
            _ => unreachable!("clap asks for a file, or for a tree with a port"),
        };
        if let Some(folder) = &self.write {
            write_files(folder, &printed.proposal)?;
        }
        let text = match self.format {
            Format::Json => json::value(&printed),
            Format::Terminal => {
                let scripts = match printed.scripts.as_slice() {
                    [] => String::new(),
                    scripts => migration::scripts(scripts),
                };
                migration::terminal(&printed.proposal) + &scripts
            }
        };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }

    fn of_firmware(&self, path: &Path) -> anyhow::Result<Printed> {
        let config = self.reading.config_of_firmware()?;
        let table = extract::read(path, &config)?;
        let label = extract::label(path, &config);
        let (once, languages) = (self.once(), [self.language()]);
        let board = config.tree.board_of_build(path);
        let port = self.port.as_ref().or(board.as_ref().map(|board| &board.port));
        if port.is_none() {
            super::complain(&anyhow::anyhow!(
                "{}: the path does not tell its port, so that what the configuration says of ports does not count: expected ports/PORT/build-BOARD/FILE, or --port",
                path.display()
            ));
        }
        let proposal = propose(&label, port, &table, None, &config.policy, once, &languages)
            .with_context(|| path.display().to_string())?;
        Ok(Printed { proposal, scripts: Vec::new() })
    }

    fn of_tree(&self, path: &Path, port: &PortName) -> anyhow::Result<Printed> {
        let tree = self.reading.open(path, std::slice::from_ref(port))?;
        let files = &*tree.opened.tree;
        let mut found = mains::read(files, &tree.config.tree, &tree.ports)?;
        for missing in &found.missing {
            super::complain(&anyhow::anyhow!("{missing}"));
        }
        ensure!(!found.tables.is_empty(), "port {port} has no main to migrate");
        let table = &mut found.tables[0];
        let policy = &tree.config.policy;
        analyze::derive_with(table, policy, None);
        let main = table.source.as_ref().map_or("", |source| &source.path);
        let text = files.read(main)?.with_context(|| format!("{main} is gone"))?;
        let label = format!("port {port}");
        let (once, languages) = (self.once(), [self.language()]);
        let headers = headers::prototypes(files, main, &text)?;
        let text = MainText { text: &text, headers: &headers };
        let proposal = propose(&label, Some(port), table, Some(text), policy, once, &languages)
            .with_context(|| main.to_owned())?;
        let boards = catalog(files, &tree.config.tree, std::slice::from_ref(port))?;
        complain_of_skipped(&boards.skipped);
        Ok(Printed { proposal, scripts: audit(&boards.boards) })
    }

    fn once(&self) -> Once {
        if self.early { Once::Early } else { Once::ByHand }
    }

    fn language(&self) -> Language {
        match self.language {
            LanguageArgument::C => Language::C,
            LanguageArgument::Rust => Language::Rust,
        }
    }
}

/// Writes the files of a proposal into a folder, and says which; none where nothing is
/// to be registered, since main then stays as it is.
fn write_files(folder: &Path, proposal: &Proposal) -> anyhow::Result<()> {
    if proposal.plan.registrations.is_empty() {
        anstream::eprintln!("nothing to register in {}: no file written", proposal.of);
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let main = proposal.main.as_ref().map(|main| {
        let name = main.path.rsplit_once('/').map_or(main.path.as_str(), |(_, name)| name);
        (name, &main.text)
    });
    let files = proposal.files.iter().map(|file| (file.name.as_str(), &file.text));
    for (name, text) in files.chain(main) {
        let path = folder.join(name);
        let shown = path.display();
        std::fs::write(&path, text).with_context(|| format!("cannot write {shown}"))?;
        anstream::eprintln!("wrote {shown}");
    }
    Ok(())
}
