//! Hard stops: what ends all work at once, by name.
//!
//! Each is a gauge with two marks: above the first it stops, below the second it goes on. One mark would make it flutter. Any one of
//! them suffices; of several, the one that comes first in [`WaitReason::ALL`] is shown.

use super::super::pace::WaitReason;
use super::words::{bytes, grouped, seconds};
use std::time::Duration;

/// What the probes found out. What could not be asked, or does not exist there, is none and stops nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// Operations of directories that wait to be applied, at least.
    pub backlog: Option<u64>,
    /// For how long the oldest of them has waited.
    pub backlog_age: Option<Duration>,
    /// Sessions that wait for a lock the conversion holds.
    pub blocked_by_us: Option<u64>,
    /// How far the replica that is furthest behind is behind.
    pub replica_lag: Option<Duration>,
    /// The position in the write-ahead log, bytes since the beginning.
    pub wal_position: Option<u64>,
    /// Bytes of the log kept because a reader of it has not come so far.
    pub wal_retained: Option<u64>,
    /// Segments of the log that wait to be archived.
    pub archive_backlog: Option<u64>,
    /// For how long the oldest transaction has been open that is not ours.
    pub oldest_transaction: Option<Duration>,
}

/// The marks: where a gauge stops the work, and where it lets it go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marks {
    /// At this much or more, nothing more is started.
    pub stop: f64,
    /// Below this, it goes on.
    pub resume: f64,
}

/// The marks of every gauge but the rate of the log, which the preset sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopMarks {
    /// Operations.
    pub backlog: Marks,
    /// Seconds.
    pub backlog_age: Marks,
    /// Seconds.
    pub replica_lag: Marks,
    /// Bytes.
    pub wal_retained: Marks,
    /// Segments.
    pub archive_backlog: Marks,
    /// Seconds.
    pub oldest_transaction: Marks,
}

impl Default for StopMarks {
    fn default() -> Self {
        let marks = |stop, resume| Marks { stop, resume };
        Self {
            backlog: marks(100.0, 50.0),
            backlog_age: marks(1.0, 0.5),
            replica_lag: marks(5.0, 2.0),
            wal_retained: marks(1_073_741_824.0, 536_870_912.0),
            // Measured at another large installation as the number at which an archiver is in trouble and not only busy.
            archive_backlog: marks(42.0, 21.0),
            oldest_transaction: marks(300.0, 240.0),
        }
    }
}

/// One gauge.
#[derive(Clone, Copy, Debug, Default)]
struct Gauge {
    value: f64,
    is_over: bool,
}

impl Gauge {
    fn read(&mut self, value: Option<f64>, marks: Marks) {
        // What cannot be read any more must not hold the run for ever; that nothing can be read is a reason of its own.
        self.value = value.unwrap_or(0.0);
        self.is_over = if self.is_over { self.value >= marks.resume } else { self.value >= marks.stop };
    }
}

/// All gauges.
#[derive(Clone, Debug)]
pub(super) struct Stops {
    marks: StopMarks,
    wal_max: f64,
    backlog: Gauge,
    backlog_age: Gauge,
    blocked: Gauge,
    replica_lag: Gauge,
    wal_rate: Gauge,
    wal_retained: Gauge,
    archive: Gauge,
    oldest: Gauge,
    wal_before: Option<(Duration, u64)>,
    seen: Option<Duration>,
}

/// The shortest time over which a rate of the log means something: a single checkpoint must not look like a flood.
const WAL_RATE_OVER: Duration = Duration::from_secs(5);
const BLOCKED: Marks = Marks { stop: 1.0, resume: 1.0 };

impl Stops {
    pub(super) fn new(marks: StopMarks) -> Self {
        let gauge = Gauge::default();
        Self {
            marks,
            wal_max: f64::INFINITY,
            backlog: gauge,
            backlog_age: gauge,
            blocked: gauge,
            replica_lag: gauge,
            wal_rate: gauge,
            wal_retained: gauge,
            archive: gauge,
            oldest: gauge,
            wal_before: None,
            seen: None,
        }
    }

    /// When the probes were heard last.
    pub(super) const fn seen(&self) -> Option<Duration> {
        self.seen
    }

