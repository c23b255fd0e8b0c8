//! Runs the handler of operations as an apalis worker, and a new worker whenever one ends without having been told to.

use crate::{
    Delivery, HandlerError, OPERATIONS, OperationHandler, Origin, Queue, QueueError, ReplyTo, Settlement, WorkerSettings,
    local::LocalBackend, queue::Kind, streams::StreamsBackend,
};
use apalis::prelude::{Data, WorkerBuilder, WorkerBuilderExt};
use apalis_core::{error::WorkerError, worker::context::WorkerContext};
use futures::{FutureExt, future::BoxFuture};
use muster_domain::OperationBatch;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The pause before a worker that ended by itself is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(200);

/// What every hand-out needs.
#[derive(Clone)]
struct Hands<H> {
    handler: H,
    timeout: Duration,
}

/// The worker around a backend. A macro, because the type of a worker names every layer around its handler.
macro_rules! worker {
    ($backend:expr, $context:expr, $settings:expr, $hands:expr, $handle:expr) => {
        WorkerBuilder::new($context)
            .backend($backend)
            .data($hands)
            .concurrency($settings.concurrency)
            .catch_panic()
            .build($handle)
            .run()
            .boxed()
    };
}

/// See [`Queue::run_operation_worker`].
pub(crate) async fn run<H: OperationHandler>(
    queue: &Queue,
    name_hint: &str,
    settings: WorkerSettings,
    handler: H,
    shutdown: CancellationToken,
) -> Result<(), QueueError> {
    let hands = Hands { handler, timeout: settings.handler_timeout };
    while !shutdown.is_cancelled() {
        // A name of its own for every start: what an earlier start of this process or another held is never taken for ours.
        let name = format!("{name_hint}-{}", Uuid::now_v7().simple());
        let context = WorkerContext::new(&name);
        // Ends the reading at once when the worker is told to stop, while its handlers still finish.
        let stop = CancellationToken::new();
        let worker = match &queue.kind {
            Kind::Local(local) => {
                let backend = LocalBackend::start(local.clone(), stop.clone());
                worker!(backend, &context, settings, hands.clone(), handle::<H>)
            }
            Kind::Redis(redis) => {
                let backend = StreamsBackend::<OperationBatch>::start(redis, OPERATIONS, name.clone(), stop.clone());
                worker!(backend, &context, settings, hands.clone(), handle::<H>)
            }
        };
        let ended = supervise(worker, &context, &stop, &shutdown, settings.drain).await?;
        let Some(error) = ended else { return Ok(()) };
        tracing::error!(worker = %name, %error, "the worker ended by itself; a new one is started");
        tokio::select! {
            () = tokio::time::sleep(RESTART_PAUSE) => {}
            () = shutdown.cancelled() => {}
        }
    }
    Ok(())
}

/// Runs one worker to its end. None: it was told to end, and is drained.
async fn supervise(
    mut worker: BoxFuture<'static, Result<(), WorkerError>>,
    context: &WorkerContext,
    stop: &CancellationToken,
    shutdown: &CancellationToken,
    drain: Duration,
) -> Result<Option<String>, QueueError> {
    // The worker first: it can be stopped only once it has been started.
    tokio::select! {
        biased;
        ended = &mut worker => return Ok(Some(ended.map_or_else(|error| error.to_string(), |()| "no reason given".to_owned()))),
        () = shutdown.cancelled() => {}
    }
    stop.cancel();
    if let Err(error) = context.stop() {
        tracing::debug!(%error, "the worker had stopped already");
    }
    match timeout(drain, worker).await {
        Ok(Ok(())) => Ok(None),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the worker ended with an error while it was drained; what it held is redelivered");
            Ok(None)
        }
        Err(_) => Err(QueueError::NotDrained(drain)),
    }
}

/// One hand-out: to be applied, or to be set aside.
async fn handle<H: OperationHandler>(
    batch: OperationBatch,
    origin: Data<Origin>,
    replies: Data<ReplyTo>,
    hands: Data<Hands<H>>,
) -> Result<Settlement, HandlerError> {
    let reply_to = batch.reply_to;
    let give_up = if batch.is_readable() {
        origin.give_up.clone()
    } else {
        // Guessing what an unknown layout means could apply something nobody asked for.
        Some(format!("its layout {} is not one this build reads (up to {})", batch.v, OperationBatch::VERSION))
    };
    let delivery = Delivery { batch, attempt: origin.attempt, isolate: origin.isolate, early: replies.early(reply_to) };
    let work = async {
        match give_up {
            Some(reason) => {
                let replies = hands.handler.set_aside(delivery, reason.clone()).await;
                Ok(Settlement { reply_to, replies, set_aside: Some(reason) })
            }
            None => Ok(Settlement { reply_to, replies: hands.handler.handle(delivery).await?, set_aside: None }),
        }
    };
    match timeout(hands.timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(HandlerError::new(format_args!("its handler did not end within {:?}", hands.timeout))),
    }
}
