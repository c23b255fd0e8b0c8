//! The control law: what the rate becomes after what the canary saw.
//!
//! **Cut uncapped, grow capped.** When others suffer, the rate falls at once to what keeps the promise, however far that is. When they do
//! not, it grows: by half while it is far from where it was last cut, by a tenth above that. Between two changes lie as many samples as
//! it takes to see what the change did; samples from before it are not held against the new rate.

use super::canary::Verdict;
use std::time::Duration;

/// It is never slower than this by itself: a conversion that must not even do so much is not throttled, it is stopped.
pub(super) const FLOOR: f64 = 50.0;
/// A cut is at least this much, because the samples that led to it cannot tell smaller steps apart.
const CUT_AT_LEAST: f64 = 0.7;
/// A slight harm that many samples show needs a slight cut.
const SLIGHT_CUT: f64 = 0.85;
const GROWTH: f64 = 1.1;
const GROWTH_FAR: f64 = 1.5;
/// Far is below this share of the rate that was last cut.
const FAR: f64 = 0.5;
/// Samples that have to be fine before it grows.
const SAMPLES: usize = 60;
/// Of these, during a chunk.
const SAMPLES_DURING: usize = 10;
/// Or so many in all: chunks so short that hardly any query meets one do no harm.
const SAMPLES_ENOUGH: usize = 300;
/// A rate that was not used says nothing about a larger one.
const USED: f64 = 0.6;
/// Two strikes at the slowest rate, so far apart that they are not one hiccup, and it gives up.
const STRIKES_APART: Duration = Duration::from_millis(2_500);
/// So many queries ten times as slow are a strike.
const VERY_SLOW: f64 = 3.0;

/// What became of the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Kept,
    /// More.
    Grown,
    /// Less.
    Cut,
    /// Less, and nothing at all for a moment: queries took many times as long.
    CutHard,
    /// It does harm even at its slowest.
    Hopeless,
}

/// The rate and when it was set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    value: f64,
    since: Duration,
    cut_from: f64,
    strike: Option<Duration>,
}

impl Rate {
    pub(super) const fn new(start: f64, at: Duration) -> Self {
        Self { value: start, since: at, cut_from: f64::INFINITY, strike: None }
    }

    /// Rows per second, within the limit there is now.
    pub(super) fn value(&self, limit: Option<f64>) -> f64 {
        limit.map_or(self.value, |limit| self.value.min(limit))
    }

    /// When it was set, or work began again with it: samples from before do not count.
    pub(super) const fn since(&self) -> Duration {
        self.since
    }

    /// Work begins again after a wait.
    pub(super) const fn restart(&mut self, at: Duration) {
        self.since = at;
    }

    /// What people ask for has changed: it may look for its rate in large steps again.
    pub(super) const fn begin_anew(&mut self, start: f64, at: Duration) {
        *self = Self { strike: self.strike, ..Self::new(self.value.max(start), at) };
    }

    /// Takes in what the samples since [`Rate::since`] say. `done` is the rate that was really reached.
    pub(super) fn steer(&mut self, at: Duration, verdict: &Verdict, limit: Option<f64>, done: f64) -> Change {
        let rate = self.value(limit);
        if verdict.is_harm() {
            let hard = verdict.very_slow >= VERY_SLOW;
            if hard && rate <= FLOOR {
                match self.strike {
                    Some(first) if at >= first + STRIKES_APART => return Change::Hopeless,
                    Some(_) => {}
                    None => self.strike = Some(at),
                }
            }
            self.cut(rate, done, verdict.cut().min(CUT_AT_LEAST), limit, at);
            return if hard { Change::CutHard } else { Change::Cut };
        }
        if verdict.is_slight_harm() {
            self.cut(rate, done, SLIGHT_CUT, limit, at);
            return Change::Cut;
        }
        let enough = verdict.samples >= SAMPLES && verdict.during >= SAMPLES_DURING || verdict.samples >= SAMPLES_ENOUGH;
        if !(enough && verdict.is_fine()) {
            return Change::Kept;
        }
        self.strike = None;
        if done < rate * USED || limit.is_some_and(|limit| rate >= limit) {
            return Change::Kept;
        }
        self.set(rate * if rate < self.cut_from * FAR { GROWTH_FAR } else { GROWTH }, limit, at);
        Change::Grown
    }

