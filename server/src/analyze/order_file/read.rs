//! The order file as it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::words::{FIRST_WORDS, Heading, TITLE, VERSION, role_of, unescaped};
use super::{Board, Call, Line, OrderFile, PortOrder, Remarks};
use crate::model::{BoardId, PortName, quoted};

/// Why a text is no order file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct OrderFileError {
    /// The line, from 1.
    pub line: usize,
    /// What was found there, what was expected, and what to do.
    pub what: String,
}

impl FromStr for OrderFile {
    type Err = OrderFileError;

    fn from_str(text: &str) -> Result<Self, OrderFileError> {
        let mut lines = (1..).zip(text.lines()).peekable();
        let first = lines.next().map_or("", |(_, line)| line);
        check_title(first.trim_end()).map_err(|what| OrderFileError { line: 1, what })?;
        // The program's own words, which it writes anew.
        while lines.next_if(|(_, line)| line.starts_with("##")).is_some() {}
        let mut reader = Reader::default();
        for (number, line) in lines {
            reader.number = number;
            reader.line(line)?;
        }
        reader.finish()
    }
}

fn check_title(line: &str) -> Result<(), String> {
    match line.strip_prefix(TITLE) {
        Some(VERSION) => Ok(()),
        Some(version) => Err(format!(
            "the file has version {}, and this program reads version {VERSION}: use the version of initboard that wrote it, or a newer one",
            quoted(version)
        )),
        None => Err(format!(
            "found `{}`, expected `{TITLE}{VERSION}`: name a file that `initboard order --write` wrote, or one that does not exist yet",
            quoted(line)
        )),
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    /// The line that is read.
    number: usize,
    ports: BTreeMap<PortName, PortOrder>,
    open: Option<Section>,
    /// Comments that stand above what comes next, and the line of the first.
    above: Vec<String>,
    above_from: usize,
}

/// The section of a port, being read.
struct Section {
    port: PortName,
    order: PortOrder,
    /// Where each board stands.
    board_lines: BTreeMap<String, usize>,
    heading: Option<Heading>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), OrderFileError> {
        let (content, remark) = match line.split_once('#') {
            Some((content, remark)) => (content, Some(remark.trim_end().to_owned())),
            None => (line, None),
        };
        let words: Vec<&str> = content.split_whitespace().collect();
        let Some((first, rest)) = words.split_first() else {
            if let Some(remark) = remark {
                if self.above.is_empty() {
                    self.above_from = self.number;
                }
                self.above.push(remark);
            }
            return Ok(());
        };
        if let Some(heading) = Heading::of(first) {
            return self.heading(heading, rest, remark.is_some());
        }
        let remarks = Remarks { above: std::mem::take(&mut self.above), behind: remark };
        match *first {
            "port" => self.port(rest, remarks),
            "board" => self.board(rest, remarks),
            _ => self.entry(first, rest, remarks),
        }
    }

    fn error<T>(&self, what: String) -> Result<T, OrderFileError> {
        Err(OrderFileError { line: self.number, what })
    }

    fn port(&mut self, words: &[&str], remarks: Remarks) -> Result<(), OrderFileError> {
        self.close()?;
        let [name] = words else {
            return self.error(format!(
                "`port` has {} words behind it: expected one, the port, such as `port stm32`",
                words.len()
            ));
        };
        let port: PortName = match name.parse() {
            Ok(port) => port,
            Err(error) => return self.error(format!("{error}")),
        };
        if self.ports.contains_key(&port) {
            return self.error(format!(
                "port {port} has a section above already: expected one, so bring both together"
            ));
        }
        self.open = Some(Section {
            port,
            order: PortOrder { remarks, ..PortOrder::default() },
            board_lines: BTreeMap::new(),
            heading: None,
        });
        Ok(())
    }

    fn board(&mut self, words: &[&str], remarks: Remarks) -> Result<(), OrderFileError> {
        let number = self.number;
        let section = self.section()?;
        let (name, like) = match words {
            [name] => (*name, *name),
            [name, "like", like] => (*name, *like),
            _ => {
                return self.error(format!(
                    "found `board {}`, expected `board NAME` or `board NAME like OTHER`",
                    quoted(&words.join(" "))
                ));
            }
        };
        let is_late = section.heading.is_some();
        let has_it = section.order.boards.contains_key(name);
        if let Err(error) = BoardId::from_port_and_label(section.port.clone(), name) {
            return self.error(format!("{error}"));
        }
        if is_late {
            return self.error(format!(
                "board {name} stands below entries: expected all boards right below their port, so move the line up"
            ));
        }
        if has_it {
            return self.error(format!(
                "board {name} is listed twice: expected it once, so remove one of both lines"
            ));
        }
        section.order.boards.insert(name.to_owned(), Board { like: like.to_owned(), remarks });
        section.board_lines.insert(name.to_owned(), number);
        Ok(())
    }

    fn heading(
        &mut self,
        heading: Heading,
        rest: &[&str],
        has_remark: bool,
    ) -> Result<(), OrderFileError> {
        if !rest.is_empty() || has_remark {
            return self.error(
                "a stage has something behind it: expected it alone on its line; write comments above or behind an entry".to_owned(),
            );
        }
        let section = self.section()?;
        section.check_boards()?;
        section.heading = Some(heading);
        Ok(())
    }

    fn entry(
        &mut self,
        first: &str,
        rest: &[&str],
        remarks: Remarks,
    ) -> Result<(), OrderFileError> {
        let (role, is_conditional) = match first.strip_suffix('?') {
            Some(role) => (role, true),
            None => (first, false),
        };
        let Some(role) = role_of(role) else {
            let is_conflict = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains(&first);
            return self.error(if is_conflict {
                format!(
                    "`{first}` is left of a merge: expected no conflicts; keep both sides' comments and either side's entries, then run `initboard order --write`"
                )
            } else {
                format!(
                    "found `{}`, expected {FIRST_WORDS}, or a # before a comment",
                    quoted(first)
                )
            });
        };
        let Some((name, condition)) = rest.split_first() else {
            return self.error(format!(
                "`{first}` stands alone: expected a function behind it, or no such line"
            ));
        };
        let function = match unescaped(name) {
            Ok(function) => function,
            Err(what) => return self.error(what),
        };
        let number = self.number;
        let section = self.section()?;
        let Some(Heading(stage)) = section.heading else {
            return self.error(
                "no stage yet: expected a line `boot`, `start`, `stop` or `unseen` above the entry"
                    .to_owned(),
            );
        };
        let leaders_of = |names: &[&str]| names.iter().map(|name| section.leader(name)).collect();
        let all_leaders = || section.order.boards.iter().filter(|(name, of)| of.like == **name);
        let on: Result<BTreeSet<String>, String> = match condition {
            [] => Ok(all_leaders().map(|(name, _)| name.clone()).collect()),
            ["on", names @ ..] if !names.is_empty() => leaders_of(names),
            ["not", "on", names @ ..] if !names.is_empty() => {
                leaders_of(names).map(|others: BTreeSet<String>| {
                    let all = all_leaders().map(|(name, _)| name);
                    all.filter(|name| !others.contains(*name)).cloned().collect()
                })
            }
            _ => Err(format!(
                "found `{}` behind a function, expected `on BOARD..`, `not on BOARD..`, or a # before a comment",
                quoted(&condition.join(" "))
            )),
        };
        let on = on.map_err(|what| OrderFileError { line: number, what })?;
        if on.is_empty() {
            return self.error(
                "the entry is on no board: expected at least one, or no such line".to_owned(),
            );
        }
        let call = Call { stage, role, is_conditional, function };
        section.order.lines.push(Line { call, on, remarks });
        Ok(())
    }

    fn section(&mut self) -> Result<&mut Section, OrderFileError> {
        self.open.as_mut().ok_or_else(|| OrderFileError {
            line: self.number,
            what: "no port yet: expected a line such as `port stm32` above".to_owned(),
        })
    }

    /// Ends the section that is being read.
    fn close(&mut self) -> Result<(), OrderFileError> {
        let Some(section) = self.open.take() else { return Ok(()) };
        section.check_boards()?;
        self.ports.insert(section.port, section.order);
        Ok(())
    }

    fn finish(mut self) -> Result<OrderFile, OrderFileError> {
        self.close()?;
        if !self.above.is_empty() {
            self.number = self.above_from;
            return self.error(
                "a comment at the end is about nothing: expected an entry below it; move it above or behind one, or remove it".to_owned(),
            );
        }
        Ok(OrderFile { ports: self.ports })
    }
}

impl Section {
    /// Whether each board is like one that stands for itself.
    fn check_boards(&self) -> Result<(), OrderFileError> {
        for (name, line) in &self.board_lines {
            let like = self.order.boards.get(name).map_or("", |board| &board.like);
            self.leader(like).map_err(|what| OrderFileError { line: *line, what })?;
        }
        Ok(())
    }

    /// The board of that name, which stands for others.
    fn leader(&self, name: &str) -> Result<String, String> {
        match self.order.boards.get(name) {
            Some(board) if board.like == name => Ok(name.to_owned()),
            Some(board) => Err(format!(
                "board {name} is like {0}: expected {0} in its place, which stands for both",
                quoted(&board.like)
            )),
            None => Err(format!(
                "port {} has no board {}: expected one of its lines `board`, or add one",
                self.port,
                quoted(name)
            )),
        }
    }
}
