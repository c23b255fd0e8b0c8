//! The apalis backend.

use super::{LocalQueue, layer::LocalLayer, state::Next};
use crate::{Message, ReplyTo};
use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::{Task, builder::TaskBuilder, task_id::TaskId},
    worker::context::WorkerContext,
};
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// One consumer of a local queue, as apalis sees it.
pub(crate) struct LocalBackend<T: Message> {
    queue: LocalQueue<T>,
    replies: ReplyTo,
    number: u64,
    stop: CancellationToken,
    /// Goes off when a resting message comes back.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<T: Message> LocalBackend<T> {
    /// A new consumer. `stop` ends the hand-out.
    pub(crate) fn start(queue: LocalQueue<T>, stop: CancellationToken) -> Self {
        let number = queue.state().join();
        let way = queue.clone();
        let replies = ReplyTo(Arc::new(move |gateway, replies| way.reply(gateway, replies)));
        Self { queue, replies, number, stop, timer: None }
    }
}

impl<T: Message> Drop for LocalBackend<T> {
    fn drop(&mut self) {
        self.queue.state().leave(self.number);
    }
}

impl<T: Message> Backend for LocalBackend<T> {
    type Task = Task<T>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Option<Result<Task<T>, Infallible>>> {
        // Whoever cancels also stops the worker, and that wakes it.
        if self.stop.is_cancelled() {
            return Poll::Pending;
        }
        loop {
            let next = self.queue.state().next(self.number, cx.waker());
            let at = match next {
                Next::Message(id, message, origin) => {
                    let attempt = usize::try_from(origin.attempt).unwrap_or(1);
                    // apalis counts an attempt up when it starts it.
                    let task = TaskBuilder::new(message).task_id(TaskId::from_int(id)).attempt(attempt.saturating_sub(1)).data(origin);
                    let task = task.data(self.replies.clone());
                    return Poll::Ready(Some(Ok(task.build())));
                }
                Next::Nothing(None) => return Poll::Pending,
                Next::Nothing(Some(at)) => Instant::from_std(at),
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            timer.as_mut().reset(at);
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Nothing is read ahead and the layer settles at once, so there is nothing to wait for.
    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.queue.state().leave(self.number);
        Poll::Ready(Ok(()))
    }
}

impl<T: Message> BackendConfig for LocalBackend<T> {
    type Args = T;
    type Id = TaskId;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = LocalLayer<T>;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> LocalLayer<T> {
        LocalLayer(self.queue.clone())
    }
}
