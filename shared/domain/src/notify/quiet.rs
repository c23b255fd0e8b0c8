//! Quiet hours: the part of the day in which a recipient wants no mail that can wait.

use jiff::{Timestamp, civil::Time, tz::TimeZone};

/// Quiet hours in the recipient's own time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietHours {
    zone: TimeZone,
    from: Time,
    to: Time,
}

/// The text describes no quiet hours. Says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuietHours {
    /// The hours.
    #[error("`{0}` are no quiet hours: write from-to on the 24-hour clock, as in 20:00-07:30")]
    Hours(String),
    /// The time zone.
    #[error("there is no time zone `{0}`: use a name of the IANA database, as in Europe/Berlin, or UTC")]
    Zone(String),
}

impl QuietHours {
    /// Reads `20:00-07:30` in a time zone such as `Europe/Berlin`. Hours that end where they begin are none: nothing is held.
    ///
    /// # Errors
    /// [`BadQuietHours`] when either is not understood.
    pub fn parse(hours: &str, zone: &str) -> Result<Self, BadQuietHours> {
        let bad = || BadQuietHours::Hours(hours.to_owned());
        let (from, to) = hours.split_once('-').ok_or_else(bad)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| bad());
        Ok(Self { from: time(from)?, to: time(to)?, zone: Self::zone(zone)? })
    }

    /// The time zone of this name.
    ///
    /// # Errors
    /// [`BadQuietHours::Zone`] when there is none.
    pub fn zone(name: &str) -> Result<TimeZone, BadQuietHours> {
        TimeZone::get(name.trim()).map_err(|_| BadQuietHours::Zone(name.to_owned()))
    }

    /// When the quiet hours end that this moment is in; none when it is in none.
    #[must_use]
    pub fn hold_until(&self, now_ms: i64) -> Option<i64> {
        let now = Timestamp::from_millisecond(now_ms).ok()?.to_zoned_datetime(self.zone.clone());
        let time = now.time();
        let inside = if self.from <= self.to { (self.from..self.to).contains(&time) } else { time >= self.from || time < self.to };
        if !inside {
            return None;
        }
        // On the next day when the hours reach over midnight and it is still before it.
        let day = if time < self.to { now.date() } else { now.date().tomorrow().ok()? };
        let end = day.to_datetime(self.to).to_zoned_datetime(self.zone.clone()).ok()?.timestamp().as_millisecond();
        // An end that the clock skips or repeats in spring and autumn may lie before now; nothing is held then.
        (end > now_ms).then_some(end)
    }
}
