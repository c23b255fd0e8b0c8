//! The secret key of Setup SCIM: what an administrator pastes into the directory.
//!
//! `muster_` + 43 characters of base 62 (256 random bits) + 6 characters of checksum. The prefix lets secret scanners find a
//! leaked key and a double click select all of it; the checksum refuses a mistyped or truncated key before anything is looked
//! up. The checksum is no security. Only a SHA-256 of the key is stored: the key is random, so a slow hash would buy nothing and
//! cost every request.

use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

const PREFIX: &str = "muster_";
const RANDOM_CHARS: usize = 43;
const CHECK_CHARS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A secret key in clear. Lives from the moment it is made to the moment it is shown, or for the length of a request.
#[derive(Clone)]
pub struct SecretKey(String);

/// The SHA-256 of a secret key: the only form that is stored. Equality takes the same time whatever differs.
#[derive(Clone, Copy)]
pub struct SecretKeyHash(pub [u8; 32]);

/// The text cannot be a secret key: wrong prefix, length, alphabet or checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a secret key of this service")]
pub struct MalformedSecretKey;

impl SecretKey {
    /// A new random key.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, which leaves nothing safe to do.
    #[must_use]
    pub fn generate() -> Self {
        Self(generate(PREFIX))
    }

    /// Reads a key a client sent. Looks nothing up.
    ///
    /// # Errors
    /// [`MalformedSecretKey`] when the text cannot be a key.
    pub fn parse(text: &str) -> Result<Self, MalformedSecretKey> {
        if is_well_formed(PREFIX, text) { Ok(Self(text.to_owned())) } else { Err(MalformedSecretKey) }
    }

    /// The form that is stored and looked up.
    #[must_use]
    pub fn hash(&self) -> SecretKeyHash {
        SecretKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The key in clear, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four characters: enough to tell two keys apart on a page, too little to help anyone.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl PartialEq for SecretKeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretKeyHash {}

impl fmt::Debug for SecretKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKeyHash(…)")
    }
}

/// A prefix, 256 random bits and a checksum.
pub(crate) fn generate(prefix: &str) -> String {
    let mut text = String::with_capacity(prefix.len() + RANDOM_CHARS + CHECK_CHARS);
    text.push_str(prefix);
    let mut bytes = [0_u8; 64];
    while text.len() < prefix.len() + RANDOM_CHARS {
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        // 248 = 4 * 62: larger bytes are thrown away, so that every character is equally likely.
        let chars = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        text.extend(chars.take(prefix.len() + RANDOM_CHARS - text.len()));
    }
    let check = checksum(&text);
    text.push_str(&check);
    text
}

/// Whether a text is what [`generate`] makes.
pub(crate) fn is_well_formed(prefix: &str, text: &str) -> bool {
    let Some(body) = text.strip_prefix(prefix) else { return false };
    if body.len() != RANDOM_CHARS + CHECK_CHARS || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let (unchecked, check) = text.split_at(text.len() - CHECK_CHARS);
    checksum(unchecked) == check
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut chars = [b'0'; CHECK_CHARS];
    for slot in chars.iter_mut().rev() {
        *slot = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    chars.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_hashes_alike() {
        let key = SecretKey::generate();
        let read = SecretKey::parse(key.reveal()).expect("own key");
        assert_eq!(read.hash(), key.hash());
        assert_eq!(key.reveal().len(), PREFIX.len() + RANDOM_CHARS + CHECK_CHARS);
    }

    #[test]
    fn every_single_character_error_is_noticed() {
        let key = SecretKey::generate();
        for position in 0..key.reveal().len() {
            let mut bytes = key.reveal().as_bytes().to_vec();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(bytes).expect("ascii");
            assert!(SecretKey::parse(&text).is_err(), "{position}");
        }
        assert!(SecretKey::parse(&key.reveal()[..50]).is_err());
        assert!(SecretKey::parse("").is_err());
        assert!(SecretKey::parse("muster_é").is_err());
    }

    #[test]
    fn neither_key_nor_hash_shows_in_debug_output() {
        let key = SecretKey::generate();
        let shown = format!("{key:?} {:?}", key.hash());
        assert!(!shown.contains(&key.reveal()[10..20]), "{shown}");
    }

    #[test]
    fn keys_differ() {
        let keys: std::collections::HashSet<String> = (0..1000).map(|_| SecretKey::generate().reveal().to_owned()).collect();
        assert_eq!(keys.len(), 1000);
    }
}
