//! Brings back what another worker (or an earlier hand-out) did not finish.
//!
//! A message comes back because its worker died, or because its handler failed. Which of its operations is to blame, if any, is
//! unknown, so it is taken apart: each operation becomes a message of its own in the isolated stream. That stream is taken one
//! message at a time, each finished before the next is read: when one of them ends its worker, only its own count grows, and
//! after the allowed number of hand-outs it is set aside. Its neighbours have long been applied.

use super::{
    consumer::{Consumer, Ticket},
    keys::{BEFORE, GROUP, Lane, MESSAGE},
    link::LinkError,
    scripts,
    settle::Settled,
};
use crate::{Message, Origin, Settlement};
use apalis_core::task::Task;
use redis::streams::{StreamRangeReply, StreamReadReply};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep},
};

/// Messages taken over together; taking over alone does not count as a hand-out.
const TOGETHER: usize = 16;

/// For how long it is noted that a message was taken apart; longer than any operation waits.
const SPLIT_NOTE_MS: u64 = 60_000;

/// How often setting a message aside may end its worker before it is done without asking the handler.
const SET_ASIDE_TRIES: u32 = 3;

/// Why a message without a noted error came back.
const WORKER_ENDED: &str = "its worker ended without finishing it";

/// What XPENDING tells of entries: id, consumer, idle milliseconds, deliveries.
type PendingReply = Vec<(String, String, u64, u32)>;

/// An entry that has come back.
struct Returned {
    ticket: Ticket,
    message: Vec<u8>,
    /// Hand-outs so far, those before it was isolated included.
    handed_out: u32,
    /// What its handler said last.
    error: Option<String>,
}

/// Runs until the consumer stops.
pub(crate) async fn redeliver<T: Message>(consumer: Arc<Consumer>, tasks: mpsc::Sender<Task<T>>) {
    let pause = consumer.settings.claim_idle / 6;
    let mut swept: Option<Instant> = None;
    let mut reclaim = true;
    while !consumer.stop.is_cancelled() {
        let result: Result<bool, LinkError> = async {
            if swept.is_none_or(|at| at.elapsed() >= pause) {
                sweep(&consumer, &tasks).await?;
                swept = Some(Instant::now());
                reclaim = true;
            }
            let next = if reclaim { reclaim_isolated(&consumer).await? } else { None };
            reclaim = next.is_some();
            let next = if next.is_some() { next } else { read_isolated(&consumer).await? };
            let Some(returned) = next else { return Ok(false) };
            hand_out_alone(&consumer, returned, &tasks).await;
            Ok(true)
        }
        .await;
        match result {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) if error.is_no_group() => drop(consumer.ensure_groups().await),
            Err(error) => tracing::debug!(%error, "could not look for messages to take over"),
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = consumer.stop.cancelled() => {}
        }
    }
}

/// Takes over what is idle in the main stream: gives back to the worker what was never started, takes the rest apart.
async fn sweep<T: Message>(consumer: &Consumer, tasks: &mpsc::Sender<Task<T>>) -> Result<(), LinkError> {
    let mut cursor = "0-0".to_owned();
    loop {
        let (next, ids) = take_over(consumer, Lane::Stream, &cursor, TOGETHER).await?;
        for id in ids {
            let ticket = Ticket { lane: Lane::Stream, id };
            let Some(returned) = look_at(consumer, ticket).await? else {
                continue;
            };
            let message = match serde_json::from_slice::<T>(&returned.message) {
                Ok(message) => message,
                Err(error) => {
                    let _ = consumer.settled.send(Settled::unreadable(returned.ticket, &error));
                    continue;
                }
            };
            if returned.handed_out == 0 {
                if count_hand_out(consumer, &returned.ticket).await? {
                    let origin = Origin { id: returned.ticket.id.clone(), attempt: 1, isolate: false, give_up: None };
                    let task = consumer.task(message, returned.ticket, origin, None);
                    tokio::select! {
                        _ = tasks.send(task) => {}
                        () = consumer.stop.cancelled() => return Ok(()),
                    }
                }
            } else {
                split(consumer, message, &returned).await?;
            }
        }
        if next == "0-0" || consumer.stop.is_cancelled() {
            return Ok(());
        }
        cursor = next;
    }
}

async fn split<T: Message>(consumer: &Consumer, message: T, returned: &Returned) -> Result<(), LinkError> {
    let id = &returned.ticket.id;
    let parts = message.split();
    tracing::warn!(id, parts = parts.len(), handed_out = returned.handed_out, "a message came back and is taken apart");
    let mut call = scripts::SPLIT.key(&consumer.keys.stream);
    call.key(&consumer.keys.isolated).key(consumer.keys.split_note(id)).arg(GROUP).arg(id).arg(returned.handed_out).arg(SPLIT_NOTE_MS);
    for part in &parts {
        call.arg(serde_json::to_vec(part).expect("a message that was read can be written"));
    }
    consumer.link.script::<u64>(&call).await.map(drop)
}

