//! Personal data, made unreadable where a log, a list or a mail shows it.
//!
//! Enough stays to tell one person from the next and to see a wrong domain at a glance: the first letter, and what follows the `@`.

use sha2::{Digest, Sha256};

/// `jdoe@acme.com` becomes `j***@acme.com`, `jdoe` becomes `j***`, nothing stays nothing.
#[must_use]
pub fn mask(text: &str) -> String {
    let Some(first) = text.chars().next() else { return String::new() };
    match text.rsplit_once('@') {
        Some((name, domain)) => format!("{}***@{domain}", name.chars().next().map(String::from).unwrap_or_default()),
        None => format!("{first}***"),
    }
}

/// The SHA-256 of something: to recognise it again without keeping it.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The text of an error with what it quotes from the request masked: whatever stands between backquotes or double quotes, and every
/// word that looks like an address. Names of attributes and paths, which errors quote too, stay when they are spelled like one.
#[must_use]
pub fn mask_detail(detail: &str) -> String {
    let mut shown = String::with_capacity(detail.len());
    let mut rest = detail;
    while let Some(start) = rest.find(['`', '"']) {
        let quote = &rest[start..=start];
        let Some(length) = rest[start + 1..].find(quote) else { break };
        shown.push_str(&mask_addresses(&rest[..start]));
        let quoted = &rest[start + 1..start + 1 + length];
        shown.push_str(quote);
        shown.push_str(&if is_name(quoted) { quoted.to_owned() } else { mask(quoted) });
        shown.push_str(quote);
        rest = &rest[start + length + 2..];
    }
    shown.push_str(&mask_addresses(rest));
    shown
}

fn mask_addresses(text: &str) -> String {
    text.split_inclusive(' ').map(|word| if word.contains('@') { mask_word(word) } else { word.to_owned() }).collect()
}

fn mask_word(word: &str) -> String {
    let bare = word.trim_end_matches(' ');
    format!("{}{}", mask(bare), &word[bare.len()..])
}

/// A name of SCIM's own: of an attribute with a hump (`userName`), or of a schema.
fn is_name(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'$');
    let humped = text.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()) && text.starts_with(|char: char| char.is_ascii_lowercase());
    (plain && humped) || text.starts_with("urn:ietf:params:scim:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_and_the_domain_stay() {
        for (text, shown) in [
            ("jdoe@acme.com", "j***@acme.com"),
            ("jdoe", "j***"),
            ("Ünal", "Ü***"),
            ("\"odd@local\"@acme.com", "\"***@acme.com"),
            ("@acme.com", "***@acme.com"),
            ("", ""),
        ] {
            assert_eq!(mask(text), shown);
        }
    }

    #[test]
    fn an_error_keeps_its_words_and_loses_what_it_quotes() {
        assert_eq!(
            mask_detail("userName: another user signs in as `jdoe`; case does not matter"),
            "userName: another user signs in as `j***`; case does not matter"
        );
        assert_eq!(
            mask_detail("User resources have no attribute \"favouriteColour\""),
            "User resources have no attribute \"favouriteColour\""
        );
        assert_eq!(
            mask_detail("active must be true or false, not \"jdoe@acme.com\""),
            "active must be true or false, not \"j***@acme.com\""
        );
        assert_eq!(mask_detail("mail for jdoe@acme.com, unbalanced ` here"), "mail for j***@acme.com, unbalanced ` here");
        assert_eq!(mask_detail("é`ü`"), "é`ü***`");
    }
}
