//! What a text of a makefile stands for: variables and functions in it replaced
//! by their values, as far as these are known.

use std::collections::BTreeSet;

use super::functions::{arity, map_words, pure, split_arguments, substituted, top_level};

/// Deepest references that are followed; a variable may name itself.
const MAX_DEPTH: usize = 32;
/// Longest text, before and after, in bytes.
const MAX_BYTES: usize = 1 << 16;
/// Most bytes that are read and written for one text: each of 20 variables may
/// name the next one twice.
const MAX_WORK: usize = 1 << 20;

/// What a reference to a variable finds.
pub(super) enum Value {
    /// A text that is to be expanded in turn.
    Raw(String),
    /// A text that is not expanded any more.
    Done(String),
    /// It is not known.
    Unknown,
}

/// A text after expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    /// The text; what is not known in it stands there as it is written.
    pub(super) text: String,
    pub(super) is_known: bool,
}

/// Expands texts, and remembers which variables they refer to.
pub(super) struct Expander<'v> {
    pub(super) value_of: &'v dyn Fn(&str) -> Value,
    pub(super) referred: BTreeSet<String>,
    /// Bytes that were read and written.
    pub(super) work: usize,
}

impl<'v> Expander<'v> {
    pub(super) fn new(value_of: &'v dyn Fn(&str) -> Value) -> Self {
        Self { value_of, referred: BTreeSet::new(), work: 0 }
    }

    /// What `text` stands for.
    pub(super) fn expand(&mut self, text: &str) -> Expanded {
        self.at_depth(text, 0)
    }

