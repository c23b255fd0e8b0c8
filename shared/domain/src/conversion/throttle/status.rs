//! Where a throttle stands, for people and programs.

use super::{Throttle, words::grouped};
use crate::conversion::pace::PaceStatus;
use std::time::Duration;

impl Throttle {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> PaceStatus {
        let (during, between) = self.canary.p99();
        let millis = |d: Option<Duration>| d.map(|d| d.as_secs_f64() * 1_000.0);
        PaceStatus {
            allowed: Some(self.rate.value(self.orders.limit())),
            rate: self.meter.rate(),
            rate_range: self.meter.range(),
            during_p99_ms: millis(during),
            between_p99_ms: millis(between),
            waiting: self.waiting.clone(),
            text: self.explain(),
        }
    }

    /// Where it stands, in one line for people.
    #[must_use]
    pub fn explain(&self) -> String {
        if let Some(waiting) = &self.waiting {
            return waiting.text.clone();
        }
        if !self.canary.knows_idle() {
            return "measures how fast the database answers without it".to_owned();
        }
        let preset = self.orders.preset;
        let mut text = format!("runs at {} rows/s", grouped(self.meter.rate()));
        match self.orders.limit() {
            Some(limit) if self.rate.value(Some(limit)) < limit => {
                let now = grouped(self.rate.value(Some(limit)));
                text += &format!(", held at {now} of {} ({preset}) so that others do not notice", grouped(limit));
            }
            Some(limit) => text += &format!(" of at most {} ({preset})", grouped(limit)),
            None => text += &format!(" ({preset})"),
        }
        if let (Some(during), Some(between)) = self.canary.p99() {
            text +=
                &format!("; canary p99 {:.1} ms during chunks, {:.1} ms between", during.as_secs_f64() * 1e3, between.as_secs_f64() * 1e3);
        }
        text
    }
}
