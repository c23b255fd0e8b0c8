//! Time zones by their IANA name.
//!
//! The system's database is used where there is one, so that a change of the law arrives with the system's updates; where there is
//! none, the one that is compiled in.

use super::WindowError;
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};
use std::{fmt, str::FromStr};

/// A time zone that exists.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the clock there shows.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// What the clock there shows, for people: `Tue 2026-11-24 22:00`.
    #[must_use]
    pub fn minute(&self, at: Timestamp) -> String {
        self.local(at).strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    pub(super) fn date(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// The first instant at which the clock there shows this or later. None beyond the calendar's end.
    pub(super) fn first(&self, local: DateTime) -> Option<Timestamp> {
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(local).ok(),
            // Skipped: the clock jumps over it at the change, which is the next one after where the later offset would put it.
            AmbiguousOffset::Gap { after, .. } => {
                let before_the_change = after.to_timestamp(local).ok()?;
                self.0.following(before_the_change).next().map(|change| change.timestamp())
            }
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl FromStr for Zone {
    type Err = WindowError;

    /// # Errors
    /// [`WindowError::UnknownZone`] when there is no such zone, with names that are similar. Case does not matter.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.trim();
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        jiff::tz::db().get(name).map(Self).map_err(|_| WindowError::UnknownZone { name: name.to_owned(), similar: similar(name) })
    }
}

/// The names nearest to what was written: of those in which the last part (the city) or the whole is little different, three.
fn similar(name: &str) -> Vec<String> {
    let city = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase().replace([' ', '-'], "_");
    let (whole, wanted) = (name.to_lowercase(), city(name));
    let mut found: Vec<(usize, String)> = jiff::tz::db()
        .available()
        .map(|known| known.to_string())
        .filter(|known| known.contains('/') && !known.starts_with("Etc/") && !known.starts_with("right/") && !known.starts_with("posix/"))
        .filter_map(|known| {
            let far = distance(&wanted, &city(&known)).min(distance(&whole, &known.to_lowercase()));
            (far <= 1 + wanted.chars().count() / 4).then_some((far, known))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, known)| known).take(3).collect()
}

/// How many characters have to be put in, taken out or changed to make one text of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        name.parse::<Zone>().expect_err("no such zone").to_string()
    }

    #[test]
    fn zones_are_known_by_name_whatever_the_case() {
        assert_eq!("europe/berlin".parse::<Zone>().expect("a zone").name(), "Europe/Berlin");
        assert_eq!("UTC".parse::<Zone>().expect("a zone"), Zone::utc());
    }

    #[test]
    fn an_unknown_zone_is_refused_with_similar_names() {
        assert_eq!(refusal("Europe/Berlln"), "unknown time zone `Europe/Berlln`: did you mean Europe/Berlin?");
        assert!(refusal("Kathmandu").contains("Asia/Kathmandu"));
        assert!(refusal("America/New York").contains("America/New_York"));
        assert_eq!(refusal("Mars/Olympus_Mons"), "unknown time zone `Mars/Olympus_Mons`: use an IANA name such as Europe/Berlin");
    }

    #[test]
    fn distances() {
        for (a, b, n) in [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("berlin", "berlln", 1)] {
            assert_eq!(distance(a, b), n, "{a} {b}");
        }
    }
}
