//! `/metrics`, for Prometheus: a listener of its own, away from the one the world can reach.

use super::start::Started;
use crate::{
    context::Context,
    exit::{Exit, Failure},
    settings::VERSION,
};
use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use muster_queue::{QUEUES, Queue, QueueDepth};
use muster_runtime::metrics::{
    self as names, BATCH_OPERATIONS, BUILD_INFO, DATABASE_UP, QUEUE_CONSUMERS, QUEUE_DEAD_LETTERS, QUEUE_DEPTH, QUEUE_OLDEST_SECONDS,
    QUEUE_PENDING, QUEUE_UP,
};
use muster_store::Store;
use std::time::Duration;
use tokio::time::timeout;

/// Upper ends of buckets: from a read of one row to a client that has waited as long as it may.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Upper ends of buckets: from an idle client's single operation to a full batch.
const OPERATIONS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// What is asked for a scrape answers within this, or counts as down: a scrape must not hang because the database does.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Measured {
    recorder: PrometheusHandle,
    store: Store,
    queue: Queue,
}

/// Starts counting and listening, when the configuration says where; ends with the process, so that the last scrape sees the drain.
pub async fn serve(context: &Context, started: &Started, role: &'static str) -> Result<(), Failure> {
    let Some(address) = context.config.metrics.listen else { return Ok(()) };
    let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
        let origin = context.origin("metrics.listen");
        let message = format!(
            "cannot listen on {address} for metrics: {error}: set MUSTER_METRICS__LISTEN to a free address of this machine [{origin}]"
        );
        Failure::new(Exit::Configuration, message)
    })?;
    let failed = |error| Failure::new(Exit::Unexpected, format!("cannot count: {error}"));
    let recorder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(BATCH_OPERATIONS.name.to_owned()), &OPERATIONS))
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(failed)?;
    names::describe();
    gauge!(BUILD_INFO.name, "version" => VERSION, "role" => role).set(1.0);
    tracing::info!(address = %listener.local_addr().unwrap_or(address), "metrics at /metrics");
    let measured = Measured { recorder, store: started.store.clone(), queue: started.queue.clone() };
    let render = move || scrape(measured.clone());
    tokio::spawn(async move {
        if let Err(error) = muster_gateway::serve_metrics(listener, render).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    });
    Ok(())
}

async fn scrape(measured: Measured) -> String {
    let (database, queue) = tokio::join!(timeout(PATIENCE, measured.store.ping()), timeout(PATIENCE, measured.queue.status()));
    gauge!(DATABASE_UP.name).set(f64::from(u8::from(matches!(database, Ok(Ok(()))))));
    let status = queue.ok().and_then(Result::ok);
    gauge!(QUEUE_UP.name).set(f64::from(u8::from(status.is_some())));
    match status {
        Some(status) => status.queues.iter().for_each(tell),
        None => QUEUES.iter().for_each(|name| forget(name)),
    }
    measured.recorder.run_upkeep();
    measured.recorder.render()
}

fn tell(queue: &QueueDepth) {
    let set = |name: &'static str, value: f64| gauge!(name, "queue" => queue.name.clone()).set(value);
    set(QUEUE_DEPTH.name, queue.depth as f64);
    set(QUEUE_PENDING.name, queue.pending as f64);
    set(QUEUE_OLDEST_SECONDS.name, queue.oldest_age_ms.unwrap_or(0) as f64 / 1_000.0);
    set(QUEUE_CONSUMERS.name, queue.consumers as f64);
    set(QUEUE_DEAD_LETTERS.name, queue.dead_letters as f64);
}

/// What a queue that is away was like when it was last seen would be read as how it is.
fn forget(queue: &'static str) {
    for metric in [QUEUE_DEPTH, QUEUE_PENDING, QUEUE_OLDEST_SECONDS, QUEUE_CONSUMERS, QUEUE_DEAD_LETTERS] {
        gauge!(metric.name, "queue" => queue).set(f64::NAN);
    }
}
