//! What a governor measures, each on a task of its own, so that a slow answer to one delays no other.
//!
//! **Open loop.** A canary query is due at a moment that does not depend on the answer to the one before; its time counts from then.
//! A canary that waited for its answers would ask least when the database is slowest. **By chance.** Moments that are evenly spaced fall
//! into step with chunks, and then meet all or none of them.

use super::{Shared, lock};
use muster_domain::conversion::throttle::{CanaryKind, CanarySample, Signals};
use muster_queue::{OPERATIONS, Queue};
use muster_store::{
    Store, StoreError, StoreSettings,
    conversion_probe::{CanaryKeys, Probe, put_status},
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::time::{Instant as TokioInstant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Between two look-ups, on average.
const LOOK_UP: Duration = Duration::from_millis(20);
/// Between two writes: each makes the disk write, for us as for the platform.
const WRITE: Duration = Duration::from_millis(40);
/// Between two readings of the gauges.
const GAUGES: Duration = Duration::from_secs(1);
/// Keys that are exchanged with each reading.
const NEW_KEYS: usize = 4;
/// A query that is due so long ago is not sent any more: the ones after it have told.
const GIVE_UP: Duration = Duration::from_secs(1);

/// Starts the tasks; they end with `stop`.
pub(super) fn start(connection: &StoreSettings, store: &Store, queue: Option<Queue>, shared: &Arc<Shared>, stop: &CancellationToken) {
    let (connection, store, shared) = (connection.clone(), store.clone(), Arc::clone(shared));
    let stop = stop.clone();
    tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
        let probe = loop {
            match Probe::connect(&connection, shared.account).await {
                Ok(probe) => break Arc::new(probe),
                Err(error) => tracing::warn!(%error, "a conversion cannot reach the database to measure it"),
            }
            sleep(GAUGES).await;
        };
        let keys = Arc::new(Mutex::new(CanaryKeys::default()));
        let look_ups = look_up(Arc::clone(&probe), Arc::clone(&shared), Arc::clone(&keys));
        tokio::join!(look_ups, write(Arc::clone(&probe), Arc::clone(&shared)), gauges(probe, store, queue, shared, keys));
    }));
}

async fn look_up(probe: Arc<Probe>, shared: Arc<Shared>, keys: Arc<Mutex<CanaryKeys>>) {
    let mut due = Instant::now();
    loop {
        due = next(due, LOOK_UP).await;
        let key = lock(&keys).turn();
        take(&shared, CanaryKind::LookUp, due, &probe.look_up(key).await);
    }
}

async fn write(probe: Arc<Probe>, shared: Arc<Shared>) {
    let mut due = Instant::now();
    loop {
        due = next(due, WRITE).await;
        match probe.write().await {
            // Nothing to write there.
            Ok(false) => return,
            answer => take(&shared, CanaryKind::Write, due, &answer),
        }
    }
}

/// Waits for the moment at which the next query is due.
async fn next(before: Instant, mean: Duration) -> Instant {
    let late = before.elapsed() > GIVE_UP;
    // Uniform from half the mean to one and a half of it.
    let from = if late { Instant::now() } else { before };
    let due = from + mean / 2 + mean * u32::from(random()) / u32::from(u16::MAX);
    sleep_until(TokioInstant::from_std(due)).await;
    due
}

fn random() -> u16 {
    // The last bytes of such an id are random.
    let id = uuid::Uuid::now_v7();
    let bytes = id.as_bytes();
    u16::from_be_bytes([bytes[14], bytes[15]])
}

/// A query that was refused at once says nothing about how fast the database is; one that was given up says a lot.
fn take<T>(shared: &Shared, kind: CanaryKind, due: Instant, answer: &Result<T, StoreError>) {
    let end = Instant::now();
    if answer.is_ok() || end - due >= GIVE_UP {
        lock(&shared.throttle).sample(CanarySample { kind, due: shared.at(due), end: shared.at(end) });
    }
}

async fn gauges(probe: Arc<Probe>, store: Store, queue: Option<Queue>, shared: Arc<Shared>, keys: Arc<Mutex<CanaryKeys>>) {
    let mut tick = interval(GAUGES);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match probe.signals().await {
            Ok(mut signals) => {
                let known = match &queue {
                    Some(queue) => backlog(queue, &mut signals).await,
                    None => true,
                };
                // Provisioning goes first; where nobody knows whether it waits, silence stops the conversion after a while.
                if known {
                    lock(&shared.throttle).signals(shared.at(Instant::now()), &signals);
                }
            }
            Err(error) => tracing::debug!(%error, account.id = %shared.account, "the gauges of a conversion cannot be read"),
        }
        for _ in 0..NEW_KEYS {
            if let Ok(Some(key)) = probe.any_key().await {
                lock(&keys).add(key);
            }
        }
        let status = lock(&shared.throttle).status();
        if let Err(error) = put_status(&store, shared.account, &status).await {
            tracing::debug!(%error, account.id = %shared.account, "where a conversion stands cannot be put down");
        }
    }
}

/// What of provisioning waits; false when the queue does not say.
async fn backlog(queue: &Queue, signals: &mut Signals) -> bool {
    let status = match queue.status().await {
        Ok(status) => status,
        Err(error) => {
            tracing::debug!(%error, "the queue does not say what waits");
            return false;
        }
    };
    let operations = status.queues.iter().find(|queue| queue.name == OPERATIONS);
    signals.backlog = operations.map(|queue| queue.depth);
    signals.backlog_age =
        operations.and_then(|queue| queue.oldest_age_ms).and_then(|age| u64::try_from(age).ok()).map(Duration::from_millis);
    true
}
