//! `muster worker`

use super::{
    metrics,
    serve::limit_drain,
    start::{Migrations, database_ready, start},
};
use crate::{
    context::Context,
    exit::{CommandResult, Exit, Failure},
    settings,
};

pub async fn run(context: &Context) -> CommandResult {
    let started = start(context, "worker").await?;
    metrics::serve(context, &started, "worker").await?;
    if !database_ready(&started, Migrations::Await).await? {
        return Ok(Exit::Ok);
    }
    limit_drain(started.shutdown.clone());
    let settings = settings::worker(&context.config);
    muster_worker::run(settings, started.store.clone(), started.queue.clone(), started.shutdown.clone())
        .await
        .map_err(|error| Failure::new(Exit::Unexpected, error))?;
    tracing::info!("stopped");
    Ok(Exit::Ok)
}
