//! What a rule tells people about itself: its page, its part of `docs/rules.md`,
//! `check --explain` and the help in SARIF are all made of this.

use serde::Serialize;
use utoipa::ToSchema;

/// The documentation of a rule.
///
/// Texts are written indented like the code around them. Of prose, lines are
/// joined and an empty line ends a paragraph; of code, the indentation that all
/// lines share is taken off. Names stand in backquotes; there is no other mark-up.
pub struct Doc {
    /// When the rule holds, in a clause: `a table lies in no loadable segment`.
    pub summary: &'static str,
    /// What exactly is looked at, and what is left out.
    pub(super) what: &'static str,
    /// What goes wrong on a device.
    pub(super) why: &'static str,
    /// Where it can be shown in a few lines.
    pub(super) example: Option<Example>,
    /// What to do about a finding, and when to leave it.
    pub(super) fix: &'static str,
}

/// A few lines that the rule finds, and the same lines mended.
pub(super) struct Example {
    /// The language as fences of Markdown name it: `c`, `ld`, `make`.
    pub(super) language: &'static str,
    pub(super) before: &'static str,
    pub(super) after: &'static str,
}

/// The documentation of a rule as other programs read it: paragraphs are separated
/// by an empty line, names stand in backquotes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    /// When the rule holds, in a clause.
    pub summary: &'static str,
    /// What exactly is looked at, and what is left out.
    pub what: String,
    /// What goes wrong on a device.
    pub why: String,
    /// Lines that the rule finds, and the same lines mended.
    pub example: Option<ExplainedExample>,
    /// What to do about a finding, and when to leave it.
    pub fix: String,
}

/// Lines that a rule finds, and the same lines mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplainedExample {
    /// The language as fences of Markdown name it: `c`, `ld`, `make`.
    pub language: &'static str,
    /// How it should not be.
    pub before: String,
    /// How it should be.
    pub after: String,
}

/// A piece of a documentation, in the order in which it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The heading of what follows.
    Heading(&'static str),
    /// Prose in one line, with names in backquotes.
    Paragraph(String),
    /// Lines of code.
    Code {
        /// Whether this is how it should not or how it should be.
        is_mended: bool,
        /// The language as fences of Markdown name it.
        language: &'static str,
        /// The lines, without a line break at the end.
        text: String,
    },
}

impl Doc {
    /// All of it.
    pub fn explanation(&self) -> Explanation {
        let prose = |text| paragraphs(text).collect::<Vec<_>>().join("\n\n");
        let example = |Example { language, before, after }: &Example| ExplainedExample {
            language,
            before: unindented(before),
            after: unindented(after),
        };
        Explanation {
            summary: self.summary,
            what: prose(self.what),
            why: prose(self.why),
            example: self.example.as_ref().map(example),
            fix: prose(self.fix),
        }
    }

    /// All of it but the summary, in the order in which it is read.
    pub fn pieces(&self) -> Vec<Piece> {
        let mut pieces = vec![Piece::Heading("What it finds")];
        pieces.extend(paragraphs(self.what).map(Piece::Paragraph));
        pieces.push(Piece::Heading("Why it matters"));
        pieces.extend(paragraphs(self.why).map(Piece::Paragraph));
        if let Some(Example { language, before, after }) = self.example {
            pieces.push(Piece::Heading("Example"));
            pieces.push(Piece::Code { is_mended: false, language, text: unindented(before) });
            pieces.push(Piece::Code { is_mended: true, language, text: unindented(after) });
        }
        pieces.push(Piece::Heading("What to do"));
        pieces.extend(paragraphs(self.fix).map(Piece::Paragraph));
        pieces
    }
}

impl Piece {
    /// What stands in front of lines of code.
    pub const fn caption(is_mended: bool) -> &'static str {
        if is_mended { "Better:" } else { "Found:" }
    }
}

fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let paragraphs: Vec<String> = lines
        .split(|line| line.is_empty())
        .filter(|lines| !lines.is_empty())
        .map(|lines| lines.join(" "))
        .collect();
    paragraphs.into_iter()
}

fn unindented(text: &str) -> String {
    let lines = || text.lines().skip_while(|line| line.trim().is_empty());
    let indent = |line: &str| line.len() - line.trim_start().len();
    let shared = lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    lines().map(|line| line.get(shared..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_joined_and_code_keeps_its_shape() {
        let doc = Doc {
            summary: "it holds",
            what: "
                One
                paragraph.

                Another.",
            why: "Because.",
            example: Some(Example {
                language: "c",
                before: "
                    if (x) {
                        y();

                    }",
                after: "z();",
            }),
            fix: "Mend it.",
        };
        let paragraph = |text: &str| Piece::Paragraph(text.to_owned());
        let code =
            |is_mended, text: &str| Piece::Code { is_mended, language: "c", text: text.to_owned() };
        assert_eq!(
            doc.pieces(),
            [
                Piece::Heading("What it finds"),
                paragraph("One paragraph."),
                paragraph("Another."),
                Piece::Heading("Why it matters"),
                paragraph("Because."),
                Piece::Heading("Example"),
                code(false, "if (x) {\n    y();\n\n}"),
                code(true, "z();"),
                Piece::Heading("What to do"),
                paragraph("Mend it."),
            ]
        );
    }
}
