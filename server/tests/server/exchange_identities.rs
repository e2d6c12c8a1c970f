//! A workflow that says who it is, and gets a token for that.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use initboard::store::{Numbers, Scope, Scopes, StoreOptions, Trust};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::app::{Answer, COMMIT, TestApp};
use crate::support::elf;
use crate::support::issuer::{Issuer, RUNNER_TOKEN, signed, with_header};

const TOKENS: &str = "/api/v1/projects/micropython/tokens";

fn trust() -> Trust {
    Trust {
        repository: "micropython/micropython".parse().unwrap(),
        numbers: Numbers::default(),
        workflow: None,
        environment: None,
        scopes: Scopes::new(Scope::Upload, &[]),
    }
}

/// A server at init.example.org, whose project trusts `micropython/micropython`.
fn app(issuer: &Issuer) -> TestApp {
    let app = app_that_trusts_nobody(issuer);
    app.trust(&trust());
    app
}

fn app_that_trusts_nobody(issuer: &Issuer) -> TestApp {
    TestApp::start_with(&StoreOptions::default(), |config| initboard::web::Config {
        base_url: Some("https://Init.example.org/".to_owned()),
        oidc_issuer: issuer.url(),
        oidc_pause: Duration::ZERO,
        ..config
    })
}

fn exchange(app: &TestApp, identity: &str) -> Answer {
    app.post(TOKENS, &[("authorization", &format!("Bearer {identity}"))], b"")
}

/// The token of an exchange that succeeds.
fn token(app: &TestApp, claims: &Value) -> String {
    let answer = exchange(app, &signed("first", claims));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// Asserts that an identity is refused, with a code and words.
#[track_caller]
fn assert_refused(answer: &Answer, code: &str, words: &str) {
    let (status, found, message) = answer.error();
    assert_eq!(found, code, "{message}");
    assert!(matches!(status, 401 | 403), "{status}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_workflow_that_is_trusted_gets_a_token_to_upload_with() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    let answer = exchange(&app, &signed("first", &issuer.claims()));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let given = answer.json();
    assert_eq!(given["scopes"], "upload");
    let expires: Timestamp = given["expires_at"].as_str().unwrap().parse().unwrap();
    let lasts = expires.duration_since(Timestamp::now()).as_mins();
    assert!((28..=30).contains(&lasts), "{lasts} minutes");
    let bearer = format!("Bearer {}", given["token"].as_str().unwrap());
    let upload = app.upload().header("authorization", bearer.clone());
    assert_eq!(upload.send(&elf::firmware()).status, 201);
    // And for nothing else.
    let configuration = "/api/v1/projects/micropython/configuration";
    let refused = app.put(configuration, &[("authorization", &bearer)], b"[project]\n");
    assert_refused(&refused, "token-without-scope", "lacks the scope `configure`");
    let listed = app.store.read(|reader| reader.tokens()).unwrap();
    assert_eq!(listed[1].name, "micropython/micropython, push, run 7");
}

#[test]
fn a_run_for_a_pull_request_sends_builds_of_that_alone() {
    let issuer = Issuer::start();
    let app = app_that_trusts_nobody(&issuer);
    app.trust(&Trust { scopes: Scopes::new(Scope::Upload, &[Scope::Configure]), ..trust() });
    let mut claims = issuer.claims_with("event_name", "pull_request");
    claims["ref"] = json!("refs/pull/7/merge");
    let bearer = format!("Bearer {}", token(&app, &claims));
    let upload = || app.upload().header("authorization", bearer.clone());
    let words = "was given to a run for pull request 7, and may send builds of that alone: say so with `--pull-request 7`";
    for upload in [upload(), upload().with("pull_request", "8")] {
        assert_refused(&upload.send(&elf::firmware()), "token-of-pull-request", words);
    }
    app.assert_nothing_stored();
    assert_eq!(upload().with("pull_request", "7").send(&elf::firmware()).status, 201);
    let tree = "/api/v1/projects/micropython/tree";
    let refused = app.post(tree, &[("authorization", &bearer)], b"{}");
    assert_refused(&refused, "token-of-pull-request", words);
}

#[test]
fn a_token_expires() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    let token = token(&app, &issuer.claims());
    rusqlite::Connection::open(app.store.path())
        .unwrap()
        .execute("UPDATE token SET expires_at = 1700000000 WHERE expires_at IS NOT NULL", [])
        .unwrap();
    let upload = app.upload().header("authorization", format!("Bearer {token}"));
    let refused = upload.send(&elf::firmware());
    assert_refused(&refused, "token-expired", "the token expired at 2023-11-14T22:13:20Z");
    app.assert_nothing_stored();
}

#[test]
fn an_identity_counts_once() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    let identity = signed("first", &issuer.claims());
    assert_eq!(exchange(&app, &identity).status, 201);
    assert_refused(&exchange(&app, &identity), "identity-used", "each counts once");
    assert_eq!(app.rows("used_identity"), 1);
    // What has expired is refused as that, and need not be remembered.
    rusqlite::Connection::open(app.store.path())
        .unwrap()
        .execute("UPDATE used_identity SET expires_at = 1700000000", [])
        .unwrap();
    token(&app, &issuer.claims_with("jti", "another"));
    assert_eq!(app.rows("used_identity"), 1);
}

