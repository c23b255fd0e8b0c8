//! What the services have in common on their way up: locks, signals, adapters, and a database of the right layout.

use crate::{
    context::Context,
    exit::{Exit, Failure},
    settings,
};
use muster_queue::Queue;
use muster_runtime::{ServiceLock, shutdown};
use muster_store::{Store, StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest pause between two attempts to reach a database that is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A service that has what it needs. The locks are held as long as this lives.
pub struct Started {
    pub store: Store,
    pub queue: Queue,
    pub shutdown: CancellationToken,
    _locks: Vec<ServiceLock>,
}

/// Takes the locks and opens database and queue. Neither has to answer yet.
pub async fn start(context: &Context, role: &'static str) -> Result<Started, Failure> {
    let config = &context.config;
    if config.queue.is_local() && role != "serve" {
        let message = format!(
            "`muster {role}` needs a queue it can share, and queue.url is `local` [{}]: set MUSTER_QUEUE__URL=redis://… for gateway and worker alike, \
             or run `muster serve`, which is both in one process",
            context.origin("queue.url")
        );
        return Err(Failure::new(Exit::Configuration, message));
    }
    if context.needs_data_dir() {
        context.make_data_dir()?;
    }
    let mut locks = Vec::new();
    if config.queue.is_local() {
        locks.push(ServiceLock::data_dir(&config.data_dir, role)?);
    }
    if let Some(file) = config.database.sqlite_file() {
        locks.push(ServiceLock::sqlite(&file, role)?);
    }
    let shutdown = shutdown::listen().map_err(|error| Failure::io("cannot listen for signals", &error))?;
    let store = Store::connect(&settings::store(config)).await?;
    let queue = Queue::connect(settings::queue(config)).await?;
    tracing::info!(role, version = settings::VERSION, database = %config.database.url, queue = %config.queue.url, "starting");
    Ok(Started { store, queue, shutdown, _locks: locks })
}

/// Who brings the database to this version's layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Migrations {
    /// This process, now.
    Apply,
    /// `muster migrate`; this process waits for it.
    Await,
}

/// Returns when the database is there and of this version's layout; false when the process was asked to stop before that.
///
/// A worker must not take an operation earlier: it would fail it three times and set it aside, for no fault of the operation.
pub async fn database_ready(started: &Started, migrations: Migrations) -> Result<bool, Failure> {
    let mut pause = Duration::from_millis(250);
    loop {
        let pending = match migrations {
            Migrations::Apply => started.store.migrate().await.map(|applied| {
                applied.iter().for_each(|name| tracing::info!(migration = name, "applied"));
                Vec::new()
            }),
            Migrations::Await => started.store.pending_migrations().await,
        };
        match pending {
            Ok(pending) if pending.is_empty() => return Ok(true),
            Ok(pending) => tracing::warn!(pending = pending.len(), "waiting for the database's layout: run `muster migrate`"),
            Err(error @ StoreError::Unavailable(_)) => tracing::warn!(%error, "waiting for the database"),
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = started.shutdown.cancelled() => return Ok(false),
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
