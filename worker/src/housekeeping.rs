//! What has to be done now and then, whatever comes in: counting failures and operations, ending and waking incidents, deleting what is old.
//!
//! Every worker does it; each step is made so that two at once do no harm, and none of them holds a row anybody waits for. A database
//! that is away is waited for quietly: the committer says so already.

use muster_store::{
    Store, StoreError, accounts, incidents,
    log::{self, Retention},
    now_ms,
};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Between two looks for new failures. A failure is part of an incident after this long at most.
const FOLD_EVERY: Duration = Duration::from_secs(1);
/// Between two foldings of what is counted of operations. Who reads sees what was not folded too.
const TALLY_EVERY: Duration = Duration::from_secs(10);
/// Between two looks for incidents that are over.
const SETTLE_EVERY: Duration = Duration::from_secs(15);
/// Between two looks for what is old.
const DISCARD_EVERY: Duration = Duration::from_secs(15 * 60);
/// Between two chunks that are deleted.
const DISCARD_PAUSE: Duration = Duration::from_millis(50);

/// Works until `shutdown`.
pub(crate) async fn run(store: Store, retention: Retention, shutdown: CancellationToken) {
    let work = async {
        tokio::join!(
            every(FOLD_EVERY, || fold(&store)),
            every(TALLY_EVERY, || tally(&store)),
            every(SETTLE_EVERY, || settle(&store)),
            every(DISCARD_EVERY, || discard(&store, retention)),
        );
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = work => {}
    }
}

async fn every<F: Future<Output = Result<(), StoreError>>>(period: Duration, work: impl Fn() -> F) {
    let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match work().await {
            Ok(()) => {}
            Err(error @ (StoreError::Unavailable(_) | StoreError::Raced(_) | StoreError::Locked(_))) => {
                tracing::debug!(%error, "housekeeping is put off");
            }
            Err(error) => tracing::error!(%error, "housekeeping failed"),
        }
    }
}

async fn fold(store: &Store) -> Result<(), StoreError> {
    while incidents::fold(store, now_ms()).await? > 0 {}
    Ok(())
}

async fn tally(store: &Store) -> Result<(), StoreError> {
    // What is less than a chunk can wait for the next time: in a burst there is always something new.
    while log::fold_tally(store).await? >= log::TALLY_CHUNK {}
    Ok(())
}

async fn settle(store: &Store) -> Result<(), StoreError> {
    let now_ms = now_ms();
    incidents::wake(store, now_ms).await?;
    // What is new counts before anything is called over.
    fold(store).await?;
    incidents::settle(store, now_ms).await.map(drop)
}

async fn discard(store: &Store, retention: Retention) -> Result<(), StoreError> {
    for account in accounts::list(store).await? {
        while log::discard_old(store, account.id, retention, now_ms()).await? > 0 {
            tokio::time::sleep(DISCARD_PAUSE).await;
        }
    }
    Ok(())
}
