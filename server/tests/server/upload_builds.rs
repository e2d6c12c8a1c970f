//! Uploads over real HTTP: what is stored, and what is refused with which words.

use std::time::Duration;

use crate::support::app::{Answer, COMMIT, TestApp, files_in};
use crate::support::{elf, tables};
use initboard::model::InitTable;
use initboard::store::StoreOptions;
use initboard::web::Config;
use tokio::io::AsyncReadExt;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    compress(async_compression::tokio::bufread::GzipEncoder::new(bytes))
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress(async_compression::tokio::bufread::ZstdEncoder::new(bytes))
}

fn compress(mut encoder: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut compressed = Vec::new();
    runtime.block_on(encoder.read_to_end(&mut compressed)).unwrap();
    compressed
}

/// Asserts status and code of a refusal, that its message holds `words`, and
/// that nothing was stored.
#[track_caller]
fn assert_refused(app: &TestApp, answer: &Answer, status: u16, code: &str, words: &str) {
    let (found_status, found_code, message) = answer.error();
    assert_eq!((found_status, found_code.as_str()), (status, code), "{message}");
    assert!(message.contains(words), "{message:?} does not say {words:?}");
    app.assert_nothing_stored();
}

#[test]
fn every_sample_image_is_stored_and_reads_back_as_extract_prints_it() {
    let app = TestApp::start();
    for (port, label, path) in elf::samples() {
        let bytes = std::fs::read(&path).unwrap();
        let (board, variant) = match label.split_once('-') {
            Some((board, variant)) => (board, Some(variant)),
            None => (label.as_str(), None),
        };
        let mut upload = app.upload();
        upload.query.retain(|(name, _)| name != "port" && name != "board");
        upload.query.push(("port".to_owned(), port.clone()));
        upload.query.push(("board".to_owned(), board.to_owned()));
        upload.query.extend(variant.map(|name| ("variant".to_owned(), name.to_owned())));
        let answer = upload.send(&bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());

        let sha256 = initboard::model::Sha256::of(&bytes);
        let mut table = initboard::extract::extract(bytes.as_slice(), sha256).unwrap();
        let policy = initboard::config::Config::shipped().policy;
        initboard::analyze::derive_with(&mut table, &policy, Some(&port.parse().unwrap()));
        let url = answer.json()["json"].as_str().unwrap().to_owned();
        let stored = app.get(&url).json();
        assert_eq!(stored["table"], serde_json::to_value(&table).unwrap(), "{label}");
        assert_eq!(stored["board"], format!("{port}/{label}"));
        assert_eq!(answer.json()["findings"], stored["table"]["findings"]);
        let (init, deinit) = table.counts();
        assert_eq!(answer.json()["init_count"], init);
        assert_eq!(answer.json()["deinit_count"], deinit);
        assert_eq!(answer.json()["url"], format!("/micropython/{port}/{label}/{COMMIT}"));
    }
    assert_eq!(files_in(&app.folder.path().join("initboard.db-spool")), 0);
}

#[test]
fn compressed_bodies_are_stored_as_what_they_hold() {
    let app = TestApp::start();
    let firmware = elf::firmware();
    let plain = app.upload().send(&firmware);
    for (encoding, body) in
        [("gzip", gzip(&firmware)), ("zstd", zstd(&firmware)), ("identity", firmware.clone())]
    {
        let answer = app.upload().header("content-encoding", encoding.to_owned()).send(&body);
        assert_eq!(answer.status, 200, "{encoding}: {}", answer.text());
        assert_eq!(answer.json()["sha256"], plain.json()["sha256"]);
    }
    // Several members are one body, as `cat a.gz b.gz` makes them.
    let (first, second) = firmware.split_at(1000);
    let members = [gzip(first), gzip(second)].concat();
    let answer = app.upload().header("content-encoding", "gzip".to_owned()).send(&members);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn the_same_upload_twice_is_one_build() {
    let app = TestApp::start();
    let first = app.upload().send(&elf::firmware());
    let again = app.upload().send(&elf::firmware());
    assert_eq!((first.status, again.status), (201, 200));
    let (mut first, again) = (first.json(), again.json());
    assert_eq!((&first["created"], &again["created"]), (&true.into(), &false.into()));
    first["created"] = false.into();
    assert_eq!(first, again);
    assert_eq!(app.rows("build"), 1);
}

#[test]
fn an_extracted_table_is_stored_like_the_firmware_it_came_from() {
    let app = TestApp::start();
    let firmware = elf::firmware();
    let sha256 = initboard::model::Sha256::of(&firmware);
    let mut table = initboard::extract::extract(firmware.as_slice(), sha256).unwrap();
    initboard::analyze::derive(&mut table);
    let text = serde_json::to_vec(&table).unwrap();
    let json = |upload: crate::support::app::Upload<'_>| {
        upload.header("content-type", "application/json".to_owned()).send(&text)
    };
    let stated = json(app.upload());
    assert_eq!(stated.status, 201, "{}", stated.text());
    let firmware = app.upload().send(&firmware);
    assert_eq!(firmware.status, 200, "{}", firmware.text());
    assert_eq!(stated.json()["findings"], firmware.json()["findings"]);
    assert_eq!(app.rows("init_table"), 1);
}

