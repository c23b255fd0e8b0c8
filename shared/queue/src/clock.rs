//! The queue's clock.
//!
//! Deadlines are compared by processes on different machines, so they are all read from one clock: that of the Redis server.
//! Asking it for every operation would cost a round trip; instead its distance from this machine's monotonic clock is measured
//! once a second, and the measurement with the smallest round trip among the recent ones is believed, because half a round trip
//! is what it can be wrong by. While Redis is away the last distance stays in use, and before the first measurement it is the
//! system clock.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Measurements looked at: old ones fade out, since the two clocks drift.
const KEPT: usize = 16;

/// A jump of more than this beyond what the round trips explain is a new clock (a failover), not noise.
const JUMP_US: i64 = 100_000;

/// This machine's clock, milliseconds since 1970.
pub(crate) fn system_ms() -> i64 {
    system_us() / 1000
}

fn system_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A remote clock as far as it is known here.
pub(crate) struct Clock {
    origin: Instant,
    /// The remote clock at `origin`, microseconds since 1970.
    offset_us: AtomicI64,
    samples: Mutex<VecDeque<Sample>>,
}

#[derive(Clone, Copy)]
struct Sample {
    offset_us: i64,
    round_trip_us: i64,
}

impl Clock {
    /// A clock that shows the system's time until it learns better.
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), offset_us: AtomicI64::new(system_us()), samples: Mutex::default() }
    }

    /// The remote clock now, milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.offset_us.load(Ordering::Relaxed) + self.since_origin_us(Instant::now())) / 1000
    }

    /// Takes in a measurement: the remote clock showed `remote_us` somewhere between the two local moments.
    pub(crate) fn learn(&self, asked: Instant, answered: Instant, remote_us: i64) {
        let (from, to) = (self.since_origin_us(asked), self.since_origin_us(answered));
        let sample = Sample { offset_us: remote_us - i64::midpoint(from, to), round_trip_us: to - from };
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.retain(|old| (old.offset_us - sample.offset_us).abs() <= (old.round_trip_us + sample.round_trip_us) / 2 + JUMP_US);
        if samples.len() == KEPT {
            samples.pop_front();
        }
        samples.push_back(sample);
        if let Some(best) = samples.iter().min_by_key(|sample| sample.round_trip_us) {
            self.offset_us.store(best.offset_us, Ordering::Relaxed);
        }
    }

    fn since_origin_us(&self, moment: Instant) -> i64 {
        i64::try_from(moment.saturating_duration_since(self.origin).as_micros()).unwrap_or(i64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_system_clock_before_the_first_measurement() {
        assert!((Clock::new().now_ms() - system_ms()).abs() < 1000);
    }

    #[test]
    fn believes_the_measurement_with_the_smallest_round_trip() {
        let clock = Clock::new();
        let now = Instant::now();
        let hour = system_us() + 3_600_000_000;
        clock.learn(now, now + Duration::from_micros(200), hour + 100);
        clock.learn(now, now + Duration::from_millis(60), hour + 59_000);
        assert!((clock.now_ms() - hour / 1000).abs() < 1000);
        let exact = clock.offset_us.load(Ordering::Relaxed);
        assert!((exact + clock.since_origin_us(now) - hour).abs() < 1000, "the noisy one is not believed");
    }

    #[test]
    fn follows_a_clock_that_jumped() {
        let clock = Clock::new();
        let now = Instant::now();
        clock.learn(now, now + Duration::from_micros(10), system_us() + 3_600_000_000);
        let back = system_us();
        clock.learn(now, now + Duration::from_millis(1), back);
        assert!((clock.now_ms() - back / 1000).abs() < 1000);
    }
}
