//! What was measured, side by side.

use super::database::Counters;
use crate::record::Record;
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// One stretch of time.
#[derive(Debug)]
pub struct Side {
    record: Record,
    seconds: f64,
    lock_samples: u32,
    lock_waits: u32,
    most_waiting: u32,
    counted: Counters,
}

/// The conversion held, and let go.
#[derive(Debug)]
pub struct Round {
    /// Held.
    pub off: Side,
    /// Let go.
    pub on: Side,
}

/// A finished measurement.
#[derive(Debug)]
pub struct PlatformReport {
    account: String,
    rate: u32,
    /// Measured without touching the conversion.
    pub alone: Option<Side>,
    /// Measured in turn.
    pub rounds: Vec<Round>,
}

impl Side {
    /// `locks`: samples of who waits for a lock, those in which somebody did, and the most who did at once.
    #[must_use]
    pub fn new(record: Record, length: Duration, (lock_samples, lock_waits, most_waiting): (u32, u32, u32), counted: Counters) -> Self {
        Self { record, seconds: length.as_secs_f64(), lock_samples, lock_waits, most_waiting, counted }
    }

    fn ms(&self, share: f64) -> f64 {
        self.record.at(None, share)
    }

    fn rows_per_second(&self) -> f64 {
        self.counted.converted as f64 / self.seconds
    }

    fn json(&self) -> Value {
        let kinds = ["look-up", "profile", "child"].map(|kind| (kind.to_owned(), json!(self.record.at(Some(kind), 0.99))));
        json!({
            "count": self.record.count(), "seconds": self.seconds, "p50_ms": self.ms(0.5), "p99_ms": self.ms(0.99), "max_ms": self.ms(1.0),
            "p99_ms_by_kind": serde_json::Map::from_iter(kinds), "lock_samples": self.lock_samples, "lock_waits": self.lock_waits,
            "most_waiting": self.most_waiting, "rows_per_second": self.rows_per_second(), "rows": self.counted.converted,
            "wal_bytes": self.counted.wal, "unexpected": self.record.unexpected_answers(),
        })
    }
}

impl Round {
    fn ratio(&self) -> f64 {
        self.on.ms(0.99) / self.off.ms(0.99).max(1e-6)
    }

    /// Write-ahead log for each row that was converted: what was written beyond what the platform writes by itself.
    fn wal_per_row(&self) -> Option<f64> {
        let more = self.on.counted.wal as f64 / self.on.seconds - self.off.counted.wal as f64 / self.off.seconds;
        (self.on.counted.converted > 0).then(|| more / self.on.rows_per_second())
    }
}

impl PlatformReport {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(account: &str, rate: u32) -> Self {
        Self { account: account.to_owned(), rate, alone: None, rounds: Vec::new() }
    }

    /// The median of what the rounds say; none without rounds.
    fn median(&self, figure: impl Fn(&Round) -> Option<f64>) -> Option<f64> {
        let mut figures: Vec<f64> = self.rounds.iter().filter_map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        match figures.len() {
            0 => None,
            n if n % 2 == 1 => Some(figures[middle]),
            _ => Some(f64::midpoint(figures[middle - 1], figures[middle])),
        }
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let rounds: Vec<Value> = self
            .rounds
            .iter()
            .map(|round| json!({ "off": round.off.json(), "on": round.on.json(), "p99_ratio": round.ratio(), "wal_per_row": round.wal_per_row() }))
            .collect();
        json!({
            "account": self.account, "rate": self.rate, "alone": self.alone.as_ref().map(Side::json), "rounds": rounds,
            "median_p99_ratio": self.median(|round| Some(round.ratio())),
            "median_rows_per_second": self.median(|round| Some(round.on.rows_per_second())),
            "median_wal_per_row": self.median(Round::wal_per_row),
        })
    }

    /// Whether every transaction of the platform was answered as expected.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let rounds = self.rounds.iter().flat_map(|round| [&round.off, &round.on]);
        rounds.chain(&self.alone).all(|side| side.record.unexpected_answers().is_empty())
    }
}

impl fmt::Display for PlatformReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} transactions/s of the platform", self.account, self.rate)?;
        let head = ["side", "count", "p50 ms", "p99", "max", "lock waits", "rows/s", "MiB log/s"];
        writeln!(
            f,
            "{:<6} {:>7} {:>8} {:>9} {:>9} {:>16} {:>8} {:>9}",
            head[0], head[1], head[2], head[3], head[4], head[5], head[6], head[7]
        )?;
        let mut row = |name: &str, side: &Side| {
            let locks = format!("{}/{} (most {})", side.lock_waits, side.lock_samples, side.most_waiting);
            let log = side.counted.wal as f64 / side.seconds / 1_048_576.0;
            let (count, rows) = (side.record.count(), side.rows_per_second());
            let (p50, p99, max) = (side.ms(0.5), side.ms(0.99), side.ms(1.0));
            writeln!(f, "{name:<6} {count:>7} {p50:>8.2} {p99:>9.2} {max:>9.2} {locks:>16} {rows:>8.0} {log:>9.2}")
        };
        if let Some(side) = &self.alone {
            row("alone", side)?;
        }
        for round in &self.rounds {
            row("off", &round.off)?;
            row("on", &round.on)?;
        }
        let ratios: Vec<String> = self.rounds.iter().map(|round| format!("{:.2}", round.ratio())).collect();
        if let (Some(ratio), Some(rows)) = (self.median(|round| Some(round.ratio())), self.median(|round| Some(round.on.rows_per_second())))
        {
            writeln!(f, "p99 on/off: median {ratio:.2} of {}; {rows:.0} rows/s", ratios.join(" "))?;
        }
        if let Some(bytes) = self.median(Round::wal_per_row) {
            writeln!(f, "write-ahead log: {bytes:.0} bytes per row")?;
        }
        for side in self.rounds.iter().flat_map(|round| [&round.off, &round.on]).chain(&self.alone) {
            for (what, count) in side.record.unexpected_answers() {
                writeln!(f, "unexpected {count:>7} {what}")?;
            }
        }
        Ok(())
    }
}