/// The next isolated entry that was handed out and not finished.
async fn reclaim_isolated(consumer: &Consumer) -> Result<Option<Returned>, LinkError> {
    let mut cursor = "0-0".to_owned();
    loop {
        let (next, ids) = take_over(consumer, Lane::Isolated, &cursor, 1).await?;
        for id in ids {
            let ticket = Ticket { lane: Lane::Isolated, id };
            if let Some(returned) = look_at(consumer, ticket).await?
                && count_hand_out(consumer, &returned.ticket).await?
            {
                return Ok(Some(returned));
            }
        }
        if next == "0-0" {
            return Ok(None);
        }
        cursor = next;
    }
}

/// The next isolated entry that was never handed out.
async fn read_isolated(consumer: &Consumer) -> Result<Option<Returned>, LinkError> {
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg(&consumer.name).arg("COUNT").arg(1).arg("STREAMS").arg(&consumer.keys.isolated).arg(">");
    let reply = consumer.link.cmd::<Option<StreamReadReply>>(&read).await?.unwrap_or_default();
    let entry = reply.keys.into_iter().flat_map(|stream| stream.ids).next();
    Ok(entry.map(|entry| Returned {
        message: entry.get(MESSAGE).unwrap_or_default(),
        handed_out: entry.get(BEFORE).unwrap_or(0),
        error: None,
        ticket: Ticket { lane: Lane::Isolated, id: entry.id },
    }))
}

/// Hands one isolated entry to the worker and waits until it is settled.
async fn hand_out_alone<T: Message>(consumer: &Consumer, returned: Returned, tasks: &mpsc::Sender<Task<T>>) {
    let Returned { ticket, message, handed_out, error } = returned;
    let message = match serde_json::from_slice::<T>(&message) {
        Ok(message) => message,
        Err(error) => return drop(consumer.settled.send(Settled::unreadable(ticket, &error))),
    };
    let most = consumer.settings.max_deliveries;
    let reason = || error.unwrap_or_else(|| WORKER_ENDED.to_owned());
    if handed_out >= most + SET_ASIDE_TRIES {
        let settlement = Settlement { set_aside: Some(reason()), ..Settlement::default() };
        return drop(consumer.settled.send(Settled::Dead(ticket, handed_out, settlement)));
    }
    let (attempt, give_up) = if handed_out >= most { (handed_out, Some(reason())) } else { (handed_out + 1, None) };
    let origin = Origin { id: ticket.id.clone(), attempt, isolate: true, give_up };
    let (when_settled, settled) = oneshot::channel();
    let task = consumer.task(message, ticket, origin, Some(when_settled));
    tokio::select! {
        _ = async { if tasks.send(task).await.is_ok() { let _ = settled.await; } } => {}
        () = consumer.stop.cancelled() => {}
    }
}

/// Makes entries that are idle for too long ours, without counting it as a hand-out.
async fn take_over(consumer: &Consumer, lane: Lane, cursor: &str, count: usize) -> Result<(String, Vec<String>), LinkError> {
    let idle = u64::try_from(consumer.settings.claim_idle.as_millis()).unwrap_or(u64::MAX);
    let mut claim = redis::cmd("XAUTOCLAIM");
    claim.arg(consumer.keys.of(lane)).arg(GROUP).arg(&consumer.name).arg(idle).arg(cursor).arg("COUNT").arg(count).arg("JUSTID");
    let (next, ids, _deleted): (String, Vec<String>, Vec<String>) = consumer.link.cmd(&claim).await?;
    // Redis stood still for a while and none of ours could be kept alive: they are in good hands.
    let ids = ids.into_iter().filter(|id| !consumer.holds(&Ticket { lane, id: id.clone() })).collect();
    Ok((next, ids))
}

/// What is known of a pending entry; none when it is not pending any more.
async fn look_at(consumer: &Consumer, ticket: Ticket) -> Result<Option<Returned>, LinkError> {
    let key = consumer.keys.of(ticket.lane);
    let mut look = redis::pipe();
    look.cmd("XPENDING").arg(key).arg(GROUP).arg(&ticket.id).arg(&ticket.id).arg(1);
    look.cmd("XRANGE").arg(key).arg(&ticket.id).arg(&ticket.id);
    look.cmd("GET").arg(consumer.keys.error_note(ticket.lane, &ticket.id));
    let (pending, range, error): (PendingReply, StreamRangeReply, Option<String>) = consumer.link.run(&look).await?;
    let Some(&(_, _, _, deliveries)) = pending.first() else {
        return Ok(None);
    };
    let Some(entry) = range.ids.first() else {
        // Deleted by someone: there is nothing left to deliver.
        consumer.link.cmd::<()>(redis::cmd("XACK").arg(key).arg(GROUP).arg(&ticket.id)).await?;
        return Ok(None);
    };
    let before: u32 = entry.get(BEFORE).unwrap_or(0);
    Ok(Some(Returned { message: entry.get(MESSAGE).unwrap_or_default(), handed_out: before + deliveries, error, ticket }))
}

/// Counts a hand-out that is about to happen. False when the entry was settled meanwhile.
async fn count_hand_out(consumer: &Consumer, ticket: &Ticket) -> Result<bool, LinkError> {
    let mut claim = redis::cmd("XCLAIM");
    claim.arg(consumer.keys.of(ticket.lane)).arg(GROUP).arg(&consumer.name).arg(0).arg(&ticket.id);
    let claimed: StreamRangeReply = consumer.link.cmd(&claim).await?;
    Ok(!claimed.ids.is_empty())
}
