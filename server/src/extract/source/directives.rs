//! The preprocessor's lines taken out of a text, and what they say kept beside.
//!
//! A parser of C knows `#if` only where it stands between whole statements. So
//! the directives are read here, line by line, and replaced by blanks: what is
//! left is plain C in which all arms of an `#if` follow one another, and each
//! line knows its arms. Where the arms are no whole statements (`#if A`, `if (x)
//! {`, `#else`, `{`, `#endif`), only the first of them is left.

use std::ops::Range;

use super::condition::{Clause, Condition};

/// Deepest nesting of `#if` that is told apart.
const MAX_NESTING: usize = 64;

/// A text without its directives.
pub(super) struct Plain {
    /// The text, as long as the original; what was taken out is blank.
    pub(super) text: Vec<u8>,
    /// The arms of `#if` around each line, as an index into `arms`.
    lines: Vec<Option<u32>>,
    arms: Vec<Arm>,
    groups: Vec<Group>,
    /// Arms that were taken out because they are no whole statements.
    pub(super) dropped: Vec<Range<usize>>,
    /// Offsets of the lines.
    starts: Vec<usize>,
}

/// The text between two directives of one `#if`.
#[derive(Clone, Copy)]
struct Arm {
    outer: Option<u32>,
    group: u32,
    /// Which one of its group, counted from 0.
    index: u32,
}

/// An `#if` with its `#elif` and `#else`.
#[derive(Default)]
struct Group {
    /// One for each arm but a last `#else`.
    clauses: Vec<Clause>,
    has_else: bool,
    arms: u32,
}

/// An `#if` that is not closed yet.
struct Open {
    group: u32,
    /// The arm that it stands in.
    outer: Option<u32>,
    depth: i32,
    last: Option<u8>,
    arms: Vec<Seen>,
    /// Where the arm that is being read begins.
    start: usize,
    /// Lowest depth in it.
    lowest: i32,
}

/// What was seen of one arm.
struct Seen {
    text: Range<usize>,
    /// Brackets opened and not closed.
    depth: i32,
    /// Closes what it did not open.
    closes: bool,
    last: Option<u8>,
}

impl Plain {
    /// Takes the directives out of `text`.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut reader = Reader {
            plain: Self {
                text: text.to_vec(),
                lines: Vec::new(),
                arms: Vec::new(),
                groups: Vec::new(),
                dropped: Vec::new(),
                starts: Vec::new(),
            },
            open: Vec::new(),
            arm: None,
            too_deep: 0,
            depth: 0,
            last: None,
        };
        reader.read(text);
        let mut plain = reader.plain;
        for range in &plain.dropped {
            blank(&mut plain.text[range.clone()]);
        }
        plain
    }

    /// The line of an offset, counted from 1.
    pub(super) fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }

    fn arm_at(&self, offset: usize) -> Option<u32> {
        let line = self.starts.partition_point(|&start| start <= offset).checked_sub(1)?;
        *self.lines.get(line)?
    }

    /// The arms around an offset, outermost first, each with its group.
    pub(super) fn path(&self, offset: usize) -> Vec<(u32, u32)> {
        let mut path = Vec::new();
        let mut at = self.arm_at(offset);
        while let Some(arm) = at.map(|index| self.arms[index as usize]) {
            path.push((arm.group, arm.index));
            at = arm.outer;
        }
        path.reverse();
        path
    }

    /// Whether one of the arms of a group is compiled whatever is configured,
    /// and all of `with_statements` of them hold some.
    pub(super) fn is_complete(&self, group: u32, with_statements: u32) -> bool {
        let group = &self.groups[group as usize];
        group.has_else && group.arms == with_statements
    }

    /// The condition at an offset.
    pub(super) fn condition(&self, offset: usize) -> Condition {
        let mut condition = Condition::default();
        for (group, arm) in self.path(offset) {
            let clauses = &self.groups[group as usize].clauses;
            let arm = arm as usize;
            for before in clauses.iter().take(arm) {
                condition.add(before.negated());
            }
            if let Some(own) = clauses.get(arm) {
                condition.add(own.clone());
            }
        }
        condition
    }
}

struct Reader {
    plain: Plain,
    open: Vec<Open>,
    arm: Option<u32>,
    /// How many `#if` beyond [`MAX_NESTING`] are open.
    too_deep: usize,
    /// Brackets of any kind that are open.
    depth: i32,
    /// The last byte that is neither blank nor comment.
    last: Option<u8>,
}