#[test]
fn each_wrong_claim_is_refused_with_what_was_expected() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    let now = Timestamp::now().as_second();
    for (claim, value, words) in [
        (
            "iss",
            json!("https://token.example.org"),
            format!(
                "the claim `iss` of the identity is `https://token.example.org`: expected `{}`, which this server accepts (--oidc-issuer)",
                issuer.url()
            ),
        ),
        (
            "aud",
            json!("https://github.com/micropython"),
            "the claim `aud` of the identity is `https://github.com/micropython`: expected `init.example.org`, the host of this server's --base-url".to_owned(),
        ),
        (
            "aud",
            json!(["init.example.org", "crates.io"]),
            "is `init.example.org, crates.io`: expected `init.example.org`".to_owned(),
        ),
        ("aud", Value::Null, "the claim `aud` of the identity is missing".to_owned()),
        ("exp", json!(now - 60), "expected a time that is not over".to_owned()),
        ("exp", Value::Null, "the claim `exp` of the identity is missing".to_owned()),
        ("nbf", json!(now + 120), "expected a time that has come".to_owned()),
        ("nbf", Value::Null, "the claim `nbf` of the identity is missing".to_owned()),
        ("jti", Value::Null, "the claim `jti` of the identity is missing".to_owned()),
        ("jti", json!(""), "expected a name of 1 to 200 bytes".to_owned()),
        (
            "event_name",
            json!("pull_request_target"),
            "the claim `event_name` of the identity is `pull_request_target`: expected one of push,".to_owned(),
        ),
        ("event_name", json!("workflow_run"), "is `workflow_run`: expected one of push,".to_owned()),
        ("event_name", json!("issue_comment"), "is `issue_comment`: expected one of push,".to_owned()),
        ("repository", json!("nonsense"), "is `nonsense`: expected OWNER/NAME".to_owned()),
        ("repository_id", json!("x"), "the claim `repository_id` of the identity is `x`: expected a number".to_owned()),
    ] {
        let identity = signed("first", &issuer.claims_with(claim, value));
        assert_refused(&exchange(&app, &identity), "identity-refused", &words);
    }
    let stranger = signed("first", &issuer.claims_with("repository", "stranger/micropython"));
    assert_refused(
        &exchange(&app, &stranger),
        "repository-not-trusted",
        "the claim `repository` of the identity is `stranger/micropython`, which `micropython` does not trust: `initboard project trust add micropython stranger/micropython` on the server",
    );
    // None of these was exchanged, so that the right one still counts.
    token(&app, &issuer.claims());
}

