//! The program itself: a server that people start, and `initboard upload` that
//! CI runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::app::{COMMIT, TestApp, files_in};
use crate::support::elf;

const PROGRAM: &str = env!("CARGO_BIN_EXE_initboard");

fn run(arguments: &[&str], folder: &Path) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_remove("INITBOARD_TOKEN")
        .env("INITBOARD_DATABASE", folder.join("initboard.db"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server process that is killed when dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// Starts `command`, which runs `initboard serve`, and waits until it says
    /// where it listens.
    fn start(mut command: Command) -> Self {
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned))
            .expect("the server says where it listens");
        // Read on, so that its log never blocks it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn upload(url: &str, token: &str, files: &[&str], more: &[&str]) -> Output {
    Command::new(PROGRAM)
        .arg("upload")
        .args(files)
        .args(["--server", url, "--project", "micropython", "--commit", COMMIT])
        .args(more)
        .env("INITBOARD_TOKEN", token)
        .output()
        .unwrap()
}

#[test]
fn a_project_gets_a_server_a_token_and_all_its_boards() {
    let folder = tempfile::tempdir().unwrap();
    let created = run(
        &[
            "project",
            "create",
            "micropython",
            "--repository",
            "https://example.org/mp",
            "--default-branch",
            "master",
        ],
        folder.path(),
    );
    assert!(created.status.success(), "{}", text(&created.stderr));
    let token = run(&["token", "create", "--project", "micropython"], folder.path());
    let token = text(&token.stdout).trim().to_owned();
    assert!(token.starts_with("ibt_") && token.len() == 68, "{token:?}");

    let mut serve = Command::new(PROGRAM);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--database"]);
    let server = Server::start({
        serve.arg(folder.path().join("initboard.db"));
        serve
    });
    let samples = elf::samples();
    let files: Vec<&str> = samples.iter().map(|(_, _, path)| path.to_str().unwrap()).collect();
    let sent = upload(
        &server.url,
        &token,
        &files,
        &["--branch", "master", "--parent", &"2".repeat(40), "--parent", &"3".repeat(40)],
    );
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    let pages: Vec<String> = text(&sent.stdout).lines().map(str::to_owned).collect();
    assert_eq!(pages.len(), samples.len());
    for (page, (port, label, _)) in pages.iter().zip(&samples) {
        assert_eq!(*page, format!("{}/micropython/{port}/{label}/{COMMIT}", server.url));
    }
    // The server runs on while the command line works on its database.
    let list = run(&["project", "list"], folder.path());
    assert!(text(&list.stdout).contains(&format!("{} boards", samples.len())));

    let revoked = run(&["token", "revoke", &token[..14]], folder.path());
    assert!(revoked.status.success(), "{}", text(&revoked.stderr));
    let refused = upload(&server.url, &token, &files[..1], &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("the token was revoked at"));
    assert!(!text(&refused.stderr).contains(&token[14..]));
}

