//! How far the import is: a bar for people, a line now and then for logs. On stderr.

use super::Summary;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// How often a log gets a line.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub struct Progress {
    bar: Option<ProgressBar>,
    bytes: Option<u64>,
    last_line: Instant,
}

impl Progress {
    /// Of so many bytes, when that is known.
    pub fn new(bytes: Option<u64>) -> Self {
        let terminal = io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let bar = terminal.then(|| {
            let (bar, template) = match bytes {
                Some(bytes) => (ProgressBar::new(bytes), "{bar:32} {percent:>3} %  {msg}  {eta} left"),
                None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
            };
            bar.with_style(ProgressStyle::with_template(template).expect("the template is a constant"))
        });
        Self { bar, bytes, last_line: Instant::now() }
    }

    pub fn update(&mut self, bytes_read: u64, summary: &Summary, elapsed: Duration) {
        let rate = (summary.rows as f64 / elapsed.as_secs_f64().max(0.001)) as u64;
        let message = || {
            let rejected = if summary.rejected > 0 { format!(", {} rejected", HumanCount(summary.rejected)) } else { String::new() };
            format!("{} rows{rejected}, {}/s", HumanCount(summary.rows), HumanCount(rate))
        };
        if let Some(bar) = &self.bar {
            bar.set_message(message());
            bar.set_position(bytes_read);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let left = self.bytes.filter(|bytes| *bytes > 0 && bytes_read > 0).map(|bytes| {
                let left = elapsed.mul_f64(bytes.saturating_sub(bytes_read) as f64 / bytes_read as f64);
                format!(", {} %, about {} s left", bytes_read.min(bytes) * 100 / bytes, left.as_secs())
            });
            eprintln!("import: {}{}", message(), left.unwrap_or_default());
        }
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
