//! The canary: queries like the platform's own, sent all the time, sorted by whether one of our chunks was under way.
//!
//! What is promised is about the platform's p99: ninety-nine of a hundred of its queries take no longer than `tolerance` times what
//! they would take without us. "Without us" is measured in the same seconds, *between* chunks; a figure taken once, before the start,
//! would blame us for whatever others do later. From it follows a bound for one query. As long as no more than one query in a hundred
//! is over the bound *during* a chunk, the promise is kept, whatever else slows the rest. A slow query whose neighbours between chunks
//! are slow as well was not slowed by us, and does not count: so the first second of somebody else's burst is not held against us.
//!
//! Counting against a bound needs far fewer samples than comparing two p99s, and says at the same time how much too fast we are: with
//! twice the tolerated share, half the rate keeps the promise.

use std::{collections::VecDeque, time::Duration};

/// How far back samples between chunks are looked at.
pub(super) const WINDOW: Duration = Duration::from_secs(30);
/// So long after a chunk the disk may still be busy with it.
const TAIL: Duration = Duration::from_millis(10);
/// A query that is due so shortly before a chunk meets it.
const LEAD: Duration = Duration::from_millis(2);
/// With fewer samples between chunks there is no p99 to compare with.
const BETWEEN_AT_LEAST: usize = 40;
/// The share of queries that may be over the bound: what p99 means.
const SHARE: f64 = 0.01;
/// Where it may grow, it is below the tolerated share by this; else it would spend half its time above.
const ROOM: f64 = 0.5;
/// With so many samples, a share means what it says.
const MANY: usize = 600;
/// Fewer slow queries than this prove nothing, however few there were in all.
const SLOW_AT_LEAST: usize = 3;

/// Which query of the platform a sample stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CanaryKind {
    /// A user looked up by what they sign in with.
    LookUp,
    /// One row written and made durable.
    Write,
}

/// How long one canary query took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanarySample {
    /// Which query.
    pub kind: CanaryKind,
    /// When it should have been sent, on the throttle's clock: a query that could not be sent in time was slow for its sender.
    pub due: Duration,
    /// When it was answered.
    pub end: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    due: Duration,
    latency: Duration,
    during: bool,
}

/// What the samples since some moment say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    /// Samples in all, of the query for which it looks worst.
    pub samples: usize,
    /// Samples between chunks that the bound was made of.
    pub between: usize,
    /// Of these, during a chunk.
    pub during: usize,
    /// Of these, over the bound.
    pub slow: usize,
    /// Of these, ten times over the p99 between chunks.
    pub very_slow: usize,
}

/// The samples of one kind.
#[derive(Clone, Debug, Default)]
struct Log {
    samples: VecDeque<Taken>,
}

/// All samples, and the chunks they are sorted by.
#[derive(Clone, Debug, Default)]
pub(super) struct Canary {
    look_up: Log,
    write: Log,
    chunks: VecDeque<(Duration, Duration)>,
    open: Option<Duration>,
}

impl Canary {
    pub(super) fn begin(&mut self, at: Duration) {
        self.open = Some(at);
    }

    pub(super) fn end(&mut self, at: Duration) {
        if let Some(begin) = self.open.take() {
            self.chunks.push_back((begin, at));
        }
        while self.chunks.front().is_some_and(|(_, end)| *end + WINDOW < at) {
            self.chunks.pop_front();
        }
    }

    pub(super) fn take(&mut self, sample: CanarySample) {
        let during = self.is_during(&sample);
        let log = match sample.kind {
            CanaryKind::LookUp => &mut self.look_up,
            CanaryKind::Write => &mut self.write,
        };
        log.samples.push_back(Taken { due: sample.due, latency: sample.end.saturating_sub(sample.due), during });
        while log.samples.front().is_some_and(|oldest| oldest.due + WINDOW < sample.due) {
            log.samples.pop_front();
        }
    }

    /// Whether a chunk was under way when it was due. By that moment alone: a query that takes long meets a chunk the more surely, so
    /// whether it did meet one would find all slow queries during chunks, whoever slowed them.
    fn is_during(&self, sample: &CanarySample) -> bool {
        let latest_begin = sample.due + LEAD;
        let open = self.open.is_some_and(|begin| begin <= latest_begin);
        // The newest are last, and a sample is over soon: only the last few can be near it.
        open || self.chunks.iter().rev().take_while(|(_, end)| *end + TAIL >= sample.due).any(|(begin, _)| *begin <= latest_begin)
    }

    fn logs(&self) -> impl Iterator<Item = &Log> {
        // A kind that is never sampled (there is no write on an embedded database) has no say.
        [&self.look_up, &self.write].into_iter().filter(|log| !log.samples.is_empty())
    }

