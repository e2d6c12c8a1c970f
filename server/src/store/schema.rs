//! The steps that bring a database to this version.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::{StoreError, order};

/// The steps from an empty file to this version; each is applied once.
fn migrations() -> Vec<M<'static>> {
    vec![
        M::up(include_str!("../../../migrations/001-project.sql")),
        M::up(include_str!("../../../migrations/002-build.sql")),
        M::up(include_str!("../../../migrations/003-tree.sql")),
        M::up(include_str!("../../../migrations/004-configuration.sql")),
        M::up(include_str!("../../../migrations/005-driver.sql")),
        M::up(include_str!("../../../migrations/006-declared-subsystem.sql")),
        M::up(include_str!("../../../migrations/007-satisfied.sql")),
        M::up(include_str!("../../../migrations/008-trusted-repository.sql")),
        M::up(include_str!("../../../migrations/009-revision.sql")),
        M::up(include_str!("../../../migrations/010-pull-request.sql")),
        M::up(include_str!("../../../migrations/011-webhook.sql")),
        M::up(include_str!("../../../migrations/012-revision-of-tree.sql")),
        M::up(include_str!("../../../migrations/013-conventions.sql")),
        M::up_with_hook(include_str!("../../../migrations/014-order.sql"), order::derive_anew),
    ]
}

/// Brings a database to this version.
///
/// # Errors
/// When it is one of a newer version, or a step fails.
pub(super) fn migrate(sql: &mut Connection, path: &Path) -> Result<(), StoreError> {
    use rusqlite_migration::{Error, MigrationDefinitionError};
    Migrations::new(migrations()).to_latest(sql).map_err(|error| match error {
        Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            StoreError::Newer { path: path.to_owned() }
        }
        Error::RusqliteError { err, .. } => err.into(),
        error => StoreError::Migration(error),
    })
}

#[cfg(test)]
mod tests {
    use super::super::connection::APPLICATION_ID;
    use super::super::{NewConfiguration, Numbers, Scope, Scopes, Store, Trust};
    use super::*;

