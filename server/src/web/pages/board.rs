//! `/PROJECT/PORT/BOARD`: what a board runs now, and when that last changed.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;

use super::board_migration::MigrationView;
use super::build::{BuildBody, Chip, EntryView, Fact, FindingView, bytes, chips, counts};
use super::compare::address;
use super::configuration::ConfigurationView;
use super::listed::{self, unseen_board};
use super::repository::Repository;
use super::run::{Row, Run};
use super::when::When;
use super::{PageError, Section, Shell, find_board, find_project, no_board, page};
use crate::analyze::configuration::compare;
use crate::model::{BoardId, ProjectName};
use crate::store::{
    Board as StoredBoard, Build, BuildSummary, CommitPrefix, ListedBoard, PortBoard, Project,
    Source,
};
use crate::web::board_migration::BoardMigration;
use crate::web::findings::Of;
use crate::web::path::PagePath;
use crate::web::side::{Side, Subject};
use crate::web::{AppError, AppState};

/// How many other orders the page offers to compare with.
const COMPARISONS: usize = 6;

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    shell: Shell,
    project: ProjectName,
    board: BoardId,
    chips: Vec<Chip>,
    answer: Answer,
    findings: Vec<FindingView>,
    run: Option<Run>,
    facts: Vec<Fact>,
    entries: Vec<EntryView>,
    /// Whether any of them is registered, at a level.
    has_levels: bool,
    configuration: Option<ConfigurationView>,
    migration: Option<MigrationView>,
    /// What the catalog says of the board.
    catalog: Vec<Fact>,
    retired: bool,
    builds: Vec<BuildRow>,
    comparisons: Vec<Link>,
}

/// Another order to hold this one against.
struct Link {
    to: String,
    text: String,
}

struct Answer {
    counts: String,
    same: String,
    changed: Option<Changed>,
}

struct Changed {
    when: When,
    commit: String,
    link: String,
}

struct BuildRow {
    link: String,
    commit: String,
    when: When,
    branch: String,
    init_count: u32,
    deinit_count: u32,
    order: &'static str,
    size: String,
}

/// What there is to show of a board with builds.
struct Built {
    project: Project,
    listed: ListedBoard,
    stored: StoredBoard,
    /// The boards of its port that were built, itself among them.
    siblings: Vec<PortBoard>,
    /// How many boards its port has, built or not.
    boards: usize,
    build: Build,
    source: Option<Source>,
    migration: BoardMigration,
}

/// What there is to show of a board.
enum Seen {
    Built(Box<Built>),
    Listed(Box<(Project, ListedBoard, Option<Source>)>),
}

pub(in crate::web) async fn board(
    State(app): State<AppState>,
    PagePath((project, port, label)): PagePath<(String, String, String)>,
) -> Result<Response, PageError> {
    let id = find_board(&port, &label)?;
    let derived = app.derived();
    let seen = app
        .read(move |reader| {
            let project = find_project(reader, &project)?;
            let listed =
                reader.catalog_of_board(project.id, &id)?.ok_or_else(|| no_board(&port, &label))?;
            let Some(stored) = reader.board(project.id, &id)? else {
                let mut source = reader.source_of_port(project.id, &id.port)?;
                if let Some(source) = &mut source {
                    let judge = derived.policies().judge(reader, &project)?;
                    judge.derive(&mut source.table, &id.port, None);
                }
                return Ok(Seen::Listed(Box::new((project, listed, source))));
            };
            let siblings = reader.port_boards(project.id, &id.port)?;
            let all = reader.catalog_of_port(project.id, &id.port)?;
            let boards = all.iter().filter(|board| !board.is_retired()).count();
            let commit = CommitPrefix::from(&stored.latest.commit);
            let mut build = reader
                .build(project.id, stored.row, &commit)?
                .ok_or_else(|| no_board(&port, &label))?;
            let judge = derived.policies().judge(reader, &project)?;
            judge.derive(&mut build.table, &id.port, Some(&id.label()));
            // Beside its siblings and the other ports, unlike a build of the past.
            let builds = derived.checked(reader, &project, Of::Builds, None)?;
            build.table.findings = builds.of_board(&id).cloned().collect();
            let commit = &stored.latest.commit;
            let source = reader.source_of_build(project.id, &id.port, commit)?;
            let text = source.as_ref().map(|source| &source.table);
            let of = (stored.row, &stored.latest);
            let migration = BoardMigration::of(reader, &judge, of, &id, &build.table, text)?;
            let seen =
                Built { project, listed, stored, siblings, boards, build, source, migration };
            Ok::<_, AppError>(Seen::Built(Box::new(seen)))
        })
        .await?;
    let Built { project, listed, stored, siblings, boards, build, source, migration } = match seen {
        Seen::Built(built) => *built,
        Seen::Listed(listed) => {
            let (project, listed, source) = *listed;
            return unseen_board(&project, &listed, source);
        }
    };
    let now = Timestamp::now();
    let repository = project.repository_url.as_deref().map(Repository::new);
    let board = stored.board.clone();
    let table = &build.table;
    let body = BuildBody::new(&build, repository.as_ref(), now);
    let base = format!("/{}/{board}", project.name);
    let comparisons = comparisons(&project.name, &stored, &siblings, source.as_ref());
    let text = source.as_ref().map(|source| &source.summary);
    let migration =
        MigrationView::new(&project.name, &board, table, text, repository.as_ref(), &migration);
    let configuration = source.and_then(|source| {
        let configuration = compare(&source.table, table)?;
        let (build, repository) = (&stored.latest, repository.as_ref());
        Some(ConfigurationView::new(&source, table, build, &configuration, repository))
    });
    page(&BoardPage {
        shell: Shell::within(
            Section::Overview,
            &project.name,
            format!(
                "/api/v1/projects/{}/ports/{}/boards/{}",
                project.name,
                board.port,
                board.label()
            ),
        ),
        chips: chips(table),
        answer: Answer {
            counts: counts(table),
            same: same(&stored, siblings.len(), boards, !table.origins.is_empty()),
            changed: changed(&stored, &base, now),
        },
        findings: body.findings,
        run: body.run,
        facts: body.facts,
        has_levels: table.entries.iter().any(|entry| entry.level.is_some()),
        entries: body.entries,
        configuration,
        migration,
        catalog: listed::facts(&project.name, &listed, repository.as_ref()),
        retired: listed.is_retired(),
        builds: stored.recent.iter().map(|build| BuildRow::new(build, &base, now)).collect(),
        comparisons,
        project: project.name,
        board,
    })
}

