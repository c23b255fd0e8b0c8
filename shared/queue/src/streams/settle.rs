//! Settles what the handler is done with: replies first, then the acknowledgement, in one pipeline.
//!
//! All that has piled up while the last pipeline was under way goes into the next one, so the number of round trips does not grow
//! with the load. Whatever happens to Redis, a settlement is tried again until it is certain: doing it twice is harmless (a
//! second reply finds nobody waiting, a second acknowledgement finds nothing).

use super::{
    consumer::{Consumer, Ticket},
    keys::{GROUP, Lane, REPLIES, reply_key},
    link::Backoff,
    scripts,
};
use crate::Settlement;
use muster_domain::{GatewayId, Reply};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// How many settlements one pipeline carries at most.
const TOGETHER: usize = 512;

/// A reply stream keeps about this many entries; a gateway is never that far behind.
const REPLIES_KEPT: usize = 10_000;

/// A reply stream nobody writes to disappears after this many seconds.
const REPLIES_LIVE_S: u64 = 120;

/// A note about an error lives this many milliseconds.
const NOTE_LIVE_MS: u64 = 600_000;

/// How often the server may refuse a settlement for good before its messages are left to be redelivered.
const REFUSALS: u32 = 5;

/// What became of an entry.
pub(crate) enum Settled {
    /// Handled.
    Done(Ticket, Settlement),
    /// To be set aside; the number is that of the hand-outs so far.
    Dead(Ticket, u32, Settlement),
    /// Handled with an error: stays where it is, and comes back.
    Left(Ticket, String),
    /// Replies of one that is still being handled.
    Early(GatewayId, Vec<Reply>),
    /// Answer when everything before this is settled.
    Flush(oneshot::Sender<()>),
}

impl Settled {
    /// An entry that is no message of ours.
    pub(crate) fn unreadable(ticket: Ticket, error: &serde_json::Error) -> Self {
        let set_aside = Some(format!("it cannot be read: {error}"));
        Self::Dead(ticket, 1, Settlement { set_aside, ..Settlement::default() })
    }
}

/// Settles until every sender is gone.
pub(crate) async fn settle(consumer: Arc<Consumer>, mut inbox: mpsc::UnboundedReceiver<Settled>) {
    let mut items = Vec::new();
    while inbox.recv_many(&mut items, TOGETHER).await > 0 {
        let mut done = Vec::new();
        let mut replies = HashMap::<GatewayId, Vec<Reply>>::new();
        let mut flushes = Vec::new();
        let mut add = |to: Option<GatewayId>, more: Vec<Reply>| {
            if let Some(gateway) = to
                && !more.is_empty()
            {
                replies.entry(gateway).or_default().extend(more);
            }
        };
        for item in items.drain(..) {
            match item {
                Settled::Done(ticket, settlement) => {
                    add(settlement.reply_to, settlement.replies);
                    done.push(ticket);
                }
                Settled::Dead(ticket, deliveries, settlement) => {
                    set_aside(&consumer, &ticket, deliveries, settlement.set_aside.as_deref().unwrap_or("no reason given")).await;
                    add(settlement.reply_to, settlement.replies);
                    consumer.release(&ticket, false);
                }
                Settled::Left(ticket, reason) => {
                    note_error(&consumer, &ticket, &reason).await;
                    consumer.release(&ticket, true);
                }
                Settled::Early(gateway, replies) => add(Some(gateway), replies),
                Settled::Flush(answer) => flushes.push(answer),
            }
        }
        let pipeline = pipeline(&consumer, &done, &replies);
        let settled = pipeline.is_empty() || persistently(&consumer, Work::Commands(&pipeline)).await;
        for ticket in &done {
            consumer.release(ticket, !settled);
        }
        for answer in flushes {
            let _ = answer.send(());
        }
    }
}

/// The commands, replies before acknowledgements: a process that ends in between leaves messages that are handled again, and
/// never one that is forgotten without its reply.
fn pipeline(consumer: &Consumer, done: &[Ticket], replies: &HashMap<GatewayId, Vec<Reply>>) -> redis::Pipeline {
    let mut pipeline = redis::pipe();
    for (gateway, replies) in replies {
        let key = reply_key(&consumer.settings.prefix, gateway);
        let body = serde_json::to_vec(replies).expect("replies are plain data with string keys");
        pipeline.cmd("XADD").arg(&key).arg("MAXLEN").arg("~").arg(REPLIES_KEPT).arg("*").arg(REPLIES).arg(body).ignore();
        pipeline.cmd("EXPIRE").arg(&key).arg(REPLIES_LIVE_S).ignore();
    }
    for lane in Lane::BOTH {
        let ids: Vec<&str> = done.iter().filter(|ticket| ticket.lane == lane).map(|ticket| ticket.id.as_str()).collect();
        if !ids.is_empty() {
            let key = consumer.keys.of(lane);
            pipeline.cmd("XACK").arg(key).arg(GROUP).arg(&ids).ignore();
            pipeline.cmd("XDEL").arg(key).arg(&ids).ignore();
        }
    }
    pipeline
}

async fn set_aside(consumer: &Consumer, ticket: &Ticket, deliveries: u32, reason: &str) {
    tracing::error!(id = ticket.id, deliveries, reason, "a message was set aside");
    let mut call = scripts::SET_ASIDE.key(consumer.keys.of(ticket.lane));
    call.key(&consumer.keys.dead).key(consumer.keys.error_note(ticket.lane, &ticket.id));
    call.arg(GROUP).arg(&ticket.id).arg(reason).arg(deliveries).arg(consumer.clock.now_ms()).arg(consumer.settings.dead_letters_kept);
    persistently(consumer, Work::Script(&call)).await;
}

/// The reason is only a courtesy to whoever reads the dead letter; it is not worth waiting for.
async fn note_error(consumer: &Consumer, ticket: &Ticket, reason: &str) {
    tracing::warn!(id = ticket.id, reason, "a message could not be handled and will be redelivered");
    let mut note = redis::cmd("SET");
    note.arg(consumer.keys.error_note(ticket.lane, &ticket.id)).arg(reason).arg("PX").arg(NOTE_LIVE_MS);
    let _ = consumer.link.cmd::<()>(&note).await;
}

/// What is tried until it works.
#[derive(Clone, Copy)]
enum Work<'a> {
    Commands(&'a redis::Pipeline),
    Script(&'a redis::ScriptInvocation<'a>),
}

/// Tries until it works. False when the server keeps refusing, which no waiting mends.
async fn persistently(consumer: &Consumer, work: Work<'_>) -> bool {
    let mut backoff = Backoff::new();
    let mut refusals = 0;
    loop {
        let result = match work {
            Work::Commands(pipeline) => consumer.link.run::<()>(pipeline).await,
            Work::Script(script) => consumer.link.script::<u64>(script).await.map(drop),
        };
        let Err(error) = result else { return true };
        refusals += u32::from(error.is_final());
        if refusals > REFUSALS {
            tracing::error!(%error, "the queue refuses to settle; the messages will be redelivered");
            return false;
        }
        tracing::debug!(%error, "settling failed, trying again");
        backoff.wait().await;
    }
}
