//! One installation: a database, a queue, and the processes of the binary that share them.

use super::{eventually, leash, ports::free_port, process::Process};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_muster");

/// Where the processes of one installation find their database and queue.
#[derive(Clone)]
pub struct Installation {
    directory: Arc<TempDir>,
    environment: Vec<(String, String)>,
}

/// A gateway (or the all-in-one process) and where it listens.
pub struct Node {
    /// The process.
    pub process: Process,
    /// Its address.
    pub address: SocketAddr,
    // A service must not outlive its data directory.
    _directory: Arc<TempDir>,
}

impl Installation {
    /// On SQLite in a scratch directory, with the in-process queue.
    #[must_use]
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("muster-test-").tempdir().expect("a scratch directory");
        leash::hold_directory(directory.path());
        let installation = Self { directory: Arc::new(directory), environment: Vec::new() };
        let data = installation.path().join("data").display().to_string();
        installation.with("MUSTER_DATA_DIR", &data).with("MUSTER_MAIL__URL", "file")
    }

    /// With one more setting.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != key);
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// On this database.
    #[must_use]
    pub fn on_database(self, url: &str) -> Self {
        self.with("MUSTER_DATABASE__URL", url)
    }

    /// With this queue.
    #[must_use]
    pub fn on_queue(self, url: &str) -> Self {
        self.with("MUSTER_QUEUE__URL", url)
    }

    /// The database that was set.
    #[must_use]
    pub fn database_url(&self) -> String {
        let set = self.environment.iter().find(|(key, _)| key == "MUSTER_DATABASE__URL");
        set.map(|(_, url)| url.clone()).expect("a database was set")
    }

    /// Another installation that starts from a copy of this one's data directory. Nothing may be running.
    #[must_use]
    pub fn copy(&self) -> Self {
        let mut copy = Self::new();
        let own: Vec<_> = self.environment.iter().filter(|(key, _)| key != "MUSTER_DATA_DIR").cloned().collect();
        for (key, value) in own {
            copy = copy.with(&key, &value);
        }
        copy_tree(&self.data(), &copy.data());
        copy
    }

    /// The scratch directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::from(self.command(arguments));
        command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("the binary runs")
    }

    /// Runs a command that must succeed: what it printed for programs.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat()).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "muster {arguments:?}: {}\n{said}", output.status);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("muster {arguments:?} prints no JSON ({error})\n{said}"))
    }

    /// Brings the database to the newest layout.
    pub async fn migrate(&self) {
        let output = self.run(&["migrate"]).await;
        assert!(output.status.success(), "muster migrate: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }

    /// Gateway and worker in one process, ready.
    pub async fn serve(&self, name: &str) -> Node {
        self.node("serve", name, free_port()).await
    }

    /// A gateway, ready.
    pub async fn gateway(&self, name: &str) -> Node {
        self.node("gateway", name, free_port()).await
    }

    /// A node that listens where an earlier one did, not waited for.
    #[must_use]
    pub fn start_again(&self, command: &str, name: &str, address: SocketAddr) -> Process {
        let listen = address.to_string();
        let mut muster = self.command(&[command]);
        muster.env("MUSTER_HTTP__LISTEN", &listen).env("MUSTER_HTTP__PUBLIC_URL", format!("http://{listen}"));
        Process::start(name, self.path(), &mut muster)
    }

    /// A worker. It takes operations as soon as it is up; nobody needs to wait for that.
    #[must_use]
    pub fn worker(&self, name: &str) -> Process {
        Process::start(name, self.path(), &mut self.command(&["worker"]))
    }

    async fn node(&self, command: &str, name: &str, port: u16) -> Node {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut node = Node { process: self.start_again(command, name, address), address, _directory: self.directory.clone() };
        node.ready().await;
        node
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("MUSTER_")) {
            command.env_remove(key);
        }
        command.args(arguments).current_dir(self.path());
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command
    }
}

impl Node {
    /// Waits until `/readyz` says 200.
    pub async fn ready(&mut self) {
        let address = self.address;
        let process = &mut self.process;
        let state = std::sync::Mutex::new(process);
        eventually("/readyz says 200", || async {
            if let Some(status) = state.lock().expect("nobody panicked here").exited() {
                panic!("it ended before it was ready: {status}");
            }
            is_ready(address).await.then_some(())
        })
        .await;
    }
}

/// Whether `/readyz` of this address says 200.
pub async fn is_ready(address: SocketAddr) -> bool {
    use super::{Answer, Connection};
    let request = hyper::Request::get("/readyz").body(http_body_util::Full::default()).expect("a request");
    matches!(Connection::to(address).send(request).await, Answer::Response(response) if response.status == 200)
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory to copy").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a file type").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
