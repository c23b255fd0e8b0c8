//! From signals to a clean end.
//!
//! The first SIGTERM or SIGINT asks: the token is cancelled, and whoever holds it stops taking work, finishes what it has begun
//! and returns. The second insists: the process ends at once. Nothing acknowledged is lost either way (see the promises in
//! ARCHITECTURE.md); the first is only kinder to the clients that are waiting.

use std::{io, process};
use tokio_util::sync::CancellationToken;

/// Exit code after a second SIGINT: 128 + 2, as shells count.
pub const EXIT_INTERRUPTED: i32 = 130;
/// Exit code after a second SIGTERM, or when the drain took too long: 128 + 15.
pub const EXIT_TERMINATED: i32 = 143;

/// Listens for signals from now on and returns the token that the first one cancels.
///
/// # Errors
/// When the operating system does not let this process listen for signals.
pub fn listen() -> io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut signals = Signals::new()?;
    let cancelled = token.clone();
    tokio::spawn(async move {
        let (name, _) = signals.next().await;
        tracing::info!(signal = name, "stopping: no new work, finishing what has begun; a second signal ends at once");
        cancelled.cancel();
        let (name, code) = signals.next().await;
        tracing::warn!(signal = name, "second signal: ending at once");
        process::exit(code);
    });
    Ok(token)
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Registered here and not in the task, so that no signal is missed between the return of [`listen`] and the task's first poll.
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", EXIT_TERMINATED),
            _ = self.interrupt.recv() => ("SIGINT", EXIT_INTERRUPTED),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> (&'static str, i32) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        ("Ctrl-C", EXIT_INTERRUPTED)
    }
}
