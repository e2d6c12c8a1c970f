//! An issuer of identities, as GitHub Actions has one: it signs what a test says of a
//! job, and publishes its keys over real HTTP.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// The keys, by name.
const KEYS: [(&str, &[u8]); 2] =
    [("first", include_bytes!("issuer/key-1.pk8")), ("second", include_bytes!("issuer/key-2.pk8"))];

/// With what a job asks who it is.
pub(crate) const RUNNER_TOKEN: &str = "runner-token";

#[derive(Default)]
struct Held {
    /// Names of the keys that are published.
    published: Vec<&'static str>,
    /// How often they were read.
    readings: usize,
    is_down: bool,
    /// How many identities were given to jobs.
    given: usize,
}

pub(crate) struct Issuer {
    held: Arc<Mutex<Held>>,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
}

impl Issuer {
    /// An issuer with one key.
    pub(crate) fn start() -> Self {
        let held = Held { published: vec!["first"], ..Held::default() };
        let held = Arc::new(Mutex::new(held));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let router = Router::new().fallback(serve).with_state((Arc::clone(&held), address));
        let server = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stopped = async { drop(stopped.await) };
                axum::serve(listener, router).with_graceful_shutdown(stopped).await.unwrap();
            });
        });
        Self { held, address, stop: Some(stop), server: Some(server) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where a job asks who it is.
    pub(crate) fn request_url(&self) -> String {
        format!("{}/identity?api-version=2.0", self.url())
    }

    pub(crate) fn publish(&self, keys: &[&'static str]) {
        self.held.lock().unwrap().published = keys.to_vec();
    }

    pub(crate) fn break_down(&self) {
        self.held.lock().unwrap().is_down = true;
    }

    pub(crate) fn readings(&self) -> usize {
        self.held.lock().unwrap().readings
    }

    /// What GitHub says of a job of `micropython/micropython` on a push, for the
    /// audience `init.example.org`.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.url(), "init.example.org", "0b6ee10d-8a4f-4bd5-b9d7-6a2d3d5a9c11")
    }

    /// The same with another value of a claim; `null` leaves it out.
    pub(crate) fn claims_with(&self, claim: &str, value: impl Into<Value>) -> Value {
        let mut claims = self.claims();
        match value.into() {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value,
        }
        claims
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn claims(issuer: &str, audience: &str, jti: &str) -> Value {
    let now = Timestamp::now().as_second();
    json!({
        "iss": issuer,
        "aud": audience,
        "sub": "repo:micropython/micropython:ref:refs/heads/master",
        "jti": jti,
        "iat": now,
        "nbf": now - 300,
        "exp": now + 300,
        "repository": "micropython/micropython",
        "repository_id": "15337271",
        "repository_owner": "micropython",
        "repository_owner_id": "6298560",
        "repository_visibility": "public",
        "event_name": "push",
        "ref": "refs/heads/master",
        "workflow_ref": "micropython/micropython/.github/workflows/order.yml@refs/heads/master",
        "run_id": "7",
    })
}

/// What the issuer signs with one of its keys.
pub(crate) fn signed(key: &str, claims: &Value) -> String {
    with_header(key, &json!({ "typ": "JWT", "alg": "RS256", "kid": key }), claims)
}

/// The same with a header of another kind: the signature is that of RS256 with `key`.
pub(crate) fn with_header(key: &str, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = pair(key);
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", BASE64.encode(signature))
}

/// What a key is published as.
pub(crate) fn published(key: &str) -> Value {
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair(key).public_key());
    json!({
        "kty": "RSA", "alg": "RS256", "use": "sig", "kid": key,
        "n": BASE64.encode(n), "e": BASE64.encode(e),
    })
}

fn pair(key: &str) -> RsaKeyPair {
    let (_, bytes) = KEYS.iter().find(|(name, _)| *name == key).unwrap();
    RsaKeyPair::from_pkcs8(bytes).unwrap()
}

type Shared = (Arc<Mutex<Held>>, SocketAddr);

async fn serve(
    State((held, address)): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let mut held = held.lock().unwrap();
    let answer = |status: u16, body: &Value| {
        Response::builder().status(status).body(Body::from(body.to_string())).unwrap()
    };
    match uri.path() {
        "/.well-known/jwks" => {
            held.readings += 1;
            if held.is_down {
                return answer(500, &json!({}));
            }
            // A key of another kind must not be in the way of the others.
            let other =
                json!({ "kty": "EC", "crv": "P-521", "kid": "other", "x": "AA", "y": "AA" });
            let keys = held.published.iter().map(|key| published(key)).chain([other]);
            answer(200, &json!({ "keys": keys.collect::<Vec<_>>() }))
        }
        "/identity" => {
            let pairs: Vec<(String, String)> = axum::extract::Query::try_from_uri(&uri).unwrap().0;
            let given = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|pair| &*pair.1);
            let bearer = headers.get("authorization").unwrap();
            if given("api-version") != Some("2.0") || *bearer != format!("Bearer {RUNNER_TOKEN}") {
                return answer(400, &json!({}));
            }
            held.given += 1;
            let jti = format!("given-{}", held.given);
            let claims = claims(&format!("http://{address}"), given("audience").unwrap(), &jti);
            answer(200, &json!({ "value": signed("first", &claims) }))
        }
        _ => answer(404, &json!({})),
    }
}