#[test]
fn whoever_takes_the_name_of_a_repository_is_not_trusted() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    // The first run that comes tells which repository it is.
    token(&app, &issuer.claims());
    let mut resurrected = issuer.claims_with("jti", "another");
    resurrected["repository_id"] = json!("999");
    assert_refused(
        &exchange(&app, &signed("first", &resurrected)),
        "identity-refused",
        "the claim `repository_id` of the identity is `999`: expected `15337271`, that of the repository that was trusted",
    );
    let mut transferred = issuer.claims_with("jti", "another");
    transferred["repository_owner_id"] = json!("999");
    assert_refused(
        &exchange(&app, &signed("first", &transferred)),
        "identity-refused",
        "`6298560`",
    );
    token(&app, &issuer.claims_with("jti", "another"));
}

#[test]
fn a_trust_that_is_taken_back_revokes_its_tokens() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    let token = token(&app, &issuer.claims());
    app.store
        .write(|writer| {
            let name = "micropython".parse().unwrap();
            let project = writer.reader().project(&name)?.unwrap().id;
            writer.distrust_repository(project, &name, &trust().repository, Timestamp::now())
        })
        .unwrap();
    let upload = app.upload().header("authorization", format!("Bearer {token}"));
    assert_refused(&upload.send(&elf::firmware()), "token-revoked", "the token was revoked at");
    let again = exchange(&app, &signed("first", &issuer.claims_with("jti", "another")));
    assert_refused(&again, "repository-not-trusted", "does not trust");
}

#[test]
fn the_keys_of_an_issuer_may_change() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    token(&app, &issuer.claims());
    issuer.publish(&["second", "first"]);
    let identity = signed("second", &issuer.claims_with("jti", "another"));
    assert_eq!(exchange(&app, &identity).status, 201);
    token(&app, &issuer.claims_with("jti", "a third"));
    // Once at the start, and once for the key that was not known.
    assert_eq!(issuer.readings(), 2);
}

#[test]
fn names_of_keys_that_somebody_makes_up_are_not_looked_for_again_and_again() {
    let issuer = Issuer::start();
    let app = TestApp::start_with(&StoreOptions::default(), |config| initboard::web::Config {
        base_url: Some("https://init.example.org".to_owned()),
        oidc_issuer: issuer.url(),
        oidc_pause: Duration::from_hours(1),
        ..config
    });
    app.trust(&trust());
    for _ in 0..5 {
        let header = json!({ "alg": "RS256", "kid": "made-up" });
        let identity = with_header("first", &header, &issuer.claims());
        assert_refused(
            &exchange(&app, &identity),
            "identity-invalid",
            "the identity is signed with the key `made-up`",
        );
    }
    assert_eq!(issuer.readings(), 1);
    token(&app, &issuer.claims());
}

#[test]
fn an_issuer_that_does_not_answer_is_said() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    issuer.break_down();
    let (status, code, message) = exchange(&app, &signed("first", &issuer.claims())).error();
    assert_eq!((status, code.as_str()), (503, "issuer-unreachable"));
    let words = format!(
        "the keys of {0} cannot be read: {0}/.well-known/jwks answered with status 500; try again shortly",
        issuer.url()
    );
    assert_eq!(message, words);
}

#[test]
fn what_the_issuer_did_not_sign_is_refused() {
    let issuer = Issuer::start();
    let app = app(&issuer);
    let claims = issuer.claims();
    let part = |value: &Value| BASE64.encode(value.to_string());
    let invalid = |identity: &str, words: &str| {
        assert_refused(&exchange(&app, identity), "identity-invalid", words);
    };
    // Signed with a key that it does not have, under the name of one that it has.
    let header = json!({ "alg": "RS256", "kid": "first" });
    invalid(&with_header("second", &header, &claims), "the signature of the identity is wrong");
    // Changed after it was signed.
    let good = signed("first", &claims);
    let (head, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let other = part(&issuer.claims_with("run_id", "8"));
    invalid(&format!("{head}.{other}.{signature}"), "the signature of the identity is wrong");
    // Not signed.
    let none = part(&json!({ "typ": "JWT", "alg": "none", "kid": "first" }));
    let payload = part(&claims);
    for signature in ["", signature] {
        invalid(&format!("{none}.{payload}.{signature}"), "is not signed with RS256");
    }
    // The public key as the secret of HMAC, as if that were one.
    let public = crate::support::issuer::published("first")["n"].as_str().unwrap().to_owned();
    let hmac = part(&json!({ "alg": "HS256", "kid": "first" }));
    let message = format!("{hmac}.{payload}");
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &BASE64.decode(public).unwrap());
    let tag = BASE64.encode(ring::hmac::sign(&secret, message.as_bytes()));
    invalid(&format!("{message}.{tag}"), "is not signed with RS256");
    // Its own key, which it brings along.
    let own = crate::support::issuer::published("second");
    let header = json!({ "alg": "RS256", "kid": "second", "jwk": own });
    invalid(&with_header("second", &header, &claims), "the key `second`");
    // Nothing of the kind.
    invalid("nonsense", "this is no identity of a workflow");
    invalid("a.b.c", "this is no identity of a workflow");
    invalid(&"a".repeat(17_000), "it has 17000 bytes");
    invalid(app.token.reveal(), "this is no identity of a workflow");
    let missing = app.post(TOKENS, &[], b"");
    assert_refused(&missing, "identity-missing", "ACTIONS_ID_TOKEN_REQUEST_URL");
    assert_eq!(app.rows("used_identity"), 0);
}

