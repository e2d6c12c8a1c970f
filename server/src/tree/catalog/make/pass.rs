//! One pass through the makefiles of a board, in one world: statement by
//! statement, as make does, with the tests decided as the world says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::evaluate::{Decision, Makefiles, Run, Side};
use super::expand::{Expanded, Expander, Value};
use super::functions::words;
use super::parse::{Assignment, How, Statement, Test};
use super::{KEYED, RODATA, SORTED};
use crate::tree::{TreeError, joined};

/// Deepest includes; a makefile may include itself.
const MAX_INCLUDES: usize = 16;
/// Most makefiles that are looked into for what they assign.
const MAX_FILES: usize = 64;
/// Options for the linker are looked for here where no variable names scripts.
pub(super) const LINKER_FLAGS: &str = "LDFLAGS";

#[derive(Clone, Default)]
struct Variable {
    value: String,
    /// Expanded when it was assigned.
    is_done: bool,
    /// Whoever builds may say otherwise, because of `?=`.
    is_default: bool,
}

/// What statements may assign.
#[derive(Default)]
struct Assigned {
    names: BTreeSet<String>,
    /// The makefiles that were looked into.
    files: BTreeSet<String>,
}

/// What a decision tells of a variable.
#[derive(Default)]
struct Fact {
    is: Option<String>,
    is_not: Vec<String>,
}

/// One pass through the makefiles, in one world.
pub(super) struct Pass<'p> {
    makefiles: &'p Makefiles<'p>,
    run: &'p Run<'p>,
    relevant: &'p BTreeSet<String>,
    /// How tests are decided; those after the last one as make would.
    path: &'p [bool],
    variables: HashMap<String, Variable>,
    facts: HashMap<String, Fact>,
    pub(super) decisions: Vec<Decision>,
    /// Which way was taken at each decision.
    pub(super) taken: Vec<bool>,
    /// What was set in conditionals that were passed over.
    pub(super) passed_over: BTreeSet<String>,
    /// What the variables that are asked for, and the tests on the way to them,
    /// refer to.
    pub(super) referred: BTreeSet<String>,
    pub(super) files_read: BTreeSet<String>,
    pub(super) noted: BTreeSet<&'static str>,
    /// The makefiles that are being read, each included by the one before.
    reading: Vec<String>,
    /// The words of the linker's flags that name scripts and folders.
    flags: Vec<String>,
}

