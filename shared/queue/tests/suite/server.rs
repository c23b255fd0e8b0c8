//! A Redis server of a test's own.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// The server; it ends with this.
pub struct TestRedis {
    program: String,
    port: u16,
    directory: TempDir,
    child: Option<Child>,
}

impl TestRedis {
    /// A running server with an append-only file, or none when tests without Redis were asked for.
    pub async fn start() -> Option<Self> {
        let server = Self::prepare()?;
        let mut server = server;
        server.boot().await;
        Some(server)
    }

    /// One that is not running yet.
    pub fn prepare() -> Option<Self> {
        let given = std::env::var("MUSTER_TEST_REDIS_SERVER").ok();
        let wanted = std::env::var("MUSTER_TEST_REDIS").is_ok_and(|value| value == "1");
        let Some(program) = given.or_else(|| wanted.then(|| "/usr/bin/redis-server".to_owned())) else {
            println!("left out: needs redis-server (run tests/run)");
            return None;
        };
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port is free").port();
        Some(Self { program, port, directory: tempfile::tempdir().expect("a directory can be made"), child: None })
    }

    /// Starts the process, on the same port and directory every time, and waits until it answers.
    pub async fn boot(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--appendonly", "yes"]);
        command.arg("--dir").arg(self.directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("the server starts"));
        crate::rig::until("the server answers", || async { self.command(&["PING"]).await.is_ok() }).await;
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the server is ours");
            child.wait().expect("the server was killed");
        }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("the server runs").id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs").success());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// One command, on a connection of its own.
    pub async fn command(&self, words: &[&str]) -> redis::RedisResult<redis::Value> {
        let mut connection = self.connection().await?;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut connection).await
    }

    pub async fn connection(&self) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
        redis::Client::open(self.url())?.get_multiplexed_async_connection_with_config(&config).await
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.kill();
    }
}