#[test]
fn what_the_server_read_is_not_replaced_by_what_an_upload_states() {
    let app = TestApp::start();
    let firmware = elf::firmware();
    let read = app.upload().send(&firmware).json();
    let mut forged = tables::table(&["forged_init"]);
    forged.file.sha256 = initboard::model::Sha256::of(&firmware);
    let answer = app
        .upload()
        .header("content-type", "application/json".to_owned())
        .send(&serde_json::to_vec(&forged).unwrap());
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["init_count"], read["init_count"]);
}

#[test]
fn a_file_is_read_with_what_the_project_says_of_its_firmware() {
    let app = TestApp::start();
    let path = elf::data("fixtures/lto.elf");
    let firmware = std::fs::read(path).unwrap();
    let levels = || -> Vec<String> {
        let upload = app.upload().send(&firmware);
        let build = app.get(upload.json()["json"].as_str().unwrap()).json();
        let entries = build["table"]["entries"].as_array().unwrap().clone();
        let inits = entries.iter().filter(|entry| entry["phase"] == "init");
        let mut levels: Vec<String> =
            inits.filter_map(|entry| Some(entry["level"].as_str()?.to_owned())).collect();
        levels.dedup();
        levels
    };
    assert_eq!(levels(), ["early", "core", "driver"]);
    let configured = app.configure("[firmware]\nlevels = [\"driver\", \"core\"]\n");
    assert_eq!(configured.status, 201, "{}", configured.text());
    assert_eq!(levels(), ["driver", "core", "early"], "it was read while nothing was said");
    assert_eq!(app.rows("firmware"), 1);
    assert_eq!(app.rows("build"), 1);
}

#[test]
fn hostile_names_survive_store_and_json() {
    let app = TestApp::start();
    let names = tables::hostile_names();
    let mut table = tables::table(&names.iter().map(String::as_str).collect::<Vec<_>>());
    table.origins.push(initboard::model::Origin::Calls);
    table.entries.push(tables::full_entry(u32::try_from(names.len()).unwrap()));
    table.anomalies = tables::anomalies();
    let answer = app
        .upload()
        .header("content-type", "application/json".to_owned())
        .send(&serde_json::to_vec(&table).unwrap());
    assert_eq!(answer.status, 201, "{}", answer.text());
    let stored = app.get(answer.json()["json"].as_str().unwrap()).json();
    initboard::analyze::derive(&mut table);
    let stored: InitTable = serde_json::from_value(stored["table"].clone()).unwrap();
    assert_eq!(stored, table);
}

#[test]
fn two_uploads_at_once_for_one_board_are_both_kept() {
    let app = TestApp::start();
    let bodies = [elf::firmware(), elf::other_firmware()];
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..8)
            .map(|number| {
                let (app, body) = (&app, &bodies[number % 2]);
                scope.spawn(move || app.upload().send(body).status)
            })
            .collect();
        sending.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|&&status| status == 201).count(), 2, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 6, "{statuses:?}");
    assert_eq!((app.rows("build"), app.rows("firmware"), app.rows("board")), (2, 2, 1));
}

#[test]
fn firmware_is_kept_only_where_that_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("firmware");
    let configure = |config| Config { keep_firmware: Some(keep.clone()), ..config };
    let app = TestApp::start_with(&StoreOptions::default(), configure);
    let firmware = elf::firmware();
    let answer = app.upload().send(&firmware).json();
    let kept = keep.join(format!("{}.elf", answer["sha256"].as_str().unwrap()));
    assert_eq!(std::fs::read(kept).unwrap(), firmware);
    app.upload().with("port", "rp2").send(&elf::of_type(1)).error();
    assert_eq!(files_in(&keep), 1);
}

