//! A badge: a label and an answer in a small picture, for a README. SVG 1.1, made
//! without a font, so its width is an estimate that no viewer need share: the text
//! is fitted into it.

use std::fmt::Write as _;

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is to be looked at.
    Warning,
    /// Something is wrong.
    Bad,
    /// Nothing is known.
    Unknown,
}

/// Most characters of either text; longer ones are cut.
const MAX_CHARS: usize = 60;

impl Tone {
    /// White text on it has a contrast of at least 4.5 (WCAG 2.1, 1.4.3).
    const fn colour(self) -> &'static str {
        match self {
            Self::Good => "#1a7a3c",
            Self::Warning => "#95610b",
            Self::Bad => "#b3261e",
            Self::Unknown => "#5f6b76",
        }
    }
}

/// The badge as a document.
pub fn svg(label: &str, answer: &str, tone: Tone) -> String {
    let (label, answer) = (cut(label), cut(answer));
    let (left, right) = (width(&label), width(&answer));
    let total = left + right;
    let (label, answer) = (escaped(&label), escaped(&answer));
    let colour = tone.colour();
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{label}: {answer}"><title>{label}: {answer}</title><clipPath id="r"><rect width="{total}" height="20" rx="3"/></clipPath><g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3b434b"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/></g><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">"##
    );
    for (x, width, text) in [(0, left, &label), (left, right, &answer)] {
        let _ = write!(
            svg,
            r#"<text x="{}" y="14" textLength="{}" lengthAdjust="spacingAndGlyphs">{text}</text>"#,
            x + PADDING,
            width - 2 * PADDING
        );
    }
    svg.push_str("</g></svg>\n");
    svg
}

/// On both sides of a text, in pixels.
const PADDING: usize = 6;

/// Pixels that a text takes in 11 pixels of a wide sans-serif, with its padding.
fn width(text: &str) -> usize {
    let tenths: usize = text
        .chars()
        .map(|character| match character {
            'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | 'I' | ' ' => 36,
            'f' | 'r' | 't' | '-' | '/' | '(' | ')' => 46,
            'm' | 'w' | 'M' | 'W' => 100,
            'A'..='Z' => 76,
            character if character.is_ascii() => 67,
            _ => 110,
        })
        .sum();
    tenths.div_ceil(10) + 2 * PADDING
}

/// What can be seen of a text, no longer than there is room for.
fn cut(text: &str) -> String {
    let seen: Vec<char> = text
        .chars()
        .map(|character| if is_hidden(character) { '\u{fffd}' } else { character })
        .collect();
    if seen.len() <= MAX_CHARS {
        return seen.into_iter().collect();
    }
    seen[..MAX_CHARS - 1].iter().chain(['…'].iter()).collect()
}

/// Whether a character cannot be in XML, or turns the text around it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_says_both_texts_in_its_picture_and_to_whoever_cannot_see_it() {
        insta::assert_snapshot!(svg("stm32 init order", "3 warnings", Tone::Warning));
    }

    #[test]
    fn no_text_can_be_markup_or_turn_another_around() {
        let hostile = svg("</title><script>alert(1)</script>", "\u{202e}\"&\u{7}", Tone::Bad);
        assert!(!hostile.contains("<script"), "{hostile}");
        assert!(!hostile.contains(['\u{202e}', '\u{7}']), "{hostile}");
        assert!(hostile.contains("&quot;&amp;"), "{hostile}");
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = svg(&"x".repeat(10_000), &"é".repeat(10_000), Tone::Good);
        assert!(long.len() < 3_000, "{} bytes", long.len());
        assert!(long.contains('…'));
    }
}
