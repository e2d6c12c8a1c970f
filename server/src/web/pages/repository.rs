//! Links into a project's repository, as its host spells them.

use std::fmt::Write as _;

use crate::model::{CommitSha, Location};

/// How a host of repositories spells its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    GitHub,
    GitLab,
    Gitea,
}

/// A project's repository on the web.
pub(super) struct Repository<'a> {
    url: &'a str,
    host: Host,
}

impl<'a> Repository<'a> {
    /// The repository at `url`, such as `https://github.com/micropython/micropython`.
    pub(super) fn new(url: &'a str) -> Self {
        let url = url.trim_end_matches('/').trim_end_matches(".git");
        let name = url.split('/').nth(2).unwrap_or_default();
        let host = if name.contains("gitlab") {
            Host::GitLab
        } else if name.contains("gitea") || name.contains("codeberg") || name.contains("forgejo") {
            Host::Gitea
        } else {
            Host::GitHub
        };
        Self { url, host }
    }

    /// The page of a commit.
    pub(super) fn commit(&self, commit: &CommitSha) -> String {
        let path = match self.host {
            Host::GitHub | Host::Gitea => "commit",
            Host::GitLab => "-/commit",
        };
        format!("{}/{path}/{commit}", self.url)
    }

    /// The page of a pull request.
    pub(super) fn pull_request(&self, number: u32) -> String {
        let path = match self.host {
            Host::GitHub => "pull",
            Host::Gitea => "pulls",
            Host::GitLab => "-/merge_requests",
        };
        format!("{}/{path}/{number}", self.url)
    }

    /// A line of a file at a commit. `None` for a file outside the tree.
    pub(super) fn line(&self, commit: &CommitSha, place: &Location) -> Option<String> {
        Some(format!("{}#L{}", self.file(commit, &place.file)?, place.line))
    }

    /// A file at a commit. `None` for a file outside the tree.
    pub(super) fn file(&self, commit: &CommitSha, file: &str) -> Option<String> {
        if file.starts_with(['/', '.']) || file.as_bytes().get(1) == Some(&b':') {
            return None;
        }
        let path = match self.host {
            Host::GitHub => "blob",
            Host::Gitea => "src/commit",
            Host::GitLab => "-/blob",
        };
        Some(format!("{}/{path}/{commit}/{}", self.url, percent_encoded(file)))
    }
}

/// A path with everything but unreserved characters and `/` encoded (RFC 3986,
/// section 2.3).
fn percent_encoded(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_gets_its_own_spelling() {
        let commit: CommitSha = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let place = Location { file: "ports/stm32/a b#.c".to_owned(), line: 7 };
        for (url, expected) in [
            (
                "https://github.com/o/r.git",
                "https://github.com/o/r/blob/0123456789abcdef0123456789abcdef01234567/ports/stm32/a%20b%23.c#L7",
            ),
            (
                "https://gitlab.example.org/o/r/",
                "https://gitlab.example.org/o/r/-/blob/0123456789abcdef0123456789abcdef01234567/ports/stm32/a%20b%23.c#L7",
            ),
            (
                "https://codeberg.org/o/r",
                "https://codeberg.org/o/r/src/commit/0123456789abcdef0123456789abcdef01234567/ports/stm32/a%20b%23.c#L7",
            ),
        ] {
            assert_eq!(Repository::new(url).line(&commit, &place).unwrap(), expected);
        }
    }

    #[test]
    fn files_outside_the_tree_have_no_page() {
        let commit: CommitSha = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let repository = Repository::new("https://github.com/o/r");
        for file in ["/opt/sdk/x.c", "../x.c", "C:/x.c"] {
            assert_eq!(
                repository.line(&commit, &Location { file: file.to_owned(), line: 1 }),
                None
            );
        }
    }
}
