//! Windows as they are written down, and what can be wrong with that.

use super::{Blackout, Days, Window, Windows, Zone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What is wrong with windows, in words for whoever wrote them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// There is no such time zone.
    #[error("unknown time zone `{name}`: {}", suggestion(similar))]
    UnknownZone {
        /// What was written.
        name: String,
        /// Names that exist and look like it.
        similar: Vec<String>,
    },
    /// There is no such day.
    #[error("unknown day `{0}`: use mon … sun, a range such as fri-mon, weekdays, weekend or daily")]
    UnknownDay(String),
    /// That is no time of day.
    #[error("`{0}` is no time of day: use 00:00 to 24:00")]
    Time(String),
    /// That is no date or range of dates.
    #[error("`{0}` is no blackout date: use 2026-12-24, 2026-12-24..2027-01-02, or 2026-12-24.. for all dates from then on")]
    Blackout(String),
    /// A window that is never open.
    #[error("{0}")]
    Empty(String),
}

fn suggestion(similar: &[String]) -> String {
    match similar {
        [] => "use an IANA name such as Europe/Berlin".to_owned(),
        names => format!("did you mean {}?", names.join(" or ")),
    }
}

/// A time of day, to the minute; 24:00 is the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime(u16);

impl ClockTime {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(0);
    /// 24:00.
    pub const END_OF_DAY: Self = Self(24 * 60);

    /// Minutes since midnight.
    pub(super) const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for ClockTime {
    type Err = WindowError;

    /// `22:00`, `6:30`, `24:00`.
    ///
    /// # Errors
    /// [`WindowError::Time`] when that is no time of day.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
            let digits = lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let parts = text.trim().split_once(':').and_then(|(hour, minute)| Some((number(hour, 1..=2)?, number(minute, 2..=2)?)));
        match parts {
            Some((hour, minute)) if minute < 60 && (hour < 24 || (hour, minute) == (24, 0)) => Ok(Self(hour * 60 + minute)),
            _ => Err(WindowError::Time(text.to_owned())),
        }
    }
}

impl TryFrom<String> for ClockTime {
    type Error = WindowError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        time.to_string()
    }
}

/// The written form of [`Windows`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(default = "utc")]
    zone: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blackout: Vec<String>,
    // Last, because TOML wants tables after values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    window: Vec<WrittenWindow>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWindow {
    #[serde(default = "every_day")]
    days: OneOrMany,
    from: ClockTime,
    to: ClockTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn utc() -> String {
    "UTC".to_owned()
}

fn every_day() -> OneOrMany {
    OneOrMany::One("daily".to_owned())
}

impl TryFrom<Written> for Windows {
    type Error = WindowError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let zone: Zone = written.zone.parse()?;
        let windows = written.window.into_iter().map(|window| {
            let days = match window.days {
                OneOrMany::One(days) => days,
                OneOrMany::Many(days) => days.join(","),
            };
            let zone = window.zone.map_or_else(|| Ok(zone.clone()), |zone| zone.parse())?;
            Ok(Window { days: days.parse()?, from: window.from, to: window.to, zone })
        });
        let windows = windows.collect::<Result<_, WindowError>>()?;
        let blackout = written.blackout.iter().map(|text| text.parse()).collect::<Result<Vec<Blackout>, _>>()?;
        Self::new(zone, windows, blackout)
    }
}

impl From<Windows> for Written {
    fn from(windows: Windows) -> Self {
        let written = |window: Window| WrittenWindow {
            days: match window.days {
                Days::ALL => every_day(),
                days => OneOrMany::Many(days.names()),
            },
            from: window.from,
            to: window.to,
            zone: (window.zone != windows.zone).then(|| window.zone.to_string()),
        };
        Self {
            zone: windows.zone.to_string(),
            blackout: windows.blackout.iter().map(ToString::to_string).collect(),
            window: windows.windows.into_iter().map(written).collect(),
        }
    }
}
