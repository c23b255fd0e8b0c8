//! The apalis backend.
//!
//! apalis asks for tasks and runs handlers; four tasks of our own do the rest: [`super::reader`] reads what is new,
//! [`super::redeliver`] brings back what was not finished, [`super::keeper`] keeps alive what is held, [`super::settle`] sends
//! replies and acknowledges. None of them is ended by an error of Redis, so the worker never is either.

use super::{
    consumer::Consumer,
    keeper::keep,
    layer::SettleLayer,
    reader::read,
    redeliver::redeliver,
    server::RedisQueue,
    settle::{Settled, settle},
};
use crate::{Message, QueueSettings};
use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral, future::BoxSyncFuture},
    task::{Task, task_id::TaskId},
    worker::context::WorkerContext,
};
use futures::FutureExt;
use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long a closing backend waits for each of its steps. A worker must be able to end while Redis is away.
const STEP: Duration = Duration::from_secs(4);

/// One consumer of one queue, as apalis sees it. Dropping it ends all its tasks at once, like a crash would.
pub(crate) struct StreamsBackend<T> {
    consumer: Arc<Consumer>,
    tasks: mpsc::Receiver<Task<T>>,
    /// Those that bring in messages; they end by themselves when the consumer stops.
    sources: Vec<AbortOnDropHandle<()>>,
    /// Those that look after messages until the end.
    upkeep: Option<Upkeep>,
    closing: Option<BoxSyncFuture<()>>,
}

struct Upkeep {
    settler: AbortOnDropHandle<()>,
    keeper: AbortOnDropHandle<()>,
}

impl<T: Message> StreamsBackend<T> {
    /// A new consumer of the queue of that name, at work at once. `stop` ends the reading.
    pub(crate) fn start(queue: &RedisQueue, name: &str, consumer: String, stop: CancellationToken) -> Self {
        let (address, clock) = (queue.address.clone(), queue.clock.clone());
        let (consumer, inbox) = Consumer::new(consumer, queue.keys(name), queue.settings.clone(), address, clock, stop);
        // Small on purpose: what waits here could be in the hands of an idle worker elsewhere.
        let (sender, tasks) = mpsc::channel(1);
        let held = |handle: JoinHandle<()>| AbortOnDropHandle::new(handle);
        let sources =
            vec![held(tokio::spawn(read(consumer.clone(), sender.clone()))), held(tokio::spawn(redeliver(consumer.clone(), sender)))];
        let settler = held(tokio::spawn(settle(consumer.clone(), inbox)));
        let upkeep = Some(Upkeep { settler, keeper: held(tokio::spawn(keep(consumer.clone()))) });
        Self { consumer, tasks, sources, upkeep, closing: None }
    }
}

impl<T> Drop for StreamsBackend<T> {
    fn drop(&mut self) {
        self.consumer.stop.cancel();
    }
}

/// All handlers are done when this starts: stop reading, send out what is settled, give back what was not started.
async fn close(consumer: Arc<Consumer>, sources: Vec<AbortOnDropHandle<()>>, upkeep: Option<Upkeep>) {
    let name = &consumer.name;
    consumer.stop.cancel();
    // A reader that is merely dropped could still be sent messages nobody would ever see.
    let reading = consumer.reading.load(Ordering::Acquire);
    if reading != 0 {
        let mut unblock = redis::cmd("CLIENT");
        unblock.arg("UNBLOCK").arg(reading);
        let _ = timeout(STEP, consumer.link.cmd::<u64>(&unblock)).await;
    }
    let ended = timeout(STEP, async {
        for source in sources {
            let _ = source.await;
        }
    });
    if ended.await.is_err() {
        tracing::warn!(consumer = %name, "reading did not end in time; what was read last is redelivered");
    }
    let (answer, flushed) = oneshot::channel();
    let _ = consumer.settled.send(Settled::Flush(answer));
    if timeout(STEP, flushed).await.is_err() {
        tracing::warn!(consumer = %name, "not everything could be settled in time; the rest is redelivered");
    }
    let Some(Upkeep { settler, keeper }) = upkeep else { return };
    // Before the consumer leaves the group, or it would be shown there once more.
    keeper.abort();
    let _ = keeper.await;
    match timeout(STEP, consumer.hand_back()).await {
        Ok(Ok(())) => drop(timeout(STEP, consumer.remove_consumers(true)).await),
        _ => tracing::warn!(consumer = %name, "what was read and not started could not be given back; it is redelivered later"),
    }
    drop(settler);
}

impl<T: Message> Backend for StreamsBackend<T> {
    type Task = Task<T>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Option<Result<Task<T>, Infallible>>> {
        self.tasks.poll_recv(cx).map(|task| task.map(Ok))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        let closing = self.closing.get_or_insert_with(|| {
            self.tasks.close();
            while self.tasks.try_recv().is_ok() {}
            let (sources, upkeep) = (std::mem::take(&mut self.sources), self.upkeep.take());
            close(self.consumer.clone(), sources, upkeep).boxed().into()
        });
        closing.poll_unpin(cx).map(Ok)
    }
}

impl<T: Message> BackendConfig for StreamsBackend<T> {
    type Args = T;
    type Id = TaskId;
    type Kind = Ephemeral;
    type Config = QueueSettings;
    type Layer = SettleLayer;

    fn config(&self) -> &QueueSettings {
        &self.consumer.settings
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> SettleLayer {
        SettleLayer(self.consumer.clone())
    }
}