    fn at_depth(&mut self, text: &str, depth: usize) -> Expanded {
        self.work += text.len();
        if text.len() > MAX_BYTES {
            return Expanded::default();
        }
        let mut done = Expanded { text: String::new(), is_known: true };
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            done.text.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            // What is referred to, and the length of it all.
            let (inside, length) = match after.chars().next() {
                Some('$') => {
                    done.text.push('$');
                    rest = &after[1..];
                    continue;
                }
                Some(open @ ('(' | '{')) => {
                    let close = if open == '(' { ')' } else { '}' };
                    let end = closing(after, open, close);
                    self.work += end.unwrap_or(after.len());
                    match end {
                        Some(end) => (&after[1..end], end + 1),
                        None => ("", 0),
                    }
                }
                Some(letter) => (&after[..letter.len_utf8()], letter.len_utf8()),
                None => ("", 0),
            };
            let value = if self.work < MAX_WORK {
                self.reference(inside, depth)
            } else {
                Expanded::default()
            };
            self.work += value.text.len();
            done.is_known &= value.is_known;
            // Partly known is more than as it is written.
            let is_said = value.is_known || !value.text.is_empty();
            let written = &rest[at..=at + length];
            done.text.push_str(if is_said { &value.text } else { written });
            rest = &after[length..];
            if done.text.len() > MAX_BYTES {
                return Expanded::default();
            }
        }
        done.text.push_str(rest);
        done
    }

    /// What stands for `$(inside)`. Without a text where nothing is known of
    /// it.
    fn reference(&mut self, inside: &str, depth: usize) -> Expanded {
        if depth == MAX_DEPTH || inside.is_empty() {
            return Expanded::default();
        }
        let (word, arguments) = inside.split_once([' ', '\t']).unwrap_or((inside, ""));
        if !arguments.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        {
            return self.function(word, arguments.trim_start(), depth).unwrap_or_default();
        }
        // `$(NAME:.c=.o)`, but not a colon in a nested reference.
        let substitution = top_level(inside, ':').next().and_then(|colon| {
            let (from, to) = inside[colon + 1..].split_once('=')?;
            Some((&inside[..colon], from, to))
        });
        let (name, substitution) = match substitution {
            Some((name, from, to)) => (name, Some((from, to))),
            None => (inside, None),
        };
        let name = self.at_depth(name, depth + 1);
        if !name.is_known {
            return Expanded::default();
        }
        let name = name.text.trim().to_owned();
        let value = (self.value_of)(&name);
        self.referred.insert(name);
        let value = match value {
            Value::Unknown => return Expanded::default(),
            Value::Done(text) => Expanded { text, is_known: true },
            Value::Raw(raw) => self.at_depth(&raw, depth + 1),
        };
        // The name of a variable tells more than the command behind it.
        if !value.is_known && value.text.contains("$(shell ") {
            return Expanded::default();
        }
        let Some((from, to)) = substitution else { return value };
        let (from, to) = (self.at_depth(from, depth + 1), self.at_depth(to, depth + 1));
        if !(value.is_known && from.is_known && to.is_known) {
            return Expanded::default();
        }
        let pattern =
            |text: &str| if text.contains('%') { text.to_owned() } else { format!("%{text}") };
        let (from, to) = (pattern(&from.text), pattern(&to.text));
        known(map_words(&value.text, |word| substituted(word, &from, &to)))
    }

    /// The value of a function; `None` for those that ask the machine, and for
    /// those whose arguments are not known.
    fn function(&mut self, name: &str, arguments: &str, depth: usize) -> Option<Expanded> {
        if name == "shell" {
            return self.shell(arguments, depth);
        }
        if matches!(name, "info" | "warning" | "error" | "eval") {
            return Some(known(String::new()));
        }
        let count = if name == "if" { 3 } else { arity(name)? };
        let arguments: Vec<&str> = split_arguments(arguments, count);
        let mut value = |index: usize| -> Expanded {
            arguments.get(index).map_or_else(
                || known(String::new()),
                |text| self.at_depth(if index == 0 { text.trim() } else { text }, depth + 1),
            )
        };
        if name == "if" {
            let condition = value(0);
            // `-T` before a word that is not known is a word all the same.
            return condition
                .is_known
                .then(|| value(if condition.text.trim().is_empty() { 2 } else { 1 }));
        }
        if matches!(name, "addprefix" | "addsuffix" | "strip") {
            let last = value(usize::from(name != "strip"));
            let affix = if name == "strip" { known(String::new()) } else { value(0) };
            let text = map_words(&last.text, |word| match name {
                "addsuffix" => format!("{word}{}", affix.text),
                _ => format!("{}{word}", affix.text),
            });
            return Some(Expanded { text, is_known: last.is_known && affix.is_known });
        }
        let values: Vec<Expanded> = (0..count).map(&mut value).collect();
        if values.iter().any(|value| !value.is_known) {
            return None;
        }
        let texts: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
        pure(name, &texts).map(known)
    }

    /// The one thing that makefiles ask a shell for and that decides names of
    /// files: to change the case of a word.
    fn shell(&mut self, command: &str, depth: usize) -> Option<Expanded> {
        let (echo, translate) = command.split_once('|')?;
        let text = self.at_depth(echo.trim().strip_prefix("echo ")?, depth + 1);
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
        if !text.is_known || !text.text.chars().all(is_plain) {
            return None;
        }
        let words: Vec<&str> = translate.split_whitespace().collect();
        let bare = |word: &str| word.trim_matches(['\'', '"']).to_owned();
        match words[..] {
            ["tr", from, to] => match (bare(from).as_str(), bare(to).as_str()) {
                ("[:upper:]" | "A-Z", "[:lower:]" | "a-z") => {
                    Some(known(text.text.trim().to_lowercase()))
                }
                ("[:lower:]" | "a-z", "[:upper:]" | "A-Z") => {
                    Some(known(text.text.trim().to_uppercase()))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn known(text: String) -> Expanded {
    Expanded { text, is_known: true }
}

/// The end of a reference that begins with `open`, as the place of its `close`.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(name: &str) -> Value {
        match name {
            "A" => Value::Raw("a.c b.c".to_owned()),
            "B" => Value::Raw("$(C)/x".to_owned()),
            "SELF" => Value::Raw("$(SELF) $(SELF)".to_owned()),
            "EMPTY" => Value::Done(String::new()),
            "COST" => Value::Done("$(A)".to_owned()),
            "LETTER" => Value::Done("A".to_owned()),
            _ => Value::Unknown,
        }
    }

    fn expanded(text: &str) -> (String, bool) {
        let Expanded { text, is_known } = Expander::new(&value_of).expand(text);
        (text, is_known)
    }

    #[test]
    fn variables_and_functions_stand_for_their_values() {
        for (text, value) in [
            ("x $(A) ${A} $A y", "x a.c b.c a.c b.c a.c b.c y"),
            ("$(A:.c=.o)", "a.o b.o"),
            ("$(A:%.c=x/%.o)", "x/a.o x/b.o"),
            ("$($(LETTER))", "a.c b.c"),
            ("$(COST)", "$(A)"),
            ("$$A", "$A"),
            ("$(addprefix -T,$(A))", "-Ta.c -Tb.c"),
            ("$(notdir x/y.z w) $(dir x/y w) $(basename x.d/y.z w)", "y.z w x/ ./ x.d/y w"),
            ("$(if $(EMPTY),x,y)$(if x,$(LETTER))", "yA"),
            ("$(filter %.c,a.c b.o) $(filter-out %.c,a.c b.o)", "a.c b.o"),
            ("$(findstring b,abc)$(findstring x,abc)", "b"),
            ("$(subst a,b,aa) $(patsubst %.c,%.d,a.c)", "bb a.d"),
            ("$(firstword a b)$(lastword a b) $(sort b a b)", "ab a b"),
            ("$(shell echo $(LETTER)bC | tr '[:upper:]' '[:lower:]')", "abc"),
        ] {
            assert_eq!(expanded(text), (value.to_owned(), true), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_stays_as_it_is_written() {
        for (text, value) in [
            ("x/$(UNSET).ld", "x/$(UNSET).ld"),
            ("$(B).ld", "$(C)/x.ld"),
            ("$(shell date) $(call f,x)", "$(shell date) $(call f,x)"),
            ("$(addprefix -T,$(UNSET) y)", "-T$(UNSET) -Ty"),
            ("$(notdir $(UNSET))", "$(notdir $(UNSET))"),
            ("$@ $(unclosed", "$@ $(unclosed"),
        ] {
            assert_eq!(expanded(text), (value.to_owned(), false), "{text}");
        }
    }

    #[test]
    fn a_variable_that_names_itself_is_not_known() {
        let (text, is_known) = expanded("$(SELF)");
        assert!(!is_known);
        assert!(text.len() <= 2 * MAX_BYTES);
    }
}
