//! The documentation of rules: for a terminal, and in Markdown for `docs/rules.md`
//! and SARIF.

use std::fmt::Write as _;

use super::terminal::{BOLD, FAINT};
use crate::analyze::rules::{FAMILIES, Piece, RULES, Rule};

/// Width of prose on a terminal, in characters.
const WIDTH: usize = 80;

/// The documentation of a rule, for a terminal.
pub fn terminal(rule: &Rule) -> String {
    let Rule { code, name, severity, doc, .. } = rule;
    let mut text = format!("{BOLD}{code} {name}{BOLD:#} {FAINT}({}){FAINT:#}\n", severity.as_str());
    wrap(&mut text, doc.summary);
    for piece in doc.pieces() {
        text.push('\n');
        match piece {
            // What follows begins with the end of this line.
            Piece::Heading(heading) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "{BOLD}{heading}{BOLD:#}");
            }
            Piece::Paragraph(paragraph) => wrap(&mut text, &paragraph),
            Piece::Code { is_mended, text: code, .. } => {
                let _ = writeln!(text, "{FAINT}{}{FAINT:#}", Piece::caption(is_mended));
                for line in code.lines() {
                    let _ = writeln!(text, "    {line}");
                }
            }
        }
    }
    text
}

/// Appends prose in lines of at most [`WIDTH`] characters where words allow it.
fn wrap(text: &mut String, prose: &str) {
    let mut column = 0;
    for word in prose.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

/// The documentation of a rule in Markdown, without its title; headings are of
/// that level.
pub fn markdown(rule: &Rule, level: usize) -> String {
    let mut blocks = Vec::new();
    for piece in rule.doc.pieces() {
        blocks.push(match piece {
            Piece::Heading(heading) => format!("{} {heading}", "#".repeat(level)),
            Piece::Paragraph(paragraph) => paragraph,
            Piece::Code { is_mended, language, text } => {
                format!("{}\n\n```{language}\n{text}\n```", Piece::caption(is_mended))
            }
        });
    }
    blocks.join("\n\n") + "\n"
}

/// The documentation of a rule as plain text, for programs that show nothing else.
pub fn plain(rule: &Rule) -> String {
    anstream::adapter::strip_str(&terminal(rule)).to_string()
}

/// All rules in Markdown: a table of each family, then each by itself.
pub fn reference() -> String {
    let mut text = String::new();
    for (family, question) in FAMILIES {
        let rules = || RULES.iter().filter(|rule| rule.code.starts_with(family));
        if rules().next().is_none() {
            continue;
        }
        let _ = write!(text, "## {family}xx: {question}\n\n");
        text.push_str("| code | name | severity | holds when |\n|---|---|---|---|\n");
        for Rule { code, name, severity, is_opt_in, doc, .. } in rules() {
            let anchor = format!("{code}-{name}").to_lowercase();
            let severity = severity.as_str();
            let opt_in = if *is_opt_in { ", opt-in" } else { "" };
            let summary = doc.summary;
            let _ =
                writeln!(text, "| [{code}](#{anchor}) | {name} | {severity}{opt_in} | {summary} |");
        }
        for rule in rules() {
            let Rule { code, name, .. } = rule;
            let _ = write!(text, "\n### {code} {name}\n\n{}\n\n", sentence(rule));
            text.push_str(&markdown(rule, 4));
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// When a rule holds, as a sentence.
pub fn sentence(rule: &Rule) -> String {
    let mut chars = rule.doc.summary.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::rules::rule;

    #[test]
    fn the_list_of_rules_for_users_is_that_of_this_version() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
        let published = std::fs::read_to_string(&path).unwrap();
        let mark = "`INITBOARD_UPDATE=1 cargo test -p initboard --lib report::rules` -->\n\n";
        let (written, made) = published.split_once(mark).unwrap();
        if std::env::var_os("INITBOARD_UPDATE").is_some() {
            std::fs::write(path, format!("{written}{mark}{}", reference())).unwrap();
        } else {
            assert!(made == reference(), "docs/rules.md is stale; it says how it is made anew");
        }
    }

    #[test]
    fn a_terminal_gets_the_whole_documentation_in_short_lines() {
        let text = plain(rule("newer-abi").unwrap());
        assert_eq!(
            text,
            "IB108 newer-abi (warning)
the firmware states a newer version of the registry than this program reads

What it finds
The symbol `__mp_registry_abi` holds a version that is higher than the one which
this program knows. Firmware without the symbol, such as that built with the
RFC's own macros, is read as version 1.

Why it matters
A newer version may place or sort entries in another way. What is shown is read
by the old rules: it may lack entries or have them in the wrong order, and every
other finding rests on that.

What to do
Use the initboard that came with the version of `registry-rt` that the firmware
links, or a later one.
"
        );
    }
}