    /// Whether there are enough samples between chunks to compare with.
    pub(super) fn knows_idle(&self) -> bool {
        let mut logs = self.logs().peekable();
        logs.peek().is_some() && logs.all(|log| log.samples.iter().filter(|sample| !sample.during).count() >= BETWEEN_AT_LEAST)
    }

    /// When the last sample came in.
    pub(super) fn last(&self) -> Option<Duration> {
        self.logs().filter_map(|log| log.samples.back()).map(|sample| sample.due + sample.latency).max()
    }

    /// What the samples since `since` say: of the two queries, the one that suffers more. None while there is nothing to compare with.
    pub(super) fn verdict(&self, since: Duration, tolerance: f64, slack: Duration) -> Option<Verdict> {
        let verdicts = self.logs().filter_map(|log| log.verdict(since, tolerance, slack));
        verdicts.max_by(|a, b| a.share().total_cmp(&b.share()).then(b.samples.cmp(&a.samples)))
    }

    /// p99 during and between chunks, of the query whose samples differ more.
    pub(super) fn p99(&self) -> (Option<Duration>, Option<Duration>) {
        let both = self.logs().map(|log| (log.p99(true), log.p99(false)));
        let ratio = |pair: &(Option<Duration>, Option<Duration>)| match pair {
            (Some(during), Some(between)) => during.as_secs_f64() / between.as_secs_f64().max(1e-6),
            _ => 0.0,
        };
        both.max_by(|a, b| ratio(a).total_cmp(&ratio(b))).unwrap_or_default()
    }
}

impl Verdict {
    /// The share of all queries that were slow because of us.
    pub(super) fn share(&self) -> f64 {
        if self.samples == 0 { 0.0 } else { self.slow as f64 / self.samples as f64 }
    }

    /// Whether that is more than tolerated, and more than chance would make of what is tolerated.
    pub(super) fn is_harm(&self) -> bool {
        self.slow >= SLOW_AT_LEAST && self.slow as f64 > self.tolerated() + 3.0 * self.chance()
    }

    /// Whether it is more than tolerated by so little that only many samples show it.
    pub(super) fn is_slight_harm(&self) -> bool {
        self.samples >= MANY && self.slow as f64 > self.tolerated() + 1.5 * self.chance()
    }

    fn tolerated(&self) -> f64 {
        SHARE * self.samples as f64
    }

    /// The standard deviation of the number of slow queries when it is just what is tolerated: from the samples themselves, and from
    /// those that made the bound, which move all at once.
    fn chance(&self) -> f64 {
        let (during, between) = (self.during as f64, self.between.max(1) as f64);
        (self.tolerated() + during * during * SHARE / between).sqrt()
    }

    /// Whether it is so much less than tolerated that a higher rate may be tried.
    pub(super) fn is_fine(&self) -> bool {
        self.slow as f64 <= self.tolerated() * ROOM
    }

    /// What the rate has to be multiplied by for the promise to hold: less than 1 when there was harm.
    pub(super) fn cut(&self) -> f64 {
        (SHARE / self.share().max(SHARE)).min(1.0)
    }
}

impl Log {
    fn verdict(&self, since: Duration, tolerance: f64, slack: Duration) -> Option<Verdict> {
        let idle = self.p99(false)?;
        let bound = idle.mul_f64(tolerance).max(idle + slack);
        let recent = || self.samples.iter().filter(|sample| sample.due >= since);
        let (slow, very_slow) = (self.slow_by_us(since, bound), self.slow_by_us(since, bound.max(idle * 10)));
        let (samples, during) = (recent().count(), recent().filter(|sample| sample.during).count());
        let between = self.samples.iter().filter(|sample| !sample.during).count();
        Some(Verdict { samples, between, during, slow, very_slow })
    }

    /// Samples during chunks over the bound, without those whose nearest neighbour between chunks, before or after, is over it too.
    fn slow_by_us(&self, since: Duration, bound: Duration) -> usize {
        let (mut slow, mut pending, mut others_slow) = (0, 0, false);
        for sample in self.samples.iter().filter(|sample| sample.due >= since) {
            match (sample.during, sample.latency > bound) {
                (true, true) if !others_slow => pending += 1,
                (true, _) => {}
                (false, is_slow) => {
                    slow += if is_slow { 0 } else { pending };
                    (pending, others_slow) = (0, is_slow);
                }
            }
        }
        slow + pending
    }

    fn p99(&self, during: bool) -> Option<Duration> {
        let mut latencies: Vec<Duration> =
            self.samples.iter().filter(|sample| sample.during == during).map(|sample| sample.latency).collect();
        if latencies.len() < BETWEEN_AT_LEAST {
            return None;
        }
        let rank = (latencies.len() as f64 * (1.0 - SHARE)).ceil() as usize;
        let nearest = rank.clamp(1, latencies.len()) - 1;
        let (_, p99, _) = latencies.select_nth_unstable(nearest);
        Some(*p99)
    }
}

#[cfg(test)]
#[path = "canary_tests.rs"]
mod tests;
