//! The application as people run it: the real router over real HTTP on a port of
//! its own, with a real SQLite file in a folder that goes away with it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use initboard::model::ProjectName;
use initboard::store::{Scope, Scopes, Store, StoreOptions, TokenText, Trust};
use initboard::web::{self, AppState, Config};
use jiff::Timestamp;
use serde_json::Value;

/// A commit of 40 equal digits.
pub(crate) const COMMIT: &str = "1111111111111111111111111111111111111111";

pub(crate) struct TestApp {
    pub(crate) store: Store,
    pub(crate) folder: tempfile::TempDir,
    /// A token of the project `micropython`.
    pub(crate) token: TokenText,
    server: Server,
}

/// A server that runs until this is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Status, code and message of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        assert_eq!(error["status"], self.status);
        let text = |key: &str| error[key].as_str().unwrap().to_owned();
        (self.status, text("code"), text("message"))
    }
}

/// An upload to be sent; `TestApp::upload` fills it with what is right.
pub(crate) struct Upload<'a> {
    app: &'a TestApp,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Upload<'_> {
    /// The same with another value of a parameter; none leaves it out.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Option<&'static str>>) -> Self {
        self.query.retain(|(key, _)| key != name);
        if let Some(value) = value.into() {
            self.query.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same with another header; none leaves it out.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Option<String>>) -> Self {
        self.headers.retain(|(key, _)| key != name);
        if let Some(value) = value.into() {
            self.headers.push((name.to_owned(), value));
        }
        self
    }

    pub(crate) fn send(self, body: &[u8]) -> Answer {
        let mut request = agent().post(format!("{}/api/v1/builds", self.app.url("")));
        for (name, value) in &self.query {
            request = request.query(name, value);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        answer(request.send(body))
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_mins(1)))
        .build()
        .into()
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.unwrap();
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = response.body_mut().read_to_vec().unwrap();
    Answer { status: response.status().as_u16(), headers, body }
}

impl TestApp {
    pub(crate) fn start() -> Self {
        Self::start_with(&StoreOptions::default(), |config| config)
    }

    pub(crate) fn start_with(
        options: &StoreOptions,
        configure: impl FnOnce(Config) -> Config,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self::start_on(listener, options, configure)
    }

    /// On an address that is known before.
    pub(crate) fn start_on(
        listener: std::net::TcpListener,
        options: &StoreOptions,
        configure: impl FnOnce(Config) -> Config,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initboard.db");
        let token = {
            // The options are about uploads; what is needed for them comes first.
            let store = Store::open(&path).unwrap();
            create_project(&store, "micropython")
        };
        let store = Store::open_with(&path, options).unwrap();
        let app = AppState::new(store.clone(), configure(Config::for_store(&store))).unwrap();
        Self { store, folder, token, server: Server::start_on(listener, app) }
    }

    /// Another server over the same database, which remembers nothing.
    pub(crate) fn another(&self) -> Server {
        self.another_with(|config| config)
    }

    /// The same, configured otherwise.
    pub(crate) fn another_with(&self, configure: impl FnOnce(Config) -> Config) -> Server {
        let config = configure(Config::for_store(&self.store));
        Server::start(AppState::new(self.store.clone(), config).unwrap())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.server.get(path)
    }

