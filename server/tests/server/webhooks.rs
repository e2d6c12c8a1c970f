//! The webhook: who is told that the report of a pull request changed, and what.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use initboard::model::{InitTable, Sha256};
use initboard::store::{StoreOptions, Webhook};
use initboard::web::{Config, Patience};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::app::{COMMIT, TestApp};
use crate::support::tables::table;

/// A message as it came in: its signature, its id and its body.
struct Message {
    signature: String,
    delivery: String,
    body: Vec<u8>,
}

impl Message {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What it says but for its id and its time, which differ each time.
    fn said(&self) -> Value {
        let mut body = self.json();
        let keys = body.as_object_mut().unwrap();
        assert_eq!(keys.remove("delivery").unwrap(), self.delivery);
        let sent: Timestamp = serde_json::from_value(keys.remove("sent_at").unwrap()).unwrap();
        assert!(Timestamp::now().duration_since(sent).abs() < SignedDuration::from_mins(1));
        body
    }
}

/// An address that takes messages and answers each with the next of `answers`, then
/// with 204.
fn listen(answers: &'static [u16]) -> (String, Receiver<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/told", listener.local_addr().unwrap());
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.iter().copied();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut length, mut line) = (0, String::new());
            let (mut signature, mut delivery) = (String::new(), String::new());
            while stream.read_line(&mut line).unwrap() > 2 {
                let (name, value) = line.split_once(':').unwrap_or((&line, ""));
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "x-initboard-signature-256" => value.trim().clone_into(&mut signature),
                    "x-initboard-delivery" => value.trim().clone_into(&mut delivery),
                    _ => {}
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let status = answers.next().unwrap_or(204);
            write!(
                stream.get_mut(),
                "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
            if sender.send(Message { signature, delivery, body }).is_err() {
                return;
            }
        }
    });
    (url, messages)
}

fn start(url: &str) -> TestApp {
    let app = TestApp::start_with(&StoreOptions::default(), |mut config| {
        let pause = Duration::from_millis(20);
        config.webhook = Patience { calm: Duration::from_mins(10), retries: [pause; 3] };
        config.base_url = Some("https://init.example.org".to_owned());
        config
    });
    let webhook = Webhook { url: url.to_owned(), secret: "a secret".to_owned() };
    app.store
        .write(|writer| {
            let project = writer.reader().project(&"micropython".parse().unwrap())?.unwrap();
            writer.set_webhook(project.id, Some(&webhook), Timestamp::UNIX_EPOCH)
        })
        .unwrap();
    app
}

