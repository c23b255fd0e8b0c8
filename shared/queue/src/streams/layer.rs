//! The layer around the handler that passes on what became of a message.

use super::{
    consumer::{Consumer, Ticket},
    settle::Settled,
};
use crate::{Origin, Settlement};
use apalis_core::{
    error::BoxDynError,
    layers::{Layer, Service},
    task::Task,
};
use futures::{FutureExt, future::BoxFuture};
use std::{
    sync::Arc,
    task::{Context, Poll},
};

/// Settles messages with the consumer they came from.
#[derive(Clone)]
pub(crate) struct SettleLayer(pub(super) Arc<Consumer>);

impl<S> Layer<S> for SettleLayer {
    type Service = SettleService<S>;

    fn layer(&self, inner: S) -> SettleService<S> {
        SettleService { inner, consumer: self.0.clone() }
    }
}

/// The handler with the layer around it.
#[derive(Clone)]
pub(crate) struct SettleService<S> {
    inner: S,
    consumer: Arc<Consumer>,
}

impl<S, T> Service<Task<T>> for SettleService<S>
where
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
        let ticket = task.data().get::<Ticket>().cloned();
        let handed_out = task.data().get::<Origin>().map_or(1, |origin| origin.attempt);
        let settled = self.consumer.settled.clone();
        let handled = self.inner.call(task);
        async move {
            let result = handled.await.map(Into::<Settlement>::into).map_err(Into::<BoxDynError>::into);
            // A task without a ticket is none of ours, and nothing waits for it in Redis.
            let Some(ticket) = ticket else { return result.map(drop) };
            let (settlement, result) = match result {
                Ok(settlement) if settlement.set_aside.is_some() => (Settled::Dead(ticket, handed_out, settlement), Ok(())),
                Ok(settlement) => (Settled::Done(ticket, settlement), Ok(())),
                Err(error) => (Settled::Left(ticket, error.to_string()), Err(error)),
            };
            // The other end is gone only when the whole consumer is, and then the message is redelivered.
            let _ = settled.send(settlement);
            result
        }
        .boxed()
    }
}
