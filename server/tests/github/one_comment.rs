//! One comment, made once and edited in place, and never another's.

use initboard::forge::comment::{Posted, Text, post};
use initboard::forge::{Forge, ForgeError, Login};

use crate::support::github::{BOT, Fault, GitHub};
use crate::support::{HASTE, client};

const MARKER: &str = "<!-- initboard:micropython -->";

fn news(body: &str) -> String {
    format!("{MARKER}\n{body}\n")
}

/// A GitHub with pull request 7, which has no comments.
fn github() -> GitHub {
    let github = GitHub::start();
    github.held(|held| held.comments.insert(7, Vec::new()));
    github
}

fn post_as(github: &GitHub, author: &str, body: &str, is_news: bool) -> Result<Posted, ForgeError> {
    let text = Text { marker: MARKER, body, is_news };
    post(&client(github), 7, &Login::new(author), text, &HASTE, |_| ())
}

fn url(id: u64) -> String {
    format!("https://github.com/micropython/micropython/pull/7#issuecomment-{id}")
}

#[test]
fn the_first_report_makes_the_comment() {
    let github = github();
    let body = news("moved");
    assert_eq!(post_as(&github, BOT, &body, true), Ok(Posted::Created(url(1001))));
    let comments = github.comments(7);
    assert_eq!(comments.len(), 1);
    assert_eq!((comments[0].author.as_deref(), comments[0].body.as_str()), (Some(BOT), &*body));
}

#[test]
fn a_later_report_edits_it_in_place() {
    let github = github();
    github.comment(7, "reviewer", "looks good");
    let own = github.comment(7, BOT, &news("moved"));
    assert_eq!(post_as(&github, BOT, &news("swapped"), true), Ok(Posted::Updated(url(own))));
    assert_eq!(github.comments(7)[1].body, news("swapped"));
    assert_eq!(github.written(), [format!("PATCH /issues/comments/{own}")]);
}

#[test]
fn the_same_report_writes_nothing() {
    let github = github();
    // As a forge may give it back.
    let stored = news("moved\n\nand swapped").replace('\n', "\r\n").trim_end().to_owned();
    let own = github.comment(7, BOT, &stored);
    let again = post_as(&github, BOT, &news("moved\n\nand swapped"), true);
    assert_eq!(again, Ok(Posted::Unchanged(url(own))));
    assert_eq!(github.written(), Vec::<String>::new());
}

#[test]
fn nothing_to_say_makes_no_comment() {
    let github = github();
    assert_eq!(post_as(&github, BOT, &news("no change"), false), Ok(Posted::Silent));
    assert_eq!(github.written(), Vec::<String>::new());
}

#[test]
fn a_comment_is_told_when_its_change_has_gone() {
    let github = github();
    let own = github.comment(7, BOT, &news("moved"));
    let body = news("no longer changes the order");
    assert_eq!(post_as(&github, BOT, &body, false), Ok(Posted::Updated(url(own))));
    assert_eq!(github.comments(7)[0].body, body);
}

#[test]
fn the_comment_of_somebody_else_is_not_touched_whatever_it_holds() {
    let github = github();
    github.comment(7, "prankster", &news("moved"));
    github.comment(7, BOT, "code size: +12 bytes");
    github.comment(7, BOT, &format!("> {MARKER}\n> moved"));
    let before = github.comments(7);
    assert_eq!(post_as(&github, BOT, &news("swapped"), true), Ok(Posted::Created(url(1004))));
    assert_eq!(github.comments(7)[..3], before);
}

#[test]
fn a_comment_whose_author_is_gone_is_not_ours() {
    let github = github();
    github.comment(7, BOT, &news("moved"));
    github.held(|held| held.comments.get_mut(&7).unwrap()[0].author = None);
    assert_eq!(post_as(&github, BOT, &news("swapped"), true), Ok(Posted::Created(url(1002))));
}

#[test]
fn the_comment_is_found_on_a_later_page() {
    let github = github();
    for _ in 0..130 {
        github.comment(7, "reviewer", "and another thing");
    }
    let own = github.comment(7, BOT, &news("moved"));
    assert_eq!(post_as(&github, BOT, &news("swapped"), true), Ok(Posted::Updated(url(own))));
    assert_eq!(
        github.held(|held| held.asked.clone()),
        [
            "GET /issues/7/comments?per_page=100",
            "GET /issues/7/comments?per_page=100&page=2",
            &format!("PATCH /issues/comments/{own}"),
        ]
    );
}

#[test]
fn a_lost_answer_makes_no_second_comment() {
    let github = github();
    github.plant(Fault::new("POST /issues/7/comments", 502, "Server Error").after_doing());
    let posted = post_as(&github, BOT, &news("moved"), true);
    assert_eq!(posted, Ok(Posted::Unchanged(url(1001))));
    assert_eq!(github.comments(7).len(), 1);
}

#[test]
fn a_comment_that_was_not_made_is_made_again() {
    let github = github();
    github.plant(Fault::new("POST /issues/7/comments", 502, "Server Error"));
    assert_eq!(post_as(&github, BOT, &news("moved"), true), Ok(Posted::Created(url(1001))));
    assert_eq!(github.comments(7).len(), 1);
}

#[test]
fn a_comment_under_another_name_is_said_because_it_would_not_be_found_again() {
    let github = github();
    let error = post_as(&github, "initboard[bot]", &news("moved"), true).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the comment {} was made by {BOT}, and initboard[bot] was expected: say --author '{BOT}', else each run makes another",
            url(1001)
        )
    );
}

#[test]
fn the_token_says_who_it_is() {
    let github = github();
    assert_eq!(client(&github).viewer(), Ok(Login::new(BOT)));
    github.plant(Fault::new("POST /graphql", 403, "Resource not accessible by integration"));
    assert_eq!(
        client(&github).viewer().unwrap_err().to_string(),
        "it cannot be found out who the token is: the token may not say who the token is: Resource not accessible by integration; give the job `permissions: contents: read`. In a run for a pull request from a fork the token can only read: post from a workflow on `workflow_run` there (docs/pull-requests.md); say it with --author, such as --author 'github-actions[bot]' with the token of GitHub Actions"
    );
}
