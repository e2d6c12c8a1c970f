//! A GitHub that keeps its state in memory: one repository with its pull requests,
//! comments, check runs and commit statuses.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::{Value, json};

use super::answers;

/// The repository.
pub(crate) const REPOSITORY: &str = "micropython/micropython";
/// The token of GitHub Actions.
pub(crate) const TOKEN: &str = "ghs_actions";
/// Who that is.
pub(crate) const BOT: &str = "github-actions[bot]";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: Option<String>,
    pub(crate) body: String,
}

#[derive(Clone, Debug)]
pub(crate) struct PullRequest {
    pub(crate) number: u64,
    /// Where its branch is.
    pub(crate) repository: String,
    pub(crate) branch: String,
    pub(crate) sha: String,
}

/// Something that goes wrong, once for each time it is planted.
pub(crate) struct Fault {
    /// `POST /issues/7/comments`: the method, and how the path ends.
    on: &'static str,
    /// Whether what was asked is done all the same.
    is_done: bool,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Fault {
    pub(crate) fn new(on: &'static str, status: u16, message: &str) -> Self {
        let body = json!({ "message": message, "status": status.to_string() });
        Self { on, is_done: false, status, headers: Vec::new(), body }
    }

    /// The same, and what was asked is done: only the answer is lost.
    pub(crate) fn after_doing(mut self) -> Self {
        self.is_done = true;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }
}

#[derive(Default)]
pub(crate) struct Held {
    /// Who each token is.
    pub(crate) accounts: HashMap<String, String>,
    pub(crate) pull_requests: Vec<PullRequest>,
    pub(crate) comments: HashMap<u64, Vec<Comment>>,
    pub(crate) check_runs: Vec<Value>,
    pub(crate) statuses: Vec<(String, Value)>,
    /// What was asked: `GET /issues/7/comments?per_page=100`, without the repository.
    pub(crate) asked: Vec<String>,
    faults: Vec<Fault>,
    comments_made: u64,
}

pub(crate) struct GitHub {
    held: Arc<Mutex<Held>>,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
}

impl GitHub {
    pub(crate) fn start() -> Self {
        let held = Arc::new(Mutex::new(Held::default()));
        held.lock().unwrap().accounts.insert(TOKEN.to_owned(), BOT.to_owned());
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

    /// Where its REST API stands.
    pub(crate) fn api(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn held<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.held.lock().unwrap())
    }

    /// Plants something that goes wrong.
    pub(crate) fn plant(&self, fault: Fault) {
        self.held(|held| held.faults.push(fault));
    }

    /// A comment of somebody.
    pub(crate) fn comment(&self, pull_request: u64, author: &str, body: &str) -> u64 {
        self.held(|held| held.comment(pull_request, author, body).id)
    }

    pub(crate) fn comments(&self, pull_request: u64) -> Vec<Comment> {
        self.held(|held| held.comments.get(&pull_request).cloned().unwrap_or_default())
    }

