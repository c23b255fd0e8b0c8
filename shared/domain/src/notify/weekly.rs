//! The week a summary is about.

use jiff::{Timestamp, ToSpan, civil::Weekday, tz::TimeZone};

/// The hour of Monday at which the summary of the week before is written.
const HOUR: i8 = 8;

/// The week whose summary is the latest that may be written at this moment, in this zone: its ISO name (`2026-W48`), and its first and
/// its one-past-last millisecond.
///
/// None outside the range of times.
#[must_use]
pub fn week_of(now_ms: i64, zone: &TimeZone) -> Option<(String, i64, i64)> {
    // Eight hours back: before eight on a Monday it is still the week before that counts.
    let shifted = Timestamp::from_millisecond(now_ms).ok()?.to_zoned_datetime(zone.clone()).checked_sub(i64::from(HOUR).hours()).ok()?;
    let date = shifted.date();
    let monday = date.checked_sub(i64::from(date.weekday().since(Weekday::Monday)).days()).ok()?;
    let start = monday.checked_sub(7.days()).ok()?;
    let week = start.iso_week_date();
    let name = format!("{}-W{:02}", week.year(), week.week());
    let at = |date: jiff::civil::Date| Some(date.to_zoned_datetime(zone.clone()).ok()?.timestamp().as_millisecond());
    Some((name, at(start)?, at(monday)?))
}
