//! Reads what is new.
//!
//! A blocking read on a connection of its own, which no Redis error ends: it connects anew, makes the group anew when it is gone
//! (a flushed or replaced Redis), and goes on.

use super::{
    consumer::{Consumer, Ticket},
    keys::{GROUP, Lane, MESSAGE},
    link::{Backoff, Link, LinkError},
    settle::Settled,
};
use crate::{Message, Origin};
use apalis_core::task::Task;
use redis::streams::StreamReadReply;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::sync::mpsc;

/// Reads until the consumer stops, or until nobody takes the tasks any more.
pub(crate) async fn read<T: Message>(consumer: Arc<Consumer>, tasks: mpsc::Sender<Task<T>>) {
    // Blocking reads answer late by design; the answer timeout only notices a connection that died.
    let link = consumer.address.link(consumer.settings.block + Duration::from_secs(5));
    let mut backoff = Backoff::new();
    let mut known = 0;
    let mut away = false;
    while !consumer.stop.is_cancelled() {
        match read_once(&consumer, &link, &mut known).await {
            Ok(reply) => {
                if std::mem::take(&mut away) {
                    tracing::info!(consumer = %consumer.name, "reading from the queue again");
                }
                backoff.reset();
                for entry in reply.keys.into_iter().flat_map(|stream| stream.ids) {
                    let message = entry.get::<Vec<u8>>(MESSAGE).unwrap_or_default();
                    if !pass_on(&consumer, entry.id, &message, &tasks).await {
                        return;
                    }
                }
            }
            Err(error) => {
                if error.is_no_group() {
                    // Nothing is lost by waiting here: the group starts at the first entry.
                    tracing::warn!(consumer = %consumer.name, "the consumer group is gone, making it anew");
                    if consumer.ensure_groups().await.is_ok() {
                        continue;
                    }
                }
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(consumer = %consumer.name, %error, "reading from the queue failed, trying until it works");
                }
                tokio::select! {
                    () = backoff.wait() => {}
                    () = consumer.stop.cancelled() => {}
                }
            }
        }
    }
    consumer.reading.store(0, Ordering::Release);
}

/// One blocking read, on a connection that is made ready first when it is a new one.
async fn read_once(consumer: &Consumer, link: &Link, known: &mut u64) -> Result<StreamReadReply, LinkError> {
    let (generation, _) = link.connection().await?;
    if generation != *known {
        let id = link.cmd::<i64>(redis::cmd("CLIENT").arg("ID")).await?;
        consumer.ensure_groups().await?;
        consumer.show().await?;
        consumer.reading.store(id, Ordering::Release);
        *known = generation;
    }
    let mut command = redis::cmd("XREADGROUP");
    command.arg("GROUP").arg(GROUP).arg(&consumer.name).arg("COUNT").arg(consumer.settings.read_count);
    command.arg("BLOCK").arg(u64::try_from(consumer.settings.block.as_millis()).unwrap_or(u64::MAX));
    command.arg("STREAMS").arg(consumer.keys.of(Lane::Stream)).arg(">");
    Ok(link.cmd::<Option<StreamReadReply>>(&command).await?.unwrap_or_default())
}

/// Hands an entry to the worker. False when there is no worker to hand it to.
async fn pass_on<T: Message>(consumer: &Consumer, id: String, message: &[u8], tasks: &mpsc::Sender<Task<T>>) -> bool {
    let ticket = Ticket { lane: Lane::Stream, id };
    match serde_json::from_slice::<T>(message) {
        Ok(message) => {
            let origin = Origin { id: ticket.id.clone(), attempt: 1, isolate: false, give_up: None };
            let task = consumer.task(message, ticket, origin, None);
            // A reader that stops leaves the rest of what it read to the hand-back.
            tokio::select! {
                sent = tasks.send(task) => sent.is_ok(),
                () = consumer.stop.cancelled() => false,
            }
        }
        Err(error) => consumer.settled.send(Settled::unreadable(ticket, &error)).is_ok(),
    }
}
