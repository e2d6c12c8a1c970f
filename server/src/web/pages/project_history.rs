//! `/PROJECT/-/history`: where the order in the text of any port's main changed
//! lately.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;

use super::change::ChangeRow;
use super::repository::Repository;
use super::when::When;
use super::{PageError, Section, Shell, counted, find_project, page};
use crate::model::{PortName, ProjectName};
use crate::store::HistorySummary;
use crate::web::answers::PROJECT_CHANGES_SHOWN;
use crate::web::path::PagePath;
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "project_history.html")]
struct ProjectHistory {
    shell: Shell,
    project: ProjectName,
    answer: String,
    ports: Vec<PortRow>,
    rows: Vec<(PortName, ChangeRow)>,
}

struct PortRow {
    name: PortName,
    changes: u32,
    is_cut: bool,
    first: Option<When>,
    last: Option<When>,
}

pub(in crate::web) async fn project_history(
    State(app): State<AppState>,
    PagePath(project): PagePath<String>,
) -> Result<Response, PageError> {
    let (project, histories, changes) = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let histories = reader.histories(project.id)?;
            let changes =
                reader.project_history(project.id, Timestamp::MAX, PROJECT_CHANGES_SHOWN)?;
            Ok::<_, AppError>((project, histories, changes))
        })
        .await?;
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let total = histories.iter().map(|history| history.changes as usize).sum();
    let row = |history: HistorySummary| PortRow {
        name: history.port,
        changes: history.changes,
        is_cut: history.is_cut,
        first: history.first_committed_at.map(|at| When::new(at, now)),
        last: history.last_committed_at.map(|at| When::new(at, now)),
    };
    page(&ProjectHistory {
        shell: Shell::at(
            Section::History,
            &project.name,
            format!("/api/v1/projects/{}/history", project.name),
        ),
        answer: format!(
            "{} of order in the text of {}",
            counted(total, "change"),
            counted(histories.len(), "port")
        ),
        ports: histories.into_iter().map(row).collect(),
        rows: changes
            .iter()
            .flat_map(|change| &change.ports)
            .map(|of| {
                let row = ChangeRow::new(&of.change, repository.as_ref(), now, Vec::new());
                (of.port.clone(), row)
            })
            .collect(),
        project: project.name,
    })
}
