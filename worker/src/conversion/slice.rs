//! One slice of a run: phase after phase, chunk after chunk, until it is over or its time is.

use super::{
    pace::{Chunk, Moment, Pace, Step},
    samples::Stretch,
    service::ConversionSettings,
};
use crate::measure;
use muster_domain::{
    ConversionId,
    conversion::{AliasTerms, Kind, Phase, PlanOptions},
};
use muster_store::{
    Store, StoreError,
    conversion::{self, Advance, Conversion, ConversionError, Lease},
    now_ms,
};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The longest a run sleeps without a sign of life; less than its lease holds.
const LONGEST_NAP: Duration = Duration::from_secs(2);
/// The longest a run that gave way is left alone. It is looked at so seldom because each look writes its row.
const LONGEST_WAY: Duration = Duration::from_secs(10);

/// How a slice ended.
#[derive(Debug)]
pub enum SliceEnd {
    /// The plan is ready, or the run finished.
    Finished,
    /// Its time was over, or the process is to stop.
    TimeIsUp,
    /// It has to wait, and another run could be worked on meanwhile.
    GaveWay,
    /// The run was paused, cancelled, or taken over by another worker.
    Fenced,
    /// The database failed; the next slice goes on from the cursor.
    Failed(StoreError),
}

/// Why a phase cannot go on now.
#[derive(Debug)]
pub(super) enum Halt {
    TimeIsUp,
    /// To be asked again after this long.
    GivesWay(Duration),
    Fenced,
    Failed(StoreError),
}

impl From<ConversionError> for Halt {
    fn from(error: ConversionError) -> Self {
        match error {
            ConversionError::Fenced => Self::Fenced,
            ConversionError::Store(error) => Self::Failed(error),
        }
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// A run in hand.
pub(super) struct Slice<'a> {
    pub store: &'a Store,
    pub settings: &'a ConversionSettings,
    pub lease: Lease,
    pub run: Conversion,
    pub options: PlanOptions,
    /// A chunk was too large: no larger than this until some have succeeded.
    pub limit: Option<i64>,
    pace: Box<dyn Pace>,
    /// When the pace allowed a chunk it has not been told of yet.
    allowed: Option<Instant>,
    /// When a phase that writes little last wrote something.
    pub signs_of_life: Instant,
    pub began: Instant,
    /// What is put down next of how fast it goes.
    pub stretch: Stretch,
    until: Instant,
    stop: CancellationToken,
}

/// Works on a run whose lease was taken, for as long as the settings say, and gives the lease back.
pub async fn run_slice(store: &Store, run: Conversion, lease: Lease, settings: &ConversionSettings, stop: CancellationToken) -> SliceEnd {
    let began = Instant::now();
    let options = serde_json::from_value(run.options.clone()).unwrap_or_default();
    let pace = (settings.pace)(run.account);
    let until = began + settings.slice;
    let stretch = Stretch::new(began);
    let mut slice =
        Slice { store, settings, lease, run, options, limit: None, pace, allowed: None, signs_of_life: began, began, stretch, until, stop };
    let halted = slice.work().await;
    slice.sample(true).await;
    let active = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let free_in = match &halted {
        Err(Halt::GivesWay(pause)) => i64::try_from(pause.as_millis()).unwrap_or(i64::MAX),
        _ => 0,
    };
    // When this fails the lease ends by itself.
    let _ = conversion::release(store, &slice.lease, active, free_in).await;
    match halted {
        Ok(()) => SliceEnd::Finished,
        Err(Halt::GivesWay(_)) => SliceEnd::GaveWay,
        Err(Halt::TimeIsUp) => SliceEnd::TimeIsUp,
        Err(Halt::Fenced) => SliceEnd::Fenced,
        Err(Halt::Failed(error)) => {
            slice.stop_if_hopeless(&error).await;
            SliceEnd::Failed(error)
        }
    }
}

impl Slice<'_> {
    async fn work(&mut self) -> Result<(), Halt> {
        if self.run.started_ms.is_some() {
            // From the start: what they have to be read for belongs to the estimate.
            conversion::add_targets(self.store, &self.lease, &self.settings.references).await?;
        }
        loop {
            match (self.run.kind, self.run.phase) {
                (_, Phase::Ready | Phase::Done) => return Ok(()),
                (_, Phase::Read) => self.read_users().await?,
                (_, Phase::Contest) => self.contest().await?,
                (Kind::Convert, Phase::Aliases) => self.write_aliases().await?,
                (Kind::Convert, Phase::Users) => self.convert_users().await?,
                (Kind::Convert, Phase::Ordered) => self.convert_ordered().await?,
                (Kind::Convert, Phase::Sweep) => self.sweep().await?,
                (Kind::Undo, Phase::Ordered) => self.undo_ordered().await?,
                (Kind::Undo, Phase::Users) => self.undo_users().await?,
                (Kind::Undo, Phase::Sweep) => self.undo_rest().await?,
                (Kind::Undo, Phase::Aliases) => self.delete_aliases().await?,
                (_, Phase::References) => self.rewrite_references().await?,
                (_, Phase::Verify) => self.verify().await?,
            }
        }
    }