/// Sends a table of `stm32/PYBV10` at a commit.
fn build(
    app: &TestApp,
    commit: &'static str,
    pull_request: Option<&'static str>,
    functions: &[&str],
) {
    let mut table: InitTable = table(functions);
    table.file.sha256 = Sha256::of(format!("{commit} {functions:?}").as_bytes());
    let upload = app
        .upload()
        .with("commit", commit)
        .with("pull_request", pull_request)
        .with("parents", pull_request.map(|_| COMMIT))
        .header("content-type", "application/json".to_owned());
    let answer = upload.send(&serde_json::to_vec(&table).unwrap());
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// The same, and says that it is the last.
fn send(
    app: &TestApp,
    commit: &'static str,
    pull_request: Option<&'static str>,
    functions: &[&str],
) {
    build(app, commit, pull_request, functions);
    let bearer = format!("Bearer {}", app.token.reveal());
    let path = format!("/api/v1/commits/{commit}/finish?project=micropython");
    assert_eq!(app.post(&path, &[("authorization", &bearer)], b"").status, 200);
}

const PROPOSED: &str = "2222222222222222222222222222222222222222";
const AMENDED: &str = "3333333333333333333333333333333333333333";
const LATER: &str = "4444444444444444444444444444444444444444";
const SOON: Duration = Duration::from_secs(20);
const A_MOMENT: Duration = Duration::from_millis(700);

#[test]
fn a_project_is_told_when_a_report_changes_and_not_otherwise() {
    let (url, messages) = listen(&[]);
    let app = start(&url);
    send(&app, COMMIT, None, &["pin_init0", "uart_init"]);
    send(&app, PROPOSED, Some("7"), &["pin_init0", "uart_init"]);
    assert!(messages.recv_timeout(A_MOMENT).is_err(), "nothing changed");

    send(&app, AMENDED, Some("7"), &["uart_init", "pin_init0"]);
    let told = messages.recv_timeout(SOON).unwrap();
    assert_eq!(
        told.said(),
        json!({
            "event": "report", "project": "micropython", "pull_request": 7, "head": AMENDED,
            "base": COMMIT, "verdict": "changed",
            "headline": "The order changes on the one board compared",
            "url": "https://init.example.org/micropython/-/pulls/7",
        })
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a secret");
    let signature: Vec<u8> = (0..32)
        .map(|at| {
            let digits = &told.signature["sha256=".len()..][2 * at..2 * at + 2];
            u8::from_str_radix(digits, 16).unwrap()
        })
        .collect();
    ring::hmac::verify(&key, &told.body, &signature).unwrap();

    // The same report of another commit is none that changed.
    send(&app, LATER, Some("7"), &["uart_init", "pin_init0"]);
    assert!(messages.recv_timeout(A_MOMENT).is_err(), "the report is the same");
    // A build of a branch tells nobody.
    send(&app, "5555555555555555555555555555555555555555", None, &["pin_init0"]);
    assert!(messages.recv_timeout(A_MOMENT).is_err(), "no pull request was built");
}

#[test]
fn an_address_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let (url, messages) = listen(&[503, 429, 204, 400]);
    let app = start(&url);
    send(&app, COMMIT, None, &["pin_init0", "uart_init"]);
    send(&app, PROPOSED, Some("7"), &["uart_init", "pin_init0"]);
    let bodies: Vec<Value> = (0..3).map(|_| messages.recv_timeout(SOON).unwrap().json()).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert!(messages.recv_timeout(A_MOMENT).is_err(), "it was told");

    send(&app, AMENDED, Some("7"), &["uart_init"]);
    let amended = messages.recv_timeout(SOON).unwrap().json();
    assert_eq!(amended["head"], AMENDED);
    assert_ne!(amended["delivery"], bodies[0]["delivery"], "another message has another id");
    assert!(messages.recv_timeout(A_MOMENT).is_err(), "400 is no reason to insist");
    // It was refused, so it was not told, and the next word tells it.
    send(&app, LATER, Some("7"), &["uart_init"]);
    assert_eq!(messages.recv_timeout(SOON).unwrap().json()["head"], LATER);
}

#[test]
fn what_waits_when_a_server_stops_is_told_by_the_next() {
    let (url, messages) = listen(&[]);
    let app = start(&url);
    send(&app, COMMIT, None, &["pin_init0", "uart_init"]);
    build(&app, PROPOSED, Some("7"), &["uart_init", "pin_init0"]);
    assert!(messages.recv_timeout(A_MOMENT).is_err(), "more builds may come");
    let hasty = |mut config: Config| {
        config.webhook.calm = Duration::ZERO;
        config
    };
    let next = app.another_with(hasty);
    assert_eq!(messages.recv_timeout(SOON).unwrap().json()["head"], PROPOSED);
    // It is noted once the address has answered.
    let told = || {
        app.store.read(|reader| {
            let project = reader.project(&"micropython".parse().unwrap())?.unwrap();
            reader.told(project.id, 7)
        })
    };
    let began = std::time::Instant::now();
    while told().unwrap().is_none() {
        assert!(began.elapsed() < SOON, "what was told is not noted");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(next);
    let _after = app.another_with(hasty);
    assert!(messages.recv_timeout(A_MOMENT).is_err(), "it was told");
}