#[test]
fn a_server_that_does_not_know_its_address_says_so() {
    let app = TestApp::start();
    let (status, code, message) = exchange(&app, "x.y.z").error();
    assert_eq!((status, code.as_str()), (501, "no-base-url"));
    assert!(message.contains("start it with --base-url"), "{message}");
}

fn upload(app: &TestApp, environment: &[(&str, &str)]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_initboard"))
        .arg("upload")
        .arg(&elf::samples()[0].2)
        .args(["--server", &app.url(""), "--project", "micropython", "--commit", COMMIT])
        .env_remove("INITBOARD_TOKEN")
        .env_remove("ACTIONS_ID_TOKEN_REQUEST_URL")
        .env_remove("GITHUB_ACTIONS")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn upload_in_a_job_that_is_trusted_needs_no_secret() {
    let issuer = Issuer::start();
    // For whom an identity is follows from the address that is talked to.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", address.local_addr().unwrap());
    let app = TestApp::start_on(address, &StoreOptions::default(), |config| {
        initboard::web::Config { base_url: Some(base_url), oidc_issuer: issuer.url(), ..config }
    });
    let run = |arguments: &[&str], database: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_initboard"));
        command.args(arguments).arg("--database").arg(database).output().unwrap()
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let repository = "micropython/micropython";
    let added = run(&["project", "trust", "add", "micropython", repository], app.store.path());
    assert!(added.status.success(), "{}", text(&added.stderr));
    let job = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", &*issuer.request_url()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", RUNNER_TOKEN),
    ];
    let sent = upload(&app, &job);
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    assert_eq!(app.rows("build"), 1);

    let listed = text(&run(&["project", "trust", "list"], app.store.path()).stdout);
    let words = "upload             repository 15337271  owner 6298560  workflow any  environment any  last used ";
    assert!(listed.contains(words), "{listed}");
    let removed = run(&["project", "trust", "remove", "micropython", repository], app.store.path());
    assert!(removed.status.success(), "{}", text(&removed.stderr));
    let refused = upload(&app, &job);
    assert_eq!(refused.status.code(), Some(2));
    let message = text(&refused.stderr);
    assert!(message.contains("which `micropython` does not trust"), "{message}");
    let again = run(&["project", "trust", "remove", "micropython", repository], app.store.path());
    let message = text(&again.stderr);
    assert!(message.contains("`micropython` does not trust micropython/micropython"), "{message}");
}

#[test]
fn upload_without_a_token_says_how_to_get_one() {
    let app = TestApp::start();
    let text = |environment: &[(&str, &str)]| {
        let output = upload(&app, environment);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        text(&[]),
        "initboard: there is no token: expected one in INITBOARD_TOKEN, as `initboard token create` printed it\n"
    );
    let in_a_job = text(&[("GITHUB_ACTIONS", "true")]);
    assert!(in_a_job.contains("`permissions: id-token: write`"), "{in_a_job}");
    assert!(in_a_job.contains("Pull requests from forks"), "{in_a_job}");
}
