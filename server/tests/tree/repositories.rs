//! Git repositories, bare and not, whole and cut.

use std::path::Path;

use gix::ObjectId;
use initboard::tree::{self, BlobIds, Repository, TreeEntryKind};
use tempfile::TempDir;

use crate::made;

/// Three commits; the second one changes `ports/a/main.c`.
fn three_commits(git: &gix::Repository) -> [ObjectId; 3] {
    let first = made::commit(git, &[("ports/a/main.c", "1"), ("x", "1")], "bring a\n", 1000, &[]);
    let files: made::Files<'_> = &[("ports/a/main.c", "2"), ("x", "1"), ("ports/b/main.c", "1")];
    let second = made::commit(git, files, "a: change\n\nbecause", 2000, &[first]);
    let files: made::Files<'_> = &[("ports/a/main.c", "2"), ("x", "2"), ("ports/b/main.c", "1")];
    let third = made::commit(git, files, "  change \u{1F980} x  \n", 3000, &[second]);
    [first, second, third]
}

fn text(tree: &dyn tree::SourceTree, path: &str) -> Option<String> {
    tree.read(path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

fn said(path: &Path, rev: Option<&str>) -> String {
    match tree::open(path, rev) {
        Ok(_) => panic!("{rev:?} was opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_bare_repository_is_read_at_its_head_and_at_any_commit() {
    let folder = TempDir::new().unwrap();
    let [first, second, third] = three_commits(&gix::init_bare(folder.path()).unwrap());
    let opened = tree::open(folder.path(), None).unwrap();
    let head = opened.commit().unwrap();
    assert_eq!(head.sha.as_str(), third.to_string());
    assert_eq!(head.subject, "change \u{1F980} x");
    assert_eq!(head.committed_at.to_string(), "1970-01-01T00:50:00Z");
    assert_eq!(text(&*opened.tree, "x").as_deref(), Some("2"));
    for rev in [&second.to_string(), &second.to_string()[..10], "main~1", "HEAD^"] {
        let opened = tree::open(folder.path(), Some(rev)).unwrap();
        assert_eq!(opened.commit().unwrap().sha.as_str(), second.to_string(), "{rev}");
        assert_eq!(opened.commit().unwrap().subject, "a: change");
        assert_eq!(text(&*opened.tree, "ports/a/main.c").as_deref(), Some("2"));
    }
    let opened = tree::open(folder.path(), Some(&first.to_string())).unwrap();
    assert_eq!(text(&*opened.tree, "ports/b/main.c"), None);
    assert_eq!(text(&*opened.tree, "ports/a"), None);
    assert_eq!(text(&*opened.tree, "../x"), None);
    let entries = opened.tree.list("").unwrap();
    let names: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    assert_eq!(names, [("ports", TreeEntryKind::Folder), ("x", TreeEntryKind::File)]);
    assert!(opened.tree.list("ports/a/main.c").unwrap().is_empty());
    assert!(opened.tree.list("no/such").unwrap().is_empty());
}

#[test]
fn without_a_revision_the_files_count_as_they_stand() {
    let folder = TempDir::new().unwrap();
    let [_, _, third] = three_commits(&gix::init(folder.path()).unwrap());
    made::write(folder.path(), &[("x", "changed since")]);
    let opened = tree::open(folder.path(), None).unwrap();
    assert!(opened.commit().is_none());
    assert_eq!(text(&*opened.tree, "x").as_deref(), Some("changed since"));
    let head = opened.repository.unwrap().resolve("HEAD").unwrap();
    assert_eq!(head.sha.as_str(), third.to_string());
    let opened = tree::open(folder.path(), Some("HEAD")).unwrap();
    assert_eq!(text(&*opened.tree, "x").as_deref(), Some("2"));
}

#[test]
fn a_folder_of_a_repository_is_a_tree_of_its_own() {
    let folder = TempDir::new().unwrap();
    let git = gix::init(folder.path()).unwrap();
    let [first, ..] = three_commits(&git);
    made::write(folder.path(), &[("ports/a/main.c", "on the disk")]);
    let below = folder.path().join("ports");
    let opened = tree::open(&below, None).unwrap();
    assert_eq!(text(&*opened.tree, "a/main.c").as_deref(), Some("on the disk"));
    let opened = tree::open(&below, Some(&first.to_string())).unwrap();
    assert_eq!(text(&*opened.tree, "a/main.c").as_deref(), Some("1"));
    assert_eq!(text(&*opened.tree, "ports/a/main.c"), None);
    let repository = opened.repository.unwrap();
    let mut ids = BlobIds::new(&repository, ["a/main.c".to_owned()]);
    let head = repository.resolve("HEAD").unwrap();
    let commit = repository.first_parents(&head.sha).unwrap().next().unwrap().unwrap();
    assert!(ids.look_at(&commit).unwrap());
    assert_eq!(repository.read_blob(ids.get(0).unwrap()).unwrap(), b"2");
}

#[test]
fn a_linked_work_tree_is_part_of_its_repository() {
    let folder = TempDir::new().unwrap();
    let main = folder.path().join("main");
    let [_, second, _] = three_commits(&gix::init(&main).unwrap());
    let linked = folder.path().join("linked");
    let private = main.join(".git/worktrees/linked");
    made::write(
        folder.path(),
        &[
            ("linked/.git", &format!("gitdir: {}\n", private.display())),
            ("main/.git/worktrees/linked/HEAD", &format!("{second}\n")),
            ("main/.git/worktrees/linked/commondir", "../..\n"),
            ("main/.git/worktrees/linked/gitdir", &format!("{}\n", linked.join(".git").display())),
        ],
    );
    let opened = tree::open(&linked, Some("HEAD")).unwrap();
    assert_eq!(opened.commit().unwrap().sha.as_str(), second.to_string());
    assert_eq!(text(&*opened.tree, "x").as_deref(), Some("1"));
}

#[test]
fn the_history_tells_what_changed() {
    let folder = TempDir::new().unwrap();
    let [first, second, third] = three_commits(&gix::init_bare(folder.path()).unwrap());
    let repository = Repository::discover(folder.path()).unwrap().unwrap();
    let head = repository.resolve("HEAD").unwrap().sha;
    let mut history = repository.first_parents(&head).unwrap();
    let paths = ["ports/a/main.c", "ports/b/main.c", "ports/a/main.c", "ports", "../x"];
    let mut ids = BlobIds::new(&repository, paths.map(str::to_owned));
    let mut seen = Vec::new();
    for commit in history.by_ref() {
        let commit = commit.unwrap();
        let is_changed = ids.look_at(&commit).unwrap();
        let texts: Vec<Option<Vec<u8>>> =
            ids.iter().map(|(_, id)| id.map(|id| repository.read_blob(id).unwrap())).collect();
        seen.push((commit.sha().unwrap().to_string(), is_changed, texts));
    }
    let file = |text: &str| Some(text.as_bytes().to_vec());
    assert_eq!(
        seen,
        [
            (third.to_string(), true, vec![file("2"), file("1"), file("2"), None, None]),
            (second.to_string(), false, vec![file("2"), file("1"), file("2"), None, None]),
            (first.to_string(), true, vec![file("1"), None, file("1"), None, None]),
        ]
    );
    assert!(!history.is_cut());
}

#[test]
fn a_shallow_clone_ends_where_it_was_cut() {
    let folder = TempDir::new().unwrap();
    let git = gix::init_bare(folder.path()).unwrap();
    let [first, second, _] = three_commits(&git);
    std::fs::write(folder.path().join("shallow"), format!("{second}\n")).unwrap();
    let object = |id: ObjectId| {
        let id = id.to_string();
        folder.path().join("objects").join(&id[..2]).join(&id[2..])
    };
    let walk = || {
        let repository = Repository::discover(folder.path()).unwrap().unwrap();
        let head = repository.resolve("HEAD").unwrap().sha;
        let mut history = repository.first_parents(&head).unwrap();
        let count = history.by_ref().map(Result::unwrap).count();
        (count, history.is_cut())
    };
    assert_eq!(walk(), (2, true));
    // Also where only the object is missing.
    std::fs::remove_file(folder.path().join("shallow")).unwrap();
    std::fs::remove_file(object(first)).unwrap();
    assert_eq!(walk(), (2, true));
    let error = said(folder.path(), Some(&first.to_string()));
    assert!(error.contains("fetch"), "{error}");
}

#[test]
fn what_cannot_be_opened_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().display().to_string();
    assert_eq!(
        said(folder.path(), Some("HEAD")),
        format!(
            "`{path}` is not in a git repository: expected one to find a revision in; name a clone, or leave the revision out to read the files as they stand"
        )
    );
    assert!(said(&folder.path().join("none"), None).starts_with("cannot read"));
    made::write(folder.path(), &[("file", "")]);
    assert!(said(&folder.path().join("file"), None).contains("is no folder"));

    let git = gix::init(folder.path()).unwrap();
    assert!(said(folder.path(), Some("HEAD")).starts_with("the repository has no commit yet"));
    let [first, ..] = three_commits(&git);
    for rev in [
        "no-such",
        "0123456789012345678901234567890123456789",
        "",
        "HEAD..main",
        "HEAD~99",
        ":/zz9",
        "\u{1b}[31m",
    ] {
        let error = said(folder.path(), Some(rev));
        assert!(error.starts_with("the repository "), "{rev}: {error}");
        assert!(!error.contains('\u{1b}'));
    }
    assert!(said(folder.path(), Some("HEAD:x")).contains("names a blob: expected a commit"));
    let tag = gix::objs::Tag {
        target: git.write_blob("x").unwrap().detach(),
        target_kind: gix::objs::Kind::Blob,
        name: "of-a-blob".into(),
        tagger: None,
        message: "x".into(),
        signature: None,
    };
    let tag = git.write_object(&tag).unwrap();
    made::write(folder.path(), &[(".git/refs/tags/of-a-blob", &format!("{tag}\n"))]);
    assert!(said(folder.path(), Some("of-a-blob")).contains("names a blob: expected a commit"));
    let _ = first;
}

#[test]
fn an_identifier_that_begins_several_objects_is_ambiguous() {
    let folder = TempDir::new().unwrap();
    let git = gix::init_bare(folder.path()).unwrap();
    let mut commits = std::collections::HashMap::new();
    let pair = (0..2000).find_map(|seconds| {
        let id = made::commit(&git, &[], "x", seconds, &[]).to_string();
        commits.insert(id[..4].to_owned(), id.clone()).filter(|other| *other != id).map(|_| id)
    });
    let error = said(folder.path(), Some(&pair.unwrap()[..4]));
    assert!(error.contains("is ambiguous, 2 objects begin with it"), "{error}");
}

#[test]
fn damaged_objects_are_named() {
    let folder = TempDir::new().unwrap();
    let git = gix::init_bare(folder.path()).unwrap();
    let [_, second, third] = three_commits(&git);
    let tree = git.find_commit(second).unwrap().tree_id().unwrap().detach().to_string();
    let id = third.to_string();
    let objects = folder.path().join("objects");
    std::fs::remove_file(objects.join(&tree[..2]).join(&tree[2..])).unwrap();
    let path = objects.join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(path, "this is no object").unwrap();
    let error = said(folder.path(), None);
    assert!(error.starts_with("the "), "{error}");
    let opened = tree::open(folder.path(), Some(&second.to_string())).unwrap();
    let error = opened.tree.list("").unwrap_err().to_string();
    assert!(error.starts_with(&format!("the repository does not have the tree {tree}")), "{error}");
}

#[test]
fn files_can_be_read_where_the_repository_around_them_cannot() {
    let folder = made::folder(&[("x", "1"), (".git/HEAD", "ref: refs/heads/main\n")]);
    made::write(
        folder.path(),
        &[
            (".git/objects/pack/none", ""),
            (".git/refs/none", ""),
            (
                ".git/config",
                "[core]\n\trepositoryformatversion = 99\n[extensions]\n\tobjectFormat = sha3\n",
            ),
        ],
    );
    let opened = tree::open(folder.path(), None).unwrap();
    assert_eq!(text(&*opened.tree, "x").as_deref(), Some("1"));
    assert!(opened.repository.is_none());
    let error = said(folder.path(), Some("HEAD"));
    assert!(error.starts_with("cannot open the git repository of"), "{error}");
}
