//! `initboard comment`: say on a pull request what changed in the order.
//!
//! Made to run where the token may write, on tables that came from where it may not
//! (the `workflow_run` half of docs/pull-requests.md): which pull request it is
//! follows from the event alone, and all text is rendered here.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::compared::{Compared, Comparison, FailOn};
use super::output::print;
use crate::analyze::diff;
use crate::forge::comment::{Posted, Text, post};
use crate::forge::event::Event;
use crate::forge::github::{ForgeToken, GitHub, VerdictKind};
use crate::forge::{Conclusion, Forge, Head, Login, Verdict};
use crate::http::Patience;
use crate::model::{CommitSha, RepositoryName};
use crate::report::changes;

/// Longest file of an event, in bytes; GitHub sends 25 MB at most.
const MAX_EVENT_BYTES: u64 = 32 << 20;

/// Say on a pull request what changed in the order: in one comment, which is
/// edited in place, and as a check
///
/// Asks GitHub with the token in the environment variable `GITHUB_TOKEN`.
#[derive(Debug, Args)]
pub(super) struct Comment {
    #[command(flatten)]
    compared: Compared,
    /// Let the check fail, and exit with 1, when this happened; may be given several
    /// times, or separated by commas
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    /// The repository on GitHub
    #[arg(long, value_name = "OWNER/NAME", env = "GITHUB_REPOSITORY")]
    repository: RepositoryName,
    /// The pull request; else that of the event that started this run of GitHub
    /// Actions
    #[arg(long, value_name = "NUMBER", requires = "commit")]
    pull_request: Option<u64>,
    /// The newest commit of the pull request, which the check is of
    #[arg(long, value_name = "SHA", requires = "pull_request")]
    commit: Option<CommitSha>,
    /// Set the check alone
    #[arg(long = "no-comment")]
    check_alone: bool,
    /// Who the token is, as comments name their authors; else GitHub is asked
    #[arg(long, value_name = "LOGIN")]
    author: Option<String>,
    /// How the check is set
    #[arg(long, value_enum, default_value_t = VerdictOption::Check)]
    verdict: VerdictOption,
    /// What the check is called; else `initboard`, with the project where that is
    /// known
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Where GitHub's REST API stands; on GitHub Enterprise it is HOST/api/v3
    #[arg(
        long,
        value_name = "URL",
        env = "GITHUB_API_URL",
        default_value = "https://api.github.com"
    )]
    api: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VerdictOption {
    /// As a check run, neutral where something changed
    Check,
    /// As a commit status, for tokens of persons
    Status,
    /// Not at all
    None,
}

/// The pull request that is meant.
enum Target {
    /// As it was said.
    Said { number: u64, commit: CommitSha },
    /// The one with that newest commit.
    Found { head: Head, number: Option<u64> },
}

