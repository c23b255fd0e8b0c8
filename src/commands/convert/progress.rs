//! How far a conversion is, for people. On stderr: a bar on a terminal, a line now and then elsewhere.

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use muster_domain::conversion::{Phase, State};
use muster_store::conversion::{Conversion, Outlook};
use std::{
    cell::RefCell,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// How often a log gets a line.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// How long a rate is looked at.
const RATE_OVER: Duration = Duration::from_secs(60);

pub struct Bar {
    bar: Option<ProgressBar>,
    seen: RefCell<Seen>,
    what: &'static str,
}

#[derive(Default)]
struct Seen {
    /// When the position was what, in the same phase, for a minute.
    positions: Vec<(Instant, i64)>,
    phase: Option<Phase>,
    last_line: Option<Instant>,
}

impl Bar {
    pub fn new(what: &'static str) -> Self {
        let terminal = io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}").expect("the template is a constant");
        let bar = terminal.then(|| ProgressBar::new(0).with_style(style));
        Self { bar, seen: RefCell::default(), what }
    }

    pub fn show(&self, run: &Conversion, outlook: &Outlook) {
        let (position, total) = run.position();
        let mut seen = self.seen.borrow_mut();
        if seen.phase != Some(run.phase) {
            *seen = Seen { phase: Some(run.phase), last_line: seen.last_line, ..Seen::default() };
        }
        let now = Instant::now();
        seen.positions.push((now, position));
        seen.positions.retain(|(at, _)| now.duration_since(*at) <= RATE_OVER);
        let message = message(run, outlook, position, total, rate(&seen.positions));
        if let Some(bar) = &self.bar {
            bar.set_length(u64::try_from(total).unwrap_or(0));
            bar.set_position(u64::try_from(position).unwrap_or(0));
            bar.set_message(message);
        } else if seen.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY) {
            seen.last_line = Some(now);
            eprintln!("{}: {message}", self.what);
        }
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Rows a second over what was seen; none before two different moments were.
fn rate(positions: &[(Instant, i64)]) -> Option<f64> {
    let (first, last) = (positions.first()?, positions.last()?);
    let seconds = last.0.duration_since(first.0).as_secs_f64();
    (seconds > 1.0).then(|| (last.1 - first.1).max(0) as f64 / seconds)
}

fn message(run: &Conversion, outlook: &Outlook, position: i64, total: i64, rate: Option<f64>) -> String {
    let number = |count: i64| HumanCount(u64::try_from(count).unwrap_or(0));
    let mut text = format!("{}: {} of {}", run.phase, number(position), number(total));
    if let Some(reason) = &run.reason {
        text.push_str(&format!(", waiting: {reason}"));
        if let Some(end) = outlook.time() {
            text.push_str(&format!("; done {end}"));
        }
        return text;
    }
    if run.state == State::Running && run.lease_owner.is_none() {
        text.push_str(", waiting for a worker");
        return text;
    }
    if let Some(rate) = rate.filter(|rate| *rate >= 1.0) {
        let left = (total - position).max(0) as f64 / rate;
        let end = outlook.time().map_or_else(
            || format!("about {} left", indicatif::HumanDuration(Duration::from_secs_f64(left))),
            |time| format!("done {time}"),
        );
        text.push_str(&format!(", {}/s, {end}", HumanCount(rate as u64)));
    }
    text
}
