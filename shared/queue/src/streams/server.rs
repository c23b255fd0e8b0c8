//! The server as a whole: its clock, its state, its numbers.

use super::{
    keys::{GROUP, Keys},
    link::{Address, Backoff, Link, LinkError, Look},
    scripts,
};
use crate::{BackendInfo, DeadLetter, QUEUES, QueueDepth, QueueError, QueueSettings, QueueStatus, clock::Clock};
use redis::streams::{StreamId, StreamRangeReply};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// How long opening the queue waits for the first look at the server's clock.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// The queues in Redis.
pub(crate) struct RedisQueue {
    pub(super) address: Address,
    pub(super) settings: Arc<QueueSettings>,
    pub(crate) clock: Arc<Clock>,
    link: Arc<Link>,
    _sampling: AbortOnDropHandle<()>,
}

impl RedisQueue {
    /// Reads the URL and starts to follow the server's clock, whether or not the server is there.
    pub(crate) async fn open(settings: &Arc<QueueSettings>) -> Result<Self, QueueError> {
        let address = Address::parse(settings)?;
        let link = Arc::new(address.link(settings.command_timeout));
        let clock = Arc::new(Clock::new());
        if !matches!(timeout(FIRST_LOOK, look_at_clock(&link, &clock)).await, Ok(Ok(()))) {
            tracing::warn!("the queue's server does not answer; the system clock is used until it does");
        }
        let sampling = AbortOnDropHandle::new(tokio::spawn(follow_clock(link.clone(), clock.clone())));
        Ok(Self { address, settings: settings.clone(), clock, link, _sampling: sampling })
    }

    pub(super) fn keys(&self, queue: &str) -> Keys {
        Keys::new(&self.settings.prefix, queue)
    }

    pub(crate) async fn ping(&self) -> Result<(), QueueError> {
        self.link.look::<()>(Look::Command(&redis::cmd("PING"))).await.map_err(Into::into)
    }

    pub(crate) async fn status(&self) -> Result<QueueStatus, QueueError> {
        let mut queues = Vec::with_capacity(QUEUES.len());
        for name in QUEUES {
            queues.push(self.measure(name).await?);
        }
        Ok(QueueStatus { backend: self.info().await?, queues })
    }

    async fn measure(&self, name: &str) -> Result<QueueDepth, LinkError> {
        let keys = self.keys(name);
        let mut call = scripts::MEASURE.key(&keys.stream);
        call.key(&keys.isolated).key(&keys.dead).arg(GROUP);
        let (waiting, isolated, pending, consumers, dead_letters, oldest, now): (u64, u64, u64, u64, u64, String, i64) =
            self.link.look(Look::Script(&call)).await?;
        Ok(QueueDepth {
            name: name.to_owned(),
            depth: waiting + isolated,
            pending,
            isolated,
            oldest_age_ms: oldest.parse::<i64>().ok().map(|oldest| (now - oldest).max(0)),
            consumers,
            dead_letters,
        })
    }

    /// From INFO, which managed services allow where they forbid CONFIG.
    async fn info(&self) -> Result<BackendInfo, LinkError> {
        let text: String = self.link.look(Look::Command(redis::cmd("INFO").arg("everything"))).await?;
        let find = |wanted: &str| {
            text.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| *name == wanted).map(|(_, value)| value.trim().to_owned())
        };
        Ok(BackendInfo {
            kind: "redis".to_owned(),
            version: find("redis_version"),
            maxmemory_policy: find("maxmemory_policy"),
            append_only: find("aof_enabled").map(|on| on == "1"),
        })
    }

    pub(crate) async fn dead_letters(&self, queue: &str, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let keys = self.keys(queue);
        let mut range = redis::cmd("XREVRANGE");
        range.arg(&keys.dead).arg("+").arg("-").arg("COUNT").arg(limit);
        let reply: StreamRangeReply = self.link.look(Look::Command(&range)).await?;
        Ok(reply.ids.into_iter().map(letter).collect())
    }

    pub(crate) async fn dead_letter(&self, queue: &str, id: &str) -> Result<Option<DeadLetter>, QueueError> {
        let Some(id) = entry_id(id) else { return Ok(None) };
        let mut range = redis::cmd("XRANGE");
        range.arg(&self.keys(queue).dead).arg(&id).arg(&id);
        let reply: StreamRangeReply = self.link.look(Look::Command(&range)).await?;
        Ok(reply.ids.into_iter().next().map(letter))
    }

    pub(crate) async fn discard(&self, queue: &str, id: &str) -> Result<bool, QueueError> {
        let Some(id) = entry_id(id) else { return Ok(false) };
        let mut delete = redis::cmd("XDEL");
        delete.arg(&self.keys(queue).dead).arg(&id);
        let deleted: u64 = self.link.cmd(&delete).await?;
        Ok(deleted > 0)
    }
}

fn letter(entry: StreamId) -> DeadLetter {
    DeadLetter {
        payload: String::from_utf8_lossy(&entry.get::<Vec<u8>>("m").unwrap_or_default()).into_owned(),
        reason: entry.get("reason").unwrap_or_default(),
        deliveries: entry.get("deliveries").unwrap_or_default(),
        at_ms: entry.get("at").unwrap_or_default(),
        id: entry.id,
    }
}

/// The id of an entry, when it is one: `-` and `+` are the ends of a stream, and somebody may have typed them.
fn entry_id(id: &str) -> Option<String> {
    let (ms, number) = id.split_once('-')?;
    let digits = |part: &str| !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(ms) && digits(number)).then(|| id.to_owned())
}

async fn look_at_clock(link: &Link, clock: &Clock) -> Result<(), LinkError> {
    // Connecting must not count as part of the round trip.
    link.connection().await?;
    let asked = Instant::now();
    let (seconds, micros): (i64, i64) = link.cmd(&redis::cmd("TIME")).await?;
    clock.learn(asked, Instant::now(), seconds * 1_000_000 + micros);
    Ok(())
}

async fn follow_clock(link: Arc<Link>, clock: Arc<Clock>) {
    let mut backoff = Backoff::new();
    loop {
        match look_at_clock(&link, &clock).await {
            Ok(()) => {
                backoff.reset();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(_) => backoff.wait().await,
        }
    }
}
