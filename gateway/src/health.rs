//! What is outside the SCIM base: probes, the version, and nothing else.
//!
//! `/livez` says that the process answers and touches nothing. `/readyz` says whether a request would succeed: the database
//! answers and has every migration, the queue answers, nobody has asked the process to stop. Both are open to everybody, so the
//! answer names what is wrong and no more, and the asking is done at most four times a second.

use crate::{app::App, context::Context, refusal::Refusal, reply};
use axum::{
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use muster_scim::ScimError;
use serde::Serialize;
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// A dependency that takes longer counts as down.
const PING_WAIT: Duration = Duration::from_millis(500);
/// How old an answer of `/readyz` may be.
const READINESS_AGE: Duration = Duration::from_millis(250);

/// What the probes remember.
#[derive(Debug, Default)]
pub(crate) struct Health {
    draining: AtomicBool,
    /// Migrations are never taken back: once is enough.
    migrated: AtomicBool,
    last: tokio::sync::Mutex<Option<(Instant, Readiness)>>,
}

impl Health {
    /// From now on not ready: the process is asked to stop.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

/// What `/readyz` says: for each dependency "ok", or what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Readiness {
    database: &'static str,
    migrations: &'static str,
    queue: &'static str,
}

impl Readiness {
    const OK: &'static str = "ok";

    fn ready(self) -> bool {
        self == Self { database: Self::OK, migrations: Self::OK, queue: Self::OK }
    }
}

/// Whether this is one of the addresses that machines ask.
pub(crate) fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/version")
}

/// Answers what is not under the SCIM base.
pub(crate) async fn handle(app: &App, parts: &Parts, context: &Context) -> Result<Response, Refusal> {
    let path = parts.uri.path();
    if !is_probe(path) {
        return Err(ScimError::not_found("there is nothing at this address").into());
    }
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(Refusal::MethodNotAllowed { allow: "GET, HEAD" });
    }
    let (status, body) = match path {
        "/livez" => (StatusCode::OK, json!({ "status": "alive" })),
        "/version" => (StatusCode::OK, json!({ "name": "muster", "version": app.settings.version })),
        _ => readyz(app).await,
    };
    let mut response = reply::json(status, &body, context);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn readyz(app: &App) -> (StatusCode, serde_json::Value) {
    if app.health.draining.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "stopping" }));
    }
    let now = readiness(app).await;
    let (status, word) = if now.ready() { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (status, json!({ "status": word, "checks": now }))
}

async fn readiness(app: &App) -> Readiness {
    let mut last = app.health.last.lock().await;
    if let Some((at, readiness)) = *last
        && at.elapsed() < READINESS_AGE
    {
        return readiness;
    }
    let (database, migrations, queue) = tokio::join!(database(app), migrations(app), queue(app));
    let readiness = Readiness { database, migrations, queue };
    *last = Some((Instant::now(), readiness));
    readiness
}

async fn database(app: &App) -> &'static str {
    match tokio::time::timeout(PING_WAIT, app.store.ping()).await {
        Ok(Ok(())) => Readiness::OK,
        Ok(Err(_)) => "the database does not answer",
        Err(_) => "the database takes too long to answer",
    }
}

async fn migrations(app: &App) -> &'static str {
    if app.health.migrated.load(Ordering::Relaxed) {
        return Readiness::OK;
    }
    match tokio::time::timeout(PING_WAIT, app.store.pending_migrations()).await {
        Ok(Ok(pending)) if pending.is_empty() => {
            app.health.migrated.store(true, Ordering::Relaxed);
            Readiness::OK
        }
        Ok(Ok(_)) => "migrations are pending: run `muster migrate`",
        Ok(Err(_)) | Err(_) => "unknown, the database does not answer",
    }
}

async fn queue(app: &App) -> &'static str {
    match tokio::time::timeout(PING_WAIT, app.queue.ping()).await {
        Ok(Ok(())) => Readiness::OK,
        Ok(Err(_)) => "the queue does not answer",
        Err(_) => "the queue takes too long to answer",
    }
}
