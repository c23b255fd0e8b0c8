//! The comparison form of text that compares without case.

use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The comparison form: NFC, lower case. It is the folding login keys use (they trim as well), so that a filter finds exactly
/// what a uniqueness check would refuse: a client that cannot find a user must be able to create it.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
    }
    let lower = if is_nfc(text) { text.to_lowercase() } else { text.nfc().collect::<String>().to_lowercase() };
    // Lower-casing can take a text out of NFC (dotted capital I becomes i + U+0307), so compose once more.
    Cow::Owned(if is_nfc(&lower) { lower } else { lower.nfc().collect() })
}

/// Whether two texts have the same comparison form.
pub(crate) fn same_folded(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() { a.eq_ignore_ascii_case(b) } else { fold(a) == fold(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_composition_do_not_matter_but_space_does() {
        assert!(same_folded("ADA@Northwind.TEST", "ada@northwind.test"));
        assert!(same_folded("Zoe\u{301}", "ZO\u{c9}"));
        assert!(!same_folded(" ada", "ada"));
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for text in ["\u{130}", "\u{212a}", "A\u{30a}", " x ", "\u{1e9e}", "plain"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text:?}");
        }
    }

    #[test]
    fn lower_case_ascii_is_not_copied() {
        assert!(matches!(fold("ada@x.test"), Cow::Borrowed(_)));
    }
}
