//! Old user ids that still sign in.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long an old user id cannot be given to anybody else, days.
const RESERVED_DAYS: i64 = 365;

/// Until when an alias holds, milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliasTerms {
    /// It signs its user in until then.
    pub expires_ms: i64,
    /// Nobody else can get it until then.
    pub reserved_ms: i64,
}

impl AliasTerms {
    /// The terms of aliases made now. An alias outlives every session and token made under the old user id, so that nobody is
    /// logged out: give it more days than the longest of them lives.
    #[must_use]
    pub fn new(now_ms: i64, days: u32) -> Self {
        let expires_ms = now_ms.saturating_add(i64::from(days) * DAY_MS);
        Self { expires_ms, reserved_ms: expires_ms.max(now_ms.saturating_add(RESERVED_DAYS * DAY_MS)) }
    }

    /// The moment somebody has written: itself, or the end of a day (UTC), milliseconds since 1970.
    #[must_use]
    pub fn end_in(text: &str) -> Option<i64> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(moment.as_millisecond());
        }
        // A time without a zone is no day.
        let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text)?;
        let midnight = day.tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
        Some(midnight.timestamp().as_millisecond())
    }

    /// The end of the day (UTC) that is so many days from now: the same moment for whoever asks again on the same day.
    #[must_use]
    pub fn end_of_day_in(now_ms: i64, days: u32) -> i64 {
        now_ms.div_euclid(DAY_MS).saturating_add(i64::from(days) + 1).saturating_mul(DAY_MS)
    }
}