    /// A POST with headers.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let request = agent().post(self.url(path));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        answer(request.send(body))
    }

    /// A PUT with headers.
    pub(crate) fn put(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let request = agent().put(self.url(path));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        answer(request.send(body))
    }

    /// A token of the project `micropython` that may do more than upload.
    pub(crate) fn token_with(&self, first: Scope, more: &[Scope]) -> TokenText {
        let token = TokenText::generate().unwrap();
        let scopes = Scopes::new(first, more);
        self.store
            .write(|writer| {
                let project = writer.reader().project(&"micropython".parse().unwrap())?.unwrap();
                let now = Timestamp::UNIX_EPOCH;
                writer.create_token(project.id, "maintainer", scopes, &token, now)
            })
            .unwrap();
        token
    }

    /// Lets the workflows of a repository upload to the project `micropython`.
    pub(crate) fn trust(&self, trust: &Trust) {
        self.store
            .write(|writer| {
                let name = "micropython".parse().unwrap();
                let project = writer.reader().project(&name)?.unwrap();
                writer.trust_repository(project.id, &name, trust, Timestamp::UNIX_EPOCH)
            })
            .unwrap();
    }

    /// Sends the configuration of the project `micropython`.
    pub(crate) fn configure(&self, text: &str) -> Answer {
        let token = self.token_with(Scope::Configure, &[]);
        let bearer = format!("Bearer {}", token.reveal());
        let path = "/api/v1/projects/micropython/configuration";
        self.put(path, &[("authorization", &bearer)], text.as_bytes())
    }

    /// A GET with headers.
    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = agent().get(self.url(path));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        answer(request.call())
    }

    pub(crate) fn head(&self, path: &str) -> Answer {
        answer(agent().head(self.url(path)).call())
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        answer(agent().delete(self.url(path)).call())
    }

    /// An upload that is right: of board `stm32/PYBV10` at [`COMMIT`].
    pub(crate) fn upload(&self) -> Upload<'_> {
        let query = [
            ("project", "micropython"),
            ("port", "stm32"),
            ("board", "PYBV10"),
            ("commit", COMMIT),
            ("branch", "master"),
            ("commit_time", "2026-03-01T12:00:00Z"),
        ];
        Upload {
            app: self,
            query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            headers: vec![("authorization".to_owned(), format!("Bearer {}", self.token.reveal()))],
        }
    }

    /// Sends bytes as they are and gives what comes back until the server
    /// closes the connection; with `hang_up` the client closes it first.
    pub(crate) fn raw(&self, bytes: &[u8], hang_up: bool) -> String {
        let mut connection = TcpStream::connect(self.server.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        connection.write_all(bytes).unwrap();
        if hang_up {
            // The server reads what was sent before it sees the end.
            std::thread::sleep(Duration::from_millis(100));
            return String::new();
        }
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Another project, and a token for it.
    pub(crate) fn project(&self, name: &str) -> TokenText {
        create_project(&self.store, name)
    }

    /// Number of rows of a table.
    pub(crate) fn rows(&self, table: &str) -> u32 {
        let sql = rusqlite::Connection::open(self.store.path()).unwrap();
        sql.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// Asserts that no upload has left anything, neither rows nor files.
    pub(crate) fn assert_nothing_stored(&self) {
        for table in
            ["build", "firmware", "init_table", "entry", "places", "board", "port", "\"commit\""]
        {
            assert_eq!(self.rows(table), 0, "{table}");
        }
        let spool = self.folder.path().join("initboard.db-spool");
        assert_eq!(files_in(&spool), 0, "files were left in the spool");
    }
}

pub(crate) fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

fn create_project(store: &Store, name: &str) -> TokenText {
    let name: ProjectName = name.parse().unwrap();
    let token = TokenText::generate().unwrap();
    store
        .write(|writer| {
            let url = format!("https://example.org/{name}");
            let project = writer.create_project(&name, Some(&url), Timestamp::UNIX_EPOCH)?;
            let scopes = Scopes::new(Scope::Upload, &[]);
            writer.create_token(project.id, "ci", scopes, &token, Timestamp::UNIX_EPOCH)
        })
        .unwrap();
    token
}

impl Server {
    fn start(app: AppState) -> Self {
        Self::start_on(std::net::TcpListener::bind("127.0.0.1:0").unwrap(), app)
    }

    fn start_on(listener: std::net::TcpListener, app: AppState) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                web::serve(listener, app, stopped).await;
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        answer(agent().get(format!("http://{}{path}", self.address)).call())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
