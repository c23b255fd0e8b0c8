//! What people choose from: three presets, and a most of their own.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

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

/// A preset, and a most that somebody set by hand; both may change while a conversion runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Throttling {
    /// The preset.
    pub preset: Preset,
    /// The most rows per second, whatever the preset would allow. It may be more than that: who sets a number means it. 0 is read as
    /// 1, because a conversion that should not go on is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rows_per_second: Option<u32>,
}

impl Throttling {
    /// The most rows per second that hold; none for as many as there can be.
    #[must_use]
    pub fn limit(&self) -> Option<f64> {
        self.max_rows_per_second.or(self.preset.max_rows_per_second()).map(|rows| f64::from(rows.max(1)))
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

    #[test]
    fn a_limit_set_by_hand_holds_over_the_preset() {
        let limit = |preset, max_rows_per_second| Throttling { preset, max_rows_per_second }.limit();
        assert_eq!(limit(Preset::Gentle, None), Some(1_000.0));
        assert_eq!(limit(Preset::Fast, None), None);
        assert_eq!(limit(Preset::Fast, Some(300)), Some(300.0));
        assert_eq!(limit(Preset::Gentle, Some(4_000)), Some(4_000.0));
        assert_eq!(limit(Preset::Normal, Some(0)), Some(1.0));
    }
}
