//! When a conversion will be done: an estimate that says how sure it is.
//!
//! What is left, at the slow and at the fast end of what it has done lately, is so much working time; that is walked over the
//! windows, because a night that ends leaves the rest for the next. There is no estimate while somebody holds it: a date computed
//! from "if it went on now" would be later with every look.

use super::window::{Windows, Zone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Windows closer together than this cannot be walked for ever: a walk of so many is "never" as well.
const WINDOWS_AT_MOST: usize = 4_000;

/// When it will be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Eta {
    /// There is nothing left to do.
    Done,
    /// Between these two instants. None for the later one: at the slow end, it is not done within ten years of windows.
    Between {
        /// At the fast end.
        earliest: Timestamp,
        /// At the slow end.
        latest: Option<Timestamp>,
    },
    /// Nobody can tell: it is paused.
    Paused,
    /// Nothing has been done yet that could be counted on.
    Unknown,
    /// The windows there are do not suffice: none opens again, or so little that it is not done within ten years.
    Never,
}

impl Eta {
    /// In words, by the clock of a zone.
    #[must_use]
    pub fn text(&self, zone: &Zone) -> String {
        match self {
            Self::Done => "nothing is left".to_owned(),
            Self::Between { earliest, latest: Some(latest) } if zone.minute(*earliest) == zone.minute(*latest) => {
                format!("{} ({zone})", zone.minute(*earliest))
            }
            Self::Between { earliest, latest: Some(latest) } => {
                format!("between {} and {} ({zone})", zone.minute(*earliest), zone.minute(*latest))
            }
            Self::Between { earliest, latest: None } => format!("{} ({zone}) at the earliest", zone.minute(*earliest)),
            Self::Paused => "no estimate while it is paused".to_owned(),
            Self::Unknown => "no estimate before it has worked for a while".to_owned(),
            Self::Never => "never: the windows there are do not suffice".to_owned(),
        }
    }
}

/// What an estimate is made of.
#[derive(Clone, Copy, Debug)]
pub struct Outlook<'a> {
    /// Rows that are left.
    pub remaining: u64,
    /// Rows per second of working time: the slow and the fast end.
    pub rates: (f64, f64),
    /// Whether somebody holds it.
    pub paused: bool,
    /// When it may run.
    pub windows: &'a Windows,
    /// Until then windows do not matter.
    pub ignore_windows_until: Option<Timestamp>,
}