impl Reader {
    fn read(&mut self, text: &[u8]) {
        let mut at = 0;
        while at < text.len() {
            // At the start of a line, in code.
            self.begin_line(at);
            let first = at + text[at..].iter().take_while(|&&b| matches!(b, b' ' | b'\t')).count();
            at = if text.get(first) == Some(&b'#') {
                let end = self.directive_end(text, first);
                self.directive(&text[first + 1..end], at, end);
                blank(&mut self.plain.text[first..end]);
                // The line feed, if there is one.
                (end + 1).min(text.len())
            } else {
                self.code_line(text, at)
            };
        }
        // Left open: what was read of it is whole as far as anybody knows.
        while !self.open.is_empty() {
            self.close(text.len());
        }
    }

    fn begin_line(&mut self, at: usize) {
        self.plain.starts.push(at);
        self.plain.lines.push(self.arm);
    }

    /// The end of a directive: of its line, continued lines and comments that
    /// reach over it included.
    fn directive_end(&mut self, text: &[u8], start: usize) -> usize {
        let mut at = start;
        while at < text.len() {
            match text[at] {
                b'\n' => {
                    let line = text[..at].strip_suffix(b"\r").unwrap_or(&text[..at]);
                    if line.last() != Some(&b'\\') {
                        return at;
                    }
                    self.begin_line(at + 1);
                    at += 1;
                }
                b'/' if text.get(at + 1) == Some(&b'*') => at = self.comment_end(text, at),
                b'/' if text.get(at + 1) == Some(&b'/') => {
                    at += text[at..].iter().take_while(|&&byte| byte != b'\n').count();
                    return at;
                }
                _ => at += 1,
            }
        }
        text.len()
    }

    /// Behind a `/* .. */` that begins at `start`.
    fn comment_end(&mut self, text: &[u8], start: usize) -> usize {
        let mut at = start + 2;
        while at < text.len() {
            match text[at] {
                b'*' if text.get(at + 1) == Some(&b'/') => return at + 2,
                b'\n' => {
                    at += 1;
                    if at < text.len() {
                        self.begin_line(at);
                    }
                }
                _ => at += 1,
            }
        }
        text.len()
    }

