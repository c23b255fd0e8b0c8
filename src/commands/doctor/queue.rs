//! Checks of the queue.

use super::{Check, because};
use crate::{context::Context, settings};
use muster_queue::{BackendInfo, Queue, QueueError, QueueStatus};
use std::time::Duration;

/// Redis 7.0: the oldest the queue's commands are tested on.
const OLDEST_REDIS: u32 = 7;
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn checks(context: &Context) -> Vec<Check> {
    if context.config.queue.is_local() {
        return vec![Check::ok("D07", "queue", "local: inside the one service process")];
    }
    match tokio::time::timeout(PATIENCE, status(context)).await {
        Ok(Ok(status)) => vec![version(&status.backend), eviction(&status.backend), persistence(&status.backend)],
        Ok(Err(error)) => vec![unreachable_queue(context, &because(error))],
        Err(_) => vec![unreachable_queue(context, &format!("no answer within {} s", PATIENCE.as_secs()))],
    }
}

async fn status(context: &Context) -> Result<QueueStatus, QueueError> {
    Queue::connect(settings::queue(&context.config)).await?.status().await
}

fn unreachable_queue(context: &Context, why: &str) -> Check {
    let fact = format!("{}: {why}", context.config.queue.url);
    Check::fail("D07", "queue", fact, format!("start Redis, or correct queue.url [{}]", context.origin("queue.url")))
}

fn version(backend: &BackendInfo) -> Check {
    const NAME: &str = "queue";
    let Some(version) = &backend.version else {
        return Check::warn(
            "D07",
            NAME,
            "Redis does not tell its version",
            format!("let this user run INFO; {OLDEST_REDIS}.0 is the oldest that is supported"),
        );
    };
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or_default();
    if major >= OLDEST_REDIS {
        Check::ok("D07", NAME, format!("Redis {version}"))
    } else {
        Check::fail("D07", NAME, format!("Redis {version}"), format!("use Redis {OLDEST_REDIS}.0 or later"))
    }
}

fn eviction(backend: &BackendInfo) -> Check {
    const NAME: &str = "queue eviction";
    match backend.maxmemory_policy.as_deref() {
        Some("noeviction") => Check::ok("D08", NAME, "noeviction"),
        Some(policy) => {
            let fact = format!("maxmemory-policy is {policy}: a full Redis would drop queued work");
            Check::fail("D08", NAME, fact, "CONFIG SET maxmemory-policy noeviction, and in redis.conf")
        }
        None => Check::warn("D08", NAME, "Redis does not tell its maxmemory-policy", "see that it is noeviction"),
    }
}

fn persistence(backend: &BackendInfo) -> Check {
    const NAME: &str = "queue persistence";
    match backend.append_only {
        Some(true) => Check::ok("D09", NAME, "appendonly yes"),
        Some(false) => Check::warn(
            "D09",
            NAME,
            "appendonly no: what is queued when Redis restarts is gone, and its clients are told to try again",
            "CONFIG SET appendonly yes, and in redis.conf",
        ),
        None => Check::warn("D09", NAME, "Redis does not tell whether it keeps an append-only file", "see that appendonly is yes"),
    }
}
