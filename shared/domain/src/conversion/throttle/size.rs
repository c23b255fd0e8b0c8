//! How many rows a chunk has.

use super::super::pace::{ChunkEnd, ChunkReport};
use super::preset::Law;
use std::time::Duration;

/// At a steady rate, so much of a second is done at once: twenty chunks a second are a stream, not a row of blows.
const PORTION: f64 = 0.05;
/// What a chunk costs besides its rows must not be most of it.
const ROWS_AT_LEAST: f64 = 10.0;
/// The weight of what went before, in the average of rows and of time.
const MEMORY: f64 = 0.75;
/// After a chunk was too large, the next may grow by this.
const GROWTH: f64 = 1.1;

/// The law of the size: by the rate, by the time a chunk should take, and by what proved too large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    rows: f64,
    seconds: f64,
    cap: f64,
}

impl Default for Size {
    fn default() -> Self {
        Self { rows: 0.0, seconds: 0.0, cap: f64::INFINITY }
    }
}

impl Size {
    /// Rows for the next chunk; at least 1.
    pub(super) fn next(&self, rate: f64, law: &Law) -> u32 {
        let by_rate = (rate * PORTION).clamp(ROWS_AT_LEAST.min(rate), law.rows_max);
        // Averages of rows and of time, and then their quotient: a slow chunk weighs by the time it took.
        let by_time =
            if self.seconds > 0.0 { self.rows / self.seconds * law.chunk_target.as_secs_f64() } else { ROWS_AT_LEAST.max(by_rate / 4.0) };
        // The conversion saturates, and the value is far from the end of the type.
        by_rate.min(by_time).min(self.cap).max(1.0) as u32
    }

    pub(super) fn done(&mut self, report: &ChunkReport) {
        match report.end {
            ChunkEnd::Committed if report.rows > 0 => {
                self.rows = self.rows * MEMORY + f64::from(report.rows);
                self.seconds = self.seconds * MEMORY + report.took.max(Duration::from_micros(1)).as_secs_f64();
                self.cap *= GROWTH;
            }
            ChunkEnd::TimedOut => self.halve(report.rows),
            ChunkEnd::Committed | ChunkEnd::Failed => {}
        }
    }

    /// A chunk of so many rows was too large.
    pub(super) fn halve(&mut self, rows: u32) {
        self.cap = (f64::from(rows) / 2.0).max(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion::throttle::Preset;

    fn report(rows: u32, millis: u64, end: ChunkEnd) -> ChunkReport {
        ChunkReport { rows, took: Duration::from_millis(millis), end }
    }

    /// The size after many chunks of which each row takes so many microseconds.
    fn settled(preset: Preset, rate: f64, micros: f64) -> u32 {
        let mut size = Size::default();
        for _ in 0..50 {
            let rows = size.next(rate, &preset.law());
            let took = Duration::from_secs_f64((f64::from(rows) * micros + 200.0) / 1e6);
            size.done(&ChunkReport { rows, took, end: ChunkEnd::Committed });
        }
        size.next(rate, &preset.law())
    }

    #[test]
    fn a_chunk_is_a_twentieth_of_a_second_within_bounds() {
        assert_eq!(settled(Preset::Gentle, 500.0, 25.0), 25);
        assert_eq!(settled(Preset::Gentle, 4_000.0, 25.0), 50);
        assert_eq!(settled(Preset::Normal, 2_500.0, 25.0), 125);
        assert_eq!(settled(Preset::Gentle, 60.0, 25.0), 10);
        assert_eq!(settled(Preset::Gentle, 2.0, 25.0), 2);
    }

    #[test]
    fn a_chunk_takes_no_longer_than_it_should() {
        // 20 ms a chunk at 1 ms a row, and 50 ms for the one in a hurry.
        assert_eq!(settled(Preset::Normal, 2_500.0, 1_000.0), 19);
        assert_eq!(settled(Preset::Fast, 40_000.0, 1_000.0), 49);
        assert_eq!(settled(Preset::Fast, 100_000.0, 20.0), 2_000, "the most there is");
    }

    #[test]
    fn one_that_timed_out_is_halved_and_grows_again_slowly() {
        let (mut size, law) = (Size::default(), Preset::Normal.law());
        for _ in 0..20 {
            size.done(&report(100, 2, ChunkEnd::Committed));
        }
        assert_eq!(size.next(2_500.0, &law), 125);
        size.done(&report(100, 2_000, ChunkEnd::TimedOut));
        assert_eq!(size.next(2_500.0, &law), 50);
        (0..10).for_each(|_| size.done(&report(1, 2_000, ChunkEnd::TimedOut)));
        assert_eq!(size.next(2_500.0, &law), 1, "down to one row");
        size.done(&report(1, 1, ChunkEnd::Failed));
        assert_eq!(size.next(2_500.0, &law), 1, "another failure says nothing about the size");
    }
}
