//! How the calls of a file are written: their arguments, and whether they stand
//! by themselves.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::SourceError;
use super::directives::Plain;
use super::functions::{Functions, MAX_BYTES, parse};
use super::{macros, prototypes};

/// A source file, as far as moving its calls elsewhere needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The calls of functions by name, in the order of the text.
    pub calls: Vec<WrittenCall>,
    /// The functions that the file defines.
    pub functions: BTreeSet<String>,
    /// The functions that the file declares, at its top or within another one.
    declared: BTreeSet<String>,
    /// What only this file knows: the macros and variables that it defines.
    own: BTreeSet<String>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenCall {
    /// The function that is called.
    pub function: String,
    /// Its line, counted from 1.
    pub line: u32,
    /// The last line of its statement.
    pub end_line: u32,
    /// The arguments with their parentheses, on one line and without comments:
    /// `(&repl, 115200)`.
    pub arguments: String,
    /// Whether it is a statement with its lines to itself, whose result is dropped.
    pub is_alone: bool,
    /// Whether its arguments name something that only this file knows: a variable or
    /// a macro that it defines.
    pub names_own: bool,
}

impl Written {
    /// Reads a file.
    ///
    /// # Errors
    /// When the text is too long, or nothing like C.
    pub fn of(text: &[u8]) -> Result<Self, SourceError> {
        if text.len() > MAX_BYTES {
            return Err(SourceError::TooLong { size: text.len() });
        }
        let mut plain = Plain::of(text);
        macros::end_with_semicolons(&mut plain.text);
        let tree = parse(&plain)?;
        let functions = Functions::of(&tree, &plain.text).list;
        let functions = functions.iter().map(|function| lossy(&function.name)).collect();
        let mut own = defined_macros(text);
        let mut declared_functions = BTreeSet::new();
        let mut calls = Vec::new();
        let mut cursor = tree.walk();
        'all: loop {
            let node = cursor.node();
            if node.kind() == "declaration" {
                let found = prototypes::declared(node, &plain).into_iter();
                declared_functions.extend(found.map(|(function, _)| function));
            }
            match node.kind() {
                // What is declared here, unless elsewhere as well.
                "declaration" if !is_extern(node, &plain) => own.extend(declared(node, &plain)),
                "parameter_declaration" => own.extend(declared(node, &plain)),
                "call_expression" => calls.extend(call(node, &plain)),
                _ => {}
            }
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'all;
                }
            }
        }
        let with_own = |(mut call, names): (WrittenCall, Vec<String>)| {
            call.names_own = names.iter().any(|name| own.contains(name));
            call
        };
        Ok(Self {
            calls: calls.into_iter().map(with_own).collect(),
            functions,
            declared: declared_functions,
            own,
        })
    }

    /// Whether a condition of the preprocessor names something that only this file
    /// knows.
    pub fn names_own(&self, condition: &str) -> bool {
        let mut names = condition.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        names.any(|name| self.own.contains(name))
    }

    /// Whether the file declares a function itself.
    pub fn declares(&self, function: &str) -> bool {
        self.declared.contains(function)
    }

    /// The call of a function on a line.
    pub fn call(&self, function: &str, line: u32) -> Option<&WrittenCall> {
        self.calls.iter().find(|call| call.function == function && call.line == line)
    }
}

/// A call with the names in its arguments.
fn call(node: Node<'_>, plain: &Plain) -> Option<(WrittenCall, Vec<String>)> {
    let name = node.child_by_field_name("function").filter(|name| name.kind() == "identifier")?;
    let arguments = node.child_by_field_name("arguments")?;
    let mut statement = node;
    while let Some(parent) = statement.parent() {
        // `(void)f();` drops the result as well.
        let drops = parent.kind() == "cast_expression"
            && parent
                .child_by_field_name("type")
                .is_some_and(|of| text_of(of, plain).trim() == "void");
        if !drops && parent.kind() != "expression_statement" {
            break;
        }
        statement = parent;
    }
    let in_block = statement.parent().is_some_and(|parent| {
        matches!(parent.kind(), "compound_statement" | "labeled_statement" | "case_statement")
    });
    let is_alone =
        statement.kind() == "expression_statement" && in_block && has_its_lines(statement, plain);
    let written = WrittenCall {
        function: text_of(name, plain),
        line: plain.line(name.start_byte()),
        end_line: plain.line(statement.end_byte().saturating_sub(1)),
        arguments: on_one_line(&code_of(arguments, plain)),
        is_alone,
        names_own: false,
    };
    Some((written, identifiers(arguments, plain)))
}

