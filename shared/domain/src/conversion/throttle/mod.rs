//! How fast a conversion may go: presets, the control law, hard stops, and why it waits.
//!
//! ```text
//! canary samples ──> canary: slow because of us? ──> rate ──┐
//! chunk reports  ──> size: rows in a chunk ─────────────────┼──> next(): go, rest, wait (why), halt
//! probes         ──> stops: any one ends all work ──────────┤
//! orders, clock  ──> windows, pause ────────────────────────┘
//! ```
//!
//! Nothing here reads a clock, waits, or asks a database: it is told, and can be run through a night in a moment.

mod canary;
mod meter;
mod preset;
mod rate;
mod size;
mod status;
mod stops;
mod turns;
mod words;

pub use canary::{CanaryKind, CanarySample};
pub use preset::{Preset, UnknownPreset};
pub use stops::{Marks, Signals, StopMarks};

use super::pace::{ChunkEnd, ChunkReport, Errand, Orders, Step, WaitReason, Waiting};
use canary::{Canary, Verdict};
use jiff::{SignedDuration, Timestamp};
use meter::Meter;
use rate::{Change, Rate};
use size::Size;
use std::time::Duration;
use stops::Stops;

/// How often the law looks at the samples.
const TICK: Duration = Duration::from_millis(250);
/// What began so long ago is looked at by itself as well.
const RECENTLY: Duration = Duration::from_secs(5);
/// How long a hard stop is waited for before asking again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// After queries took many times as long, nothing is done for this long.
const HARD_CUT_PAUSE: Duration = Duration::from_secs(2);
/// Without a sign of the probes or of the canary for this long, nobody knows what it does to others.
const BLIND_AFTER: Duration = Duration::from_secs(10);

/// One moment, on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// A clock that only goes forward, from any beginning: everything is measured on it.
    pub steady: Duration,
    /// The time of day: windows are compared with it.
    pub wall: Timestamp,
}

/// Decides what may be done next. See [`super::pace`] for how it is used.
#[derive(Clone, Debug)]
pub struct Throttle {
    orders: Orders,
    began: Duration,
    canary: Canary,
    stops: Stops,
    rate: Rate,
    size: Size,
    meter: Meter,
    ticked: Duration,
    /// Rows that may be done, and when that was reckoned.
    allowed: (f64, Duration),
    /// Not before this: chunks of a turn are spread over it.
    due: Duration,
    hold_until: Duration,
    /// Rows since the rate was set, to know whether it was reached.
    rows_at_rate: u64,
    in_chunk: Option<u32>,
    last_chunk: Duration,
    waiting: Option<Waiting>,
}

impl Throttle {
    /// A throttle that has seen nothing yet: it lets nothing through before it knows what the database is like without us.
    #[must_use]
    pub fn new(orders: Orders, marks: StopMarks, now: Moment) -> Self {
        let law = orders.preset.law();
        Self {
            orders,
            began: now.steady,
            canary: Canary::new(law.turns),
            stops: Stops::new(marks),
            rate: Rate::new(law.start, now.steady),
            size: Size::default(),
            meter: Meter::default(),
            ticked: now.steady,
            allowed: (0.0, now.steady),
            due: now.steady,
            hold_until: now.steady,
            rows_at_rate: 0,
            in_chunk: None,
            last_chunk: Duration::ZERO,
            waiting: None,
        }
    }

    /// Takes a sample of the canary.
    pub fn sample(&mut self, sample: CanarySample) {
        self.canary.take(sample);
    }

    /// Takes what the probes found out.
    pub fn signals(&mut self, at: Duration, signals: &Signals) {
        let was_blocked = self.is_blocked();
        self.stops.read(at, signals, self.orders.preset.law().wal_max);
        if let (false, true, Some(rows)) = (was_blocked, self.is_blocked(), self.in_chunk) {
            self.size.halve(rows);
        }
    }

    /// Takes new orders.
    pub fn adjust(&mut self, at: Duration, orders: &Orders) {
        if *orders == self.orders {
            return;
        }
        if (orders.preset, orders.limit()) != (self.orders.preset, self.orders.limit()) {
            self.canary.share_out(orders.preset.law().turns);
            self.rate.begin_anew(orders.preset.law().start, at);
            self.rows_at_rate = 0;
            self.meter.begin_anew();
        }
        self.orders = orders.clone();
    }

    /// What to do next. After [`Step::Go`], a chunk is under way until [`Throttle::done`].
    ///
    /// For an [`Errand::Look`], a row is a tenth of a row: of what it allows and of what [`Throttle::done`] is told.
    pub fn next(&mut self, now: Moment, errand: Errand) -> Step {
        if let Some(waiting) = self.not_now(now, errand) {
            self.meter.pass(now.steady, false);
            return self.wait(waiting);
        }
        self.meter.pass(now.steady, true);
        if let Some(waiting) = self.stopped(now) {
            return self.wait(waiting);
        }
        if errand == Errand::Change && !(self.canary.knows_idle() && self.stops.seen().is_some()) {
            self.waiting = None;
            return Step::Rest(TICK);
        }
        if self.waiting.take().is_some() {
            self.restart(now.steady);
        }
        if now.steady >= self.ticked + TICK {
            self.ticked = now.steady;
            if let Some(step) = self.steer(now.steady) {
                return step;
            }
        }
        let turn = self.canary.turn(now.steady);
        if !turn.works {
            return Step::Rest((turn.ends - now.steady).min(TICK));
        }
        if now.steady < self.due {
            return Step::Rest(self.due - now.steady);
        }
        self.go(now.steady)
    }

