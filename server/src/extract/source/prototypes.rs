//! What headers declare: which functions, and which of them are `void name(void)`.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::SourceError;
use super::directives::Plain;
use super::functions::{MAX_BYTES, parse};
use super::macros;
use super::written::{defined_macros, text_of};

/// The functions and macros that some headers declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prototypes {
    /// Each with whether all that is said of it is `void name(void)`.
    declared: BTreeMap<String, bool>,
}

impl Prototypes {
    /// Adds what a header declares, under whatever condition.
    ///
    /// # Errors
    /// When the text is too long, or nothing like C.
    pub fn read(&mut self, text: &[u8]) -> Result<(), SourceError> {
        if text.len() > MAX_BYTES {
            return Err(SourceError::TooLong { size: text.len() });
        }
        // What stands for a call may be anything.
        for name in defined_macros(text) {
            self.add(name, false);
        }
        let mut plain = Plain::of(text);
        macros::end_with_semicolons(&mut plain.text);
        let tree = parse(&plain)?;
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            if matches!(node.kind(), "declaration" | "function_definition") {
                for (name, is_plain) in declared(node, &plain) {
                    self.add(name, is_plain);
                }
            }
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return Ok(());
                }
            }
        }
    }

    fn add(&mut self, name: String, is_plain: bool) {
        *self.declared.entry(name).or_insert(true) &= is_plain;
    }

    /// Whether a function is declared, as whatever.
    pub fn declares(&self, function: &str) -> bool {
        self.declared.contains_key(function)
    }

    /// Whether a function is declared as `void name(void)`, and nowhere otherwise.
    pub fn is_plain(&self, function: &str) -> bool {
        self.declared.get(function).is_some_and(|is_plain| *is_plain)
    }
}

/// The functions that a declaration or a definition declares, each with whether it is
/// `void name(void)`.
pub(super) fn declared(node: Node<'_>, plain: &Plain) -> Vec<(String, bool)> {
    let is_void = node
        .child_by_field_name("type")
        .is_some_and(|of| of.kind() == "primitive_type" && text_of(of, plain) == "void");
    let mut found = Vec::new();
    let mut cursor = node.walk();
    for declarator in node.children_by_field_name("declarator", &mut cursor) {
        let takes_nothing = declarator.kind() == "function_declarator"
            && declarator.child_by_field_name("parameters").is_some_and(|parameters| {
                let text = text_of(parameters, plain);
                text.split_whitespace().collect::<String>() == "(void)"
            });
        let mut is_function = false;
        let mut at = Some(declarator);
        while let Some(inner) = at {
            is_function |= inner.kind() == "function_declarator";
            if inner.kind() == "identifier" {
                // Broken where it is: some macro is not what it looks like.
                let is_plain = is_void
                    && takes_nothing
                    && !node.has_error()
                    && inner.parent().is_some_and(|parent| parent.id() == declarator.id());
                found.extend(is_function.then(|| (text_of(inner, plain), is_plain)));
                break;
            }
            at = inner.child_by_field_name("declarator").or_else(|| inner.named_child(0));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_nowhere_said_to_be_more_is_plain() {
        let text = "#ifndef H
#define H
#define macro_init() macro_init_of(0)
void a_init(void);
extern void b_init( void );
static inline void c_init(void) {
    c_flag = 1;
}
int d_init(void);
void e_init(int number);
void f_init();
void *g_init(void);
void (*h_init)(void);
void i_init(void), j_init(void);
#if X
void k_init(void);
#else
static inline int k_init(void) { return 0; }
#endif
WEAK void l_init(void);
extern int variable;
void macro_init(void);
#endif
";
        let mut read = Prototypes::default();
        read.read(text.as_bytes()).unwrap();
        let plain: Vec<&str> = read
            .declared
            .iter()
            .filter_map(|(name, is_plain)| is_plain.then_some(name.as_str()))
            .collect();
        assert_eq!(plain, ["a_init", "b_init", "c_init", "i_init", "j_init"]);
        for name in ["d_init", "e_init", "f_init", "g_init", "k_init", "macro_init"] {
            assert!(read.declares(name), "{name}");
        }
        assert!(!read.declares("variable") && !read.declares("x_init"));
    }
}
