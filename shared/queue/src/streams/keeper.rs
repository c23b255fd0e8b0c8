//! Keeps alive what this consumer holds, and the group tidy.

use super::{
    consumer::Consumer,
    keys::{GROUP, Lane},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How many entries one command keeps alive.
const TOGETHER: usize = 256;

/// Runs until it is dropped. An entry that nobody keeps alive for `claim_idle` is taken over by another worker; a slow handler
/// must not look like a dead one.
pub(crate) async fn keep(consumer: Arc<Consumer>) {
    let mut ticks = interval(consumer.settings.claim_idle / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let tidy_every = (consumer.settings.consumer_idle / 3).max(Duration::from_millis(100));
    let mut tidied: Option<Instant> = None;
    loop {
        ticks.tick().await;
        if let Err(error) = consumer.show().await {
            // A group that is gone is made anew by the reader.
            tracing::debug!(%error, "the group could not be shown that this consumer is there");
            continue;
        }
        for lane in Lane::BOTH {
            for ids in consumer.held_ids(lane).chunks(TOGETHER) {
                let mut claim = redis::cmd("XCLAIM");
                // JUSTID leaves the delivery count alone. An entry that was settled meanwhile is not brought back by this.
                claim.arg(consumer.keys.of(lane)).arg(GROUP).arg(&consumer.name).arg(0).arg(ids).arg("JUSTID");
                if let Err(error) = consumer.link.cmd::<redis::Value>(&claim).await {
                    tracing::debug!(%error, "messages could not be kept alive");
                }
            }
        }
        if tidied.is_none_or(|at| at.elapsed() >= tidy_every) {
            match consumer.remove_consumers(false).await {
                Ok(0) | Err(_) => {}
                Ok(count) => tracing::info!(count, "consumers that were not seen for long were removed"),
            }
            tidied = Some(Instant::now());
        }
    }
}
