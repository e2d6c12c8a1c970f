//! `initboard check --order`: builds against the order file.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use super::check::{Format, today};
use super::output::print;
use super::subjects::Subjects;
use super::{builds, order};
use crate::report::{self, json};

/// Compares builds with the order file at `path`, and prints what differs with the
/// command that accepts it.
///
/// # Errors
/// When the file or a build that is named cannot be read, or for a format that
/// holds findings only.
pub(super) fn run(path: &Path, subjects: &Subjects, format: Format) -> anyhow::Result<ExitCode> {
    let reading = subjects.reading();
    let config = reading.config_of_firmware()?;
    let file = order::read(path)?;
    let built = builds::read(subjects.files(), &config)?;
    let check = file.check(built, &config.policy, today()?);
    for not in &check.report.not_compared {
        super::complain(&anyhow::anyhow!("{}: {}", not.board, not.why));
    }
    let accepted = accepting(path, subjects);
    print(&match format {
        Format::Terminal => report::order::terminal(&check, &accepted),
        Format::Markdown => report::order::markdown(&check, &accepted),
        Format::Json => json::value(&check),
        Format::Sarif => bail!(
            "SARIF holds findings, and an order is none: expected --format terminal, json or markdown with --order"
        ),
    })?;
    Ok(match (check.is_accepted(), check.report.not_compared.is_empty()) {
        (false, _) => ExitCode::FAILURE,
        (true, false) => ExitCode::from(2),
        (true, true) => ExitCode::SUCCESS,
    })
}

/// The command that writes what the builds run into the order file.
fn accepting(path: &Path, subjects: &Subjects) -> String {
    let mut words = vec!["initboard order --write".to_owned(), argument(path)];
    if let Some(config) = subjects.reading().config_path() {
        words.extend(["--config".to_owned(), argument(config)]);
    }
    words.extend(subjects.files().iter().map(|file| argument(file)));
    words.join(" ")
}

/// A path as one word of a shell.
fn argument(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        let said = |path: &str| argument(Path::new(path));
        assert_eq!(said("ports/stm32/build-A/f.elf"), "ports/stm32/build-A/f.elf");
        assert_eq!(said("my builds/it's; rm -rf"), r"'my builds/it'\''s; rm -rf'");
        assert_eq!(said("-x"), "./-x");
    }
}
