//! Off-hours windows: when a conversion may run.
//!
//! People mean the clock on the wall: "at night, from ten to five, in Berlin". So a window is kept as they say it and compared with
//! local time when it is asked; no instant is computed in advance that a change of the law could make wrong.
//!
//! **The clocks change.** A window opens when the local clock *first* shows `from` or later on its day, and closes when the clock
//! *first* shows `to` or later. That one rule settles everything: a `from` that is skipped in spring opens at the first minute that
//! exists; a `to` that is skipped closes there; what lies wholly in the skipped hour does not happen that day. In autumn an hour comes
//! twice, and each window opens once: it does not open again in the second 02:30, and a `to` in the repeated hour closes at the first
//! of the two, because "not after 02:30" was promised.
//!
//! **Over midnight.** A window whose `to` is not after its `from` ends on the next day. It belongs to the day it begins on.
//!
//! **Blackout dates.** On such a date nothing is open, whatever the windows say: one that began the evening before closes at
//! midnight, and one that would begin on the date does not open, not even for its part after midnight.
//!
//! **No windows** means any time, blackout dates excepted.

mod blackout;
mod days;
mod text;
mod zone;

pub use blackout::Blackout;
pub use days::Days;
pub use text::{ClockTime, WindowError};
pub use zone::Zone;

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize};

/// Nothing is looked for further ahead than this. Ten years from now is "never" to whoever waits for a window.
const HORIZON: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// When a conversion of one account may run. Read from and written as TOML or JSON:
///
/// ```toml
/// zone = "Europe/Berlin"
/// blackout = ["2026-12-24..2027-01-02", "2027-03-31"]
///
/// [[window]]
/// days = "mon-thu"            # also a list: ["mon", "wed-fri"]; daily, weekdays, weekend; left out: daily
/// from = "22:00"
/// to = "05:00"                # the next morning
///
/// [[window]]
/// days = "sat"
/// from = "00:00"
/// to = "24:00"
/// zone = "Asia/Kathmandu"     # only where it differs
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "text::Written", into = "text::Written")]
pub struct Windows {
    zone: Zone,
    windows: Vec<Window>,
    blackout: Vec<Blackout>,
}

/// One window: on these days, from then to then, by the clock there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days it begins on.
    pub days: Days,
    /// When it begins.
    pub from: ClockTime,
    /// When it ends; on the next day if that is not after `from`.
    pub to: ClockTime,
    /// Whose clock.
    pub zone: Zone,
}

/// From an instant until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Windows {
    /// Windows, and dates on which none of them is open. `zone` says whose midnight a blackout date begins at when there are no
    /// windows; otherwise each window goes by its own.
    ///
    /// # Errors
    /// [`WindowError::Empty`] when a window has no day or ends when it begins.
    pub fn new(zone: Zone, windows: Vec<Window>, blackout: Vec<Blackout>) -> Result<Self, WindowError> {
        for window in &windows {
            window.check()?;
        }
        Ok(Self { zone, windows, blackout })
    }

    /// Any time at all.
    #[must_use]
    pub fn any_time() -> Self {
        Self::default()
    }

    /// Whether that is any time at all.
    #[must_use]
    pub const fn is_any_time(&self) -> bool {
        self.windows.is_empty() && self.blackout.is_empty()
    }

    /// Whose clock the account goes by.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether it may run at this instant.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.is_any_time() || self.covering(at).is_some()
    }

    /// When it may run next: `at` itself if that is now. None when no window opens within ten years.
    #[must_use]
    pub fn opens_next(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return Some(at);
        }
        let horizon = horizon(at);
        self.each().filter_map(|window| self.opens_after(&window, at, horizon)).min()
    }

    /// When it has to stop if it may run at this instant. None when it may not, or when nothing closes within ten years. Windows that
    /// touch are one.
    #[must_use]
    pub fn closes_at(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_any_time() {
            return None;
        }
        let horizon = horizon(at);
        let mut end = self.covering(at)?;
        while let Some(later) = self.covering(end) {
            if later > horizon {
                return None;
            }
            end = later;
        }
        Some(end)
    }

    /// The end of the span that covers this instant; of several, the last to end.
    fn covering(&self, at: Timestamp) -> Option<Timestamp> {
        self.each()
            .flat_map(|window| {
                // A span lasts a day at most, and a local date may be repeated: two days back cover both.
                let today = window.zone.date(at);
                let days = [2, 1, 0, -1].map(|back: i8| today.checked_sub(back.days()).ok());
                days.into_iter().flatten().filter_map(|day| self.span(&window, day)).collect::<Vec<_>>()
            })
            .filter(|span| span.from <= at && at < span.to)
            .map(|span| span.to)
            .max()
    }

    fn opens_after(&self, window: &Window, at: Timestamp, horizon: Timestamp) -> Option<Timestamp> {
        let mut day = window.zone.date(at).yesterday().ok()?;
        loop {
            if let Some(span) = self.span(window, day)
                && span.from > at
            {
                return (span.from <= horizon).then_some(span.from);
            }
            day = day.tomorrow().ok()?;
            // Two days are room for every offset there is.
            if window.zone.first(day.at(0, 0, 0, 0))? > horizon {
                return None;
            }
        }
    }

    /// When a window that belongs to this day is open; none when it is not that day.
    fn span(&self, window: &Window, day: Date) -> Option<Span> {
        if !window.days.contains(day.weekday()) || self.is_blackout(day) {
            return None;
        }
        let tomorrow = day.tomorrow().ok()?;
        let midnight = tomorrow.at(0, 0, 0, 0);
        let to = match window.to.on(if window.is_over_midnight() { tomorrow } else { day }) {
            to if to > midnight && self.is_blackout(tomorrow) => midnight,
            to => to,
        };
        let span = Span { from: window.zone.first(window.from.on(day))?, to: window.zone.first(to)? };
        (span.from < span.to).then_some(span)
    }

    fn is_blackout(&self, day: Date) -> bool {
        self.blackout.iter().any(|blackout| blackout.contains(day))
    }

    /// The windows; where there are none, the whole of every day.
    fn each(&self) -> impl Iterator<Item = std::borrow::Cow<'_, Window>> {
        use std::borrow::Cow;
        let whole_day = self
            .windows
            .is_empty()
            .then(|| Cow::Owned(Window { days: Days::ALL, from: ClockTime::MIDNIGHT, to: ClockTime::END_OF_DAY, zone: self.zone.clone() }));
        self.windows.iter().map(Cow::Borrowed).chain(whole_day)
    }
}

impl Window {
    fn is_over_midnight(&self) -> bool {
        self.to <= self.from
    }

    fn check(&self) -> Result<(), WindowError> {
        if self.days.is_empty() {
            return Err(WindowError::Empty("a window has no days: leave `days` out for every day".to_owned()));
        }
        if self.from == self.to || self.from == ClockTime::END_OF_DAY {
            let problem = format!(
                "a window from {} to {} is never open: for a whole day, write from = \"00:00\", to = \"24:00\"",
                self.from, self.to
            );
            return Err(WindowError::Empty(problem));
        }
        Ok(())
    }
}

fn horizon(at: Timestamp) -> Timestamp {
    at.checked_add(HORIZON).unwrap_or(Timestamp::MAX)
}

impl ClockTime {
    /// This time of that day; 24:00 is the beginning of the next.
    fn on(self, day: Date) -> DateTime {
        // The last day there is has no next: its last minute ends the calendar.
        let midnight = day.at(0, 0, 0, 0);
        midnight.checked_add(i64::from(self.minutes()).minutes()).unwrap_or(DateTime::MAX)
    }
}

#[cfg(test)]
mod tests;
