//! The functions of make that need nothing but their arguments. GNU make's
//! manual, chapter "Functions for Transforming Text".

use std::collections::BTreeSet;

/// Number of arguments of a function that needs nothing but them.
pub(super) fn arity(name: &str) -> Option<usize> {
    match name {
        "strip" | "notdir" | "dir" | "basename" | "firstword" | "lastword" | "sort" => Some(1),
        "addprefix" | "addsuffix" | "filter" | "filter-out" | "findstring" => Some(2),
        "subst" | "patsubst" => Some(3),
        _ => None,
    }
}

/// Functions of texts alone.
pub(super) fn pure(name: &str, arguments: &[&str]) -> Option<String> {
    let last = arguments.last()?;
    Some(match (name, arguments) {
        ("notdir", _) => {
            map_words(last, |word| word.rsplit_once('/').map_or(word, |(_, name)| name).to_owned())
        }
        ("dir", _) => {
            map_words(last, |word| word.rfind('/').map_or("./", |slash| &word[..=slash]).to_owned())
        }
        ("basename", _) => map_words(last, |word| {
            let name = word.rfind('/').map_or(0, |slash| slash + 1);
            word[name..].rfind('.').map_or(word, |dot| &word[..name + dot]).to_owned()
        }),
        ("firstword", _) => last.split_whitespace().next().unwrap_or_default().to_owned(),
        ("lastword", _) => last.split_whitespace().next_back().unwrap_or_default().to_owned(),
        ("sort", _) => last
            .split_whitespace()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join(" "),
        ("filter" | "filter-out", [patterns, text]) => {
            let patterns: Vec<&str> = patterns.split_whitespace().collect();
            let is_wanted = |word: &&str| {
                patterns.iter().any(|pattern| stem(word, pattern).is_some()) == (name == "filter")
            };
            text.split_whitespace().filter(is_wanted).collect::<Vec<_>>().join(" ")
        }
        ("findstring", [part, text]) => {
            if text.contains(part) {
                (*part).to_owned()
            } else {
                String::new()
            }
        }
        ("subst", ["", _, text]) => (*text).to_owned(),
        ("subst", [from, to, text]) => text.replace(from, to),
        ("patsubst", [from, to, text]) => {
            map_words(text, |word| substituted(word, from.trim(), to.trim()))
        }
        _ => return None,
    })
}

/// Where `wanted` stands in `text` outside of all references.
pub(super) fn top_level(text: &str, wanted: char) -> impl Iterator<Item = usize> {
    let mut depth = 0_usize;
    text.char_indices().filter_map(move |(at, c)| {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ if c == wanted && depth == 0 => return Some(at),
            _ => {}
        }
        None
    })
}

/// At most `count` arguments; commas in the last one belong to it.
pub(super) fn split_arguments(text: &str, count: usize) -> Vec<&str> {
    let mut arguments = Vec::new();
    let mut start = 0;
    for comma in top_level(text, ',').take(count.saturating_sub(1)) {
        arguments.push(&text[start..comma]);
        start = comma + 1;
    }
    arguments.push(&text[start..]);
    arguments
}

/// The words of a text outside of references, which may hold spaces.
pub(in crate::tree::catalog) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let spaces = |c: char| top_level(text, c).collect::<Vec<_>>();
    let mut ends: Vec<usize> = [spaces(' '), spaces('\t')].concat();
    ends.sort_unstable();
    for end in ends.into_iter().chain([text.len()]) {
        words.push(&text[start..end]);
        start = (end + 1).min(text.len());
    }
    words.retain(|word| !word.is_empty());
    words
}

pub(super) fn map_words(text: &str, change: impl Fn(&str) -> String) -> String {
    words(text).into_iter().map(change).collect::<Vec<_>>().join(" ")
}

/// What stands for the `%` of `pattern`, where `word` has its form.
fn stem<'w>(word: &'w str, pattern: &str) -> Option<&'w str> {
    match pattern.split_once('%') {
        Some((before, after)) => word.strip_prefix(before)?.strip_suffix(after),
        None => (word == pattern).then_some(word),
    }
}

pub(super) fn substituted(word: &str, from: &str, to: &str) -> String {
    match stem(word, from) {
        Some(stem) if from.contains('%') => to.replacen('%', stem, 1),
        Some(_) => to.to_owned(),
        None => word.to_owned(),
    }
}