/// The text of the port, and the first board of each other order of the port.
fn comparisons(
    project: &ProjectName,
    stored: &StoredBoard,
    siblings: &[PortBoard],
    source: Option<&Source>,
) -> Vec<Link> {
    let side = |subject| Side { project: None, subject, commit: None };
    let link = |other: Subject, text: String| Link {
        to: address(project, &[side(Subject::Board(stored.board.clone())), side(other)]),
        text,
    };
    let mut orders = vec![None, stored.latest.order];
    let mut links: Vec<Link> = source
        .iter()
        .map(|source| {
            let port = source.summary.port.clone();
            link(Subject::Source(port), "the text of main".to_owned())
        })
        .collect();
    for other in siblings {
        if links.len() < COMPARISONS && !orders.contains(&other.latest.order) {
            orders.push(other.latest.order);
            links.push(link(Subject::Board(other.board.clone()), other.board.label()));
        }
    }
    links
}

/// Which boards of the port run the same, of the `built` ones among all `boards`.
fn same(stored: &StoredBoard, built: usize, boards: usize, is_read: bool) -> String {
    let port = &stored.board.port;
    let (that_were, listed) = if boards > built {
        (" that were built", format!(" ({boards} are listed)"))
    } else {
        ("", String::new())
    };
    match (is_read, stored.boards_with_same_order as usize, built) {
        (false, same, all) => {
            format!("The same goes for {same} of {all} {port} boards{that_were}{listed}.")
        }
        (true, _, 1) if boards > 1 => {
            format!("It is the only board of {port} that was built{listed}.")
        }
        (true, _, 1) => format!("It is the only board of {port}."),
        (true, 1, all) if boards > built => {
            format!("No other of the {all} {port} boards{that_were} runs this order{listed}.")
        }
        (true, 1, _) => format!("No other {port} board runs this order."),
        (true, same, all) if same == all => {
            format!("All {all} {port} boards{that_were} run this order{listed}.")
        }
        (true, same, all) => {
            format!("{same} of {all} {port} boards{that_were} run this order{listed}.")
        }
    }
}

/// The build that brought the order of today, unless it is the first one known.
fn changed(stored: &StoredBoard, base: &str, now: Timestamp) -> Option<Changed> {
    let change = stored.last_change.as_ref().filter(|change| !change.first)?;
    Some(Changed {
        when: When::new(change.committed_at, now),
        commit: change.commit.short().to_owned(),
        link: format!("{base}/{}", change.commit),
    })
}

impl BuildRow {
    fn new(build: &BuildSummary, base: &str, now: Timestamp) -> Self {
        Self {
            link: format!("{base}/{}", build.commit),
            commit: build.commit.short().to_owned(),
            when: When::new(build.committed_at, now),
            branch: build.branch.clone().unwrap_or_default(),
            init_count: build.init_count,
            deinit_count: build.deinit_count,
            order: match (build.changed, build.first) {
                (_, true) => "first",
                (true, false) => "changed",
                (false, false) => "as before",
            },
            size: bytes(build.size),
        }
    }
}