    /// What was written: all that was asked, but for questions.
    pub(crate) fn written(&self) -> Vec<String> {
        let is_write =
            |asked: &&String| !asked.starts_with("GET ") && asked.as_str() != "POST /graphql";
        self.held(|held| held.asked.iter().filter(is_write).cloned().collect())
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

impl Held {
    fn comment(&mut self, pull_request: u64, author: &str, body: &str) -> Comment {
        self.comments_made += 1;
        let comment = Comment {
            id: 1000 + self.comments_made,
            author: Some(author.to_owned()),
            body: body.to_owned(),
        };
        self.comments.entry(pull_request).or_default().push(comment.clone());
        comment
    }
}

type Shared = (Arc<Mutex<Held>>, SocketAddr);

async fn serve(
    State((held, address)): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut held = held.lock().unwrap();
    let whole = uri.path_and_query().unwrap().as_str();
    let prefix = format!("/repos/{REPOSITORY}");
    held.asked.push(format!("{method} {}", whole.strip_prefix(&prefix).unwrap_or(whole)));
    let token = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let Some(login) = held.accounts.get(token).cloned() else {
        return answers::refusal(401, "Bad credentials");
    };
    let fault = held.faults.iter().position(|fault| {
        let (on, ends) = fault.on.split_once(' ').unwrap();
        method == on && uri.path().ends_with(ends)
    });
    let fault = fault.map(|index| held.faults.remove(index));
    if let Some(fault) = &fault
        && !fault.is_done
    {
        return answers::with_headers(fault.status, &fault.body, &fault.headers);
    }
    let asked = Asked { method, uri, body, login, address };
    let done = asked.answer(&mut held, &prefix);
    match fault {
        Some(fault) => answers::with_headers(fault.status, &fault.body, &fault.headers),
        None => done,
    }
}

/// A request whose token is known.
struct Asked {
    method: Method,
    uri: Uri,
    body: Bytes,
    login: String,
    address: SocketAddr,
}

impl Asked {
    fn answer(&self, held: &mut Held, prefix: &str) -> Response<Body> {
        if (self.method.as_str(), self.uri.path()) == ("POST", "/graphql") {
            return answers::answer(200, &json!({ "data": { "viewer": { "login": self.login } } }));
        }
        let path = self.uri.path().strip_prefix(prefix).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (self.method.as_str(), parts.as_slice()) {
            ("GET", ["pulls"]) => self.pull_requests(held),
            ("GET", ["issues", number, "comments"]) => self.list(held, number.parse().unwrap()),
            ("POST", ["issues", number, "comments"]) => self.create(held, number.parse().unwrap()),
            ("PATCH", ["issues", "comments", id]) => self.edit(held, id.parse().unwrap()),
            ("POST", ["check-runs"]) if !self.login.ends_with("[bot]") => {
                answers::refusal(403, "You must authenticate via a GitHub App.")
            }
            ("POST", ["check-runs"]) => {
                held.check_runs.push(self.json());
                answers::answer(201, &json!({ "id": held.check_runs.len(), "status": "completed" }))
            }
            ("POST", ["statuses", sha]) => {
                held.statuses.push(((*sha).to_owned(), self.json()));
                answers::answer(201, &json!({ "id": held.statuses.len() }))
            }
            _ => answers::refusal(404, "Not Found"),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query()?;
        let pairs: Vec<(String, String)> =
            axum::extract::Query::try_from_uri(&self.uri).map(|query| query.0).ok()?;
        assert!(!query.is_empty());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Those whose branch is the one that `head` names; without it all, as GitHub
    /// has it.
    fn pull_requests(&self, held: &Held) -> Response<Body> {
        let wanted = self.query("head");
        let is_wanted = |pull_request: &&PullRequest| {
            let owner = pull_request.repository.split('/').next().unwrap();
            wanted.as_ref().is_none_or(|head| {
                let (user, branch) = head.split_once(':').unwrap();
                user.eq_ignore_ascii_case(owner) && branch == pull_request.branch
            })
        };
        let found = held.pull_requests.iter().filter(is_wanted).map(answers::pull_request);
        answers::answer(200, &found.collect())
    }

    fn list(&self, held: &Held, pull_request: u64) -> Response<Body> {
        let Some(comments) = held.comments.get(&pull_request) else {
            return answers::refusal(404, "Not Found");
        };
        let number = |name, default| {
            self.query(name).map_or(default, |value| value.parse::<usize>().unwrap())
        };
        let (page, per_page) = (number("page", 1), number("per_page", 30).min(100));
        let first = (page - 1) * per_page;
        let shown = comments.iter().skip(first).take(per_page);
        let body: Value = shown.map(|comment| answers::comment(comment, pull_request)).collect();
        let mut headers = Vec::new();
        if first + per_page < comments.len() {
            let last = comments.len().div_ceil(per_page);
            let link = |page: usize, relation: &str| {
                format!(
                    "<http://{}{}?per_page={per_page}&page={page}>; rel=\"{relation}\"",
                    self.address,
                    self.uri.path()
                )
            };
            headers.push(("link", format!("{}, {}", link(page + 1, "next"), link(last, "last"))));
        }
        answers::with_headers(200, &body, &headers)
    }

    fn create(&self, held: &mut Held, pull_request: u64) -> Response<Body> {
        if !held.comments.contains_key(&pull_request) {
            return answers::refusal(404, "Not Found");
        }
        let json = self.json();
        let comment = held.comment(pull_request, &self.login, json["body"].as_str().unwrap());
        answers::answer(201, &answers::comment(&comment, pull_request))
    }

    fn edit(&self, held: &mut Held, id: u64) -> Response<Body> {
        let json = self.json();
        for (pull_request, comments) in &mut held.comments {
            if let Some(comment) = comments.iter_mut().find(|comment| comment.id == id) {
                json["body"].as_str().unwrap().clone_into(&mut comment.body);
                return answers::answer(200, &answers::comment(comment, *pull_request));
            }
        }
        answers::refusal(404, "Not Found")
    }
}
