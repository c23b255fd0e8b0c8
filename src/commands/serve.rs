//! `muster serve`: gateway and worker in one process.

use super::{
    first_start, metrics,
    start::{Migrations, database_ready, start},
};
use crate::{
    context::Context,
    exit::{CommandResult, Exit, Failure},
    settings,
};
use muster_gateway::GatewayError;
use muster_runtime::shutdown::EXIT_TERMINATED;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long everything together may take to finish after the first signal.
pub(super) const DRAIN: Duration = Duration::from_secs(40);

pub async fn run(context: &Context) -> CommandResult {
    let started = start(context, "serve").await?;
    if !database_ready(&started, Migrations::Apply).await? {
        return Ok(Exit::Ok);
    }
    metrics::serve(context, &started, "serve").await?;
    let welcome = first_start::prepare(context, &started.store).await?;
    let format = context.config.log.format;
    limit_drain(started.shutdown.clone());

    // The worker outlives the gateway: requests in flight wait for outcomes that only it can give.
    let gateway_stop = started.shutdown.child_token();
    let worker_stop = CancellationToken::new();
    let gateway = muster_gateway::run(
        settings::gateway(&context.config),
        started.store.clone(),
        started.queue.clone(),
        gateway_stop.clone(),
        move |_| welcome.say(format),
    );
    let worker = muster_worker::run(settings::worker(&context.config), started.store.clone(), started.queue.clone(), worker_stop.clone());
    let gateway = async {
        let result = gateway.await;
        worker_stop.cancel();
        result
    };
    let worker = async {
        let result = worker.await;
        // It ends before it is told to only when something is wrong; a gateway alone could serve nobody.
        gateway_stop.cancel();
        result
    };
    let (gateway, worker) = tokio::join!(gateway, worker);
    gateway.map_err(|error| gateway_failure(context, error))?;
    worker.map_err(|error| Failure::new(Exit::Unexpected, error))?;
    tracing::info!("stopped");
    Ok(Exit::Ok)
}

/// Ends the process when it has not finished in time after a signal: whoever sent it would kill it without a word.
pub(super) fn limit_drain(shutdown: CancellationToken) {
    tokio::spawn(async move {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
        tracing::error!(
            seconds = DRAIN.as_secs(),
            "not finished in time after the signal: ending; what is queued is applied after the next start"
        );
        std::process::exit(EXIT_TERMINATED);
    });
}

pub(super) fn gateway_failure(context: &Context, error: GatewayError) -> Failure {
    match error {
        GatewayError::Listen { .. } => {
            let message = format!("{error}: set MUSTER_HTTP__LISTEN to a free address of this machine [{}]", context.origin("http.listen"));
            Failure::new(Exit::Configuration, message)
        }
    }
}
