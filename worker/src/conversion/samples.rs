//! What a slice puts down of how fast it goes, for the chart on the run's page.
//!
//! A run of a minute gets a sample every two seconds, a run of a night one every ten: often enough to be drawn, too seldom to be felt.

use super::{governor, slice::Slice};
use muster_domain::conversion::Phase;
use muster_store::{
    conversion::{self, Sample},
    conversion_probe, now_ms,
};
use std::time::{Duration, Instant};

/// The throttle works and compares in turns of up to two seconds: what is shorter says in which of them it was.
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(10);
/// A run as long as this many samples gets one as long as it is divided by them.
const DRAWN: u32 = 60;
/// What a worker said of its pace longer ago says nothing about this stretch.
const FRESH_MS: i64 = 10_000;

/// The stretch that is under way.
#[derive(Debug)]
pub(super) struct Stretch {
    began: Instant,
    rows: u32,
    waiting: Option<String>,
    /// What the last sample said was waited for, when nothing was done in it.
    idle: Option<String>,
}

impl Stretch {
    pub(super) const fn new(began: Instant) -> Self {
        Self { began, rows: 0, waiting: None, idle: None }
    }

    /// Rows that were dealt with; those that are only looked at count for less, as they do for the pace.
    pub(super) fn worked(&mut self, phase: Phase, rows: u32) {
        self.rows = self.rows.saturating_add(rows.div_ceil(governor::errand(phase).rows_for_one()));
    }

    /// What is waited for, by the word its reason begins with.
    pub(super) fn waits(&mut self, reason: &str) {
        self.waiting = Some(reason.split(':').next().unwrap_or_default().to_owned());
    }

    /// Nothing happened but what the last sample has said already.
    fn is_old_news(&self) -> bool {
        self.rows == 0 && self.waiting.is_some() && self.waiting == self.idle
    }
}

/// How long a sample of a run is that has been worked on for so long.
fn length(active: Duration) -> Duration {
    (active / DRAWN).clamp(SHORTEST, LONGEST)
}

impl Slice<'_> {
    /// Puts a sample down when one is due; at the end of a slice, whatever there is. A run goes on without.
    pub(super) async fn sample(&mut self, at_the_end: bool) {
        // The making of a plan is over before anybody would look at a chart of it.
        if self.run.started_ms.is_none() {
            return;
        }
        let now = Instant::now();
        let took = now - self.stretch.began;
        let active = Duration::from_millis(u64::try_from(self.run.active_ms).unwrap_or(0)) + now.duration_since(self.began);
        let due = if at_the_end { self.stretch.rows > 0 } else { took >= length(active) };
        if !due {
            return;
        }
        let old_news = self.stretch.is_old_news();
        let done = std::mem::replace(&mut self.stretch, Stretch::new(now));
        self.stretch.idle = if done.rows == 0 { done.waiting.clone() } else { None };
        if old_news {
            return;
        }
        let at_ms = now_ms();
        let pace = conversion_probe::status(self.store, self.run.account).await.ok().flatten();
        let pace = pace.and_then(|(pace, put)| (at_ms - put <= FRESH_MS).then_some(pace));
        let sample = Sample {
            at_ms,
            length_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX).max(1),
            rows: i64::from(done.rows),
            allowed: pace.as_ref().and_then(|pace| pace.allowed),
            during_p99_ms: pace.as_ref().and_then(|pace| pace.during_p99_ms),
            between_p99_ms: pace.as_ref().and_then(|pace| pace.between_p99_ms),
            waiting: done.waiting,
        };
        if let Err(error) = conversion::add_sample(self.store, self.run.account, self.run.id, &sample).await {
            tracing::debug!(%error, conversion.id = %self.run.id, "how fast a conversion goes cannot be put down");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_is_drawn_finely_and_a_long_one_seldom() {
        let lengths = [0, 30, 300, 36_000].map(|seconds| length(Duration::from_secs(seconds)).as_secs());
        assert_eq!(lengths, [2, 2, 5, 10]);
    }

    #[test]
    fn a_wait_that_goes_on_is_put_down_once() {
        let mut stretch = Stretch::new(Instant::now());
        stretch.waits("window: closed until ten");
        assert!(!stretch.is_old_news(), "it has just begun");
        stretch.idle = Some("window".to_owned());
        assert!(stretch.is_old_news());
        stretch.worked(Phase::Users, 1);
        assert!(!stretch.is_old_news());
    }

    #[test]
    fn rows_that_are_only_looked_at_count_for_less() {
        let mut stretch = Stretch::new(Instant::now());
        stretch.worked(Phase::Verify, 100);
        assert_eq!(stretch.rows, 10);
        stretch.worked(Phase::Users, 100);
        assert_eq!(stretch.rows, 110);
    }
}
