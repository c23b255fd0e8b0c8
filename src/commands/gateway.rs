//! `muster gateway`

use super::{
    metrics,
    serve::{gateway_failure, limit_drain},
    start::start,
};
use crate::{
    context::Context,
    exit::{CommandResult, Exit},
    settings,
};

/// Starts at once, whatever is down: `/readyz` says what is missing, and requests get 503 until it is there.
pub async fn run(context: &Context) -> CommandResult {
    let started = start(context, "gateway").await?;
    metrics::serve(context, &started, "gateway").await?;
    limit_drain(started.shutdown.clone());
    let settings = settings::gateway(&context.config);
    muster_gateway::run(settings, started.store.clone(), started.queue.clone(), started.shutdown.clone(), |_| ())
        .await
        .map_err(|error| gateway_failure(context, error))?;
    tracing::info!("stopped");
    Ok(Exit::Ok)
}
