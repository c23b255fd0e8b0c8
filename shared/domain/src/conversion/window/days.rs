//! Days of the week.

use super::WindowError;
use jiff::civil::Weekday;
use std::{fmt, str::FromStr};

/// A set of days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days(u8);

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LONG_NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Days {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);
    const WEEKDAYS: Self = Self(0b001_1111);
    const WEEKEND: Self = Self(0b110_0000);

    /// These days.
    #[must_use]
    pub fn of(days: impl IntoIterator<Item = Weekday>) -> Self {
        Self(days.into_iter().fold(0, |set, day| set | bit(day)))
    }

    /// Whether the day is one of them.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their short names, Monday first.
    pub(super) fn names(self) -> Vec<String> {
        (0..7).filter(|day| self.0 & (1 << day) != 0).map(|day| NAMES[day].to_owned()).collect()
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("daily"),
            Self::WEEKDAYS => f.write_str("weekdays"),
            Self::WEEKEND => f.write_str("weekend"),
            days => f.write_str(&days.names().join(", ")),
        }
    }
}

impl FromStr for Days {
    type Err = WindowError;

    /// Days and ranges of days with commas between them: `mon`, `Tuesday`, `fri-mon`, `weekdays`, `weekend`, `daily`.
    ///
    /// # Errors
    /// [`WindowError::UnknownDay`] with the part that names no day.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut set = 0;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            set |= match part.to_lowercase().as_str() {
                "daily" | "every day" => Self::ALL.0,
                "weekdays" => Self::WEEKDAYS.0,
                "weekend" => Self::WEEKEND.0,
                word => match word.split_once('-') {
                    Some((first, last)) => range(day(first, part)?, day(last, part)?),
                    None => 1 << day(word, part)?,
                },
            };
        }
        Ok(Self(set))
    }
}

fn day(word: &str, part: &str) -> Result<u8, WindowError> {
    let word = word.trim();
    let number = (0..7_u8).find(|n| NAMES[usize::from(*n)] == word || LONG_NAMES[usize::from(*n)] == word);
    number.ok_or_else(|| WindowError::UnknownDay(part.to_owned()))
}

fn range(first: u8, last: u8) -> u8 {
    let length = (last + 7 - first) % 7;
    (0..=length).fold(0, |set, step| set | 1 << ((first + step) % 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_as_people_write_them() {
        for (text, names) in [
            ("mon", "mon"),
            ("Tuesday, thu", "tue, thu"),
            ("fri-mon", "mon, fri, sat, sun"),
            ("wed-wed", "wed"),
            ("mon-fri", "weekdays"),
            ("sat,sun", "weekend"),
            ("weekdays, Weekend", "daily"),
        ] {
            assert_eq!(text.parse::<Days>().expect("days").to_string(), names, "{text}");
        }
        assert!("".parse::<Days>().expect("no days").is_empty());
        let error = "mon, tau".parse::<Days>().expect_err("no day");
        assert_eq!(error.to_string(), "unknown day `tau`: use mon … sun, a range such as fri-mon, weekdays, weekend or daily");
    }

    #[test]
    fn every_day_is_in_its_set() {
        let days = Days::of([Weekday::Monday, Weekday::Sunday]);
        assert!(days.contains(Weekday::Sunday) && days.contains(Weekday::Monday) && !days.contains(Weekday::Friday));
    }
}