#[test]
fn a_commit_from_the_future_is_refused_and_a_clock_may_be_hours_off() {
    let app = TestApp::start();
    let in_hours = |hours| {
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        let mut upload = app.upload();
        upload.query.retain(|(name, _)| name != "commit_time");
        upload.query.push(("commit_time".to_owned(), time.to_string()));
        upload.send(&elf::firmware())
    };
    let words = "is more than a day ahead of the server's clock";
    assert_refused(&app, &in_hours(25), 400, "malformed-parameter", words);
    assert_eq!(in_hours(23).status, 201);
}

#[test]
fn an_unknown_content_type_is_told_which_header_to_send() {
    let app = TestApp::start();
    let form = "application/x-www-form-urlencoded".to_owned();
    let answer = app.upload().header("content-type", form).send(&elf::firmware());
    let words = "send the header `Content-Type: application/octet-stream` with an ELF file";
    assert_refused(&app, &answer, 415, "unknown-content-type", words);
}

#[test]
fn a_request_whose_head_does_not_end_is_given_up() {
    let configure = |config| Config { head_total: Duration::from_millis(200), ..config };
    let app = TestApp::start_with(&StoreOptions::default(), configure);
    let start = std::time::Instant::now();
    app.raw(b"POST /api/v1/builds HTTP/1.1\r\nHost: x\r\nX-Slow: ", false);
    // Well before the client itself gives up.
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(app.get("/healthz").status, 200);
}

#[test]
fn an_empty_body_is_refused() {
    let app = TestApp::start();
    assert_refused(&app, &app.upload().send(b""), 400, "empty-body", "the body is empty");
    let empty = app.upload().header("content-encoding", "gzip".to_owned()).send(&gzip(b""));
    assert_refused(&app, &empty, 400, "empty-body", "the body is empty");
}

#[test]
fn what_is_no_firmware_is_refused() {
    let app = TestApp::start();
    for (body, words) in [
        (b"UF2\nnot an ELF file".to_vec(), "not an ELF file"),
        (elf::of_type(1), "an object file"),
        (elf::of_type(4), "a core dump"),
        (elf::firmware()[..2000].to_vec(), "truncated"),
    ] {
        let answer = app.upload().send(&body);
        assert_refused(&app, &answer, 422, "unreadable-firmware", words);
    }
}

#[test]
fn what_is_no_table_is_refused() {
    let app = TestApp::start();
    let mut gap = tables::table(&["a", "b"]);
    gap.entries[1].position = 7;
    for (body, words) in [
        (b"{}".to_vec(), "schema"),
        (b"{\"schema\": 99}".to_vec(), "schema 99"),
        (elf::firmware(), "the table is not valid"),
        (serde_json::to_vec(&gap).unwrap(), "entry 1 has position 7"),
        ("[".repeat(100_000).into_bytes(), "the table is not valid"),
    ] {
        let answer = app.upload().header("content-type", "application/json".to_owned()).send(&body);
        assert_refused(&app, &answer, 422, "unreadable-table", words);
    }
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let configure = |config| Config { max_upload: 10_000, ..config };
    let app = TestApp::start_with(&StoreOptions::default(), configure);
    let announced = app.upload().send(&vec![0x7f; 10_001]);
    assert_refused(&app, &announced, 413, "too-large", "larger than 10000 bytes");

    // Without a length the body is counted as it comes.
    let chunk = format!("{:x}\r\n{}\r\n", 10_001, "x".repeat(10_001));
    let request = format!(
        "POST /api/v1/builds?project=micropython&port=p&board=B&commit={COMMIT} HTTP/1.1\r\n\
         Host: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n",
        app.token.reveal()
    );
    let answer = app.raw(request.as_bytes(), false);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    app.assert_nothing_stored();
}

#[test]
fn a_decompression_bomb_stops_at_the_limit() {
    let configure = |config| Config { max_upload: 1 << 20, ..config };
    let app = TestApp::start_with(&StoreOptions::default(), configure);
    let zeros = vec![0; 200 << 20];
    for (encoding, bomb) in [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros))] {
        assert!(bomb.len() < 1 << 20, "{encoding}: {} bytes", bomb.len());
        let answer = app.upload().header("content-encoding", encoding.to_owned()).send(&bomb);
        assert_refused(&app, &answer, 413, "too-large", "after decompression");
    }
    // A stream that goes on and on and holds nothing.
    let empty = gzip(b"");
    let nothing = empty.repeat((2 << 20) / empty.len());
    let answer = app.upload().header("content-encoding", "gzip".to_owned()).send(&nothing);
    assert_refused(&app, &answer, 413, "too-large", "larger than");
}

