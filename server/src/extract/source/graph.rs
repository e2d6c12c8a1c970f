//! The control flow of a function, from its statements.
//!
//! All arms of an `#if` are taken to follow one another: so a call in one of
//! them is conditional only if a statement makes it so, and every call is in the
//! graph. An arm that ends in a jump does not keep the next one from being
//! reached: that one starts where the `#if` does.

use std::collections::HashMap;

use tree_sitter::Node;

use super::directives::Plain;

/// Deepest nesting of statements and expressions that is followed.
const MAX_DEPTH: u32 = 200;

/// Functions that do not return, wherever they are declared.
const NO_RETURN: [&[u8]; 5] = [b"abort", b"exit", b"_exit", b"longjmp", b"__builtin_unreachable"];

/// A function as nodes, of which each makes at most one call. The first node is
/// its entry.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) successors: Vec<Vec<usize>>,
    /// Where in the text each node stands.
    pub(super) offsets: Vec<u64>,
    pub(super) calls: Vec<Option<Call>>,
    /// Line of the first part that could not be read.
    pub(super) unread: Option<u32>,
}

/// A call of a function or macro by its name.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: Vec<u8>,
    /// Offset of the name.
    pub(super) offset: usize,
    /// The text of its arguments, without the parentheses.
    pub(super) arguments: std::ops::Range<usize>,
}

impl Graph {
    /// Reads the body of a function.
    pub(super) fn of(body: Node<'_>, plain: &Plain) -> Self {
        let mut builder = Builder {
            plain,
            graph: Self::default(),
            labels: HashMap::new(),
            breaks: Vec::new(),
            continues: Vec::new(),
            switches: Vec::new(),
            is_reached: Vec::new(),
            depth: 0,
        };
        let entry = builder.node(body.start_byte());
        builder.statement(body, Some(entry));
        let mut graph = builder.graph;
        for nexts in &mut graph.successors {
            nexts.sort_unstable();
            nexts.dedup();
        }
        graph
    }
}

struct Builder<'a> {
    plain: &'a Plain,
    graph: Graph,
    labels: HashMap<Vec<u8>, usize>,
    /// Where `break` and `continue` lead to.
    breaks: Vec<usize>,
    continues: Vec<usize>,
    switches: Vec<Switch>,
    /// Whether anything leads to each node.
    is_reached: Vec<bool>,
    depth: u32,
}

struct Switch {
    head: Option<usize>,
    has_default: bool,
}

/// The node that control is in; `None` behind a jump.
type Flow = Option<usize>;

