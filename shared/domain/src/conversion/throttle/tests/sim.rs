//! A database and its users, made up: how long a query takes depends on what others do and on whether a chunk of ours is under way.
//! Time is a number; nothing waits.

use crate::conversion::{
    pace::{ChunkEnd, ChunkReport, Errand, Orders, Step, WaitReason},
    throttle::{CanaryKind, CanarySample, Moment, Signals, StopMarks, Throttle},
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

const STEP: Duration = Duration::from_millis(1);
const COMMIT: Duration = Duration::from_millis(1);

/// What makes queries slow.
#[derive(Clone, Copy)]
pub struct Load {
    /// Everything takes so many times as long, whatever we do.
    pub others: f64,
    /// For each row of a chunk, a query that meets it takes so much of its time longer.
    pub ours: f64,
    /// The share of time in which the whole machine stands still, whatever we do.
    pub stutter: f64,
}

impl Load {
    pub const fn nobody_minds() -> Self {
        Self { others: 1.0, ours: 0.0, stutter: 0.0 }
    }
}

/// What happened in a stretch of time.
pub struct Stretch {
    rows: u64,
    seconds: f64,
    with_us: Vec<f64>,
    without_us: Vec<f64>,
}

impl Stretch {
    pub fn rate(&self) -> f64 {
        self.rows as f64 / self.seconds
    }

    /// The p99 of all queries, as a multiple of what it would have been without us.
    pub fn p99_ratio(&self) -> f64 {
        let p99 = |samples: &[f64]| {
            let mut sorted = samples.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted[sorted.len() * 99 / 100]
        };
        p99(&self.with_us) / p99(&self.without_us)
    }
}

pub struct Sim {
    pub throttle: Throttle,
    pub load: Load,
    pub signals: Signals,
    /// Neither probes nor canary are heard.
    pub silent: bool,
    pub errand: Errand,
    /// What a row costs.
    pub row: Duration,
    /// How chunks end.
    pub ends: ChunkEnd,
    pub halted: Option<(WaitReason, String)>,
    pub went_at: Vec<Duration>,
    pub ended_at: Duration,
    now: Duration,
    random: u64,
    chunk: Option<(u32, Duration, Duration)>,
    ask_at: Duration,
    still_until: Duration,
    on_their_way: Vec<CanarySample>,
    stretch: Stretch,
}

impl Sim {
    pub fn new(orders: Orders, seed: u64, load: Load) -> Self {
        let throttle = Throttle::new(orders, StopMarks::default(), moment(Duration::ZERO));
        Self {
            throttle,
            load,
            signals: Signals::default(),
            silent: false,
            errand: Errand::Change,
            row: Duration::from_micros(25),
            ends: ChunkEnd::Committed,
            halted: None,
            went_at: Vec::new(),
            ended_at: Duration::ZERO,
            now: Duration::ZERO,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            chunk: None,
            ask_at: Duration::ZERO,
            still_until: Duration::ZERO,
            on_their_way: Vec::new(),
            stretch: nothing_yet(),
        }
    }

    pub fn wall(&self) -> Timestamp {
        moment(self.now).wall
    }

    pub fn adjust(&mut self, orders: &Orders) {
        self.throttle.adjust(self.now, orders);
        self.ask_at = self.now;
    }

    pub fn run(&mut self, length: Duration) -> Stretch {
        let end = self.now + length;
        while self.now < end {
            self.step();
        }
        let stretch = std::mem::replace(&mut self.stretch, nothing_yet());
        Stretch { seconds: length.as_secs_f64(), ..stretch }
    }

    /// Goes on until a chunk begins.
    pub fn until_go(&mut self) -> Step {
        let before = self.went_at.len();
        loop {
            self.step();
            if let (true, Some((rows, ..))) = (self.went_at.len() > before, self.chunk) {
                return Step::Go { rows };
            }
        }
    }

    fn step(&mut self) {
        self.now += STEP;
        let millis = self.now.as_millis();
        // By chance, so that queries and chunks do not fall into step.
        if self.uniform() < 1.0 / 20.0 {
            self.query(CanaryKind::LookUp, 0.001);
        }
        if self.uniform() < 1.0 / 40.0 {
            self.query(CanaryKind::Write, 0.003);
        }
        if millis.is_multiple_of(1_000) && !self.silent {
            self.throttle.signals(self.now, &self.signals);
        }
        let now = self.now;
        for sample in self.on_their_way.extract_if(.., |sample| sample.end <= now).collect::<Vec<_>>() {
            if !self.silent {
                self.throttle.sample(sample);
            }
        }
        if self.load.stutter > 0.0 && self.now >= self.still_until && self.uniform() < self.load.stutter / 150.0 {
            self.still_until = self.now + Duration::from_secs_f64(0.05 + 0.2 * self.uniform());
        }
        match self.chunk {
            Some(_) if self.now < self.still_until => {}
            Some((rows, begin, end)) if self.now >= end => {
                self.chunk = None;
                self.ended_at = self.now;
                self.throttle.done(&ChunkReport { rows, took: self.now - begin, end: self.ends });
                if self.ends == ChunkEnd::Committed {
                    self.stretch.rows += u64::from(rows);
                }
                self.ask_at = self.now;
            }
            None if self.now >= self.ask_at => self.ask(),
            _ => {}
        }
    }

    fn ask(&mut self) {
        match self.throttle.next(moment(self.now), self.errand) {
            Step::Go { rows } => {
                self.chunk = Some((rows, self.now, self.now + self.row * rows + COMMIT));
                self.went_at.push(self.now);
            }
            Step::Rest(pause) => self.ask_at = self.now + pause,
            Step::Wait(waiting) => self.ask_at = self.now + waiting.ask_again,
            Step::Halt(waiting) => {
                self.halted = Some((waiting.reason, waiting.text));
                self.ask_at = Duration::MAX;
            }
        }
    }

    /// One query of the platform, which is also what the canary sees.
    fn query(&mut self, kind: CanaryKind, median: f64) {
        let alone = median * self.load.others * (self.normal() * 0.5).exp();
        let chunk = self.chunk.map_or(0.0, |(rows, ..)| f64::from(rows));
        let still = self.still_until.saturating_sub(self.now).as_secs_f64();
        let alone = alone + still;
        let latency = alone * (1.0 + self.load.ours * chunk);
        self.on_their_way.push(CanarySample { kind, due: self.now, end: self.now + Duration::from_secs_f64(latency) });
        if kind == CanaryKind::LookUp {
            self.stretch.with_us.push(latency);
            self.stretch.without_us.push(alone);
        }
    }

    /// Roughly normal: a sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// xorshift64*: the same figures on every machine.
    fn uniform(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn moment(at: Duration) -> Moment {
    let midnight: Timestamp = "2026-11-24T00:00:00Z".parse().expect("a timestamp");
    Moment { steady: at, wall: midnight + SignedDuration::try_from(at).expect("a short time") }
}

fn nothing_yet() -> Stretch {
    Stretch { rows: 0, seconds: 0.0, with_us: Vec::new(), without_us: Vec::new() }
}
