//! Texts that others wrote, as GitHub's Markdown shows them as they are: no
//! mark-up, no mention, no link, no reference to an issue, nothing that ends a
//! cell of a table or turns the direction of what follows.

use super::terminal::printable;

/// Longest name that is shown, in characters. What is cut ends in `…`.
const MAX_NAME: usize = 120;

/// A name as code.
pub fn code(name: &str) -> String {
    let name = shortened(&printable(name), MAX_NAME);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./+-:(), ".contains(c);
    if !name.is_empty() && name.chars().all(is_plain) && name.trim() == name {
        return format!("`{name}`");
    }
    // A pipe ends a cell even within backticks, and backticks end themselves. A
    // character reference is never mark-up, and in code never a mention.
    format!("<code>{}</code>", references(&name))
}

/// A name within HTML, as in the summary of a fold.
pub fn html_code(name: &str) -> String {
    format!("<code>{}</code>", references(&shortened(&printable(name), MAX_NAME)))
}

/// Prose, with what stands between backticks as code.
pub fn prose(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let is_paired = pieces.len() % 2 == 1;
    let piece = |(index, piece): (usize, &&str)| match index % 2 {
        1 if is_paired && !piece.is_empty() => code(piece),
        1 if is_paired => String::new(),
        _ => escaped(piece),
    };
    let separator = if is_paired { "" } else { "\\`" };
    pieces.iter().enumerate().map(piece).collect::<Vec<_>>().join(separator)
}

/// A link. What an address cannot hold is written as `%` and two digits.
pub fn link(text: &str, address: &str) -> String {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#&=%+,".contains(&byte);
    let written = |byte: u8| {
        if is_safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    let safe: String = address.bytes().map(written).collect();
    format!("[{text}]({safe})")
}

/// Lines as a block of code in a language, fenced so that none of them ends it.
pub fn block(language: &str, lines: &[String]) -> String {
    let longest = lines
        .iter()
        .flat_map(|line| line.split(|c| c != '`'))
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

/// A name as a line of a block of code.
pub fn in_block(name: &str) -> String {
    shortened(&printable(name), MAX_NAME)
}

fn shortened(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit - 1).collect();
    format!("{kept}…")
}

/// Every character but letters and digits as a character reference.
fn references(text: &str) -> String {
    let reference = |c: char| match c {
        ' ' => c.to_string(),
        _ if c.is_alphanumeric() => c.to_string(),
        _ => format!("&#{};", u32::from(c)),
    };
    text.chars().map(reference).collect()
}

/// Prose without mark-up.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut word = String::new();
    for c in printable(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // Neither a mention nor an address nor a number of an issue.
            '@' | '#' | ':' => {
                escaped.push(c);
                escaped.push('\u{200b}');
            }
            // `www.` and `GH-1` are links as well.
            '.' if word.eq_ignore_ascii_case("www") => escaped.push_str("\u{200b}."),
            '-' if word.eq_ignore_ascii_case("gh") => escaped.push_str("\u{200b}-"),
            '\\' | '*' | '_' | '`' | '[' | ']' | '|' | '~' | '$' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
        if c.is_ascii_alphanumeric() { word.push(c) } else { word.clear() }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_plain_code() {
        assert_eq!(code("uart_deinit_all"), "`uart_deinit_all`");
        assert_eq!(code("ports/rp2/main.c:297"), "`ports/rp2/main.c:297`");
    }

    #[test]
    fn hostile_names_are_references_in_code() {
        for (name, expected) in [
            ("a|b", "<code>a&#124;b</code>"),
            ("a\\|b", "<code>a&#92;&#124;b</code>"),
            ("`@all`", "<code>&#96;&#64;all&#96;</code>"),
            ("](javascript:x)", "<code>&#93;&#40;javascript&#58;x&#41;</code>"),
            ("</code><b>", "<code>&#60;&#47;code&#62;&#60;b&#62;</code>"),
            ("x\u{202e}y", "<code>x&#92;u&#123;202e&#125;y</code>"),
            ("", "<code></code>"),
        ] {
            assert_eq!(code(name), expected);
            assert!(html_code(name).starts_with("<code>"));
        }
    }

    #[test]
    fn a_name_of_ten_kilobytes_is_cut() {
        assert_eq!(code(&"x".repeat(10_000)).chars().count(), "<code>&#8230;</code>".len() + 119);
    }

    #[test]
    fn prose_shows_hostile_names_as_they_are() {
        assert_eq!(
            prose("a_b|@all #1 [x](http://y) <b> www.x GH-1"),
            "a\\_b\\|@\u{200b}all #\u{200b}1 \\[x\\](http:\u{200b}//y) &lt;b&gt; www\u{200b}.x GH\u{200b}-1"
        );
        assert_eq!(prose("main runs `a_b` twice"), "main runs `a_b` twice");
        assert_eq!(prose("`a|b` and ``"), "<code>a&#124;b</code> and ");
        assert_eq!(prose("one ` alone"), "one \\` alone");
    }

    #[test]
    fn an_address_never_leaves_its_link() {
        assert_eq!(link("`x`", "https://h/p/x)(y <b>"), "[`x`](https://h/p/x%29%28y%20%3Cb%3E)");
    }

    #[test]
    fn no_line_ends_its_block() {
        assert_eq!(block("diff", &["+a ```` b".to_owned()]), "`````diff\n+a ```` b\n`````\n");
        assert_eq!(block("", &["a".to_owned()]), "```\na\n```\n");
    }
}
