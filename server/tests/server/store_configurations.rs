//! Configurations in a real database: each version is kept, and the newest counts.

use crate::support::trees::{commit, empty, time};
use initboard::model::Sha256;
use initboard::store::{NewConfiguration, ProjectId, RecordedConfiguration, Store};

/// A database in a folder that goes away with it.
struct Stored {
    store: Store,
    project: ProjectId,
    _folder: tempfile::TempDir,
}

impl Stored {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("initboard.db")).unwrap();
        let name = "micropython".parse().unwrap();
        let project = store.write(|writer| writer.create_project(&name, None, time(0))).unwrap().id;
        Self { store, project, _folder: folder }
    }

    fn new_of<'a>(&self, text: &'a str) -> NewConfiguration<'a> {
        let (repository_url, commit, token) = (None, None, None);
        let received_at = time(9);
        NewConfiguration { project: self.project, text, repository_url, commit, token, received_at }
    }

    fn record(&self, text: &str) -> RecordedConfiguration {
        self.store.write(|writer| writer.record_configuration(&self.new_of(text))).unwrap()
    }

    /// Stores a configuration that came with the tree of commit `number`.
    fn record_with_tree(&self, number: u32, text: &str) -> Option<RecordedConfiguration> {
        self.store
            .write(|writer| {
                writer.record_tree(self.project, &empty(number), time(number))?;
                writer.record_configuration_of_tree(&commit(number), &self.new_of(text))
            })
            .unwrap()
    }

    /// The number and text that count.
    fn current(&self) -> Option<(u32, String)> {
        let current = self.store.read(|reader| reader.configuration(self.project, None)).unwrap();
        current.map(|current| (current.version.number, current.text))
    }

    /// The numbers of all versions, newest first.
    fn numbers(&self) -> Vec<u32> {
        let versions = self.store.read(|reader| reader.configuration_versions(self.project, 20));
        versions.unwrap().iter().map(|version| version.number).collect()
    }
}

#[test]
fn the_same_text_twice_is_one_version_and_an_earlier_one_a_new_version() {
    let stored = Stored::new();
    assert_eq!(stored.current(), None);
    assert!(stored.record("a = 1\n").created);
    assert!(!stored.record("a = 1\n").created);
    assert!(stored.record("b = 1\n").created);
    assert!(stored.record("a = 1\n").created);
    assert_eq!(stored.current(), Some((3, "a = 1\n".to_owned())));
    assert_eq!(stored.numbers(), [3, 2, 1]);
    let read = |number| stored.store.read(|r| r.configuration(stored.project, Some(number)));
    assert_eq!(read(2).unwrap().unwrap().text, "b = 1\n");
    assert_eq!(read(1).unwrap().unwrap().version.sha256, Sha256::of(b"a = 1\n"));
    assert_eq!(read(4).unwrap(), None);
    // Two texts in three versions.
    let sql = rusqlite::Connection::open(stored.store.path()).unwrap();
    let texts = "SELECT count(*) FROM configuration_text";
    assert_eq!(sql.query_row(texts, [], |row| row.get::<_, u32>(0)).unwrap(), 2);
}

#[test]
fn projects_do_not_see_the_configurations_of_others() {
    let stored = Stored::new();
    let name = "openmv".parse().unwrap();
    let other = stored.store.write(|w| w.create_project(&name, None, time(0))).unwrap().id;
    stored.record("a = 1\n");
    stored.record("b = 1\n");
    let new = NewConfiguration { project: other, ..stored.new_of("a = 1\n") };
    let recorded = stored.store.write(|writer| writer.record_configuration(&new)).unwrap();
    assert_eq!((recorded.version.number, recorded.created), (1, true));
    assert_eq!(stored.numbers(), [2, 1]);
}

#[test]
fn trees_may_come_in_any_order_and_the_newest_ones_configuration_counts() {
    let stored = Stored::new();
    assert!(stored.record_with_tree(1, "first = 1\n").unwrap().created);
    assert!(stored.record_with_tree(5, "fifth = 1\n").unwrap().created);
    assert_eq!(stored.record_with_tree(3, "third = 1\n"), None);
    // The newest tree's again, which changes nothing.
    assert!(!stored.record_with_tree(5, "fifth = 1\n").unwrap().created);
    assert_eq!(stored.current(), Some((2, "fifth = 1\n".to_owned())));
    // Who sends one by itself means it.
    assert!(stored.record("own = 1\n").created);
    assert_eq!(stored.record_with_tree(3, "third = 1\n"), None);
    assert_eq!(stored.current(), Some((3, "own = 1\n".to_owned())));
}

#[test]
fn the_repository_is_that_of_the_configuration_unless_somebody_chose_one() {
    let stored = Stored::new();
    let url = |name: &str| {
        let name = name.parse().unwrap();
        stored.store.read(|reader| reader.project(&name)).unwrap().unwrap().repository_url
    };
    let new = |project, text, repository_url| NewConfiguration {
        project,
        repository_url,
        ..stored.new_of(text)
    };
    let record = |new: &NewConfiguration<'_>| {
        stored.store.write(|writer| writer.record_configuration(new)).unwrap();
    };
    record(&new(stored.project, "a = 1\n", Some("https://example.org/a")));
    assert_eq!(url("micropython").as_deref(), Some("https://example.org/a"));
    record(&new(stored.project, "b = 1\n", None));
    assert_eq!(url("micropython"), None);

    let (name, chosen) = ("openmv".parse().unwrap(), Some("https://example.org/chosen"));
    let other = stored.store.write(|w| w.create_project(&name, chosen, time(0))).unwrap().id;
    record(&new(other, "a = 1\n", Some("https://example.org/a")));
    assert_eq!(url("openmv").as_deref(), chosen);
}
