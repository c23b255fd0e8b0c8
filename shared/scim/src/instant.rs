//! Moments in time: text on the wire, milliseconds since 1970 inside.

use jiff::{Timestamp, civil, fmt::temporal::DateTimePrinter, tz::TimeZone};

static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// RFC 3339 in UTC with milliseconds, `2026-11-24T07:50:00.000Z`. Moments outside the calendar's range come out as its end.
#[must_use]
pub fn instant_text(ms: i64) -> String {
    let moment = Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX });
    PRINTER.timestamp_to_string(&moment)
}

/// Milliseconds since 1970 of an XSD `dateTime`; one without a zone is taken as UTC.
#[must_use]
pub fn instant_ms(text: &str) -> Option<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    let civil: civil::DateTime = text.parse().ok()?;
    Some(TimeZone::UTC.to_timestamp(civil).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc_with_milliseconds() {
        assert_eq!(instant_text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(instant_text(1_305_261_754_007), "2011-05-13T04:42:34.007Z");
    }

    #[test]
    fn moments_are_read_in_any_zone() {
        assert_eq!(instant_ms("2011-05-13T04:42:34.007Z"), Some(1_305_261_754_007));
        assert_eq!(instant_ms("2011-05-13T06:42:34.007+02:00"), Some(1_305_261_754_007));
        assert_eq!(instant_ms("2011-05-13T04:42:34"), Some(1_305_261_754_000));
        assert_eq!(instant_ms("yesterday"), None);
    }

    #[test]
    fn absurd_moments_do_not_panic() {
        assert!(instant_text(i64::MAX).starts_with("9999"));
        assert!(instant_text(i64::MIN).starts_with('-'));
    }
}
