//! Macros that stand for whole statements, given the semicolon that a parser of C
//! expects behind them.
//!
//! `EVENT_HOOK f();` reads like a declaration, and `FOREACH(x) { .. }` like
//! nothing at all. Both are plain once a `;` takes the place of the blank behind
//! the macro.

use super::graph::is_macro_name;

/// Words that begin a statement.
const KEYWORDS: [&[u8]; 8] =
    [b"if", b"for", b"while", b"do", b"switch", b"return", b"goto", b"break"];

/// Ends every such macro inside braces with a semicolon. No byte moves.
pub(super) fn end_with_semicolons(text: &mut [u8]) {
    let mut depth = 0_u32;
    let mut begins_statement = false;
    let mut at = 0;
    loop {
        at = behind_blanks(text, at);
        let Some(&byte) = text.get(at) else { return };
        match byte {
            b'"' | b'\'' => {
                at = behind_literal(text, at);
                begins_statement = false;
            }
            _ if is_name(byte) => {
                let end = behind_name(text, at);
                let is_macro = begins_statement && depth > 0 && is_macro_name(&text[at..end]);
                begins_statement = false;
                at = end;
                if is_macro && let Some(gap) = gap_behind(text, end) {
                    text[gap] = b';';
                    at = gap;
                }
            }
            _ => {
                match byte {
                    b'{' => depth = depth.saturating_add(1),
                    b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                begins_statement = matches!(byte, b'{' | b'}' | b';');
                at += 1;
            }
        }
    }
}

/// The blank behind a macro whose name ends at `name_end`, if a statement
/// follows there without a semicolon in between.
fn gap_behind(text: &[u8], name_end: usize) -> Option<usize> {
    let mut end = name_end;
    let next = behind_blanks(text, end);
    if text.get(next) == Some(&b'(') {
        end = behind_parentheses(text, next)?;
    }
    let next = behind_blanks(text, end);
    let follows = match *text.get(next)? {
        b'{' => true,
        byte if is_name(byte) => {
            let word_end = behind_name(text, next);
            let word = &text[next..word_end];
            KEYWORDS.contains(&word)
                || is_macro_name(word)
                || text.get(behind_blanks(text, word_end)) == Some(&b'(')
        }
        _ => false,
    };
    (follows && text[end].is_ascii_whitespace()).then_some(end)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn behind_name(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|&&byte| is_name(byte)).count()
}

/// Behind blanks and comments.
fn behind_blanks(text: &[u8], mut at: usize) -> usize {
    loop {
        at += text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match text[at..] {
            [b'/', b'/', ..] => at += text[at..].iter().take_while(|&&byte| byte != b'\n').count(),
            [b'/', b'*', ..] => {
                let end = text[at + 2..].windows(2).position(|pair| pair == b"*/");
                at = end.map_or(text.len(), |end| at + 2 + end + 2);
            }
            _ => return at,
        }
    }
}

/// Behind a string or character; one that is not closed ends with its line.
fn behind_literal(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if byte == text[start] => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Behind the parenthesis that closes the one at `start`. Arguments are short:
/// what is longer is something else.
fn behind_parentheses(text: &[u8], start: usize) -> Option<usize> {
    const LONGEST: usize = 1024;
    let mut depth = 0_usize;
    let mut at = start;
    while at < text.len() && at - start < LONGEST {
        match text[at] {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            b'"' | b'\'' => {
                at = behind_literal(text, at);
                continue;
            }
            b';' | b'{' | b'}' => return None,
            _ => {}
        }
        at += 1;
    }
    None
}