    /// Takes how the chunk went.
    pub fn done(&mut self, report: &ChunkReport) {
        self.in_chunk = None;
        self.size.done(report);
        self.last_chunk = report.took;
        if report.end == ChunkEnd::Committed {
            self.meter.add(report.rows);
            self.rows_at_rate += u64::from(report.rows);
        }
    }

    fn go(&mut self, at: Duration) -> Step {
        let law = self.orders.preset.law();
        let rate = self.rate.value(self.orders.limit());
        let rows = self.size.next(rate, &law);
        // Over any cycle of turns the rate holds; what is missed beyond it is not made up for, because after a stall a burst would be
        // the next one. Within a turn, chunks are spread evenly.
        let (allowed, then) = self.allowed;
        let most = f64::from(rows) + rate * (law.turns.work + law.turns.pause).as_secs_f64();
        let allowed = (allowed + rate * at.saturating_sub(then).as_secs_f64()).min(most);
        self.allowed = (allowed, at);
        if allowed < f64::from(rows) {
            return Step::Rest(Duration::from_secs_f64((f64::from(rows) - allowed) / rate).max(Duration::from_millis(1)));
        }
        self.allowed.0 -= f64::from(rows);
        self.due = at + Duration::from_secs_f64(f64::from(rows) / rate * law.turns.share() * 0.95);
        self.in_chunk = Some(rows);
        self.canary.begin(at);
        Step::Go { rows }
    }

    fn restart(&mut self, at: Duration) {
        self.rate.restart(at);
        self.rows_at_rate = 0;
        self.due = at;
    }

    fn wait(&mut self, waiting: Waiting) -> Step {
        self.waiting = Some(waiting.clone());
        Step::Wait(waiting)
    }

    fn is_blocked(&self) -> bool {
        self.stops.reason().is_some_and(|(reason, _)| reason == WaitReason::BlockedByUs)
    }

    /// Held by people: paused, or outside the windows.
    fn not_now(&self, now: Moment, errand: Errand) -> Option<Waiting> {
        let waiting = |reason, text, ask_again, until| Some(Waiting { reason, text, ask_again, until });
        if self.orders.paused {
            return waiting(WaitReason::Paused, "paused: resumes when somebody resumes it".to_owned(), ASK_AGAIN, None);
        }
        if errand == Errand::Look || self.orders.ignore_windows_until.is_some_and(|until| now.wall < until) {
            return None;
        }
        let windows = &self.orders.windows;
        let closes = windows.closes_at(now.wall);
        // A chunk begun now must be over when the window closes.
        let last = SignedDuration::try_from(self.last_chunk * 2).unwrap_or(SignedDuration::ZERO);
        let drains = closes.filter(|closes| now.wall.duration_until(*closes) <= last);
        if windows.is_open(now.wall) && drains.is_none() {
            return None;
        }
        let Some(opens) = windows.opens_next(drains.unwrap_or(now.wall)) else {
            return waiting(WaitReason::Window, "waits: no window opens again within ten years".to_owned(), ASK_AGAIN, None);
        };
        let ask_again = Duration::try_from(now.wall.duration_until(opens)).unwrap_or(ASK_AGAIN).max(Duration::from_millis(1));
        let zone = windows.zone();
        waiting(WaitReason::Window, format!("waits: window closed, opens {} ({zone})", zone.minute(opens)), ask_again, Some(opens))
    }

    /// Stopped by what the probes say.
    fn stopped(&self, now: Moment) -> Option<Waiting> {
        let waiting = |reason, text| Waiting { reason, text, ask_again: ASK_AGAIN, until: None };
        if let Some((reason, text)) = self.stops.reason() {
            return Some(waiting(reason, text));
        }
        let silent = |last: Option<Duration>| now.steady > last.unwrap_or(self.began) + BLIND_AFTER;
        if silent(self.stops.seen()) || silent(self.canary.last()) {
            let text = "waits: the database does not answer the probes, resumes when it does";
            return Some(waiting(WaitReason::Blind, text.to_owned()));
        }
        if now.steady < self.hold_until {
            let left = self.hold_until - now.steady;
            let text = "waits: queries took ten times as long while it worked, goes on in a moment at a lower rate".to_owned();
            return Some(Waiting { ask_again: left, ..waiting(WaitReason::Latency, text) });
        }
        None
    }

    fn steer(&mut self, at: Duration) -> Option<Step> {
        let (law, limit) = (self.orders.preset.law(), self.orders.limit());
        let since = self.rate.since();
        let verdict_since = |since| self.canary.verdict(since, law.tolerance, law.slack);
        // A harm that has just begun must not drown in half a minute without it.
        let news = verdict_since(since.max(at.saturating_sub(RECENTLY))).filter(Verdict::is_harm);
        let verdict = news.or_else(|| verdict_since(since))?;
        let done = self.rows_at_rate as f64 / at.saturating_sub(since).as_secs_f64().max(0.001);
        match self.rate.steer(at, &verdict, limit, done) {
            Change::Kept => return None,
            Change::Grown | Change::Cut => {}
            Change::CutHard => self.hold_until = at + HARD_CUT_PAUSE,
            Change::Hopeless => {
                let text = "stopped itself: queries took ten times as long even at its lowest rate".to_owned();
                let waiting = Waiting { reason: WaitReason::Latency, text, ask_again: HARD_CUT_PAUSE, until: None };
                self.waiting = Some(waiting.clone());
                return Some(Step::Halt(waiting));
            }
        }
        self.rows_at_rate = 0;
        self.due = at;
        None
    }
}

#[cfg(test)]
mod tests;