    /// Reads code from `start` to behind the line feed that ends its line;
    /// comments and literals may reach over several.
    fn code_line(&mut self, text: &[u8], start: usize) -> usize {
        let mut at = start;
        while at < text.len() {
            let byte = text[at];
            match byte {
                b'\n' => return at + 1,
                b'/' if text.get(at + 1) == Some(&b'*') => {
                    at = self.comment_end(text, at);
                    continue;
                }
                b'/' if text.get(at + 1) == Some(&b'/') => {
                    at += text[at..].iter().take_while(|&&byte| byte != b'\n').count();
                    continue;
                }
                b'"' | b'\'' => {
                    at = self.literal_end(text, at);
                    self.last = Some(byte);
                    continue;
                }
                b'(' | b'[' | b'{' => self.depth = self.depth.saturating_add(1),
                b')' | b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if let Some(open) = self.open.last_mut() {
                        open.lowest = open.lowest.min(self.depth);
                    }
                }
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.last = Some(byte);
            }
            at += 1;
        }
        text.len()
    }

    /// Behind a string or character that begins at `start`; one that is not
    /// closed ends with its line.
    fn literal_end(&mut self, text: &[u8], start: usize) -> usize {
        let mut at = start + 1;
        while at < text.len() {
            match text[at] {
                b'\\' if text.get(at + 1) == Some(&b'\n') => {
                    at += 2;
                    self.begin_line(at);
                }
                b'\\' => at += 2,
                b'\n' => return at,
                byte if byte == text[start] => return at + 1,
                _ => at += 1,
            }
        }
        text.len()
    }

    /// What stands behind `#`, of a directive from `start` to `end`.
    fn directive(&mut self, text: &[u8], start: usize, end: usize) {
        let text = text.trim_ascii_start();
        let word = &text[..text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()];
        let rest = &text[word.len()..];
        match word {
            b"if" | b"ifdef" | b"ifndef" if self.open.len() >= MAX_NESTING => self.too_deep += 1,
            b"if" => self.open(Clause::of_if(rest), end),
            b"ifdef" => self.open(Clause::of_ifdef(rest), end),
            b"ifndef" => self.open(Clause::of_ifdef(rest).negated(), end),
            b"elif" | b"elifdef" | b"elifndef" | b"else" | b"endif" if self.too_deep > 0 => {
                self.too_deep -= usize::from(word == b"endif");
            }
            b"elif" => self.next_arm(Some(Clause::of_if(rest)), start, end),
            b"elifdef" => self.next_arm(Some(Clause::of_ifdef(rest)), start, end),
            b"elifndef" => self.next_arm(Some(Clause::of_ifdef(rest).negated()), start, end),
            b"else" => self.next_arm(None, start, end),
            b"endif" => self.close(start),
            _ => {}
        }
    }

    fn open(&mut self, clause: Clause, end: usize) {
        let group = u32::try_from(self.plain.groups.len()).unwrap_or(u32::MAX);
        self.plain.groups.push(Group { clauses: vec![clause], has_else: false, arms: 0 });
        self.open.push(Open {
            group,
            outer: self.arm,
            depth: self.depth,
            last: self.last,
            arms: Vec::new(),
            start: end,
            lowest: self.depth,
        });
        self.enter_arm(group);
    }

    fn enter_arm(&mut self, group: u32) {
        let outer = self.open.last().and_then(|open| open.outer);
        let of_group = &mut self.plain.groups[group as usize];
        let index = of_group.arms;
        of_group.arms += 1;
        self.arm = u32::try_from(self.plain.arms.len()).ok();
        self.plain.arms.push(Arm { outer, group, index });
    }

    /// Ends the arm that is being read where the directive at `start` begins.
    fn end_arm(&mut self, start: usize) {
        let Some(open) = self.open.last_mut() else { return };
        open.arms.push(Seen {
            text: open.start..start.max(open.start),
            depth: self.depth.saturating_sub(open.depth),
            closes: open.lowest < open.depth,
            last: if self.last == open.last && is_blank(&self.plain.text, open.start, start) {
                None
            } else {
                self.last
            },
        });
    }

    fn next_arm(&mut self, clause: Option<Clause>, start: usize, end: usize) {
        self.end_arm(start);
        // An `#else` without an `#if` says nothing.
        let Some(open) = self.open.last_mut() else { return };
        let group = open.group;
        open.start = end;
        open.lowest = open.depth;
        (self.depth, self.last) = (open.depth, open.last);
        let of_group = &mut self.plain.groups[group as usize];
        match clause {
            // An `#elif` behind `#else` is none.
            Some(clause) if !of_group.has_else => of_group.clauses.push(clause),
            Some(_) => {}
            None => of_group.has_else = true,
        }
        self.enter_arm(group);
    }

    fn close(&mut self, start: usize) {
        self.end_arm(start);
        let Some(open) = self.open.pop() else { return };
        self.arm = open.outer;
        let is_whole = |arm: &Seen| {
            arm.depth == 0 && !arm.closes && arm.last.is_none_or(|last| b";}{:".contains(&last))
        };
        let continues = open.last.is_some_and(|last| b"=,(&|+-*/<>?!~^%[".contains(&last));
        let kept = if !continues && open.arms.iter().all(is_whole) {
            open.arms.as_slice()
        } else {
            let first = open.arms.iter().position(|arm| arm.last.is_some()).unwrap_or_default();
            for (index, arm) in open.arms.iter().enumerate() {
                if index != first && arm.last.is_some() {
                    self.plain.dropped.push(arm.text.clone());
                }
            }
            &open.arms[first..=first]
        };
        self.depth = kept.iter().fold(open.depth, |depth, arm| depth.saturating_add(arm.depth));
        self.last = kept.iter().filter_map(|arm| arm.last).next_back().or(open.last);
        // What this one closes, an `#if` around it closes as well.
        let lowest = kept.iter().filter(|arm| arm.closes).count();
        if lowest > 0
            && let Some(outer) = self.open.last_mut()
        {
            outer.lowest = outer.lowest.min(self.depth);
        }
    }
}

/// Whether there is nothing but blanks and comments.
fn is_blank(text: &[u8], start: usize, end: usize) -> bool {
    let mut rest = text.get(start..end).unwrap_or_default().trim_ascii_start();
    loop {
        if rest.starts_with(b"//") {
            let line = rest.iter().take_while(|&&byte| byte != b'\n').count();
            rest = rest[line..].trim_ascii_start();
        } else if rest.starts_with(b"/*") {
            let end =
                rest.windows(2).position(|pair| pair == b"*/").map_or(rest.len(), |at| at + 2);
            rest = rest[end..].trim_ascii_start();
        } else {
            return rest.is_empty();
        }
    }
}

fn blank(text: &mut [u8]) {
    for byte in text.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}