    fn first_migrations(count: usize) -> Migrations<'static> {
        Migrations::new(migrations().into_iter().take(count).collect())
    }

    #[test]
    fn migrations_are_well_formed() {
        Migrations::new(migrations()).validate().unwrap();
    }

    #[test]
    fn a_database_of_the_first_version_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initboard.db");
        let mut old = Connection::open(&path).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        first_migrations(1).to_latest(&mut old).unwrap();
        old.execute_batch(
            "INSERT INTO project VALUES (7, 'micropython', 'https://example.org/mp', 1700000000);
             INSERT INTO token VALUES (1, 7, 'ci', 'upload', 'ibt_abcdefgh', zeroblob(32), 1700000000, NULL, NULL);",
        )
        .unwrap();
        drop(old);

        let store = Store::open(&path).unwrap();
        let projects = store.read(|reader| reader.projects()).unwrap();
        assert_eq!(projects.len(), 1);
        assert_eq!(projects[0].project.name.as_str(), "micropython");
        assert_eq!(projects[0].boards, 0);
        let tokens = store.read(|reader| reader.tokens()).unwrap();
        assert_eq!(tokens.len(), 1);
        // What it could do it still can, and nothing else.
        assert_eq!(tokens[0].scopes, Scopes::new(Scope::Upload, &[]));
    }

    #[test]
    fn a_database_of_the_second_version_keeps_its_builds_and_takes_a_tree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initboard.db");
        let mut old = Connection::open(&path).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        first_migrations(2).to_latest(&mut old).unwrap();
        old.execute_batch(
            r#"INSERT INTO project VALUES (7, 'micropython', NULL, 1700000000, 'master');
             INSERT INTO port VALUES (3, 7, 'stm32');
             INSERT INTO board VALUES (4, 3, 'PYBV10', '', NULL);
             INSERT INTO branch VALUES (1, 7, 'master');
             INSERT INTO "commit" VALUES (5, 7, zeroblob(20), 1700000000, 1);
             INSERT INTO run_order VALUES (1, x'01');
             INSERT INTO init_table VALUES
                 (1, x'01', 1, 1, 0, '["registry"]', '["driver"]', NULL, 0, '[]');
             INSERT INTO entry VALUES (1, 0, 'init', 'entry', 'registry', NULL, 'driver', 0, '00',
                 'pin_init0', NULL, 0, NULL, NULL, NULL);
             INSERT INTO places VALUES (1, x'00', x'00');
             INSERT INTO target VALUES (1, 'elf32-littlearm', 'arm', 32, 'little');
             INSERT INTO firmware VALUES (6, 7, zeroblob(32), 10, 1, 1, 1, 1, 0, x'');
             INSERT INTO build VALUES
                 (8, 4, 7, 5, 6, 1, NULL, NULL, 1700000100, 1700000000, 2);
             UPDATE board SET latest_build = 8;"#,
        )
        .unwrap();
        drop(old);

        let store = Store::open(&path).unwrap();
        let project = super::super::ProjectId(7);
        let board = "stm32/PYBV10".parse().unwrap();
        let built = || store.read(|reader| reader.board(project, &board)).unwrap().unwrap();
        let before = built();
        assert_eq!((before.latest.init_count, before.boards_with_same_order), (1, 1));
        let facts = serde_json::json!({
            "schema": 1, "commit": "1".repeat(40), "committed_at": "2026-03-01T12:00:00Z",
            "tables": [], "history": [], "boards": [
                {"port": "stm32", "board": "PYBV10", "variant": null, "mcu": "stm32f4",
                 "linker_scripts": []},
                {"port": "rp2", "board": "RPI_PICO", "variant": null, "mcu": "rp2040",
                 "linker_scripts": []}]
        });
        let facts = crate::model::TreeFacts::from_json(facts.to_string().as_bytes()).unwrap();
        store
            .write(|writer| writer.record_tree(project, &facts, jiff::Timestamp::UNIX_EPOCH))
            .unwrap();
        assert_eq!(built(), before);
        let listed = store.read(|reader| reader.catalog(project)).unwrap();
        let names: Vec<String> = listed.iter().map(|listed| listed.board.to_string()).collect();
        assert_eq!(names, ["rp2/RPI_PICO", "stm32/PYBV10"]);
        assert_eq!(listed.iter().filter(|listed| listed.build.is_some()).count(), 1);
    }

    #[test]
    fn a_database_of_the_third_version_keeps_its_trees_and_takes_a_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initboard.db");
        let mut old = Connection::open(&path).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        first_migrations(3).to_latest(&mut old).unwrap();
        old.execute_batch(
            r#"INSERT INTO project VALUES (7, 'micropython', NULL, 1700000000, 'master', NULL);
             INSERT INTO token VALUES (1, 7, 'ci', 'upload', 'ibt_abcdefgh', zeroblob(32), 1700000000, NULL, NULL);
             INSERT INTO "commit" VALUES (5, 7, zeroblob(20), 1700000000, 1);
             INSERT INTO tree VALUES (9, 7, 5, 1700000000, 1700000100, zeroblob(32), 1);
             UPDATE project SET catalog_tree = 9;"#,
        )
        .unwrap();
        drop(old);

        let store = Store::open(&path).unwrap();
        let name = "micropython".parse().unwrap();
        let project = || store.read(|reader| reader.project(&name)).unwrap().unwrap();
        let before = project();
        assert_eq!((&before.repository_url, before.configuration), (&None, None));
        let tree = store.read(|reader| reader.catalog_tree(before.id)).unwrap().unwrap();
        assert_eq!(tree.committed_at.as_second(), 1_700_000_000);
        let token = store.read(|reader| reader.tokens()).unwrap()[0].id;
        let sent = NewConfiguration {
            project: before.id,
            text: "extends = \"micropython\"\n",
            repository_url: Some("https://example.org/mp"),
            commit: Some(&tree.commit),
            token: Some(token),
            received_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let recorded = store.write(|writer| writer.record_configuration(&sent)).unwrap();
        assert!(recorded.created);
        assert_eq!(recorded.version.sent_by.as_deref(), Some("ci"));
        let after = project();
        assert_eq!(after.repository_url.as_deref(), Some("https://example.org/mp"));
        assert_eq!(after.configuration, Some(recorded.version.sha256));
    }

    #[test]
    fn a_database_of_the_sixth_version_keeps_its_tokens_and_trusts_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initboard.db");
        let mut old = Connection::open(&path).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        first_migrations(6).to_latest(&mut old).unwrap();
        old.execute_batch(
            "INSERT INTO project (id, name, created_at) VALUES (7, 'micropython', 1700000000);
             INSERT INTO token (project_id, name, prefix, sha256, created_at, may_upload)
                 VALUES (7, 'ci', 'ibt_abcdefgh', zeroblob(32), 1700000000, 1);",
        )
        .unwrap();
        drop(old);

        let store = Store::open(&path).unwrap();
        let tokens = store.read(|reader| reader.tokens()).unwrap();
        assert_eq!(tokens.len(), 1);
        assert_eq!((tokens[0].revoked_at, tokens[0].expires_at), (None, None));
        let trust = Trust {
            repository: "MicroPython/micropython".parse().unwrap(),
            numbers: Numbers { repository: Some(u64::from(u32::MAX)), owner: None },
            workflow: Some("order.yml".to_owned()),
            environment: None,
            scopes: Scopes::new(Scope::Configure, &[]),
        };
        let name = "micropython".parse().unwrap();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let add = || {
            store.write(|writer| writer.trust_repository(tokens[0].project_id, &name, &trust, now))
        };
        add().unwrap();
        assert!(matches!(add().unwrap_err(), StoreError::Trusted { .. }));
        let found = store.read(|reader| {
            let name = "micropython/MICROPYTHON".parse().unwrap();
            reader.trusted_repository(tokens[0].project_id, &name)
        });
        assert_eq!(found.unwrap().unwrap().trust, trust);
    }

    #[test]
    fn orders_of_a_database_that_told_levels_apart_are_derived_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initboard.db");
        let mut old = Connection::open(&path).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        first_migrations(13).to_latest(&mut old).unwrap();
        old.execute_batch(
            "INSERT INTO project (id, name, created_at, default_branch)
                 VALUES (7, 'micropython', 1700000000, 'master');
             INSERT INTO port VALUES (3, 7, 'stm32');
             INSERT INTO board VALUES (4, 3, 'PYBV10', '', NULL);
             INSERT INTO branch VALUES (1, 7, 'master');
             INSERT INTO run_order VALUES (1, x'01'), (2, x'02'), (3, x'03');
             INSERT INTO places VALUES (1, x'00', x'00');
             INSERT INTO target VALUES (1, 'elf32-littlearm', 'arm', 32, 'little');",
        )
        .unwrap();
        // Called by main, registered at a level that main runs, and something else.
        let kinds = [
            (1, "NULL", "calls", "pin_init0"),
            (2, "'driver'", "registry", "pin_init0"),
            (3, "'driver'", "registry", "uart_init0"),
        ];
        for (id, level, origin, function) in kinds {
            old.execute_batch(&format!(
                r#"INSERT INTO init_table (id, digest, order_id, init_count, deinit_count, origins,
                       levels, anomaly_count, anomalies)
                     VALUES ({id}, x'0{id}', {id}, 1, 0, '["{origin}"]', '["driver"]', 0, '[]');
                   INSERT INTO entry (table_id, position, phase, kind, origin, stage, level,
                       function, conditional)
                     VALUES ({id}, 0, 'init', 'entry', '{origin}', 'start', {level}, '{function}', 0);
                   INSERT INTO firmware (id, project_id, sha256, size, target_id, extractor,
                       table_id, places_id, folded, addresses)
                     VALUES ({id}, 7, CAST(printf('%032d', {id}) AS BLOB), 10, 1, 1, {id}, 1, 0, x'');
                   INSERT INTO "commit" VALUES ({id}, 7, CAST(printf('%020d', {id}) AS BLOB), {id}, 1);
                   INSERT INTO build (id, board_id, project_id, commit_id, firmware_id, branch_id,
                       received_at, committed_at, changed)
                     VALUES ({id}, 4, 7, {id}, {id}, 1, {id}, {id}, min({id}, 2) % 2 + 1);"#
            ))
            .unwrap();
        }
        drop(old);

        drop(Store::open(&path).unwrap());
        let sql = Connection::open(&path).unwrap();
        let column = |query: &str| {
            let mut query = sql.prepare(query).unwrap();
            let rows = query.query_map([], |row| row.get(0)).unwrap();
            rows.collect::<Result<Vec<i64>, _>>().unwrap()
        };
        let orders = column("SELECT order_id FROM init_table ORDER BY id");
        assert!(orders[0] == orders[1] && orders[1] != orders[2], "{orders:?}");
        assert_eq!(column("SELECT count(*) FROM run_order"), [2]);
        assert_eq!(column("SELECT changed FROM build ORDER BY id"), [2, -1, 1]);
    }
}
