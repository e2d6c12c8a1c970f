//! The functions of a file: its text parsed as C.

use std::collections::HashMap;
use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use super::SourceError;
use super::directives::Plain;

/// Longest file that is parsed. The largest main known has 60 kB.
pub(super) const MAX_BYTES: usize = 8 << 20;

/// How often the parser may ask whether to go on, for each byte of the text, and
/// for any text. It asks every 100 steps, and plain C needs about two steps for
/// five bytes; what needs much more is no C, and made to be slow.
const ASKS_PER_BYTE: usize = 1;
const ASKS: usize = 10_000;

/// Parses a file.
pub(super) fn parse(plain: &Plain) -> Result<Tree, SourceError> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_c::LANGUAGE.into()).map_err(|_| SourceError::Unparsable)?;
    let text = plain.text.as_slice();
    let limit = ASKS + text.len() * ASKS_PER_BYTE / 100;
    let mut asked = 0;
    let mut may_go_on = |_: &ParseState| {
        asked += 1;
        if asked > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    parser
        .parse_with_options(
            &mut |at, _| text.get(at..).unwrap_or_default(),
            None,
            Some(ParseOptions::new().progress_callback(&mut may_go_on)),
        )
        .ok_or(SourceError::Unparsable)
}

/// The functions that a file defines, by name. One may be defined several times,
/// under conditions that exclude each other.
pub(super) struct Functions<'tree> {
    pub(super) list: Vec<Function<'tree>>,
    by_name: HashMap<Vec<u8>, Vec<usize>>,
}

/// A function that a file defines.
pub(super) struct Function<'tree> {
    pub(super) name: Vec<u8>,
    pub(super) body: Node<'tree>,
    /// Offset of its definition.
    pub(super) start: usize,
}

impl<'tree> Functions<'tree> {
    /// Finds them in order, wherever a broken file has them.
    pub(super) fn of(tree: &'tree Tree, text: &[u8]) -> Self {
        let mut functions = Self { list: Vec::new(), by_name: HashMap::new() };
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            if node.kind() == "function_definition"
                && let Some(function) = function(node, text)
            {
                let index = functions.list.len();
                functions.by_name.entry(function.name.clone()).or_default().push(index);
                functions.list.push(function);
            }
            // Nothing is defined inside a function, but where a brace is missing.
            let may_hold = node.kind() != "function_definition" || node.has_error();
            if may_hold && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return functions;
                }
            }
        }
    }

    /// The definitions of a name, in order.
    pub(super) fn named(&self, name: &[u8]) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

fn function<'tree>(node: Node<'tree>, text: &[u8]) -> Option<Function<'tree>> {
    let body = node.child_by_field_name("body")?;
    let mut declarator = node.child_by_field_name("declarator")?;
    let mut takes_arguments = false;
    // `*(f)(void)` has its name at the bottom.
    while declarator.kind() != "identifier" {
        takes_arguments |= declarator.kind() == "function_declarator";
        declarator =
            declarator.child_by_field_name("declarator").or_else(|| declarator.named_child(0))?;
    }
    // An attribute that is a macro makes `f (void)` of `void ATTRIBUTE f(void)` look
    // like a declaration of `void` with the type `f`.
    let name = if takes_arguments { declarator } else { node.child_by_field_name("type")? };
    let name = text.get(name.byte_range())?.to_vec();
    Some(Function { name, body, start: node.start_byte() })
}