#[test]
fn a_zstd_frame_that_asks_for_too_much_memory_is_refused() {
    let app = TestApp::start();
    // RFC 8878, 3.1.1: magic, a frame header without content size, a window of
    // 2^31 bytes, one raw block of one byte.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x09, 0x00, 0x00, 0x7f];
    let answer = app.upload().header("content-encoding", "zstd".to_owned()).send(&frame);
    assert_refused(&app, &answer, 400, "broken-encoding", "not valid zstd");
}

#[test]
fn a_body_that_is_not_what_its_encoding_says_is_refused() {
    let app = TestApp::start();
    let whole = gzip(&elf::firmware());
    for (encoding, body) in [
        ("gzip", elf::firmware()),
        ("zstd", elf::firmware()),
        ("gzip", whole[..whole.len() - 4].to_vec()),
        ("zstd", zstd(&elf::firmware())[..500].to_vec()),
    ] {
        let answer = app.upload().header("content-encoding", encoding.to_owned()).send(&body);
        assert_refused(&app, &answer, 400, "broken-encoding", encoding);
    }
}

#[test]
fn an_unknown_encoding_or_type_is_refused_with_those_that_are_known() {
    let app = TestApp::start();
    for encoding in ["br", "gzip, gzip", "<b>"] {
        let answer = app.upload().header("content-encoding", encoding.to_owned()).send(b"x");
        assert_refused(&app, &answer, 415, "unknown-encoding", "gzip, zstd or identity");
    }
    let answer = app.upload().header("content-type", "text/plain".to_owned()).send(b"x");
    assert_refused(&app, &answer, 415, "unknown-content-type", "application/octet-stream");
}

#[test]
fn an_upload_needs_a_token_of_its_project() {
    let app = TestApp::start();
    let body = elf::firmware();
    let none = app.upload().header("authorization", None).send(&body);
    assert_refused(&app, &none, 401, "token-missing", "initboard token create");
    assert_eq!(none.header("www-authenticate"), Some("Bearer realm=\"initboard\""));

    for value in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ibt_123", "ibt_"] {
        let answer = app.upload().header("authorization", value.to_owned()).send(&body);
        assert_refused(&app, &answer, 401, "token-malformed", "holds no token of initboard");
    }
    let unknown = format!("Bearer ibt_{}", "0".repeat(64));
    let answer = app.upload().header("authorization", unknown).send(&body);
    assert_refused(&app, &answer, 401, "token-unknown", "not known here");

    let foreign = format!("Bearer {}", app.project("openmv").reveal());
    let answer = app.upload().header("authorization", foreign).send(&body);
    assert_refused(
        &app,
        &answer,
        403,
        "token-of-another-project",
        "is for `openmv`, not for `micropython`",
    );

    app.store
        .write(|writer| {
            let prefix = app.token.reveal()[..12].parse().unwrap();
            writer.revoke_token(&prefix, jiff::Timestamp::now())
        })
        .unwrap();
    let answer = app.upload().send(&body);
    assert_refused(&app, &answer, 401, "token-revoked", "was revoked at");
}