/// Whether nothing but blanks and a comment shares the lines of a statement.
fn has_its_lines(statement: Node<'_>, plain: &Plain) -> bool {
    let text = &plain.text;
    let before = text[..statement.start_byte()].iter().rev().take_while(|byte| **byte != b'\n');
    let behind: Vec<u8> =
        text[statement.end_byte()..].iter().copied().take_while(|byte| *byte != b'\n').collect();
    let behind = behind.trim_ascii();
    let is_comment =
        behind.starts_with(b"//") || (behind.starts_with(b"/*") && behind.ends_with(b"*/"));
    before.into_iter().all(u8::is_ascii_whitespace) && (behind.is_empty() || is_comment)
}

/// The names that a declaration declares, which stand outside its initial values.
fn declared(node: Node<'_>, plain: &Plain) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = node.walk();
    for declarator in node.children_by_field_name("declarator", &mut cursor) {
        let mut at = Some(declarator);
        while let Some(node) = at {
            if node.kind() == "identifier" {
                names.push(text_of(node, plain));
                break;
            }
            // A function that is declared is known elsewhere.
            if node.kind() == "function_declarator" {
                break;
            }
            at = node.child_by_field_name("declarator").or_else(|| node.named_child(0));
        }
    }
    names
}

fn is_extern(node: Node<'_>, plain: &Plain) -> bool {
    text_of(node, plain).starts_with("extern")
}

/// The macros that a text defines.
pub(super) fn defined_macros(text: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(text);
    let of_line = |line: &str| {
        let directive = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("define")?;
        let name: String = directive
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        Some(name)
    };
    text.lines().filter_map(of_line).collect()
}

fn identifiers(node: Node<'_>, plain: &Plain) -> Vec<String> {
    let mut found = Vec::new();
    let mut ahead = vec![node];
    while let Some(node) = ahead.pop() {
        if node.kind() == "identifier" {
            found.push(text_of(node, plain));
        }
        let mut cursor = node.walk();
        ahead.extend(node.named_children(&mut cursor));
    }
    found
}

pub(super) fn text_of(node: Node<'_>, plain: &Plain) -> String {
    lossy(plain.text.get(node.byte_range()).unwrap_or_default())
}

/// The text of a node with a blank in place of each comment: on one line, what
/// follows `//` would be none.
fn code_of(node: Node<'_>, plain: &Plain) -> String {
    let mut code = plain.text.get(node.byte_range()).unwrap_or_default().to_vec();
    let mut ahead = vec![node];
    while let Some(inner) = ahead.pop() {
        if inner.kind() == "comment" {
            let begin = inner.start_byte() - node.start_byte();
            code[begin..begin + inner.byte_range().len()].fill(b' ');
        }
        let mut cursor = inner.walk();
        ahead.extend(inner.named_children(&mut cursor));
    }
    lossy(&code)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
#define BAUD 9600
extern uart_t repl;
static uart_t own;
int main(int argc) {
    int local = 1;
    extern void d_init(void);
    pin_init0();
    uart_init(&repl, // the REPL
              /* baud */ 115200); // as ever
    own_init(&own);
    local_init(local + argc);
    macro_init(BAUD);
    if (flash_init(0)) {
        (void)fs_init();
    }
    a_init(); b_init();
#if X
    c_init(\"two  words\");
#endif
again:
    d_init();
}
static void helper(void) { }";

    #[test]
    fn a_call_tells_whether_it_can_be_made_elsewhere() {
        let written = Written::of(TEXT.as_bytes()).unwrap();
        let said: Vec<String> = written
            .calls
            .iter()
            .map(|call| {
                let alone = if call.is_alone { "" } else { ", in something" };
                let own = if call.names_own { ", own" } else { "" };
                format!(
                    "{}-{} {}{}{alone}{own}",
                    call.line, call.end_line, call.function, call.arguments
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                "8-8 pin_init0()",
                "9-10 uart_init(&repl, 115200)",
                "11-11 own_init(&own), own",
                "12-12 local_init(local + argc), own",
                "13-13 macro_init(BAUD), own",
                "14-14 flash_init(0), in something",
                "15-15 fs_init()",
                "17-17 a_init(), in something",
                "17-17 b_init(), in something",
                "19-19 c_init(\"two  words\")",
                "22-22 d_init()",
            ]
        );
        assert_eq!(written.functions, ["helper", "main"].map(str::to_owned).into());
        assert_eq!(written.declared, ["d_init"].map(str::to_owned).into());
    }
}
