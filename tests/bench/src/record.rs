//! What was measured: how long each request took and what it was answered, by kind.

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

/// The latencies of one kind of request, in microseconds.
#[derive(Clone, Debug, Default)]
struct Kind {
    latencies: Vec<u32>,
}

/// What one client, or all of them, measured.
#[derive(Clone, Debug, Default)]
pub struct Record {
    kinds: BTreeMap<&'static str, Kind>,
    unexpected: BTreeMap<String, u64>,
}

/// A finished measurement.
#[derive(Debug)]
pub struct Report {
    /// The shape.
    pub shape: String,
    /// The clients.
    pub clients: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// What was measured.
    pub record: Record,
}

impl Record {
    /// Notes an answer of the expected kind.
    pub fn ok(&mut self, kind: &'static str, since: Instant) {
        let micros = u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.kinds.entry(kind).or_default().latencies.push(micros);
    }

    /// Notes an answer that was not expected.
    pub fn unexpected(&mut self, kind: &'static str, what: impl fmt::Display) {
        *self.unexpected.entry(format!("{kind}: {what}")).or_default() += 1;
    }

    /// Notes an answer: expected or not.
    pub fn answer(&mut self, kind: &'static str, since: Instant, status: u16, expected: &[u16]) -> bool {
        let good = expected.contains(&status);
        if good {
            self.ok(kind, since);
        } else {
            self.unexpected(kind, status);
        }
        good
    }

    /// How many answers were as expected.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kinds.values().map(|kind| kind.latencies.len()).sum()
    }

    /// What was not expected, and how often.
    #[must_use]
    pub const fn unexpected_answers(&self) -> &BTreeMap<String, u64> {
        &self.unexpected
    }

    /// The latency below which this share lies, milliseconds: of one kind, or of all.
    #[must_use]
    pub fn at(&self, kind: Option<&str>, share: f64) -> f64 {
        let wanted = self.kinds.iter().filter(|(name, _)| kind.is_none_or(|kind| kind == **name));
        let mut latencies: Vec<u32> = wanted.flat_map(|(_, kind)| kind.latencies.iter().copied()).collect();
        latencies.sort_unstable();
        percentile(&latencies, share)
    }

    /// Takes in what another client measured.
    pub fn merge(&mut self, other: Self) {
        for (kind, other) in other.kinds {
            self.kinds.entry(kind).or_default().latencies.extend(other.latencies);
        }
        for (what, count) in other.unexpected {
            *self.unexpected.entry(what).or_default() += count;
        }
    }
}

/// The value below which `share` of the sorted values lie; nearest rank.
fn percentile(sorted: &[u32], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
}

impl Report {
    /// The rows of the report: a name, a count, the rate, the percentiles in milliseconds; the whole first.
    fn rows(&self) -> Vec<(String, usize, f64, [f64; 5])> {
        let seconds = self.elapsed.as_secs_f64();
        let row = |name: &str, mut latencies: Vec<u32>| {
            latencies.sort_unstable();
            let at = |share| percentile(&latencies, share);
            let count = latencies.len();
            (name.to_owned(), count, count as f64 / seconds, [at(0.5), at(0.9), at(0.99), at(0.999), at(1.0)])
        };
        let all = self.record.kinds.values().flat_map(|kind| kind.latencies.iter().copied()).collect();
        let mut rows = vec![row("all", all)];
        if self.record.kinds.len() > 1 {
            rows.extend(self.record.kinds.iter().map(|(name, kind)| row(name, kind.latencies.clone())));
        }
        rows
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows: serde_json::Map<String, Value> = self
            .rows()
            .into_iter()
            .map(|(name, count, rate, [p50, p90, p99, p999, max])| {
                (name, json!({ "count": count, "rate": rate, "p50_ms": p50, "p90_ms": p90, "p99_ms": p99, "p999_ms": p999, "max_ms": max }))
            })
            .collect();
        json!({ "shape": self.shape, "clients": self.clients, "seconds": self.elapsed.as_secs_f64(), "requests": rows, "unexpected": self.record.unexpected })
    }

    /// Whether anything was answered otherwise than expected.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.record.unexpected.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} clients, {:.1} s", self.shape, self.clients, self.elapsed.as_secs_f64())?;
        writeln!(
            f,
            "{:<12} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "request", "count", "per s", "p50 ms", "p90", "p99", "p99.9", "max"
        )?;
        for (name, count, rate, [p50, p90, p99, p999, max]) in self.rows() {
            writeln!(f, "{name:<12} {count:>9} {rate:>9.0} {p50:>8.2} {p90:>8.2} {p99:>8.2} {p999:>8.2} {max:>8.2}")?;
        }
        for (what, count) in &self.record.unexpected {
            writeln!(f, "unexpected   {count:>9} {what}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sorted: Vec<u32> = (1..=1000).map(|ms| ms * 1000).collect();
        for (share, expected) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            assert!((percentile(&sorted, share) - expected).abs() < f64::EPSILON, "{share}");
        }
        assert!(percentile(&[], 0.5).abs() < f64::EPSILON);
        assert!((percentile(&[7000], 0.01) - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_report_counts_by_kind_and_names_what_was_not_expected() {
        let mut record = Record::default();
        let now = Instant::now();
        assert!(record.answer("post", now, 201, &[201]));
        assert!(!record.answer("post", now, 503, &[201]));
        let mut other = Record::default();
        other.ok("get", now);
        record.merge(other);
        let report = Report { shape: "x".to_owned(), clients: 2, elapsed: Duration::from_secs(2), record };
        assert!(!report.is_clean());
        let json = report.json();
        assert_eq!(json["requests"]["all"]["count"], 2);
        assert_eq!(json["requests"]["post"]["count"], 1);
        assert_eq!(json["unexpected"]["post: 503"], 1);
        assert!(report.to_string().contains("post: 503"));
    }
}
