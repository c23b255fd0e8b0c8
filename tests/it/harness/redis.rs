//! A Redis of one's own, append-only, on a free port.

use super::{eventually, leash, ports::free_port, process::Process};
use std::process::Command;
use tempfile::TempDir;

/// A Redis server.
pub struct Redis {
    process: Option<Process>,
    port: u16,
    directory: TempDir,
}

impl Redis {
    /// A new, empty one.
    pub async fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("muster-redis-").tempdir().expect("a scratch directory");
        leash::hold_directory(directory.path());
        let mut redis = Self { process: None, port: free_port(), directory };
        redis.restart().await;
        redis
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it again on what its append-only file holds.
    pub async fn restart(&mut self) {
        self.kill();
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--dir"]).arg(self.directory.path());
        command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"]);
        self.process = Some(Process::start("redis", self.directory.path(), &mut command));
        eventually("redis answers", || async { (self.command(&["PING"]).await == "PONG").then_some(()) }).await;
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// One command; the answer as text.
    pub async fn command(&self, arguments: &[&str]) -> String {
        let port = self.port.to_string();
        let output = tokio::process::Command::new("redis-cli").args(["-h", "127.0.0.1", "-p", &port]).args(arguments).output().await;
        String::from_utf8_lossy(&output.expect("redis-cli runs").stdout).trim().to_owned()
    }
}