impl Comment {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Some(target) = self.target()? else {
            return Ok(ExitCode::SUCCESS);
        };
        let Comparison { report, subject, complete } = self.compared.read()?;
        let fails = self.fail_on.iter().any(|what| what.is_in(&report));
        let github = GitHub::new(
            &self.api,
            self.repository.clone(),
            token()?,
            match self.verdict {
                VerdictOption::Status => VerdictKind::CommitStatus,
                VerdictOption::Check | VerdictOption::None => VerdictKind::CheckRun,
            },
            Patience { longest_wait: std::time::Duration::from_mins(5), ..Patience::default() },
            say,
        );
        let text = Text {
            marker: &changes::marker(subject.project.as_ref()),
            body: &changes::correction(&report, &subject),
            is_news: report.verdict.is_news(),
        };
        let commented =
            if self.check_alone { Ok(()) } else { self.comment(&github, &target, text) };
        // Also where the comment failed: each has a permission of its own.
        if self.verdict != VerdictOption::None {
            // What was not compared may have changed.
            let is_unchanged = report.verdict == diff::Verdict::Unchanged && complete;
            let conclusion = match (fails, is_unchanged) {
                (true, _) => Conclusion::Failure,
                (false, true) => Conclusion::Success,
                (false, false) => Conclusion::Neutral,
            };
            let name = match (&self.name, &subject.project) {
                (Some(name), _) => name.clone(),
                (None, Some(project)) => format!("initboard: {project}"),
                (None, None) => "initboard".to_owned(),
            };
            let verdict = Verdict {
                name: &name,
                conclusion,
                title: &changes::headline(&report),
                summary: &changes::markdown(&report, &subject),
            };
            if let Err(error) = github.set_verdict(target.commit(), &verdict) {
                commented?;
                return Err(error.into());
            }
        }
        commented?;
        Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// The pull request; none where the event is of none.
    fn target(&self) -> anyhow::Result<Option<Target>> {
        if let (Some(number), Some(commit)) = (self.pull_request, &self.commit) {
            return Ok(Some(Target::Said { number, commit: commit.clone() }));
        }
        let expected = || "it is not said which pull request this is for: expected a run of GitHub Actions on pull_request or workflow_run, or --pull-request and --commit";
        let name = std::env::var("GITHUB_EVENT_NAME").with_context(expected)?;
        let path = std::env::var_os("GITHUB_EVENT_PATH").with_context(expected)?;
        let cannot_read = || "cannot read the event of this run (GITHUB_EVENT_PATH)";
        let size = std::fs::metadata(&path).with_context(cannot_read)?.len();
        anyhow::ensure!(size <= MAX_EVENT_BYTES, "the event of this run has {size} bytes");
        let json = std::fs::read(&path).with_context(cannot_read)?;
        Ok(match Event::read(&name, &json)? {
            Event::PullRequest { head, number } => Some(Target::Found { head, number }),
            Event::OtherRun { event } => {
                say(&format!(
                    "the run that ended was on `{event}`, for no pull request: nothing to say"
                ));
                None
            }
        })
    }

    fn comment(&self, github: &GitHub, target: &Target, text: Text<'_>) -> anyhow::Result<()> {
        let number = match target {
            Target::Said { number, .. } => *number,
            Target::Found { head, number } => {
                let found = github.open_pull_requests(head)?;
                match (found.as_slice(), number) {
                    (_, Some(number)) if found.contains(number) => *number,
                    ([one], None) => *one,
                    ([], _) | (_, Some(_)) => {
                        say(&format!(
                            "no open pull request has {} as its newest commit: no comment; somebody pushed meanwhile, or it was closed",
                            head.commit
                        ));
                        return Ok(());
                    }
                    (several, None) => {
                        say(&format!(
                            "pull requests {several:?} have the same newest commit, and which of them this is for nothing tells: no comment; expected --pull-request and --commit",
                        ));
                        return Ok(());
                    }
                }
            }
        };
        let author = match &self.author {
            Some(name) => Login::new(name.clone()),
            None => github.viewer()?,
        };
        let posted = post(github, number, &author, text, &Patience::default(), say)?;
        let (what, url) = match posted {
            Posted::Created(url) => ("made the comment", url),
            Posted::Updated(url) => ("edited the comment", url),
            Posted::Unchanged(url) => ("the comment says so already", url),
            Posted::Silent => {
                say("nothing to say, and no comment that would have to be corrected");
                return Ok(());
            }
        };
        say(what);
        print(&format!("{url}\n"))?;
        Ok(())
    }
}

impl Target {
    fn commit(&self) -> &CommitSha {
        match self {
            Self::Said { commit, .. } => commit,
            Self::Found { head, .. } => &head.commit,
        }
    }
}

/// The token. Not an option: command lines are seen by others, and stand in logs.
fn token() -> anyhow::Result<ForgeToken> {
    let text = std::env::var("GITHUB_TOKEN").unwrap_or_default();
    text.parse().context(
        "there is no token in GITHUB_TOKEN: expected one that may write, in GitHub Actions `env: { GITHUB_TOKEN: ${{ github.token }} }`",
    )
}

fn say(text: &str) {
    anstream::eprintln!("{}", super::one_line(&anyhow::Error::msg(text.to_owned())));
}
