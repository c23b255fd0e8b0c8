//! How fast it really goes, for people and for the estimate of the end.

use std::{collections::VecDeque, time::Duration};

/// One figure of the range.
const BUCKET: Duration = Duration::from_secs(15);
/// Ten minutes of them.
const BUCKETS: usize = 40;

/// Counts rows over the time in which work was allowed. Time that windows and pauses take is left out: the estimate of the end knows
/// these by itself. Other waits are in it: they will come again.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    at: Option<Duration>,
    elapsed: Duration,
    rows: u64,
    rates: VecDeque<f64>,
}

impl Meter {
    /// Time has passed, and it was working time or not.
    pub(super) fn pass(&mut self, at: Duration, working: bool) {
        let before = self.at.replace(at);
        if let (true, Some(before)) = (working, before) {
            self.elapsed += at.saturating_sub(before);
        }
        if self.elapsed >= BUCKET {
            self.rates.push_back(self.rows as f64 / self.elapsed.as_secs_f64());
            (self.rows, self.elapsed) = (0, Duration::ZERO);
            while self.rates.len() > BUCKETS {
                self.rates.pop_front();
            }
        }
    }

    /// What it did at another pace says nothing about what it will do at this one.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { at: self.at, ..Self::default() };
    }

    pub(super) fn add(&mut self, rows: u32) {
        self.rows += u64::from(rows);
    }

    /// Rows per second over the last minute of working time, or what there has been of it.
    pub(super) fn rate(&self) -> f64 {
        let newest: Vec<f64> = self.rates.iter().rev().take(4).copied().collect();
        if !newest.is_empty() {
            mean(&newest)
        } else if self.elapsed.is_zero() {
            0.0
        } else {
            self.rows as f64 / self.elapsed.as_secs_f64()
        }
    }

    /// The middle half of the figures, made wide enough to hold their mean.
    pub(super) fn range(&self) -> (f64, f64) {
        let mut rates: Vec<f64> = self.rates.iter().copied().collect();
        if rates.is_empty() {
            return (self.rate(), self.rate());
        }
        rates.sort_by(f64::total_cmp);
        let (mean, last) = (mean(&rates), rates.len() - 1);
        (rates[last / 4].min(mean), rates[(last * 3).div_ceil(4)].max(mean))
    }
}

fn mean(rates: &[f64]) -> f64 {
    rates.iter().sum::<f64>() / rates.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_count_and_closed_windows_do_not() {
        let mut meter = Meter::default();
        assert!(meter.rate() < 1e-9 && meter.range() == (0.0, 0.0));
        meter.pass(at(0), true);
        meter.add(150);
        meter.pass(at(10), true);
        assert!((meter.rate() - 15.0).abs() < 1e-9, "before the first figure is full");
        meter.pass(at(3_600), false);
        meter.pass(at(3_605), true);
        assert!((meter.rate() - 10.0).abs() < 1e-9, "150 rows in 15 s of working time");
    }

    #[test]
    fn a_new_pace_is_measured_by_itself() {
        let mut meter = Meter::default();
        meter.pass(at(0), true);
        meter.add(150_000);
        meter.pass(at(20), true);
        meter.begin_anew();
        assert!(meter.rate() < 1e-9, "nothing is known of it yet");
        meter.add(50);
        meter.pass(at(25), true);
        assert!((meter.rate() - 10.0).abs() < 1e-9 && meter.range() == (meter.rate(), meter.rate()), "the time between counts");
    }

    #[test]
    fn the_range_is_the_middle_half_and_holds_the_mean() {
        let mut meter = Meter::default();
        meter.pass(at(0), true);
        for (n, rows) in (1_u64..).zip([10, 20, 30, 40, 1_000]) {
            meter.add(rows * 15);
            meter.pass(at(n * 15), true);
        }
        let (slow, fast) = meter.range();
        assert!((slow - 20.0).abs() < 1e-9 && (fast - 220.0).abs() < 1e-9, "{slow} to {fast}");
    }
}
