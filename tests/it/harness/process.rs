//! A process under test: its output is kept, it is killed by its id, and a failing test shows what it said last.

use super::{leash, sleep_ms, wait::PATIENCE};
use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

const TAIL_LINES: usize = 30;

/// A process.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts it; what it prints goes to `{directory}/{name}.log`, after what an earlier process of that name printed.
    #[must_use]
    pub fn start(name: &str, directory: &Path, command: &mut Command) -> Self {
        let log = directory.join(format!("{name}.log"));
        let out = OpenOptions::new().create(true).append(true).open(&log).expect("the log can be written");
        let err = out.try_clone().expect("a second handle");
        let child =
            command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        leash::hold("KILL", child.id());
        Self { name: name.to_owned(), child, log, ended: None }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if self.exited().is_none() {
            self.child.kill().expect("it can be killed");
            let status = self.child.wait().expect("it ends");
            self.note_end(status);
        }
    }

    /// SIGTERM, then whatever it needs to end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM").await;
        self.wait().await
    }

    /// Sends a signal by name.
    pub async fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = tokio::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().await.expect("kill runs");
        assert!(sent.success(), "SIG{signal} to {} ({pid})", self.name);
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.exited() {
                return status;
            }
            assert!(Instant::now() < end, "{} does not end", self.name);
            sleep_ms(25).await;
        }
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none()
            && let Some(status) = self.child.try_wait().expect("it can be asked")
        {
            self.note_end(status);
        }
        self.ended
    }

    /// What it printed.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// What it complained of, and the last lines it printed.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = self.output();
        let (last, earlier): (Vec<_>, Vec<_>) = text.lines().rev().enumerate().partition(|(number, _)| *number < TAIL_LINES);
        let complaint = |line: &str| ["WARN", "ERROR", "panicked"].iter().any(|word| line.contains(word));
        let complaints = earlier.into_iter().rev().filter(|(_, line)| complaint(line)).take(TAIL_LINES);
        complaints.chain(last.into_iter().rev()).map(|(_, line)| line).collect::<Vec<_>>().join("\n")
    }

    fn note_end(&mut self, status: ExitStatus) {
        leash::free("KILL", self.child.id());
        self.ended = Some(status);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let state = self.exited().map_or_else(|| "running".to_owned(), |status| status.to_string());
            println!("---- {} ({state}), its last lines:\n{}\n----", self.name, self.tail());
        }
        self.kill();
    }
}
