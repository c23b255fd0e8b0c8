//! What the tasks of one consumer share: its name, its connection, and what it holds.

use super::{
    keys::{GROUP, Keys, Lane},
    link::{Address, Link, LinkError},
    scripts,
    settle::Settled,
};
use crate::{Origin, QueueSettings, ReplyTo, clock::Clock};
use apalis_core::task::{Task, builder::TaskBuilder, task_id::TaskId};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicI64},
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Which entry a task came from; rides in the task.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    pub(crate) lane: Lane,
    pub(crate) id: String,
}

/// One consumer of the group: one start of one worker.
pub(crate) struct Consumer {
    pub(crate) name: String,
    pub(crate) keys: Keys,
    pub(crate) settings: Arc<QueueSettings>,
    pub(crate) address: Address,
    /// For everything that does not block.
    pub(crate) link: Link,
    pub(crate) clock: Arc<Clock>,
    /// Nothing more is read once it is cancelled.
    pub(crate) stop: CancellationToken,
    pub(crate) settled: mpsc::UnboundedSender<Settled>,
    /// The same way, for replies that come early.
    replies: ReplyTo,
    /// The server's number of the connection that blocks in a read, to unblock it by; 0 when none.
    pub(crate) reading: AtomicI64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// Read and not settled: waiting in this process, or in the hands of the handler. With who wants to know when it is settled.
    entries: HashMap<Ticket, Option<oneshot::Sender<()>>>,
    /// Handled with an error, and not to be given back as if they had never been handed out.
    failed: HashSet<Ticket>,
}

impl Consumer {
    pub(crate) fn new(
        name: String,
        keys: Keys,
        settings: Arc<QueueSettings>,
        address: Address,
        clock: Arc<Clock>,
        stop: CancellationToken,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Settled>) {
        let (settled, inbox) = mpsc::unbounded_channel();
        let way = settled.clone();
        let replies = ReplyTo(Arc::new(move |gateway, replies| {
            // The other end is gone only when the whole consumer is, and then the message is redelivered.
            let _ = way.send(Settled::Early(gateway, replies));
        }));
        let link = address.link(settings.command_timeout);
        let (reading, held) = (AtomicI64::new(0), Mutex::default());
        (Arc::new(Self { name, keys, settings, address, link, clock, stop, settled, replies, reading, held }), inbox)
    }

    /// Makes the group of both streams, from their first entry on, where it is not there.
    pub(crate) async fn ensure_groups(&self) -> Result<(), LinkError> {
        for lane in Lane::BOTH {
            let mut create = redis::cmd("XGROUP");
            create.arg("CREATE").arg(self.keys.of(lane)).arg(GROUP).arg("0").arg("MKSTREAM");
            match self.link.cmd::<()>(&create).await {
                Err(LinkError::Refused(error)) if error.code() == Some("BUSYGROUP") => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Shows the group that this consumer is there. Redis 7.0 learns of a consumer, and sees it again, only when it gets something;
    /// asking for what it holds beyond the greatest id counts as that, and gives it nothing.
    pub(crate) async fn show(&self) -> Result<(), LinkError> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg(&self.name).arg("COUNT").arg(1).arg("STREAMS").arg(&self.keys.stream);
        self.link.cmd(read.arg("18446744073709551615-18446744073709551614")).await
    }

    /// A task for the worker. From here on its entry is held (and kept alive) until it is settled.
    pub(crate) fn task<T>(&self, message: T, ticket: Ticket, origin: Origin, when_settled: Option<oneshot::Sender<()>>) -> Task<T> {
        let attempt = usize::try_from(origin.attempt).unwrap_or(1);
        let mut held = self.held();
        held.failed.remove(&ticket);
        held.entries.insert(ticket.clone(), when_settled);
        drop(held);
        // apalis counts an attempt up when it starts it.
        TaskBuilder::new(message)
            .task_id(TaskId::from_string(origin.id.clone()))
            .attempt(attempt.saturating_sub(1))
            .data(origin)
            .data(self.replies.clone())
            .data(ticket)
            .build()
    }

    /// Whether the entry is in this process already.
    pub(crate) fn holds(&self, ticket: &Ticket) -> bool {
        self.held().entries.contains_key(ticket)
    }

    /// The entries of a lane to be kept alive.
    pub(crate) fn held_ids(&self, lane: Lane) -> Vec<String> {
        self.held().entries.keys().filter(|ticket| ticket.lane == lane).map(|ticket| ticket.id.clone()).collect()
    }

    /// Lets go of an entry.
    pub(crate) fn release(&self, ticket: &Ticket, failed: bool) {
        let mut held = self.held();
        let waiting = held.entries.remove(ticket).flatten();
        if failed {
            held.failed.insert(ticket.clone());
        }
        drop(held);
        if let Some(waiting) = waiting {
            // Nobody to tell is fine: whoever waited has stopped.
            let _ = waiting.send(());
        }
    }

    /// Gives back what was read and not started, so that another worker takes it at once and as if for the first time. What was
    /// handled with an error keeps its count and its pause.
    pub(crate) async fn hand_back(&self) -> Result<(), LinkError> {
        for lane in Lane::BOTH {
            let key = self.keys.of(lane);
            let mut look = redis::cmd("XPENDING");
            look.arg(key).arg(GROUP).arg("-").arg("+").arg(10_000).arg(&self.name);
            let pending: Vec<(String, String, u64, u64)> = match self.link.cmd(&look).await {
                Err(error) if error.is_no_group() => continue,
                other => other?,
            };
            let mut give = redis::pipe();
            for (id, _, _, deliveries) in pending {
                let ticket = Ticket { lane, id };
                if !self.held().failed.contains(&ticket) {
                    give.cmd("XCLAIM").arg(key).arg(GROUP).arg(&self.name).arg(0).arg(&ticket.id);
                    give.arg("IDLE").arg(3_600_000).arg("RETRYCOUNT").arg(deliveries.saturating_sub(1)).arg("JUSTID").ignore();
                }
            }
            if !give.is_empty() {
                self.link.run::<()>(&give).await?;
            }
        }
        Ok(())
    }

    /// Removes consumers from the group: this one, or (when it does not leave) those that have not been seen for long.
    pub(crate) async fn remove_consumers(&self, leaving: bool) -> Result<u64, LinkError> {
        let mut removed = 0;
        for lane in Lane::BOTH {
            let idle = u64::try_from(self.settings.consumer_idle.as_millis()).unwrap_or(u64::MAX);
            let one = if leaving { self.name.as_str() } else { "" };
            let mut call = scripts::REMOVE_CONSUMERS.key(self.keys.of(lane));
            removed += self.link.script::<u64>(call.arg(GROUP).arg(idle).arg(&self.name).arg(one)).await?;
        }
        Ok(removed)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
