//! `/PROJECT/-/configuration`: what a project configures, what came of it, its
//! former versions and what changed between two of them.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::repository::Repository;
use super::when::When;
use super::{PageError, Section, Shell, counted, find_project, page, query_of};
use crate::config::FILE_NAME;
use crate::model::ProjectName;
use crate::report::findings::declared_in_vain;
use crate::store::ConfigurationVersion;
use crate::web::configured::{Configured, Effect, Line, LineChange, SatisfiedState, WaiverState};
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

/// Both numbers as an address has them; empty for none.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct ConfigurationQuery {
    #[serde(default)]
    version: String,
    #[serde(default)]
    from: String,
}

#[derive(Template)]
#[template(path = "project_configuration.html")]
struct ConfigurationPage {
    shell: Shell,
    project: ProjectName,
    /// `Version 3 is in force`
    bold: String,
    /// Who sent it and when, and where it stands.
    origin: Option<Origin>,
    /// What was sent, in place of the shipped one.
    is_sent: bool,
    counts: bool,
    extends: Option<String>,
    fault: Option<String>,
    difference: Option<DifferenceView>,
    waivers_title: String,
    waivers: Vec<WaiverRow>,
    satisfied_title: String,
    satisfied: Vec<SatisfiedState>,
    /// What is declared in vain.
    unmatched: Vec<String>,
    lines: Vec<String>,
    versions: Vec<VersionRow>,
}

/// Where a version came from.
struct Origin {
    when: When,
    sent_by: Option<String>,
    commit: Option<Commit>,
}

struct Commit {
    short: String,
    link: Option<String>,
}

struct DifferenceView {
    /// `What changed from version 1 to version 3`
    title: String,
    places: Vec<Vec<LineView>>,
}

struct LineView {
    /// Its number in this version, or in the one before where it is gone.
    number: usize,
    sign: &'static str,
    class: &'static str,
    text: String,
}

struct WaiverRow {
    rule: String,
    /// `esp32, subsystem pwm`
    about: String,
    reason: String,
    until: Option<String>,
    is_inherited: bool,
    sign: &'static str,
    effect: &'static str,
    class: &'static str,
}

struct VersionRow {
    number: u32,
    origin: Origin,
    is_shown: bool,
    /// Whether it is the one from which changes are shown.
    is_from: bool,
}

pub(in crate::web) async fn project_configuration(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
    query: Result<Query<ConfigurationQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let query = query_of(query)?;
    let (version, from) = (number(&query.version)?, number(&query.from)?);
    let derived = app.derived();
    let (project, configured) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let configured = Configured::read(reader, &derived, &project, version, from)?;
            Ok::<_, AppError>((project, configured))
        })
        .await?;
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let origin = |version: &ConfigurationVersion| Origin {
        when: When::new(version.received_at, now),
        sent_by: version.sent_by.clone(),
        commit: version.commit.as_ref().map(|commit| Commit {
            short: commit.short().to_owned(),
            link: repository.as_ref().and_then(|repository| repository.file(commit, FILE_NAME)),
        }),
    };
    let shown = configured.version.as_ref().map(|version| version.number);
    let row = |version: &ConfigurationVersion| VersionRow {
        number: version.number,
        origin: origin(version),
        is_shown: Some(version.number) == shown,
        // Without a choice the one before.
        is_from: from.or(shown.and_then(|shown| shown.checked_sub(1))) == Some(version.number),
    };
    let given = [("version", version), ("from", from)];
    let given: Vec<String> =
        given.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
    let mark = if given.is_empty() { "" } else { "?" };
    let json = format!("/api/v1/projects/{}/configuration{mark}{}", project.name, given.join("&"));
    page(&ConfigurationPage {
        shell: Shell::within(Section::Overview, &project.name, json),
        bold: match (shown, configured.counts) {
            (None, _) => "No configuration was sent, so the shipped one is in force".to_owned(),
            (Some(number), true) => format!("Version {number} is in force"),
            (Some(number), false) => format!("Version {number} is in force no more"),
        },
        origin: configured.version.as_ref().map(origin),
        is_sent: shown.is_some(),
        counts: configured.counts,
        extends: configured.extends,
        fault: configured.fault,
        difference: configured.difference.map(|difference| DifferenceView {
            title: format!(
                "What changed from version {} to version {}",
                difference.from,
                shown.unwrap_or_default()
            ),
            places: difference
                .places
                .into_iter()
                .map(|place| place.into_iter().map(LineView::from).collect())
                .collect(),
        }),
        waivers_title: counted(configured.waivers.len(), "waiver"),
        waivers: configured.waivers.into_iter().map(WaiverRow::from).collect(),
        satisfied_title: counted(configured.satisfied.len(), "declaration"),
        satisfied: configured.satisfied,
        unmatched: configured
            .unmatched
            .iter()
            .map(|item| format!("[[{}]] {}", item.section.as_str(), declared_in_vain(item)))
            .collect(),
        lines: configured.text.lines().map(str::to_owned).collect(),
        versions: configured.versions.iter().map(row).collect(),
        project: project.name,
    })
}

/// The number of a version; `None` for an empty text.
fn number(text: &str) -> Result<Option<u32>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        PageError::bad_request(format!(
            "“{}” is no version: expected a number, as the list of versions has it.",
            super::shown(text)
        ))
    })
}

impl SatisfiedState {
    /// What it is about: `subsystem i2s`, `functions *_init0`.
    pub(super) fn about(&self) -> String {
        let parts = [("subsystem", &self.subsystem), ("function", &self.function)];
        let parts = parts.into_iter().filter_map(|(word, name)| Some((word, name.as_ref()?)));
        parts.map(|(word, name)| format!("{word} {name}")).collect::<Vec<_>>().join(", ")
    }

    /// The ports, or that it is all of them.
    pub(super) fn on(&self) -> String {
        if self.ports.is_empty() {
            return "all".to_owned();
        }
        self.ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        let (sign, class) = match line.change {
            LineChange::Same => ("", ""),
            LineChange::Added => ("+", "added"),
            LineChange::Removed => ("−", "removed"),
        };
        Self { number: line.new.or(line.old).unwrap_or_default(), sign, class, text: line.text }
    }
}

impl From<WaiverState> for WaiverRow {
    fn from(state: WaiverState) -> Self {
        let WaiverState { waiver, is_inherited, effect } = state;
        let (sign, effect, class) = match effect {
            Effect::Used => ("●", "waives a finding", ""),
            Effect::Unused => ("○", "waives nothing in the texts of main", "soft"),
            Effect::OfBoard => ("●", "is about the firmware of a board", ""),
            Effect::RunOut => ("✕", "has run out", "removed"),
        };
        let port = waiver.port.map(|port| port.to_string());
        let parts = [("port", port), ("board", waiver.board), ("subsystem", waiver.subsystem)];
        let parts: Vec<String> = parts
            .into_iter()
            .filter_map(|(word, name)| Some(format!("{word} {}", name?)))
            .collect();
        Self {
            rule: waiver.rule,
            about: if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") },
            reason: waiver.reason,
            until: waiver.until.map(|until| until.to_string()),
            is_inherited,
            sign,
            effect,
            class,
        }
    }
}