impl Outlook<'_> {
    /// The estimate, seen from `now`.
    #[must_use]
    pub fn eta(&self, now: Timestamp) -> Eta {
        if self.remaining == 0 {
            return Eta::Done;
        }
        if self.paused {
            return Eta::Paused;
        }
        let (slow, fast) = self.rates;
        let (slow, fast) = (slow.min(fast), slow.max(fast));
        if !fast.is_finite() || fast <= 0.0 {
            return match self.may_run_from(now) {
                Some(_) => Eta::Unknown,
                None => Eta::Never,
            };
        }
        match self.finish(now, fast) {
            Some(earliest) => Eta::Between { earliest, latest: self.finish(now, slow) },
            None => Eta::Never,
        }
    }

    /// When it is done at this rate.
    fn finish(&self, now: Timestamp, rate: f64) -> Option<Timestamp> {
        if rate <= 0.0 || !rate.is_finite() {
            return None;
        }
        let seconds = (self.remaining as f64 / rate).ceil();
        // Anything longer than a calendar is as good as never; it also would not fit.
        let mut work = (seconds < 1e10).then(|| SignedDuration::from_secs(seconds as i64))?;
        let mut at = now;
        for _ in 0..WINDOWS_AT_MOST {
            at = self.may_run_from(at)?;
            let done = at.checked_add(work).ok()?;
            match self.has_to_stop_at(at) {
                Some(end) if end < done => {
                    work -= at.duration_until(end);
                    at = end;
                }
                _ => return Some(done),
            }
        }
        None
    }

    fn may_run_from(&self, at: Timestamp) -> Option<Timestamp> {
        if self.ignore_windows_until.is_some_and(|until| at < until) { Some(at) } else { self.windows.opens_next(at) }
    }

    /// When it has to stop, or may have to: the end of what was granted beside the windows may lie in one.
    fn has_to_stop_at(&self, at: Timestamp) -> Option<Timestamp> {
        match self.ignore_windows_until {
            Some(until) if at < until => Some(until),
            _ => self.windows.closes_at(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn nightly() -> Windows {
        toml::from_str("zone = \"Europe/Berlin\"\n[[window]]\nfrom = \"22:00\"\nto = \"02:00\"").expect("windows")
    }

    fn outlook(windows: &Windows, remaining: u64, rates: (f64, f64)) -> Outlook<'_> {
        Outlook { remaining, rates, paused: false, windows, ignore_windows_until: None }
    }

    const NOON: &str = "2026-11-24T12:00:00+01:00";

    #[test]
    fn without_windows_it_is_what_is_left_by_the_rates() {
        let any = Windows::any_time();
        let eta = outlook(&any, 36_000, (5.0, 10.0)).eta(at(NOON));
        assert_eq!(eta, Eta::Between { earliest: at("2026-11-24T13:00:00+01:00"), latest: Some(at("2026-11-24T14:00:00+01:00")) });
    }

    #[test]
    fn what_one_night_cannot_hold_is_done_in_the_next() {
        let windows = nightly();
        // Six hours of work at the fast end, ten at the slow end; a night has four.
        let eta = outlook(&windows, 36_000, (1.0, 36_000.0 / 21_600.0)).eta(at(NOON));
        assert_eq!(eta, Eta::Between { earliest: at("2026-11-26T00:00:00+01:00"), latest: Some(at("2026-11-27T00:00:00+01:00")) });
    }

    #[test]
    fn work_that_ends_with_the_window_does_not_need_another() {
        let windows = nightly();
        let eta = outlook(&windows, 4 * 3_600, (1.0, 1.0)).eta(at(NOON));
        assert_eq!(eta, Eta::Between { earliest: at("2026-11-25T02:00:00+01:00"), latest: Some(at("2026-11-25T02:00:00+01:00")) });
    }

    #[test]
    fn what_was_granted_beside_the_windows_counts() {
        let windows = nightly();
        let granted = Outlook { ignore_windows_until: Some(at("2026-11-24T13:00:00+01:00")), ..outlook(&windows, 7_200, (1.0, 1.0)) };
        let expected = at("2026-11-24T23:00:00+01:00");
        assert_eq!(granted.eta(at(NOON)), Eta::Between { earliest: expected, latest: Some(expected) });
    }

    #[test]
    fn a_paused_one_has_no_date_and_a_finished_one_needs_none() {
        let windows = nightly();
        assert_eq!(Outlook { paused: true, ..outlook(&windows, 10, (1.0, 1.0)) }.eta(at(NOON)), Eta::Paused);
        assert_eq!(Outlook { paused: true, ..outlook(&windows, 0, (0.0, 0.0)) }.eta(at(NOON)), Eta::Done);
        assert_eq!(outlook(&windows, 10, (0.0, 0.0)).eta(at(NOON)), Eta::Unknown);
    }

    #[test]
    fn it_is_never_when_no_window_opens_again() {
        let never: Windows = toml::from_str("blackout = [\"2026-11-01..\"]").expect("windows");
        assert_eq!(outlook(&never, 10, (1.0, 1.0)).eta(at(NOON)), Eta::Never);
        assert_eq!(outlook(&never, 10, (0.0, 0.0)).eta(at(NOON)), Eta::Never);
        let tonight_only: Windows = toml::from_str("blackout = [\"2026-11-26..\"]").expect("windows");
        let eta = outlook(&tonight_only, 100_000, (0.5, 10.0)).eta(at(NOON));
        assert_eq!(eta, Eta::Between { earliest: at("2026-11-24T13:46:40Z"), latest: None }, "at the slow end it is not done in time");
    }

    #[test]
    fn estimates_read_by_the_clock_of_the_account() {
        let zone: Zone = "Europe/Berlin".parse().expect("a zone");
        let (earliest, latest) = (at("2026-11-24T23:10:59Z"), at("2026-11-25T01:00:00Z"));
        let text = |latest| Eta::Between { earliest, latest }.text(&zone);
        assert_eq!(text(Some(latest)), "between Wed 2026-11-25 00:10 and Wed 2026-11-25 02:00 (Europe/Berlin)");
        assert_eq!(text(Some(earliest)), "Wed 2026-11-25 00:10 (Europe/Berlin)");
        assert_eq!(text(None), "Wed 2026-11-25 00:10 (Europe/Berlin) at the earliest");
    }

    #[test]
    fn a_rate_of_almost_nothing_is_never_too() {
        let any = Windows::any_time();
        assert_eq!(outlook(&any, u64::MAX, (1e-9, 1e-9)).eta(at(NOON)), Eta::Never);
    }

    proptest! {
        #[test]
        fn more_work_is_never_done_sooner_and_the_range_is_a_range(work in 1_u64..200_000, more in 0_u64..50_000, slow in 0.1_f64..50.0, fast in 0.1_f64..50.0, start in 0_i64..172_800) {
            let windows = nightly();
            let now = at("2026-10-24T00:00:00Z") + SignedDuration::from_secs(start);
            let between = |remaining| match outlook(&windows, remaining, (slow, fast)).eta(now) {
                Eta::Between { earliest, latest: Some(latest) } => (earliest, latest),
                other => panic!("no range: {other:?}"),
            };
            let ((earliest, latest), (earliest_more, latest_more)) = (between(work), between(work + more));
            prop_assert!(now < earliest && earliest <= latest);
            prop_assert!(earliest <= earliest_more && latest <= latest_more);
        }
    }
}
