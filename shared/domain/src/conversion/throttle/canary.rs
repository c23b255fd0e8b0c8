//! The canary: queries like the platform's own, sent all the time, sorted by whose turn it was ([`super::turns`]).
//!
//! What is promised is about the platform's p99: ninety-nine of a hundred of its queries take no longer than `tolerance` times what
//! they would take without us. "Without us" is measured in the same seconds, in the turns in which no chunk is done; a figure taken once,
//! before the start, would blame us for whatever others do later. From it follows a bound for one query. As long as no more than one
//! query in a hundred is over the bound because of us, the promise is kept, whatever else slows the rest.
//!
//! Counting against a bound needs far fewer samples than comparing two p99s, and says at the same time how much too fast we are: with
//! twice the tolerated share, half the rate keeps the promise. Slow moments come in bursts, of which a dozen samples are one event; so
//! what chance may do is reckoned from bursts and not from samples.

use super::turns::{Turn, Turns};
use std::{collections::VecDeque, time::Duration};

/// How far back samples between chunks are looked at.
pub(super) const WINDOW: Duration = Duration::from_secs(30);
/// So long after a turn of chunks, the disk may still be busy with the last; what is due then belongs to neither side.
const TAIL: Duration = Duration::from_millis(20);
/// Slow samples so close together are one event.
const BURST: u128 = 100;
/// With fewer samples between chunks there is no p99 to compare with.
const BETWEEN_AT_LEAST: usize = 40;
/// The share of queries that may be over the bound: what p99 means.
const SHARE: f64 = 0.01;
/// Where it may grow, it is below the tolerated share by this; else it would spend half its time above.
const ROOM: f64 = 0.5;
/// With so many samples, a share means what it says.
const MANY: usize = 600;
/// Fewer slow queries than this prove nothing, however few there were in all.
const SLOW_AT_LEAST: f64 = 3.0;

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
    /// Of these, during chunks.
    pub during: usize,
    /// Queries over the bound because of us: those during chunks, less what the time between chunks lets expect.
    pub slow: f64,
    /// The standard deviation of that number.
    pub chance: f64,
    /// Queries that took ten times the p99 between chunks because of us.
    pub very_slow: f64,
}

/// The samples of one kind.
#[derive(Clone, Debug, Default)]
struct Log {
    samples: VecDeque<Taken>,
}

/// All samples, and the turns they are sorted by.
#[derive(Clone, Debug)]
pub(super) struct Canary {
    look_up: Log,
    write: Log,
    turns: Turns,
    /// The beginning of each turn in which chunks were done, and of the first of them.
    worked: VecDeque<(Duration, Duration)>,
}

impl Canary {
    pub(super) fn new(turns: Turns) -> Self {
        Self { look_up: Log::default(), write: Log::default(), turns, worked: VecDeque::new() }
    }

    /// Shares time out otherwise from now on; what was sorted stays sorted.
    pub(super) fn share_out(&mut self, turns: Turns) {
        self.turns = turns;
    }

    pub(super) fn turn(&self, at: Duration) -> Turn {
        self.turns.at(at)
    }

    /// A chunk begins.
    pub(super) fn begin(&mut self, at: Duration) {
        let turn = self.turn(at).begins;
        if self.worked.back().is_none_or(|(last, _)| *last != turn) {
            self.worked.push_back((turn, at));
        }
        while self.worked.front().is_some_and(|(oldest, _)| *oldest + WINDOW < at) {
            self.worked.pop_front();
        }
    }

    pub(super) fn take(&mut self, sample: CanarySample) {
        let Some(during) = self.is_during(sample.due) else { return };
        let log = match sample.kind {
            CanaryKind::LookUp => &mut self.look_up,
            CanaryKind::Write => &mut self.write,
        };
        log.samples.push_back(Taken { due: sample.due, latency: sample.end.saturating_sub(sample.due), during });
        while log.samples.front().is_some_and(|oldest| oldest.due + WINDOW < sample.due) {
            log.samples.pop_front();
        }
    }

    /// Whose turn it was when a query was due; none shortly after a turn of chunks. A turn in which no chunk had begun is nobody's.
    fn is_during(&self, due: Duration) -> Option<bool> {
        let worked = |turn: Turn| self.worked.iter().rev().any(|(begins, first)| *begins == turn.begins && *first <= due);
        let turn = self.turn(due);
        if turn.works {
            return Some(worked(turn));
        }
        let before = turn.begins.checked_sub(Duration::from_nanos(1)).map(|at| self.turn(at));
        let is_tail = due < turn.begins + TAIL && before.is_some_and(|before| before.works && worked(before));
        (!is_tail).then_some(false)
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
        if self.samples == 0 { 0.0 } else { self.slow.max(0.0) / self.samples as f64 }
    }

    /// Whether that is more than tolerated, and more than chance would make of what is tolerated.
    pub(super) fn is_harm(&self) -> bool {
        self.slow >= SLOW_AT_LEAST && self.slow > self.tolerated() + 2.5 * self.chance
    }

    /// Whether it is more than tolerated by so little that only many samples show it.
    pub(super) fn is_slight_harm(&self) -> bool {
        self.samples >= MANY && self.slow > self.tolerated() + 1.5 * self.chance
    }

    /// Whether it is so much less than tolerated that a higher rate may be tried.
    pub(super) fn is_fine(&self) -> bool {
        self.slow <= self.tolerated() * ROOM
    }

    fn tolerated(&self) -> f64 {
        SHARE * self.samples as f64
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
        let (samples, during) = (recent().count(), recent().filter(|sample| sample.during).count());
        let (slow, chance) = self.because_of_us(since, bound);
        let (very_slow, _) = self.because_of_us(since, bound.max(idle * 10));
        Some(Verdict { samples, during, slow, chance, very_slow })
    }

    /// How many samples are over the bound because of us, and the standard deviation of that number.
    fn because_of_us(&self, since: Duration, bound: Duration) -> (f64, f64) {
        let mut all = [0.0_f64; 2];
        let mut over = [0.0_f64; 2];
        let mut squares = [0.0_f64; 2];
        // The burst that is being counted, on either side: which, and how many.
        let mut burst = [(0_u128, 0.0_f64); 2];
        for sample in self.samples.iter().filter(|sample| sample.due >= since) {
            let side = usize::from(sample.during);
            all[side] += 1.0;
            if sample.latency <= bound {
                continue;
            }
            over[side] += 1.0;
            let number = sample.due.as_millis() / BURST;
            let (current, count) = &mut burst[side];
            if *current != number {
                squares[side] += *count * *count;
                (*current, *count) = (number, 0.0);
            }
            *count += 1.0;
        }
        for side in 0..2 {
            squares[side] += burst[side].1 * burst[side].1;
        }
        // As many as there would be during chunks if it were between them; of a share that has not been seen yet, one.
        let scale = if all[0] > 0.0 { all[1] / all[0] } else { 1.0 };
        let slow = over[1] - over[0] * scale;
        (slow, (squares[1].max(1.0) + squares[0].max(1.0) * scale * scale).sqrt())
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
