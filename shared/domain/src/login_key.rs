//! The one comparison form of a user id.
//!
//! Two spellings are the same user when their login keys are equal. The key is computed here and stored; SQL never computes
//! it. That is deliberate: `lower()` of a database and `to_lowercase` of Rust disagree on dotted capital I, the Kelvin sign and
//! others, and account take-overs have been built on less.

use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A text in comparison form: trimmed, NFC, lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoginKey(String);

impl LoginKey {
    /// The comparison form of a user id, a group's display name or an e-mail address.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_ascii() {
            return Self(text.to_ascii_lowercase());
        }
        let composed = if is_nfc(text) { text.to_lowercase() } else { text.nfc().collect::<String>().to_lowercase() };
        // Lower-casing can take a text out of NFC (dotted capital I becomes i + U+0307), so compose once more.
        Self(if is_nfc(&composed) { composed } else { composed.nfc().collect() })
    }

    /// The text to store and compare.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Nothing left to compare: the user id was empty or blank.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for LoginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_space_and_composition_do_not_matter() {
        assert_eq!(LoginKey::of(" ADA@Northwind.TEST "), LoginKey::of("ada@northwind.test"));
        assert_eq!(LoginKey::of("Zoe\u{301}"), LoginKey::of("ZO\u{c9}"));
    }

    #[test]
    fn look_alikes_stay_apart() {
        assert_ne!(LoginKey::of("\u{131}d"), LoginKey::of("id"), "dotless i is not i");
        assert_ne!(LoginKey::of("stra\u{df}e"), LoginKey::of("strasse"));
        assert_ne!(LoginKey::of("\u{130}d"), LoginKey::of("id"), "dotted capital I keeps its dot");
    }

    #[test]
    fn the_form_is_stable() {
        for text in ["\u{130}", "\u{212a}", "A\u{30a}", " x ", "\u{1e9e}"] {
            let once = LoginKey::of(text);
            assert_eq!(LoginKey::of(once.as_str()), once, "{text:?}");
        }
    }
}