    pub(super) fn read(&mut self, at: Duration, signals: &Signals, wal_max: f64) {
        let marks = self.marks;
        let count = |value: Option<u64>| value.map(|n| n as f64);
        let secs = |value: Option<Duration>| value.map(|d| d.as_secs_f64());
        self.seen = Some(at);
        self.wal_max = wal_max;
        self.backlog.read(count(signals.backlog), marks.backlog);
        self.backlog_age.read(secs(signals.backlog_age), marks.backlog_age);
        self.blocked.read(count(signals.blocked_by_us), BLOCKED);
        self.replica_lag.read(secs(signals.replica_lag), marks.replica_lag);
        self.wal_retained.read(count(signals.wal_retained), marks.wal_retained);
        self.archive.read(count(signals.archive_backlog), marks.archive_backlog);
        self.oldest.read(secs(signals.oldest_transaction), marks.oldest_transaction);
        match (self.wal_before, signals.wal_position) {
            (Some((then, before)), Some(now)) if at >= then + WAL_RATE_OVER => {
                let rate = now.saturating_sub(before) as f64 / (at - then).as_secs_f64();
                self.wal_rate.read(Some(rate), Marks { stop: wal_max, resume: wal_max * 0.75 });
                self.wal_before = Some((at, now));
            }
            (Some(_), Some(_)) => {}
            (_, now) => {
                self.wal_rate.read(None, Marks { stop: wal_max, resume: wal_max });
                self.wal_before = now.map(|now| (at, now));
            }
        }
    }

    /// The reason that outranks the others, and what to say about it.
    pub(super) fn reason(&self) -> Option<(WaitReason, String)> {
        let m = &self.marks;
        if self.backlog.is_over {
            let text = format!(
                "waits: provisioning backlog {} operations, resumes below {}",
                grouped(self.backlog.value),
                grouped(m.backlog.resume)
            );
            return Some((WaitReason::ProvisioningBacklog, text));
        }
        if self.backlog_age.is_over {
            let (age, resume) = (self.backlog_age.value, m.backlog_age.resume);
            let text = format!("waits: an operation of provisioning has waited for {age:.1} s, resumes below {resume:.1} s");
            return Some((WaitReason::ProvisioningBacklog, text));
        }
        if self.blocked.is_over {
            let who = match self.blocked.value {
                n if n > 1.5 => format!("{} sessions wait", grouped(n)),
                _ => "one session waits".to_owned(),
            };
            return Some((WaitReason::BlockedByUs, format!("waits: {who} for a lock of the conversion, resumes when none does")));
        }
        if self.replica_lag.is_over {
            let text =
                format!("waits: a replica is {} behind, resumes below {}", seconds(self.replica_lag.value), seconds(m.replica_lag.resume));
            return Some((WaitReason::ReplicaLag, text));
        }
        self.wal_reason().map(|text| (WaitReason::WalRate, text)).or_else(|| {
            self.oldest.is_over.then(|| {
                let text = format!(
                    "waits: a transaction is open for {}, resumes when none is for {}",
                    seconds(self.oldest.value),
                    seconds(m.oldest_transaction.resume)
                );
                (WaitReason::OldTransaction, text)
            })
        })
    }

    fn wal_reason(&self) -> Option<String> {
        let m = &self.marks;
        if self.wal_rate.is_over {
            let (now, resume) = (bytes(self.wal_rate.value), bytes(self.wal_max * 0.75));
            return Some(format!("waits: {now} of write-ahead log a second, resumes below {resume}"));
        }
        if self.wal_retained.is_over {
            let (now, resume) = (bytes(self.wal_retained.value), bytes(m.wal_retained.resume));
            return Some(format!("waits: {now} of write-ahead log kept for a slow reader of it, resumes below {resume}"));
        }
        self.archive.is_over.then(|| {
            let (now, resume) = (grouped(self.archive.value), grouped(m.archive_backlog.resume));
            format!("waits: {now} segments of write-ahead log wait to be archived, resumes below {resume}")
        })
    }
}

#[cfg(test)]
#[path = "stops_tests.rs"]
mod tests;
