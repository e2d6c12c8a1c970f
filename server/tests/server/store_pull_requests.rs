//! What the store knows of pull requests: their commits, whether all builds are
//! there, and which commit each is compared with.

use initboard::model::Sha256;
use initboard::store::{
    Base, BaseChoice, BuiltCommit, Finished, NewBuild, PullRequest, ReadBy, Reading,
};

use crate::support::app::TestApp;
use crate::support::tables::table;
use crate::support::trees::{commit, time};

/// A build of `stm32/A` at a commit, of `master` unless it is for a pull request.
fn new(app: &TestApp, number: u32, parents: &[u32], pull_request: Option<u32>) -> NewBuild {
    let name = "micropython".parse().unwrap();
    NewBuild {
        project: app.store.read(|reader| reader.project(&name)).unwrap().unwrap().id,
        board: "stm32/A".parse().unwrap(),
        commit: commit(number),
        parents: parents.iter().copied().map(commit).collect(),
        branch: pull_request.is_none().then(|| "master".to_owned()),
        committed_at: Some(time(number)),
        pull_request,
        base: None,
        received_at: time(number),
    }
}

fn record(app: &TestApp, new: &NewBuild) {
    let mut table = table(&["pin_init0"]);
    table.file.sha256 = Sha256::of(format!("{} {}", new.board, new.commit).as_bytes());
    app.store
        .write(|writer| writer.record_build(new, Reading::Extracted(&table, ReadBy::version(1))))
        .unwrap();
}

fn base(app: &TestApp, number: u32) -> Option<Base> {
    let project = new(app, 0, &[], None).project;
    app.store.read(|reader| reader.base_of(project, &commit(number))).unwrap()
}

fn chosen(number: u32, choice: BaseChoice) -> Base {
    Base { commit: commit(number), choice }
}

#[test]
fn a_merge_commit_is_compared_with_its_first_parent() {
    let app = TestApp::start();
    record(&app, &new(&app, 1, &[], None));
    record(&app, &new(&app, 2, &[1], None));
    record(&app, &new(&app, 3, &[2], None));
    // Merged onto 2 while the upload names an older base, as an event of the forge does.
    let merge = NewBuild { base: Some(commit(1)), ..new(&app, 9, &[2, 8], Some(7)) };
    record(&app, &merge);
    assert_eq!(base(&app, 9), Some(chosen(2, BaseChoice::FirstParent)));
}

#[test]
fn without_a_built_first_parent_what_was_named_counts_then_the_nearest_ancestor() {
    let app = TestApp::start();
    record(&app, &new(&app, 1, &[], None));
    record(&app, &new(&app, 4, &[], None));
    // Its parents 5 and 6 were never built.
    record(&app, &NewBuild { base: Some(commit(1)), ..new(&app, 9, &[5, 6], Some(7)) });
    assert_eq!(base(&app, 9), Some(chosen(1, BaseChoice::Stated)));
    // A chain of commits of the pull request, each built, that starts from 1.
    record(&app, &new(&app, 10, &[1], Some(8)));
    record(&app, &new(&app, 11, &[10], Some(8)));
    record(&app, &new(&app, 12, &[11], Some(8)));
    assert_eq!(base(&app, 12), Some(chosen(1, BaseChoice::Ancestor { steps: 3 })));
    // Nothing leads anywhere: the newest of the default branch that was made before.
    record(&app, &new(&app, 13, &[77], Some(9)));
    assert_eq!(base(&app, 13), Some(chosen(4, BaseChoice::NewestBefore)));
    record(&app, &new(&app, 3, &[77], Some(10)));
    assert_eq!(base(&app, 3), Some(chosen(1, BaseChoice::NewestBefore)));
}

#[test]
fn a_first_commit_has_no_base_and_a_next_one_its_parent() {
    let app = TestApp::start();
    assert_eq!(base(&app, 1), None, "it was never built");
    record(&app, &new(&app, 1, &[], None));
    assert_eq!(base(&app, 1), None);
    record(&app, &new(&app, 2, &[1], None));
    assert_eq!(base(&app, 2), Some(chosen(1, BaseChoice::Ancestor { steps: 1 })));
}

#[test]
fn parents_that_lead_in_a_circle_end_the_search() {
    let app = TestApp::start();
    // Identifiers are digests, so only a lie can do this.
    record(&app, &new(&app, 1, &[2], Some(7)));
    record(&app, &new(&app, 2, &[1], Some(7)));
    assert_eq!(base(&app, 1), None);
}

#[test]
fn a_pull_request_shows_its_newest_commit_and_whether_all_of_it_was_sent() {
    let app = TestApp::start();
    let project = new(&app, 0, &[], None).project;
    let all = || app.store.read(|reader| reader.pull_requests(project, 10)).unwrap();
    assert_eq!(all(), []);
    record(&app, &new(&app, 1, &[], None));
    record(&app, &new(&app, 5, &[], Some(7)));
    record(&app, &new(&app, 6, &[], Some(8)));
    let other = |number, pull_request| NewBuild {
        board: "rp2/PICO".parse().unwrap(),
        received_at: time(20),
        ..new(&app, number, &[], Some(pull_request))
    };
    record(&app, &other(5, 7));
    // An older commit that is built again does not become the newest.
    record(&app, &other(3, 7));
    let built = |number, boards| BuiltCommit {
        commit: commit(number),
        committed_at: time(number),
        boards,
        finished_at: None,
    };
    let seven = PullRequest { number: 7, head: built(5, 2), received_at: time(20) };
    let eight = PullRequest { number: 8, head: built(6, 1), received_at: time(6) };
    assert_eq!(all(), [seven.clone(), eight]);
    let one = |number| app.store.read(|reader| reader.pull_request(project, number)).unwrap();
    assert_eq!(one(7), Some(seven));
    assert_eq!(one(9), None);
    let commits = app.store.read(|reader| reader.commits_of_pull_request(project, 7, 10)).unwrap();
    assert_eq!(commits, [built(5, 2), built(3, 1)]);

    let finish =
        |number| app.store.write(|writer| writer.finish(project, &commit(number), time(30)));
    assert_eq!(finish(5).unwrap(), Some(Finished { boards: 2, is_new: true }));
    assert_eq!(finish(5).unwrap(), Some(Finished { boards: 2, is_new: false }));
    assert_eq!(finish(99).unwrap(), None);
    assert_eq!(one(7).unwrap().head.finished_at, Some(time(30)));
    let boards = app.store.read(|reader| reader.boards_at(project, &commit(5))).unwrap();
    let names: Vec<String> = boards.iter().map(|board| board.board.to_string()).collect();
    assert_eq!(names, ["rp2/PICO", "stm32/A"]);
}
