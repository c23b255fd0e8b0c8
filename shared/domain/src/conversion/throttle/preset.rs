//! What people choose from: three presets, and a most of their own.

use super::turns::Turns;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, time::Duration};

/// How much of the database a conversion may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// For an hour at which people work: at most 1,000 rows a second, in small chunks.
    #[default]
    Gentle,
    /// For a quiet hour: at most 2,500 rows a second.
    Normal,
    /// For a night in which nobody notices: as fast as the canary lets it.
    Fast,
}

impl Preset {
    /// Every preset, the slowest first.
    pub const ALL: [Self; 3] = [Self::Gentle, Self::Normal, Self::Fast];

    /// The word people write.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gentle => "gentle",
            Self::Normal => "normal",
            Self::Fast => "fast",
        }
    }

    /// The most rows per second; none for as many as there can be.
    #[must_use]
    pub const fn max_rows_per_second(self) -> Option<u32> {
        match self {
            Self::Gentle => Some(1_000),
            Self::Normal => Some(2_500),
            Self::Fast => None,
        }
    }
}

/// What a preset means to the control law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Law {
    /// Rows per second to begin with.
    pub start: f64,
    /// How many times the p99 between chunks a canary query may take before it counts as slowed by us.
    pub tolerance: f64,
    /// What it may take more than that p99 in any case: below, a ratio says nothing and nobody notices.
    pub slack: Duration,
    /// The most rows in a chunk.
    pub rows_max: f64,
    /// How long a chunk should take at most.
    pub chunk_target: Duration,
    /// How time is shared out between working and comparing.
    pub turns: Turns,
    /// Bytes of write-ahead log per second, everybody's together, above which it stops.
    pub wal_max: f64,
}

impl Preset {
    pub(super) const fn law(self) -> Law {
        const MIB: f64 = 1_048_576.0;
        // The longer a chunk, the cheaper its rows and the longer whoever meets it waits. Gentle's figures are the ones that were
        // measured to keep the p99 of others within a fifth; fast's are those of a database that is alone at night.
        match self {
            Self::Gentle => Law {
                start: 500.0,
                tolerance: 1.1,
                slack: Duration::from_micros(200),
                rows_max: 50.0,
                chunk_target: Duration::from_millis(20),
                turns: Turns { work: Duration::from_millis(500), pause: Duration::from_millis(500) },
                wal_max: 20.0 * MIB,
            },
            Self::Normal => Law {
                start: 500.0,
                tolerance: 1.5,
                slack: Duration::from_millis(5),
                rows_max: 200.0,
                chunk_target: Duration::from_millis(20),
                turns: Turns { work: Duration::from_millis(500), pause: Duration::from_millis(500) },
                wal_max: 50.0 * MIB,
            },
            Self::Fast => Law {
                start: 2_000.0,
                tolerance: 3.0,
                slack: Duration::from_millis(25),
                rows_max: 2_000.0,
                chunk_target: Duration::from_millis(50),
                // A tenth of the time is what knowing costs.
                turns: Turns { work: Duration::from_millis(1_800), pause: Duration::from_millis(200) },
                wal_max: 400.0 * MIB,
            },
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no preset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown preset `{0}`: use gentle, normal or fast")]
pub struct UnknownPreset(pub String);

impl FromStr for Preset {
    type Err = UnknownPreset;

    /// # Errors
    /// [`UnknownPreset`] when no preset has that name; case and blanks around it do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|preset| preset.as_str() == word).ok_or_else(|| UnknownPreset(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_read_back_as_people_write_them() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
            assert_eq!(serde_json::to_value(preset).expect("JSON"), preset.as_str());
        }
        assert_eq!(" Gentle".parse(), Ok(Preset::Gentle));
        assert!("slow".parse::<Preset>().is_err());
    }
}
