//! How fast a run goes.

use muster_domain::{AccountId, conversion::Phase};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// What a pace answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next chunk may touch this many rows.
    Work {
        /// Rows; at least one.
        rows: u32,
    },
    /// Ask again after this long.
    Wait {
        /// How long.
        pause: Duration,
        /// What for, for the operator; none for the pauses of an even pace.
        reason: Option<String>,
    },
    /// Something is wrong: the run is paused with this reason, until an operator resumes it.
    Stop {
        /// Why, for the operator.
        reason: String,
    },
}

/// What a pace is told when it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The time.
    pub now: Instant,
    /// What the run is doing.
    pub phase: Phase,
    /// What the operator has set (`conversion.pace`): it may change from one chunk to the next.
    pub wanted: &'a serde_json::Value,
}

/// What a pace is told of a chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// What the run was doing.
    pub phase: Phase,
    /// How many rows the chunk looked at.
    pub rows: u32,
    /// When it began.
    pub began: Instant,
    /// How long it took.
    pub took: Duration,
    /// It failed, and will be tried again smaller or later.
    pub failed: bool,
}

/// Decides before each chunk. It is asked often and must not wait: what has to be measured is measured beside it.
pub trait Pace: Send {
    /// What may be done now.
    fn next(&mut self, moment: Moment<'_>) -> Step;
    /// A chunk is over.
    fn done(&mut self, chunk: Chunk);
}

/// Makes the pace of a slice that works on an account.
pub type PaceFactory = Arc<dyn Fn(AccountId) -> Box<dyn Pace> + Send + Sync>;

/// The presets, rows a second; `fast` has no limit.
const PRESETS: [(&str, Option<f64>); 3] = [("gentle", Some(1_000.0)), ("normal", Some(2_500.0)), ("fast", None)];

/// So many rows a second, evenly: `{"preset": "gentle", "rows_per_second": 500}`, where the number goes before the preset.
#[derive(Debug, Default)]
pub struct FixedRate {
    due: Option<Instant>,
}

/// A factory of [`FixedRate`].
#[must_use]
pub fn fixed_rate() -> PaceFactory {
    Arc::new(|_| Box::new(FixedRate::default()))
}

impl FixedRate {
    fn rate(wanted: &serde_json::Value) -> Option<f64> {
        if let Some(rate) = wanted.get("rows_per_second").and_then(serde_json::Value::as_f64) {
            return Some(rate.max(1.0));
        }
        let preset = wanted.get("preset").and_then(serde_json::Value::as_str).unwrap_or("gentle");
        PRESETS.iter().find(|(name, _)| *name == preset).map_or(PRESETS[0].1, |(_, rate)| *rate)
    }
}

impl Pace for FixedRate {
    fn next(&mut self, Moment { now, phase, wanted }: Moment<'_>) -> Step {
        // Reading users and writing items touches nobody's rows.
        let weight = if matches!(phase, Phase::Read | Phase::Contest | Phase::Verify) { 10.0 } else { 1.0 };
        let Some(rate) = Self::rate(wanted).map(|rate| rate * weight) else { return Step::Work { rows: 1_000 } };
        if let Some(pause) = self.due.and_then(|due| due.checked_duration_since(now)).filter(|pause| !pause.is_zero()) {
            return Step::Wait { pause, reason: None };
        }
        let rows = (rate * 0.05).clamp(10.0, 500.0);
        // Time lost by a slow chunk is made good for a second at most.
        let from = self.due.map_or(now, |due| due.max(now.checked_sub(Duration::from_secs(1)).unwrap_or(now)));
        self.due = Some(from + Duration::from_secs_f64(rows / rate));
        Step::Work { rows: rows as u32 }
    }

    fn done(&mut self, _: Chunk) {}
}

impl fmt::Debug for dyn Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pace")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fixed_rate_is_kept_over_any_second() {
        let (mut pace, start) = (FixedRate::default(), Instant::now());
        let wanted = json!({"preset": "fast", "rows_per_second": 400});
        let (mut rows, mut now) = (0, start);
        while now < start + Duration::from_secs(10) {
            match pace.next(Moment { now, phase: Phase::Users, wanted: &wanted }) {
                Step::Work { rows: allowed } => rows += allowed,
                Step::Wait { pause, .. } => now += pause,
                Step::Stop { reason } => panic!("{reason}"),
            }
        }
        assert!((3_990..=4_040).contains(&rows), "{rows}");
    }

    #[test]
    fn fast_has_no_limit_and_what_is_unknown_is_gentle() {
        assert_eq!(FixedRate::rate(&json!({"preset": "fast"})), None);
        assert_eq!(FixedRate::rate(&json!({"preset": "wild"})), Some(1_000.0));
        assert_eq!(FixedRate::rate(&json!(null)), Some(1_000.0));
    }
}