#[test]
fn a_bad_token_is_refused_before_the_body_is_sent() {
    let app = TestApp::start();
    let answer = app.raw(
        b"POST /api/v1/builds?project=micropython HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\
          Expect: 100-continue\r\nConnection: close\r\n\r\n",
        false,
    );
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[test]
fn a_client_that_sends_on_is_still_told_why_it_is_refused() {
    let configure = |config| Config { max_upload: 1 << 20, ..config };
    let app = TestApp::start_with(&StoreOptions::default(), configure);
    let body = vec![0; 20 << 20];
    let answer = app.upload().header("authorization", None).send(&body);
    assert_refused(&app, &answer, 401, "token-missing", "a token is needed");
    let answer = app.upload().send(&body);
    assert_refused(&app, &answer, 413, "too-large", "larger than");
}

#[test]
fn a_missing_parameter_is_named() {
    let app = TestApp::start();
    for name in ["project", "port", "board", "commit"] {
        let answer = app.upload().with(name, None).send(b"x");
        let words = format!("the parameter `{name}` is missing: expected the ");
        assert_refused(&app, &answer, 400, "missing-parameter", &words);
    }
    let answer = app.upload().with("base", COMMIT).send(b"x");
    assert_refused(&app, &answer, 400, "missing-parameter", "without `pull_request`");
}

#[test]
fn a_malformed_parameter_is_named_with_what_was_found() {
    let app = TestApp::start();
    for (name, value, words) in [
        ("project", "Micro Python", "`Micro Python` is not a project name"),
        ("port", "../etc", "`../etc` is not a port name"),
        ("board", "PYBV10-DP", "a variant follows after a -"),
        ("board", "", "`` is not a board name"),
        ("variant", "a b", "`a b` is not a variant name"),
        ("commit", "3c5a05", "`3c5a05` is not a commit"),
        ("parents", "abc,def", "`abc` is not a commit"),
        ("branch", "a\u{1b}[0m", r"`a\u{1b}[0m` is not a branch"),
        ("commit_time", "yesterday", "`yesterday` is not a time: expected RFC 3339"),
        ("pull_request", "-1", "`-1` is not a pull request"),
        ("pull_request", "0", "`0` is not a pull request"),
        ("base", "main", "`main` is not a commit"),
    ] {
        let answer = app.upload().with(name, value).send(b"x");
        assert_refused(&app, &answer, 400, "malformed-parameter", words);
        assert_refused(&app, &answer, 400, "malformed-parameter", &format!("`{name}`"));
    }
}

#[test]
fn an_unknown_or_repeated_parameter_is_named() {
    let app = TestApp::start();
    let answer = app.upload().with("brach", "master").send(b"x");
    assert_refused(&app, &answer, 400, "unknown-parameter", "did you mean `branch`?");
    let answer = app.upload().with("colour", "blue").send(b"x");
    assert_refused(&app, &answer, 400, "unknown-parameter", "expected project, port, board");
    let mut upload = app.upload();
    upload.query.push(("board".to_owned(), "OTHER".to_owned()));
    let answer = upload.send(b"x");
    assert_refused(&app, &answer, 400, "repeated-parameter", "`board` is given more than once");
}

#[test]
fn an_unknown_project_says_how_to_create_it() {
    let app = TestApp::start();
    let answer = app.upload().with("project", "zephyr").send(b"x");
    assert_refused(&app, &answer, 404, "no-project", "initboard project create zephyr");
}

#[test]
fn a_connection_cut_half_way_leaves_nothing() {
    let app = TestApp::start();
    let request = format!(
        "POST /api/v1/builds?project=micropython&port=p&board=B&commit={COMMIT} HTTP/1.1\r\n\
         Host: x\r\nAuthorization: Bearer {}\r\nContent-Length: 100000\r\n\r\n",
        app.token.reveal()
    );
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(&elf::firmware()[..5_000]);
    app.raw(&bytes, true);
    std::thread::sleep(Duration::from_millis(200));
    app.assert_nothing_stored();
    // And the server goes on.
    assert_eq!(app.upload().send(&elf::firmware()).status, 201);
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let configure = |config| Config { body_idle: Duration::from_millis(200), ..config };
    let app = TestApp::start_with(&StoreOptions::default(), configure);
    let request = format!(
        "POST /api/v1/builds?project=micropython&port=p&board=B&commit={COMMIT} HTTP/1.1\r\n\
         Host: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Length: 100000\r\n\r\nabc",
        app.token.reveal()
    );
    let answer = app.raw(request.as_bytes(), false);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    app.assert_nothing_stored();
}

#[test]
fn a_full_database_is_507_and_a_read_only_one_503() {
    // No page more than the empty database has.
    let full = StoreOptions { max_pages: Some(1), ..StoreOptions::default() };
    let app = TestApp::start_with(&full, |config| config);
    let functions: Vec<String> = (0..500).map(|number| format!("driver_{number}_init")).collect();
    let table = tables::table(&functions.iter().map(String::as_str).collect::<Vec<_>>());
    let answer = app
        .upload()
        .header("content-type", "application/json".to_owned())
        .send(&serde_json::to_vec(&table).unwrap());
    assert_refused(&app, &answer, 507, "disk-full", "the server's disk is full");

    let read_only = StoreOptions { read_only: true, ..StoreOptions::default() };
    let app = TestApp::start_with(&read_only, |config| config);
    let answer = app.upload().send(&elf::firmware());
    assert_refused(&app, &answer, 503, "read-only", "the database is read-only");
    assert_eq!(app.get("/api/v1/projects").status, 200);
}