    /// How many rows the next chunk may touch; waits as long as the pace says.
    pub(super) async fn allowance(&mut self) -> Result<i64, Halt> {
        // Every chunk the pace allows is told of, also one that turned out to have nothing to do.
        if let Some(began) = self.allowed {
            self.tell(0, began, false);
        }
        loop {
            if self.stop.is_cancelled() || Instant::now() >= self.until {
                return Err(Halt::TimeIsUp);
            }
            self.sample(false).await;
            match self.pace.next(Moment { now: Instant::now(), phase: self.run.phase, wanted: &self.run.pace }) {
                Step::Work { rows } => {
                    self.allowed = Some(Instant::now());
                    return Ok(i64::from(rows.max(1)));
                }
                Step::Wait { pause, reason } => {
                    // An even pace needs no word; a wait of seconds does, and a sign of life.
                    // It also reads the orders again: nobody should wait for a word that has been given.
                    reason.iter().for_each(|reason| self.stretch.waits(reason));
                    if reason.is_some() || pause > Duration::from_secs(1) {
                        self.say(reason.as_deref()).await?;
                    }
                    if reason.is_some() && conversion::another_is_runnable(self.store, self.run.id).await? {
                        return Err(Halt::GivesWay(pause.min(LONGEST_WAY)));
                    }
                    self.nap(pause.min(LONGEST_NAP)).await;
                }
                Step::Stop { reason } => {
                    conversion::pause(self.store, &self.run, "guard", &reason).await?;
                    return Err(Halt::Fenced);
                }
            }
        }
    }

    /// Waits for something that has a name.
    pub(super) async fn wait(&mut self, pause: Duration, reason: &str) -> Result<(), Halt> {
        let end = Instant::now() + pause;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if self.stop.is_cancelled() || Instant::now() >= self.until {
                return Err(Halt::TimeIsUp);
            }
            self.say(Some(reason)).await?;
            self.nap(left.min(LONGEST_NAP)).await;
        }
        Ok(())
    }

    async fn say(&mut self, reason: Option<&str>) -> Result<(), Halt> {
        self.run.pace = conversion::waiting(self.store, &self.lease, reason).await?.ok_or(Halt::Fenced)?;
        Ok(())
    }

    pub(super) async fn nap(&mut self, pause: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Tells the pace of a chunk.
    pub(super) fn tell(&mut self, rows: i64, began: Instant, failed: bool) {
        self.allowed = None;
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let took = began.elapsed();
        measure::chunk(self.run.phase, rows, failed, took);
        if !failed {
            self.stretch.worked(self.run.phase, rows);
        }
        self.pace.done(Chunk { phase: self.run.phase, rows, began, took, failed });
    }

    /// On to the next phase.
    pub(super) async fn enter(&mut self, phase: Phase, more: Advance) -> Result<(), Halt> {
        // The users' cursor must be where this slice has left it: its last chunk may be lost, and then the phase is not over.
        let advance = Advance { phase: Some(phase), users_n: Some((self.run.users_n, self.run.users_n)), ..more };
        conversion::advance(self.store, &self.lease, &advance).await?;
        tracing::info!(conversion.id = %self.run.id, account.id = %self.run.account, %phase, "a conversion enters a phase");
        self.run.phase = phase;
        self.run.walk_n = 0;
        self.run.last_read = None;
        Ok(())
    }

    /// The run whose items are worked on.
    pub(super) fn journal(&self) -> ConversionId {
        self.run.journal()
    }

    pub(super) fn terms(&self) -> AliasTerms {
        AliasTerms::new(now_ms(), self.options.alias_days)
    }

    /// A statement the database refuses will be refused the next time too: somebody has to look at it.
    async fn stop_if_hopeless(&mut self, error: &StoreError) {
        if let StoreError::Other(text) = error {
            let reason = format!("error: {text}");
            if let Err(error) = conversion::pause(self.store, &self.run, "guard", &reason).await {
                tracing::warn!(conversion.id = %self.run.id, %error, "a conversion that failed cannot be paused");
            }
        }
    }
}

/// Whether doing less at once, or the same later, can help.
pub(super) const fn is_passing(error: &ConversionError) -> bool {
    matches!(error, ConversionError::Store(StoreError::Raced(_) | StoreError::Locked(_)))
}
