//! How values are written on pages.

use jiff::Timestamp;

/// A moment, for people, in UTC: `28 Nov 2026, 19:54:56`. Pages say once that times are UTC.
pub(crate) fn moment(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| "—".to_owned(), |at| at.strftime("%-d %b %Y, %H:%M:%S").to_string())
}

/// A moment, for machines: the `datetime` of a `<time>`.
pub(crate) fn machine(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |at| at.to_string())
}

/// How long ago, in the largest unit: `3 min ago`. Not to the second: a live part would change, and be read out, each second.
pub(crate) fn ago(ms: i64, now_ms: i64) -> String {
    match (now_ms - ms).max(0) / 1000 {
        0..=59 => "less than a minute ago".to_owned(),
        seconds @ 60..=3_599 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..=86_399 => format!("{} h ago", seconds / 3_600),
        seconds if seconds < 2 * 86_400 => "1 day ago".to_owned(),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// A number with thin gaps between its thousands: `12 430`.
pub(crate) fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if value < 0 { format!("−{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_moments_are_written_for_people() {
        assert_eq!((number(0).as_str(), number(999).as_str()), ("0", "999"));
        assert_eq!(number(-1_234_567), "−1\u{202f}234\u{202f}567");
        assert_eq!(moment(0), "1 Jan 1970, 00:00:00");
        assert_eq!(machine(0), "1970-01-01T00:00:00Z");
        for (seconds, text) in [
            (0, "less than a minute ago"),
            (59, "less than a minute ago"),
            (60, "1 min ago"),
            (3_600, "1 h ago"),
            (90_000, "1 day ago"),
            (864_000, "10 days ago"),
        ] {
            assert_eq!(ago(0, seconds * 1000), text);
        }
        assert_eq!(ago(10_000, 0), "less than a minute ago", "clocks differ");
    }
}
