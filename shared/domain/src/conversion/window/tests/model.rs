//! Windows against a model that knows nothing of instants: it walks minute by minute, keeps the latest time the local clock has shown,
//! and compares that with what was written. While an hour is repeated, its clock stands still; over a skipped one, it jumps.

use super::*;
use jiff::civil::{Weekday, date};
use proptest::prelude::*;

const MINUTES: i64 = 3 * 24 * 60;

struct Model<'a> {
    windows: &'a Windows,
    /// For each window, the latest its clock has shown.
    shown: Vec<DateTime>,
}

impl<'a> Model<'a> {
    /// Starts three days early, so that its clocks have passed every change that matters.
    fn at(windows: &'a Windows, start: Timestamp) -> Self {
        let early = start - SignedDuration::from_hours(72);
        let mut model = Self { windows, shown: windows.windows.iter().map(|window| window.zone.local(early)).collect() };
        for minute in 0..72 * 60 {
            model.step(early + SignedDuration::from_mins(minute));
        }
        model
    }

    fn step(&mut self, now: Timestamp) {
        for (shown, window) in self.shown.iter_mut().zip(&self.windows.windows) {
            *shown = (*shown).max(window.zone.local(now));
        }
    }

    fn is_open(&self) -> bool {
        self.shown.iter().zip(&self.windows.windows).any(|(shown, window)| {
            let today = shown.date();
            let minute = u16::try_from(i64::from(shown.hour()) * 60 + i64::from(shown.minute())).expect("a minute of a day");
            let (from, to) = (window.from.minutes(), window.to.minutes());
            let belongs = |day: Date| window.days.contains(day.weekday()) && !self.windows.is_blackout(day);
            let yesterday = today.yesterday().expect("a day");
            let open = if from < to {
                belongs(today) && (from..to).contains(&minute)
            } else {
                (belongs(today) && minute >= from) || (belongs(yesterday) && minute < to)
            };
            open && !self.windows.is_blackout(today)
        })
    }
}

fn zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe", "UTC"])
        .prop_map(|name| name.parse().expect("a zone"))
}

fn clock_time() -> impl Strategy<Value = ClockTime> {
    // Near the hours at which clocks change as often as anywhere else; quarters, so that windows touch now and then.
    prop_oneof![(0_u16..16).prop_map(|quarter| quarter * 15), 0_u16..1440, (0_u16..=96).prop_map(|quarter| quarter * 15)].prop_map(
        |minutes| {
            let text = format!("{:02}:{:02}", minutes / 60, minutes % 60);
            text.parse().expect("a time of day")
        },
    )
}

fn window() -> impl Strategy<Value = Window> {
    let days = prop_oneof![
        Just(Days::ALL),
        Just(Days::of([Weekday::Sunday])),
        "(mon|tue|wed|thu|fri|sat|sun)-(mon|wed|sat)".prop_map(|text| { text.parse().expect("days") })
    ];
    (days, clock_time(), clock_time(), zone())
        .prop_map(|(days, from, to, zone)| Window { days, from, to, zone })
        .prop_filter("never open", |window| window.check().is_ok())
}

/// Around changes of clocks in these zones, a leap day, and a year's end.
fn start() -> impl Strategy<Value = Timestamp> {
    let eves = [
        date(2026, 3, 7),
        date(2026, 3, 28),
        date(2026, 4, 4),
        date(2026, 10, 3),
        date(2026, 10, 24),
        date(2026, 10, 31),
        date(2011, 12, 29),
        date(2010, 9, 25),
        date(2028, 2, 28),
        date(2026, 12, 30),
        date(2026, 7, 1),
    ];
    (prop::sample::select(eves.to_vec()), 0_i64..1440).prop_map(|(eve, minute)| {
        let midnight = TimeZone::UTC.to_timestamp(eve.at(0, 0, 0, 0)).expect("a timestamp");
        midnight + SignedDuration::from_mins(minute)
    })
}

fn blackouts(start: Timestamp) -> impl Strategy<Value = Vec<Blackout>> {
    let day = Zone::utc().date(start);
    prop::collection::vec((0_i32..4, 0_i32..2), 0..2).prop_map(move |list| {
        let day_after = |n: i32| day.checked_add(n.days()).expect("a day");
        let blackout = |(first, length): (i32, i32)| Blackout::new(day_after(first), Some(day_after(first + length))).expect("a blackout");
        list.into_iter().map(blackout).collect()
    })
}

fn case() -> impl Strategy<Value = (Windows, Timestamp)> {
    start().prop_flat_map(|start| {
        (prop::collection::vec(window(), 1..4), blackouts(start), zone(), Just(start))
            .prop_map(|(windows, blackout, zone, start)| (Windows::new(zone, windows, blackout).expect("windows"), start))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_answer_is_the_one_of_the_minute_by_minute_model((windows, start) in case()) {
        let mut model = Model::at(&windows, start);
        let minute = |n: i64| start + SignedDuration::from_mins(n);
        let open: Vec<bool> = (0..MINUTES).map(|n| { model.step(minute(n)); model.is_open() }).collect();
        // From here backwards, so that each minute knows when the next change comes.
        let (mut next_open, mut next_closed) = (None, None);
        for (n, open) in open.iter().enumerate().rev() {
            let now = minute(i64::try_from(n).expect("few minutes"));
            if *open { next_open = Some(now) } else { next_closed = Some(now) }
            prop_assert_eq!(windows.is_open(now), *open, "at {}", now);
            // A change every few minutes is enough to be asked about; the rest is between two of them.
            if n % 7 != 0 { continue }
            if let Some(expected) = next_open {
                prop_assert_eq!(windows.opens_next(now), Some(expected), "opens after {}", now);
            }
            match (open, next_closed) {
                (true, Some(expected)) => prop_assert_eq!(windows.closes_at(now), Some(expected), "closes after {}", now),
                (false, _) => prop_assert_eq!(windows.closes_at(now), None),
                (true, None) => {}
            }
        }
    }

    #[test]
    fn what_is_written_reads_back((windows, _) in case()) {
        let json = serde_json::to_string(&windows).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Windows>(&json).expect("read back"), windows);
    }
}