impl<'p> Pass<'p> {
    pub(super) fn new(
        makefiles: &'p Makefiles<'p>,
        run: &'p Run<'p>,
        relevant: &'p BTreeSet<String>,
        path: &'p [bool],
    ) -> Self {
        Self {
            makefiles,
            run,
            relevant,
            path,
            variables: HashMap::new(),
            facts: HashMap::new(),
            decisions: Vec::new(),
            taken: Vec::new(),
            passed_over: BTreeSet::new(),
            referred: run.asked.iter().cloned().collect(),
            files_read: BTreeSet::new(),
            noted: BTreeSet::new(),
            reading: Vec::new(),
            flags: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, path: &str) -> Result<(), TreeError> {
        // One that includes itself would be read for ever.
        if self.reading.len() == MAX_INCLUDES || self.reading.iter().any(|open| open == path) {
            return Ok(());
        }
        let Some(makefile) = self.makefiles.makefile(path)? else { return Ok(()) };
        self.makefiles.spend(makefile.bytes / 16)?;
        self.files_read.insert(path.to_owned());
        self.reading.push(path.to_owned());
        self.statements(&makefile.statements)?;
        self.reading.pop();
        Ok(())
    }

    fn statements(&mut self, statements: &[Statement]) -> Result<(), TreeError> {
        for statement in statements {
            self.makefiles.spend(16)?;
            match statement {
                Statement::Assign(assignment) => self.assign(assignment)?,
                Statement::Include { paths } => {
                    let (included, referred) = self.included(paths)?;
                    // What decides which file is read matters where that file
                    // does. Most includes are of lists of dependencies.
                    if !referred.is_subset(&self.referred) {
                        let mut assigned = Assigned::default();
                        self.assigned_in(&included, &mut assigned)?;
                        if !assigned.names.is_disjoint(self.relevant) {
                            self.referred.extend(referred);
                        }
                    }
                    for path in included {
                        self.read(&path)?;
                    }
                }
                Statement::If { arms, otherwise } => {
                    let body = self.arm(arms, otherwise)?;
                    if let Some(body) = body {
                        self.statements(body)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The arm that counts; `None` where none does, or where it cannot be known
    /// and does not matter.
    fn arm<'s>(
        &mut self,
        arms: &'s [(Test, Vec<Statement>)],
        otherwise: &'s [Statement],
    ) -> Result<Option<&'s [Statement]>, TreeError> {
        for (index, (test, body)) in arms.iter().enumerate() {
            let holds = match self.test(test)? {
                Answer::Decided(holds) => holds,
                Answer::Open(decision, referred) => {
                    let rest = arms[index..].iter().map(|(_, body)| body.as_slice());
                    let mut assigned = Assigned::default();
                    for body in rest.chain([otherwise]) {
                        self.assigned(body, &mut assigned)?;
                    }
                    if assigned.names.is_disjoint(self.relevant) {
                        self.passed_over.extend(assigned.names);
                        return Ok(None);
                    }
                    self.referred.extend(referred);
                    self.decide(decision)
                }
            };
            if holds {
                return Ok(Some(body));
            }
        }
        Ok(Some(otherwise))
    }

    /// What the statements may assign, and the makefiles that they include.
    fn assigned(&self, statements: &[Statement], assigned: &mut Assigned) -> Result<(), TreeError> {
        self.makefiles.spend(4 * statements.len())?;
        for statement in statements {
            match statement {
                Statement::Assign(Assignment { name, value, .. }) if name == LINKER_FLAGS => {
                    if !script_words(value).is_empty() {
                        assigned.names.insert(name.clone());
                    }
                }
                Statement::Assign(Assignment { name, .. }) => {
                    assigned.names.insert(name.clone());
                }
                Statement::If { arms, otherwise } => {
                    for body in arms.iter().map(|(_, body)| body).chain([otherwise]) {
                        self.assigned(body, assigned)?;
                    }
                }
                Statement::Include { paths } => {
                    let (included, _) = self.included(paths)?;
                    self.assigned_in(&included, assigned)?;
                }
            }
        }
        Ok(())
    }

    fn assigned_in(&self, included: &[String], assigned: &mut Assigned) -> Result<(), TreeError> {
        for path in included {
            // Once is enough, and bounds how deep this goes.
            if assigned.files.len() < MAX_FILES
                && assigned.files.insert(path.clone())
                && let Some(makefile) = self.makefiles.makefile(path)?
            {
                self.assigned(&makefile.statements, assigned)?;
            }
        }
        Ok(())
    }

    /// The files that an include names, from the root of the tree, and the
    /// variables that decide it.
    fn included(&self, paths: &str) -> Result<(Vec<String>, BTreeSet<String>), TreeError> {
        let (Expanded { text, .. }, referred) = self.expand(paths, false)?;
        let known = words(&text).into_iter().filter(|path| !path.contains('$'));
        Ok((known.filter_map(|path| joined(self.run.folder, path)).collect(), referred))
    }

    fn assign(&mut self, assignment: &Assignment) -> Result<(), TreeError> {
        for word in words(&assignment.value) {
            let option = word.trim_start_matches("-Wl,");
            let is_option = |known: &&&str| option.strip_suffix("=1").unwrap_or(option) == **known;
            self.noted.extend([KEYED, RODATA, SORTED].iter().find(is_option).copied());
        }
        let name = if assignment.name.contains('$') {
            let (name, _) = self.expand(&assignment.name, false)?;
            if !name.is_known {
                return Ok(());
            }
            name.text.trim().to_owned()
        } else {
            assignment.name.clone()
        };
        // What stands on the command line is not changed by makefiles.
        if self.run.given.contains_key(name.as_str()) {
            return Ok(());
        }
        if name == LINKER_FLAGS {
            // They are expanded at the end, as make does.
            self.flags.extend(script_words(&assignment.value));
            return Ok(());
        }
        let known = self.variables.get(&name);
        let variable = match (assignment.how, known) {
            (How::IfUnset, Some(_)) => return Ok(()),
            (How::Append, Some(before)) => {
                let value = if before.is_done {
                    let (value, referred) = self.expand(&assignment.value, false)?;
                    self.refer(&name, referred);
                    value.text
                } else {
                    assignment.value.clone()
                };
                let before = self.variables.entry(name).or_default();
                before.value.push(' ');
                before.value.push_str(&value);
                return Ok(());
            }
            (How::AtOnce, _) => {
                let (value, referred) = self.expand(&assignment.value, false)?;
                self.refer(&name, referred);
                // What is not known now may be later; make would not see it.
                Variable { value: value.text, is_done: value.is_known, is_default: false }
            }
            (how, _) => Variable {
                value: assignment.value.clone(),
                is_done: false,
                is_default: how == How::IfUnset,
            },
        };
        self.variables.insert(name, variable);
        Ok(())
    }

    fn refer(&mut self, name: &str, referred: BTreeSet<String>) {
        if self.relevant.contains(name) || self.referred.contains(name) {
            self.referred.extend(referred);
        }
    }

    /// Expands a text: for a test, where a default is not what whoever builds
    /// must choose, or for its value.
    fn expand(&self, text: &str, is_test: bool) -> Result<(Expanded, BTreeSet<String>), TreeError> {
        let value_of = |name: &str| self.value_of(name, is_test);
        let mut expander = Expander::new(&value_of);
        let value = expander.expand(text);
        self.makefiles.spend(expander.work)?;
        Ok((value, expander.referred))
    }

    fn value_of(&self, name: &str, is_test: bool) -> Value {
        if let Some(given) = self.run.given.get(name) {
            return Value::Done(given.clone());
        }
        let is_setting = self.makefiles.layout.is_board_setting(name);
        let variable = self.variables.get(name);
        if variable.is_none_or(|variable| variable.is_default) && !is_setting {
            let fact = self.facts.get(name);
            if let Some(value) = fact.and_then(|fact| fact.is.as_ref()) {
                return Value::Done(value.clone());
            }
            let is_contradicted = fact
                .zip(variable)
                .is_some_and(|(fact, variable)| fact.is_not.contains(&variable.value));
            if is_test || is_contradicted {
                return Value::Unknown;
            }
        }
        match variable {
            Some(variable) if variable.is_done => Value::Done(variable.value.clone()),
            Some(variable) => Value::Raw(variable.value.clone()),
            None if is_setting => Value::Done(String::new()),
            None => Value::Unknown,
        }
    }

    fn test(&self, test: &Test) -> Result<Answer, TreeError> {
        let (left, right, is_negated) = match test {
            Test::Equal { left, right, is_negated } => (left.clone(), right.clone(), *is_negated),
            // A variable without a value is not defined.
            Test::Defined { name, is_negated } => {
                (format!("$({name})"), String::new(), !is_negated)
            }
            Test::Other(written) => (written.clone(), String::new(), false),
        };
        let (left_value, mut referred) = self.expand(&left, true)?;
        let (right_value, more) = self.expand(&right, true)?;
        referred.extend(more);
        let (a, b) = (left_value.text.trim(), right_value.text.trim());
        if left_value.is_known && right_value.is_known && !matches!(test, Test::Other(_)) {
            return Ok(Answer::Decided((a == b) != is_negated));
        }
        // `$(X)` may stand on either side.
        let (side, value) = match (variable_name(a), variable_name(b)) {
            (Some(name), _) if right_value.is_known => (Side::Variable(name.to_owned()), b),
            (_, Some(name)) if left_value.is_known => (Side::Variable(name.to_owned()), a),
            _ => (Side::Text(a.to_owned()), b),
        };
        let value = value.to_owned();
        if let Side::Variable(name) = &side
            && self.facts.get(name).is_some_and(|fact| fact.is_not.contains(&value))
        {
            return Ok(Answer::Decided(is_negated));
        }
        let earlier = |decision: &&Decision| decision.left == side && decision.right == value;
        if let Some(earlier) = self.decisions.iter().find(earlier) {
            return Ok(Answer::Decided(earlier.holds != is_negated));
        }
        let default = self.default_of(&side)?;
        let holds = default == value;
        Ok(Answer::Open(Open { left: side, right: value, holds, is_negated }, referred))
    }

    /// What a side stands for when nobody decides.
    fn default_of(&self, side: &Side) -> Result<String, TreeError> {
        match side {
            Side::Variable(name) => {
                let (value, _) = self.expand(&format!("$({name})"), false)?;
                Ok(if value.is_known { value.text.trim().to_owned() } else { String::new() })
            }
            Side::Text(_) => Ok(String::new()),
        }
    }

    /// Decides, and says whether the test holds.
    fn decide(&mut self, open: Open) -> bool {
        let holds = self.path.get(self.decisions.len()).copied().unwrap_or(open.holds);
        if let Side::Variable(name) = &open.left {
            let fact = self.facts.entry(name.clone()).or_default();
            if holds {
                fact.is = Some(open.right.clone());
            } else {
                fact.is_not.push(open.right.clone());
            }
        }
        self.taken.push(holds);
        self.decisions.push(Decision { left: open.left, right: open.right, holds });
        holds != open.is_negated
    }

    /// What was asked for.
    pub(super) fn values(&mut self) -> Result<BTreeMap<String, String>, TreeError> {
        let mut values = BTreeMap::new();
        for name in self.run.asked {
            let raw = if name == LINKER_FLAGS {
                self.flags.join(" ")
            } else if self.variables.contains_key(name) {
                format!("$({name})")
            } else {
                continue;
            };
            let (value, referred) = self.expand(&raw, false)?;
            self.referred.extend(referred);
            values.insert(name.clone(), value.text);
        }
        Ok(values)
    }
}

enum Answer {
    Decided(bool),
    Open(Open, BTreeSet<String>),
}

/// A test that cannot be decided.
struct Open {
    left: Side,
    right: String,
    /// Whether both sides are equal when nobody decides.
    holds: bool,
    is_negated: bool,
}

/// The name in `$(NAME)`.
fn variable_name(text: &str) -> Option<&str> {
    let name = text
        .strip_prefix("$(")
        .and_then(|text| text.strip_suffix(')'))
        .or_else(|| text.strip_prefix("${").and_then(|text| text.strip_suffix('}')))?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !name.is_empty()).then_some(name)
}

/// The words of linker flags that name a script or a folder to look in.
fn script_words(flags: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut is_argument = false;
    for word in words(flags) {
        let plain = word.trim_start_matches("-Wl,");
        let is_option =
            plain.starts_with("-T") || plain.starts_with("-L") || plain.starts_with("--script");
        let is_told = is_argument || is_option || word.contains("-T,") || word.contains(".ld");
        // What a shell says, such as where the compiler's libraries are, is in
        // no tree.
        if is_told && !word.contains("$(shell ") {
            found.push(word.to_owned());
        }
        // `-Ttext=0` and the like place sections.
        is_argument = matches!(plain, "-T" | "-L" | "--script" | "--library-path");
    }
    found
}
