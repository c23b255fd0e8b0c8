//! The layer around the handler that settles what became of a message.

use super::LocalQueue;
use crate::{Message, Settlement};
use apalis_core::{
    error::BoxDynError,
    layers::{Layer, Service},
    task::{Task, task_id::TaskId},
};
use futures::{FutureExt, future::BoxFuture};
use std::task::{Context, Poll};

/// Settles messages with the queue they came from.
pub(crate) struct LocalLayer<T>(pub(super) LocalQueue<T>);

impl<T, S> Layer<S> for LocalLayer<T> {
    type Service = LocalService<T, S>;

    fn layer(&self, inner: S) -> LocalService<T, S> {
        LocalService { inner, queue: self.0.clone() }
    }
}

/// The handler with the layer around it.
pub(crate) struct LocalService<T, S> {
    inner: S,
    queue: LocalQueue<T>,
}

impl<T, S: Clone> Clone for LocalService<T, S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), queue: self.queue.clone() }
    }
}

/// A message in the hands of a handler. A handler that is dropped in the middle (its worker ended) has failed.
struct InHand<T: Message> {
    queue: LocalQueue<T>,
    id: Option<u64>,
}

impl<T: Message> Drop for InHand<T> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.queue.failed(id, "its worker ended without finishing it".to_owned());
        }
    }
}

impl<S, T> Service<Task<T>> for LocalService<T, S>
where
    T: Message,
    S: Service<Task<T>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxDynError>,
    S::Response: Into<Settlement> + Send,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = BoxFuture<'static, Result<(), BoxDynError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, task: Task<T>) -> Self::Future {
        let mut in_hand = InHand { queue: self.queue.clone(), id: task.task_id().and_then(TaskId::as_int) };
        let handled = self.inner.call(task);
        async move {
            let result = handled.await.map(Into::<Settlement>::into).map_err(Into::<BoxDynError>::into);
            let Some(id) = in_hand.id.take() else { return result.map(drop) };
            match result {
                Ok(settlement) => {
                    in_hand.queue.settle(id, settlement);
                    Ok(())
                }
                Err(error) => {
                    in_hand.queue.failed(id, error.to_string());
                    Err(error)
                }
            }
        }
        .boxed()
    }
}