#[test]
fn bad_usage_is_one_line_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (vec!["token", "create", "--project", "nobody"], "there is no database"),
        (vec!["token", "list"], "there is no database"),
        (vec!["project", "list"], "there is no database"),
        (vec!["token", "revoke", "ibt_012345"], "there is no database"),
        (vec!["token", "revoke", "i"], "expected what `initboard token list` shows"),
        (vec!["token", "revoke", "ibt_01234"], "expected what `initboard token list` shows"),
        (vec!["extract"], "required arguments were not provided: <FILE>..."),
        (vec!["extract", "/dev/zero"], "/dev/zero is no regular file: expected"),
        (vec!["extract", "/"], "/ is a folder: expected"),
        (vec!["extract", "/no/such/file"], "cannot read /no/such/file"),
        (vec!["project", "create", "x", "--repository", "javascript:1"], "starts with https://"),
        (
            vec!["serve", "--database", "/no/such/folder/x.db"],
            "cannot open the database /no/such/folder/x.db",
        ),
    ] {
        let output = run(&arguments, folder.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let message = text(&output.stderr);
        assert!(message.contains(words), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    assert_eq!(files_in(folder.path()), 0, "a mistyped path made a database");

    run(&["project", "create", "micropython"], folder.path());
    for (arguments, words) in [
        (vec!["token", "create", "--project", "nobody"], "initboard project create nobody"),
        (vec!["token", "revoke", "ibt_012345"], "no token starts with `ibt_012345`"),
    ] {
        let output = run(&arguments, folder.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
}

#[test]
fn what_is_no_regular_file_is_refused_before_it_is_read() {
    let app = TestApp::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let large = std::fs::File::create(path("large.elf")).unwrap();
    large.set_len((1 << 30) + 1).unwrap();
    for (file, words) in [
        (path("pipe"), "pipe is no regular file"),
        (path(""), "is a folder"),
        (path("large.elf"), "large.elf has 1073741825 bytes, more than any firmware"),
    ] {
        let extracted = run(&["extract", &file], folder.path());
        let told = ["--port", "stm32", "--board", "PYBV10"];
        let sent = upload(&app.url(""), app.token.reveal(), &[&file], &told);
        for output in [extracted, sent] {
            assert_eq!(output.status.code(), Some(2), "{file}");
            assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
            assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
        }
    }
    app.assert_nothing_stored();
}

#[test]
fn a_reader_who_has_read_enough_is_no_failure() {
    let sample = elf::samples()[0].2.clone();
    let mut extract = Command::new(PROGRAM)
        .args(["extract", "--format", "json"])
        .args(vec![&sample; 8])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(extract.stdout.take());
    let output = extract.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_demo_that_is_stopped_at_any_time_leaves_nothing() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = Command::new(PROGRAM)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env("TMPDIR", folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // As soon as there is something to leave: before it listens.
        while files_in(folder.path()) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let process = demo.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
        assert!(demo.wait().unwrap().success(), "{signal}");
        assert_eq!(files_in(folder.path()), 0, "{signal}");
    }
}

#[test]
fn a_file_whose_board_is_unknown_is_not_sent() {
    let app = TestApp::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("firmware.elf");
    std::fs::write(&file, elf::firmware()).unwrap();
    let file = file.to_str().unwrap();
    let output = upload(&app.url(""), app.token.reveal(), &[file], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--port and --board"));
    app.assert_nothing_stored();

    let told = ["--port", "stm32", "--board", "PYBV10", "--variant", "DP"];
    let output = upload(&app.url(""), app.token.reveal(), &[file], &told);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("/micropython/stm32/PYBV10-DP/"));
}

#[test]
fn the_documented_curl_command_uploads() {
    if !Command::new("curl").arg("--version").output().is_ok_and(|found| found.status.success()) {
        return crate::support::tools::skip("curl");
    }
    let app = TestApp::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("firmware.elf"), elf::firmware()).unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/server.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, command) = page.split_once("```sh\ncurl ").unwrap();
    let (command, _) = command.split_once("```").unwrap();
    let command = format!("curl --silent --show-error {command}")
        .replace("https://init.example.org", &app.url(""))
        .replace("$(git rev-parse HEAD)", COMMIT);
    let output = Command::new("sh")
        .args(["-c", &command])
        .current_dir(folder.path())
        .env("INITBOARD_TOKEN", app.token.reveal())
        .output()
        .unwrap();
    let answer = text(&output.stdout);
    assert!(answer.contains(r#""created":true"#), "{answer}{}", text(&output.stderr));
}

#[test]
fn an_upload_is_tried_again_when_the_server_is_busy() {
    let app = TestApp::start();
    // A server in front that is busy once, then gone, then hands on.
    let front = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", front.local_addr().unwrap());
    let target = app.url("").replace("http://", "");
    std::thread::spawn(move || {
        for turn in 0.. {
            let Ok((mut client, _)) = front.accept() else { return };
            match turn {
                0 => {
                    let mut head = [0; 4096];
                    let _ = client.read(&mut head);
                    let busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\n\
                                Content-Length: 0\r\nConnection: close\r\n\r\n";
                    let _ = client.write_all(busy.as_bytes());
                }
                1 => drop(client),
                _ => {
                    let server = std::net::TcpStream::connect(&target).unwrap();
                    let (mut from, mut to) =
                        (client.try_clone().unwrap(), server.try_clone().unwrap());
                    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                    std::thread::spawn(move || {
                        let (mut from, mut to) = (server, client);
                        std::io::copy(&mut from, &mut to)
                    });
                }
            }
        }
    });
    let samples = elf::samples();
    let output = upload(&url, app.token.reveal(), &[samples[0].2.to_str().unwrap()], &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let log = text(&output.stderr);
    assert_eq!(log.matches("trying again").count(), 2, "{log}");
    assert_eq!(app.rows("build"), 1);
}

#[test]
fn a_refusal_is_not_tried_again() {
    let app = TestApp::start();
    let file = elf::samples()[0].2.clone();
    let wrong = format!("ibt_{}", "0".repeat(64));
    let output = upload(&app.url(""), &wrong, &[file.to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!text(&output.stderr).contains("trying again"));
}

/// Runs a script as root of a namespace of its own, where it may mount file
/// systems; says so where the system does not allow that.
fn in_own_namespace(script: &str, arguments: &[&str]) -> Option<Command> {
    let allowed = Command::new("unshare")
        .args(["-rm", "sh", "-c", "mount -t tmpfs none /mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !allowed {
        crate::support::tools::skip("unshare");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, PROGRAM]).args(arguments);
    Some(command)
}

/// $0 is the program, $1 the folder to mount on, $2 the file system's size.
const ON_A_SMALL_DISK: &str = r#"
    set -e
    mount -t tmpfs -o size="$2" none "$1"
    "$0" project create micropython --database "$1/initboard.db" 2>/dev/null
    "$0" token create --project micropython --database "$1/initboard.db" 2>/dev/null
    exec "$0" serve --listen 127.0.0.1:0 --database "$1/initboard.db"
"#;

#[test]
fn a_full_disk_is_said_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    // Room for the database and its log, and not for a firmware of 1 MiB.
    let Some(mut command) = in_own_namespace(ON_A_SMALL_DISK, &[path, "800k"]) else { return };
    let mut server = Server::start({
        command.stdout(Stdio::piped());
        command
    });
    let mut token = String::new();
    BufReader::new(server.process.stdout.take().unwrap()).read_line(&mut token).unwrap();
    let token = token.trim();

    let large = folder.path().with_extension("elf");
    let mut bytes = elf::firmware();
    bytes.resize(1 << 20, 0xff);
    std::fs::write(&large, &bytes).unwrap();
    let board = ["--port", "mps2", "--board", "MPS2_NET"];
    let refused = upload(&server.url, token, &[large.to_str().unwrap()], &board);
    std::fs::remove_file(&large).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let message = text(&refused.stderr);
    assert!(message.contains("the server's disk is full: nothing was stored"), "{message}");
    assert!(!message.contains("trying again"), "{message}");

    // What was received is gone again, so a small one fits.
    let small = elf::samples()[0].2.clone();
    let stored = upload(&server.url, token, &[small.to_str().unwrap()], &[]);
    assert!(stored.status.success(), "{}", text(&stored.stderr));
}

#[test]
fn a_database_that_cannot_be_written_is_served_and_not_changed() {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let drop_privileges = Command::new("setpriv")
        .args(["--reuid=65534", "--clear-groups", "test", "-x", PROGRAM])
        .status()
        .is_ok_and(|status| status.success());
    if root && !drop_privileges {
        // Permissions do not hold root back.
        crate::support::tools::skip("setpriv, or not to be root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    run(&["project", "create", "micropython"], folder.path());
    let token = run(&["token", "create", "--project", "micropython"], folder.path());
    let token = text(&token.stdout).trim().to_owned();
    let database = folder.path().join("initboard.db");
    let chmod = |mode: &str, path: &Path| {
        assert!(Command::new("chmod").arg(mode).arg(path).status().unwrap().success());
    };
    chmod("0444", &database);
    // Its folder stays writable: readers make the files of the log.
    chmod("0777", folder.path());
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups", PROGRAM]);
        command
    } else {
        Command::new(PROGRAM)
    };
    command.args(["serve", "--listen", "127.0.0.1:0", "--database"]).arg(&database);
    let server = Server::start(command);
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let list = agent.get(format!("{}/api/v1/projects", server.url)).call().unwrap();
    assert_eq!(list.status(), 200);
    let mut refused = agent
        .post(format!("{}/api/v1/builds", server.url))
        .query("project", "micropython")
        .query("port", "mps2")
        .query("board", "MPS2_NET")
        .query("commit", COMMIT)
        .header("authorization", format!("Bearer {token}"))
        .send(&elf::firmware())
        .unwrap();
    assert_eq!(refused.status(), 503);
    let message = refused.body_mut().read_to_string().unwrap();
    assert!(message.contains("the database is read-only: nothing was stored"), "{message}");
}

#[test]
fn the_server_stops_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--database"])
        .arg(folder.path().join("initboard.db"));
    let mut server = Server::start(command);
    let asked = Command::new("kill").arg(server.process.id().to_string()).status().unwrap();
    assert!(asked.success());
    assert!(server.process.wait().unwrap().success());
}

#[test]
fn a_server_started_with_nohup_outlives_its_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("nohup");
    command
        .args([PROGRAM, "serve", "--listen", "127.0.0.1:0", "--database"])
        .arg(folder.path().join("initboard.db"));
    let mut server = Server::start(command);
    let process = server.process.id().to_string();
    let kill = |signal: &str| Command::new("kill").args([signal, &process]).status().unwrap();
    assert!(kill("-HUP").success());
    let answer = ureq::get(format!("{}/healthz", server.url)).call().unwrap();
    assert_eq!(answer.status(), 200);
    assert!(kill("-TERM").success());
    assert!(server.process.wait().unwrap().success());
}