    fn cut(&mut self, rate: f64, done: f64, factor: f64, limit: Option<f64>, at: Duration) {
        // A rate that the database does not reach is not what did the harm.
        let rate = rate.min(done.max(FLOOR));
        self.cut_from = rate;
        self.set(rate * factor, limit, at);
    }

    fn set(&mut self, rate: f64, limit: Option<f64>, at: Duration) {
        let floor = limit.map_or(FLOOR, |limit| FLOOR.min(limit));
        self.value = limit.map_or(rate, |limit| rate.min(limit)).max(floor);
        self.since = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Option<f64> = Some(1_000.0);

    fn verdict(samples: usize, slow: u32, very_slow: u32) -> Verdict {
        let (slow, very_slow) = (f64::from(slow), f64::from(very_slow));
        Verdict { samples, during: samples / 5, slow, chance: (samples as f64 * 0.01).sqrt(), very_slow }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn near(rate: &Rate, expected: f64) -> bool {
        (rate.value(LIMIT) - expected).abs() < 1e-6
    }

    #[test]
    fn it_grows_by_half_while_it_is_far_from_a_cut_and_by_a_tenth_after() {
        let mut rate = Rate::new(400.0, at(0));
        assert_eq!(rate.steer(at(1), &verdict(30, 0, 0), LIMIT, 400.0), Change::Kept, "too few samples");
        assert_eq!(rate.steer(at(2), &verdict(60, 0, 0), LIMIT, 100.0), Change::Kept, "the rate was not used");
        assert_eq!(rate.steer(at(3), &verdict(60, 0, 0), LIMIT, 400.0), Change::Grown);
        assert!(near(&rate, 600.0) && rate.since() == at(3));
        assert_eq!(rate.steer(at(4), &verdict(100, 5, 0), LIMIT, 600.0), Change::Cut);
        assert!(near(&rate, 120.0), "a fifth, at once");
        for (seconds, expected) in [(6, 180.0), (8, 270.0), (10, 405.0), (12, 445.5), (14, 490.05)] {
            let done = rate.value(LIMIT);
            assert_eq!(rate.steer(at(seconds), &verdict(100, 0, 0), LIMIT, done), Change::Grown);
            assert!(near(&rate, expected), "{expected}");
        }
        assert_eq!(rate.steer(at(40), &verdict(1_000, 16, 0), LIMIT, 490.05), Change::Cut);
        assert!(near(&rate, 490.05 * 0.85), "little, because it is little");
    }

    #[test]
    fn it_keeps_to_the_limit_and_the_limit_may_move() {
        let mut rate = Rate::new(900.0, at(0));
        rate.steer(at(3), &verdict(60, 0, 0), LIMIT, 900.0);
        assert!(near(&rate, 1_000.0));
        assert_eq!(rate.steer(at(6), &verdict(60, 0, 0), LIMIT, 1_000.0), Change::Kept);
        assert!((rate.value(Some(10.0)) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_not_reached_is_not_what_is_cut() {
        let mut rate = Rate::new(1_000.0, at(0));
        rate.steer(at(3), &verdict(100, 10, 0), None, 300.0);
        assert!(near(&rate, FLOOR), "a tenth of 300 is below the floor");
    }

    #[test]
    fn harm_at_the_slowest_twice_is_hopeless() {
        let mut rate = Rate::new(60.0, at(0));
        let bad = verdict(50, 20, 10);
        assert_eq!(rate.steer(at(3), &bad, LIMIT, 60.0), Change::CutHard, "not yet at the slowest");
        assert_eq!(rate.steer(at(4), &bad, LIMIT, 50.0), Change::CutHard, "once");
        assert_eq!(rate.steer(at(5), &bad, LIMIT, 50.0), Change::CutHard, "the same hiccup");
        assert_eq!(rate.steer(at(7), &bad, LIMIT, 50.0), Change::Hopeless);
        let mut recovered = Rate::new(50.0, at(0));
        recovered.steer(at(4), &bad, LIMIT, 50.0);
        recovered.steer(at(6), &verdict(60, 0, 0), LIMIT, 50.0);
        assert_eq!(recovered.steer(at(9), &bad, LIMIT, 50.0), Change::CutHard, "a strike is forgotten when all is well");
    }
}