impl Builder<'_> {
    fn node(&mut self, offset: usize) -> usize {
        self.graph.successors.push(Vec::new());
        self.graph.offsets.push(offset as u64);
        self.graph.calls.push(None);
        self.is_reached.push(false);
        self.graph.successors.len() - 1
    }

    fn link(&mut self, from: Flow, to: usize) {
        if let Some(from) = from {
            self.graph.successors[from].push(to);
            self.is_reached[to] = true;
        }
    }

    /// A node behind several others; `None` where all of them jump away.
    fn join(&mut self, ends: &[Flow], offset: usize) -> Flow {
        let mut ends = ends.iter().copied().flatten().collect::<Vec<usize>>();
        ends.dedup();
        match ends.as_slice() {
            [] => None,
            [only] => Some(*only),
            several => {
                let node = self.node(offset);
                for &end in several {
                    self.link(Some(end), node);
                }
                Some(node)
            }
        }
    }

    /// A loop's exit or a switch's end, if anything leads there.
    fn if_reached(&self, node: usize) -> Flow {
        self.is_reached[node].then_some(node)
    }

    fn text(&self, node: Node<'_>) -> &[u8] {
        self.plain.text.get(node.byte_range()).unwrap_or_default()
    }

    fn label(&mut self, name: Node<'_>) -> usize {
        let text = self.text(name).to_vec();
        if let Some(&known) = self.labels.get(&text) {
            return known;
        }
        let node = self.node(name.start_byte());
        self.labels.insert(text, node);
        node
    }

    /// What could not be read, if it is the first.
    fn unread(&mut self, node: Node<'_>) {
        let line = self.plain.line(node.start_byte());
        self.graph.unread.get_or_insert(line);
    }

    /// Goes one level down, unless that is too deep.
    fn nested(
        &mut self,
        node: Node<'_>,
        flow: Flow,
        read: impl FnOnce(&mut Self, Flow) -> Flow,
    ) -> Flow {
        if self.depth >= MAX_DEPTH {
            self.unread(node);
            return flow;
        }
        self.depth += 1;
        let end = read(self, flow);
        self.depth -= 1;
        end
    }

    fn statement(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        self.nested(node, flow, |builder, flow| builder.statement_of_kind(node, flow))
    }

    fn statement_of_kind(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        match node.kind() {
            "compound_statement" => {
                let level = self.plain.path(node.start_byte()).len();
                self.sequence(&named_children(node), level, flow)
            }
            "if_statement" => self.if_statement(node, flow),
            "switch_statement" => self.switch_statement(node, flow),
            "case_statement" => self.case_statement(node, flow),
            "while_statement" => self.while_statement(node, flow),
            "do_statement" => self.do_statement(node, flow),
            "for_statement" => self.for_statement(node, flow),
            "return_statement" => {
                self.children(node, flow);
                None
            }
            "break_statement" => self.jump(self.breaks.last().copied(), flow),
            "continue_statement" => self.jump(self.continues.last().copied(), flow),
            "goto_statement" => {
                if let Some(name) = node.child_by_field_name("label") {
                    let label = self.label(name);
                    self.link(flow, label);
                }
                None
            }
            "labeled_statement" => {
                let Some(name) = node.child_by_field_name("label") else {
                    return self.children(node, flow);
                };
                let label = self.label(name);
                self.link(flow, label);
                let level = self.plain.path(node.start_byte()).len();
                let rest: Vec<Node<'_>> =
                    named_children(node).into_iter().filter(|child| *child != name).collect();
                self.sequence(&rest, level, Some(label))
            }
            _ => self.expression_of_kind(node, flow),
        }
    }

    /// Statements one after another, of which those behind `level` arms of `#if`
    /// stand in arms of their own.
    fn sequence(&mut self, nodes: &[Node<'_>], level: usize, mut flow: Flow) -> Flow {
        let mut rest = nodes;
        while let Some((&node, behind)) = rest.split_first() {
            let path = self.plain.path(node.start_byte());
            let Some(&(group, _)) = path.get(level) else {
                flow = self.statement(node, flow);
                rest = behind;
                continue;
            };
            let arm_of = |node: &Node<'_>| {
                let path = self.plain.path(node.start_byte());
                path.get(level).filter(|(other, _)| *other == group).map(|(_, arm)| *arm)
            };
            let arms: Vec<u32> = rest.iter().map_while(arm_of).collect();
            let (inside, behind) = rest.split_at(arms.len());
            flow = self.arms(inside, &arms, group, level, flow);
            rest = behind;
        }
        flow
    }

    /// The arms of one `#if`, one after another.
    fn arms(
        &mut self,
        nodes: &[Node<'_>],
        arms: &[u32],
        group: u32,
        level: usize,
        before: Flow,
    ) -> Flow {
        let mut ends = Vec::new();
        let mut flow = before;
        let mut count = 0;
        let mut start = 0;
        while start < nodes.len() {
            let end = start + arms[start..].iter().take_while(|&&arm| arm == arms[start]).count();
            count += 1;
            flow = self.sequence(&nodes[start..end], level + 1, flow.or(before));
            ends.push(flow);
            start = end;
        }
        if flow.is_some() {
            return flow;
        }
        // The last arm jumps away: another one does not, or none is compiled.
        match ends.into_iter().flatten().next_back() {
            Some(end) => Some(end),
            None if self.plain.is_complete(group, count) => None,
            None => before,
        }
    }

    fn jump(&mut self, target: Flow, flow: Flow) -> Flow {
        match target {
            Some(target) => {
                self.link(flow, target);
                None
            }
            // Of a loop that a macro begins.
            None => flow,
        }
    }

    fn if_statement(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        let mut ends = Vec::new();
        let mut flow = flow;
        let mut next = Some(node);
        // A chain of `else if` is a list, not a tower.
        while let Some(node) = next.take() {
            if let Some(condition) = node.child_by_field_name("condition") {
                flow = self.expression(condition, flow);
            }
            if let Some(consequence) = node.child_by_field_name("consequence") {
                let start = self.branch(flow, consequence.start_byte());
                ends.push(self.statement(consequence, start));
            }
            let otherwise = node.child_by_field_name("alternative");
            let otherwise = otherwise.and_then(|clause| {
                named_children(clause).into_iter().find(|child| !child.is_extra())
            });
            match otherwise {
                Some(other) if other.kind() == "if_statement" => {
                    flow = self.branch(flow, other.start_byte());
                    next = Some(other);
                }
                Some(other) => {
                    let start = self.branch(flow, other.start_byte());
                    ends.push(self.statement(other, start));
                }
                None => ends.push(flow),
            }
        }
        self.join(&ends, node.end_byte())
    }

    /// A node behind `flow` where something begins that may be left out.
    fn branch(&mut self, flow: Flow, offset: usize) -> Flow {
        flow.map(|from| {
            let node = self.node(offset);
            self.link(Some(from), node);
            node
        })
    }

    fn switch_statement(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        let flow = match node.child_by_field_name("condition") {
            Some(condition) => self.expression(condition, flow),
            None => flow,
        };
        let exit = self.node(node.end_byte());
        self.breaks.push(exit);
        self.switches.push(Switch { head: flow, has_default: false });
        let end = match node.child_by_field_name("body") {
            Some(body) => self.statement(body, None),
            None => None,
        };
        self.breaks.pop();
        self.link(end, exit);
        if self.switches.pop().is_some_and(|switch| !switch.has_default) {
            self.link(flow, exit);
        }
        self.if_reached(exit)
    }

    fn case_statement(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        let value = node.child_by_field_name("value");
        let start = self.node(node.start_byte());
        self.link(flow, start);
        if let Some(switch) = self.switches.last_mut() {
            switch.has_default |= value.is_none();
            let head = switch.head;
            self.link(head, start);
        }
        let level = self.plain.path(node.start_byte()).len();
        let inside: Vec<Node<'_>> =
            named_children(node).into_iter().filter(|child| Some(*child) != value).collect();
        self.sequence(&inside, level, Some(start))
    }

    /// A loop: what is tested before each pass, its body, and what is done after
    /// each.
    fn repeat(
        &mut self,
        node: Node<'_>,
        flow: Flow,
        condition: Option<Node<'_>>,
        update: Option<Node<'_>>,
    ) -> Flow {
        let head = self.node(condition.map_or(node.start_byte(), |node| node.start_byte()));
        self.link(flow, head);
        let tested = match condition {
            Some(condition) => self.expression(condition, Some(head)),
            None => Some(head),
        };
        let exit = self.node(node.end_byte());
        if condition.is_some_and(|condition| self.constant(condition) != Some(true)) {
            self.link(tested, exit);
        }
        let next = match update {
            Some(update) => self.node(update.start_byte()),
            None => head,
        };
        self.breaks.push(exit);
        self.continues.push(next);
        let end = match node.child_by_field_name("body") {
            Some(body) => {
                let start = self.branch(tested, body.start_byte());
                self.statement(body, start)
            }
            None => tested,
        };
        self.breaks.pop();
        self.continues.pop();
        self.link(end, next);
        if let Some(update) = update {
            let end = self.expression(update, Some(next));
            self.link(end, head);
        }
        self.if_reached(exit)
    }

    fn while_statement(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        self.repeat(node, flow, node.child_by_field_name("condition"), None)
    }

    fn for_statement(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        let flow = match node.child_by_field_name("initializer") {
            Some(first) => self.statement(first, flow),
            None => flow,
        };
        let condition = node.child_by_field_name("condition");
        self.repeat(node, flow, condition, node.child_by_field_name("update"))
    }

    fn do_statement(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        let start = self.node(node.start_byte());
        self.link(flow, start);
        let condition = node.child_by_field_name("condition");
        let test = self.node(condition.map_or(node.end_byte(), |node| node.start_byte()));
        let exit = self.node(node.end_byte());
        self.breaks.push(exit);
        self.continues.push(test);
        let end = match node.child_by_field_name("body") {
            Some(body) => self.statement(body, Some(start)),
            None => Some(start),
        };
        self.breaks.pop();
        self.continues.pop();
        self.link(end, test);
        // `do { .. break; } while (0)` tests only where control gets there.
        let Some(tested) = self.if_reached(test) else { return self.if_reached(exit) };
        let tested = match condition {
            Some(condition) => self.expression(condition, Some(tested)),
            None => Some(tested),
        };
        let constant = condition.and_then(|condition| self.constant(condition));
        if constant != Some(false) {
            self.link(tested, start);
        }
        if constant != Some(true) {
            self.link(tested, exit);
        }
        self.if_reached(exit)
    }

    /// The value of a condition that is a literal.
    fn constant(&self, condition: Node<'_>) -> Option<bool> {
        let text = self.text(condition).trim_ascii();
        let text = text.strip_prefix(b"(").and_then(|text| text.strip_suffix(b")")).unwrap_or(text);
        match text.trim_ascii() {
            b"1" | b"true" | b"TRUE" => Some(true),
            b"0" | b"false" | b"FALSE" => Some(false),
            _ => None,
        }
    }

    fn children(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        named_children(node).into_iter().fold(flow, |flow, child| self.statement(child, flow))
    }

    fn expression(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        self.nested(node, flow, |builder, flow| builder.statement_of_kind(node, flow))
    }

    fn expression_of_kind(&mut self, node: Node<'_>, flow: Flow) -> Flow {
        match node.kind() {
            // Not evaluated, or no code at all.
            "sizeof_expression"
            | "alignof_expression"
            | "offsetof_expression"
            | "comment"
            | "string_literal"
            | "function_definition"
            | "struct_specifier"
            | "enum_specifier"
            | "union_specifier"
            | "type_definition" => flow,
            "call_expression" => {
                let arguments = node.child_by_field_name("arguments");
                let flow = match arguments {
                    Some(arguments) => self.children(arguments, flow),
                    None => flow,
                };
                match node.child_by_field_name("function") {
                    Some(name) if name.kind() == "identifier" => self.call(name, arguments, flow),
                    Some(other) => self.expression(other, flow),
                    None => flow,
                }
            }
            "binary_expression" => {
                let operator = node.child_by_field_name("operator").map(|node| node.kind());
                let sides = node.child_by_field_name("left").zip(node.child_by_field_name("right"));
                let Some((left, right)) = sides else { return self.children(node, flow) };
                let flow = self.expression(left, flow);
                if !matches!(operator, Some("&&" | "||")) {
                    return self.expression(right, flow);
                }
                let start = self.branch(flow, right.start_byte());
                let end = self.expression(right, start);
                self.join(&[flow, end], node.end_byte())
            }
            "conditional_expression" => {
                let flow = match node.child_by_field_name("condition") {
                    Some(condition) => self.expression(condition, flow),
                    None => flow,
                };
                let ends = ["consequence", "alternative"].map(|arm| {
                    let Some(arm) = node.child_by_field_name(arm) else { return flow };
                    let start = self.branch(flow, arm.start_byte());
                    self.expression(arm, start)
                });
                self.join(&ends, node.end_byte())
            }
            _ => {
                if node.is_error() || node.is_missing() {
                    self.unread(node);
                }
                self.children(node, flow)
            }
        }
    }

    fn call(&mut self, name: Node<'_>, arguments: Option<Node<'_>>, flow: Flow) -> Flow {
        let from = flow?;
        let node = self.node(name.start_byte());
        self.link(Some(from), node);
        let callee = self.text(name).to_vec();
        let ends = NO_RETURN.contains(&callee.as_slice());
        let arguments = arguments.map_or(0..0, |node| node.byte_range());
        self.graph.calls[node] = Some(Call { name: callee, offset: name.start_byte(), arguments });
        (!ends).then_some(node)
    }
}

/// Whether a name is written as macros are: in capitals.
pub(super) fn is_macro_name(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_uppercase) && !name.iter().any(u8::is_ascii_lowercase)
}

fn named_children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).collect()
}
