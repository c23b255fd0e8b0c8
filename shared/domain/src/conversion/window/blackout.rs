//! Dates on which nothing runs.

use super::WindowError;
use jiff::civil::Date;
use std::{fmt, str::FromStr};

/// A date, or all dates from one to another, both included; without a last one, all dates from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blackout {
    first: Date,
    last: Option<Date>,
}

impl Blackout {
    /// From one date to another, both included; without a last one, for ever.
    ///
    /// # Errors
    /// [`WindowError::Blackout`] when the last is before the first.
    pub fn new(first: Date, last: Option<Date>) -> Result<Self, WindowError> {
        if last.is_some_and(|last| last < first) {
            return Err(WindowError::Blackout(format!("{first}..{}", last.unwrap_or(first))));
        }
        Ok(Self { first, last })
    }

    /// Whether the date is one of them.
    #[must_use]
    pub fn contains(&self, date: Date) -> bool {
        self.first <= date && self.last.is_none_or(|last| date <= last)
    }
}

impl fmt::Display for Blackout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last {
            Some(last) if last == self.first => write!(f, "{last}"),
            Some(last) => write!(f, "{}..{last}", self.first),
            None => write!(f, "{}..", self.first),
        }
    }
}

impl FromStr for Blackout {
    type Err = WindowError;

    /// `2026-12-24`, `2026-12-24..2027-01-02` or `2026-12-24..`.
    ///
    /// # Errors
    /// [`WindowError::Blackout`] when that is no date, or the last is before the first.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || WindowError::Blackout(text.to_owned());
        // The civil date parser would also take a date with a time behind it, and forget the time.
        let date = |text: &str| Date::strptime("%Y-%m-%d", text.trim()).map_err(|_| wrong());
        match text.split_once("..") {
            None => Ok(Self { first: date(text)?, last: Some(date(text)?) }),
            Some((first, last)) if last.trim().is_empty() => Ok(Self { first: date(first)?, last: None }),
            Some((first, last)) => Self::new(date(first)?, Some(date(last)?)).map_err(|_| wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn dates_and_ranges_read_back() {
        for text in ["2026-12-24", "2026-12-24..2027-01-02", "2026-12-24.."] {
            assert_eq!(text.parse::<Blackout>().expect("a blackout").to_string(), text);
        }
        let range: Blackout = "2026-12-24 .. 2027-01-02".parse().expect("a blackout");
        assert!(range.contains(date(2026, 12, 24)) && range.contains(date(2027, 1, 2)));
        assert!(!range.contains(date(2026, 12, 23)) && !range.contains(date(2027, 1, 3)));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["24.12.2026", "2026-02-30", "2026-12-24T10:00", "2027-01-02..2026-12-24", ""] {
            let error = text.parse::<Blackout>().expect_err(text);
            assert!(error.to_string().starts_with(&format!("`{text}` is no blackout date")), "{error}");
        }
    }
}
