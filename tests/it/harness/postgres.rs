//! A Postgres cluster of one's own, with `fsync` on, on a free port; a database for each test.
//!
//! `initdb` refuses to run as root, so a root user's cluster belongs to the user `postgres`.

use super::{leash, ports::free_port};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::{process::Command, sync::OnceCell};

/// A cluster.
pub struct Postgres {
    port: u16,
    directory: PathBuf,
    server_pid: std::sync::Mutex<Option<u32>>,
}

impl Postgres {
    /// The cluster all tests share that do not stop it.
    pub async fn shared() -> Arc<Self> {
        static SHARED: OnceCell<Arc<Postgres>> = OnceCell::const_new();
        SHARED.get_or_init(|| async { Arc::new(Self::start().await) }).await.clone()
    }

    /// A new cluster.
    pub async fn start() -> Self {
        let made = checked(as_postgres("mktemp").args(["-d", "/tmp/muster-postgres-XXXXXX"])).await;
        let directory = PathBuf::from(made.trim());
        leash::hold_directory(&directory);
        let data = directory.join("data");
        checked(
            as_postgres(&binary("initdb")).args(["-A", "trust", "-U", "muster", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data),
        )
        .await;
        let cluster = Self { port: free_port(), directory, server_pid: std::sync::Mutex::new(None) };
        cluster.resume().await;
        cluster
    }

    /// A new, empty database: its URL.
    pub async fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// A copy of a database nobody is connected to.
    pub async fn copy_of(&self, url: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("copy_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {}", database_of(url))).await;
        self.url(&name)
    }

    /// Runs SQL in the database of a URL this cluster gave.
    pub async fn run(&self, url: &str, sql: &str) -> String {
        self.sql(database_of(url), sql).await
    }

    /// `pg_ctl stop -m immediate`: every backend is killed, the next start recovers from the log.
    pub async fn stop_at_once(&self) {
        checked(as_postgres(&binary("pg_ctl")).args(["stop", "-w", "-m", "immediate", "-D"]).arg(self.directory.join("data"))).await;
        self.hold(None);
    }

    /// Starts it (again).
    pub async fn resume(&self) {
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=64MB -c fsync=on",
            self.port,
            self.directory.display()
        );
        let log = self.directory.join("postgres.log");
        let data = self.directory.join("data");
        checked(as_postgres(&binary("pg_ctl")).args(["start", "-w", "-t", "60", "-o", &options, "-l"]).arg(log).arg("-D").arg(&data)).await;
        let pid = checked(as_postgres("head").args(["-n", "1"]).arg(data.join("postmaster.pid"))).await;
        self.hold(Some(pid.trim().parse().expect("a process id")));
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://muster@127.0.0.1:{}/{database}", self.port)
    }

    async fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(binary("psql"));
        psql.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "muster", "-p", &self.port.to_string()]);
        checked(psql.args(["-d", database, "-c", sql])).await.trim().to_owned()
    }

    fn hold(&self, pid: Option<u32>) {
        let mut held = self.server_pid.lock().expect("nobody panicked here");
        if let Some(old) = held.take() {
            leash::free("QUIT", old);
        }
        if let Some(new) = pid {
            leash::hold("QUIT", new);
        }
        *held = pid;
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let held = self.server_pid.lock().map(|mut pid| pid.take()).unwrap_or_default();
        if let Some(pid) = held {
            // SIGQUIT is an immediate shutdown; the leash removes the directory.
            let ended = std::process::Command::new("kill").args(["-QUIT", &pid.to_string()]).status();
            if ended.is_ok_and(|status| status.success()) {
                leash::free("QUIT", pid);
            }
        }
    }
}

fn database_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// Postgres' own programs: the newest version installed, else whatever is on the path.
fn binary(name: &str) -> String {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    newest.map_or_else(|| name.to_owned(), |version| format!("/usr/lib/postgresql/{version}/bin/{name}"))
}

fn as_postgres(program: &str) -> Command {
    if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]).current_dir("/");
        command
    } else {
        Command::new(program)
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

async fn checked(command: &mut Command) -> String {
    // pg_ctl's server would inherit our pipes and hold them open, so output goes through files of no interest unless it fails.
    let scratch = tempfile::NamedTempFile::new().expect("a scratch file");
    let errors = tempfile::NamedTempFile::new().expect("a scratch file");
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(scratch.reopen().expect("a second handle"))
        .stderr(errors.reopen().expect("a second handle"))
        .status()
        .await;
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = std::fs::read_to_string(errors.path()).unwrap_or_default();
    let output = std::fs::read_to_string(scratch.path()).unwrap_or_default();
    assert!(status.success(), "{command:?}: {status}\n{output}{said}");
    output
}
