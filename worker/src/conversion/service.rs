//! What a worker does about conversions: every few seconds it looks for a run nobody works on, and works on it for a slice.

use super::{
    pace::{PaceFactory, fixed_rate},
    slice::{SliceEnd, run_slice},
};
use muster_domain::conversion::Reference;
use muster_store::{
    Store, StoreError,
    conversion::{next_runnable, take},
};
use std::{fmt, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How conversions are run.
#[derive(Clone)]
pub struct ConversionSettings {
    /// How often to look for one.
    pub poll: Duration,
    /// The longest slice; another worker may take the run after it.
    pub slice: Duration,
    /// The columns of the platform that hold user ids.
    pub references: Vec<Reference>,
    /// Makes the pace of a slice.
    pub pace: PaceFactory,
    /// What the pauses before locked rows are multiplied with.
    pub patience: f64,
}

impl Default for ConversionSettings {
    fn default() -> Self {
        Self { poll: Duration::from_secs(2), slice: Duration::from_secs(60), references: Vec::new(), pace: fixed_rate(), patience: 1.0 }
    }
}

impl fmt::Debug for ConversionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversionSettings")
            .field("poll", &self.poll)
            .field("slice", &self.slice)
            .field("references", &self.references)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Runs conversions until `shutdown`. A database that is away is waited for.
pub async fn run_conversions(settings: ConversionSettings, store: Store, shutdown: CancellationToken) {
    let owner = format!("worker-{}", Uuid::now_v7().simple());
    while !shutdown.is_cancelled() {
        let idle = match one_slice(&settings, &store, &owner, &shutdown).await {
            Ok(worked) => !worked,
            Err(error) => {
                tracing::warn!(%error, "conversions are looked for again later");
                true
            }
        };
        if idle {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(settings.poll) => {}
            }
        }
    }
}

/// Whether there was something to do, and it went well.
async fn one_slice(settings: &ConversionSettings, store: &Store, owner: &str, shutdown: &CancellationToken) -> Result<bool, StoreError> {
    let Some(run) = next_runnable(store).await? else { return Ok(false) };
    let Some(lease) = take(store, run.account, run.id, owner).await? else { return Ok(false) };
    // What was read before the lease was taken may be old.
    let Some(run) = muster_store::conversion::get(store, run.account, run.id).await? else { return Ok(false) };
    let (id, account) = (run.id, run.account);
    match run_slice(store, run, lease, settings, shutdown.clone()).await {
        SliceEnd::Finished => tracing::info!(conversion.id = %id, account.id = %account, "a conversion is through"),
        SliceEnd::TimeIsUp | SliceEnd::GaveWay => {}
        SliceEnd::Fenced => tracing::info!(conversion.id = %id, account.id = %account, "a conversion was stopped or taken over"),
        SliceEnd::Failed(error) => {
            tracing::warn!(conversion.id = %id, account.id = %account, %error, "a slice of a conversion failed");
            return Ok(false);
        }
    }
    Ok(true)
}
