//! What a commit did to the order in the text of a main, in words.

use jiff::Timestamp;

use super::build::Part;
use super::repository::Repository;
use super::when::When;
use super::{counted, encoded};
use crate::model::{OrderStep, Phase, SourceChange, StepKind};

/// How many steps stand in a row; the others are folded behind them.
const STEPS_SHOWN: usize = 5;

/// A commit as a row of a history.
pub(super) struct ChangeRow {
    pub(super) when: When,
    pub(super) commit: String,
    pub(super) link: Option<String>,
    pub(super) subject: String,
    pub(super) init_count: u32,
    pub(super) deinit_count: u32,
    /// Whether it brought the port.
    pub(super) first: bool,
    pub(super) steps: Vec<Step>,
    /// Those that do not fit in the row.
    pub(super) folded: Vec<Step>,
    /// `7 more steps`.
    pub(super) more: String,
    /// The boards that were built at the commit.
    pub(super) builds: Vec<BuildLink>,
}

pub(super) struct BuildLink {
    pub(super) label: String,
    pub(super) link: String,
}

/// One step: `+ added mod_network_init after readline_init0 in start`.
pub(super) struct Step {
    pub(super) sign: &'static str,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) function: String,
    /// The function as a value of a query.
    pub(super) encoded: String,
    pub(super) phase: &'static str,
    pub(super) details: Vec<Part>,
}

impl ChangeRow {
    pub(super) fn new(
        change: &SourceChange,
        repository: Option<&Repository<'_>>,
        now: Timestamp,
        builds: Vec<BuildLink>,
    ) -> Self {
        let mut steps: Vec<Step> = change.steps.iter().map(Step::new).collect();
        // One more that is folded would take the line of the fold.
        let shown = if steps.len() <= STEPS_SHOWN + 1 { steps.len() } else { STEPS_SHOWN };
        let folded = steps.split_off(shown);
        Self {
            when: When::new(change.committed_at, now),
            commit: change.commit.short().to_owned(),
            link: repository.map(|repository| repository.commit(&change.commit)),
            subject: change.subject.clone(),
            init_count: change.init_count,
            deinit_count: change.deinit_count,
            first: change.steps.is_empty(),
            steps,
            more: counted(folded.len(), "more step"),
            folded,
            builds,
        }
    }
}

impl Step {
    fn new(step: &OrderStep) -> Self {
        let (sign, word, class) = match step.what {
            StepKind::Added => ("+", "added", "added"),
            StepKind::Removed => ("−", "removed", "removed"),
            StepKind::Moved => ("⇅", "moved", "moved"),
            StepKind::Changed => ("≠", "changed", "moved"),
        };
        Self {
            sign,
            word,
            class,
            function: step.function.to_string(),
            encoded: encoded(step.function.as_str()),
            phase: step.phase.map_or("", Phase::as_str),
            details: details(step),
        }
    }
}

fn details(step: &OrderStep) -> Vec<Part> {
    let plain = |text: String| Part { text, code: false };
    let code = |text: &str| Part { text: text.to_owned(), code: true };
    let mut parts = Vec::new();
    let stages = (step.stage_before.filter(|before| Some(*before) != step.stage), step.stage);
    if step.what == StepKind::Changed {
        if let (Some(before), Some(after)) = stages {
            parts.push(plain(format!("from {} to {}", before.as_str(), after.as_str())));
        }
        if stages.0.is_none() || step.condition_before.is_some() {
            let condition = |condition: Option<&String>| match condition {
                Some(condition) => code(condition),
                None => plain("none".to_owned()),
            };
            parts.push(plain("condition".to_owned()));
            parts.push(condition(step.condition_before.as_ref()));
            parts.push(plain("→".to_owned()));
            parts.push(condition(step.condition.as_ref()));
        }
        return parts;
    }
    match &step.behind {
        Some(behind) => {
            parts.push(plain("after".to_owned()));
            parts.push(code(behind.as_str()));
        }
        None => parts.push(plain("as the first".to_owned())),
    }
    match stages {
        (Some(before), Some(after)) => {
            parts.push(plain(format!("from {} to {}", before.as_str(), after.as_str())));
        }
        (_, Some(stage)) => parts.push(plain(format!("in {}", stage.as_str()))),
        (_, None) => {}
    }
    if let Some(condition) = &step.condition {
        parts.push(plain("if".to_owned()));
        parts.push(code(condition));
    }
    parts
}
