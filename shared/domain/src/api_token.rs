//! The token of the JSON API: what a script or a page of an operator presents.
//!
//! Made like a secret key, with a prefix of its own, so that neither is ever taken for the other: a directory's key reads no log, and a
//! token provisions nobody. Only its SHA-256 is stored.

use crate::secret_key::{SecretKeyHash, generate, is_well_formed};
use sha2::{Digest, Sha256};
use std::fmt;

const PREFIX: &str = "musterapi_";

/// A token. It shows in no debug output.
#[derive(Clone)]
pub struct ApiToken(String);

impl ApiToken {
    /// A new one.
    ///
    /// # Panics
    /// When the operating system gives no random bytes.
    #[must_use]
    pub fn generate() -> Self {
        Self(generate(PREFIX))
    }

    /// Reads one that was presented; none when it is mistyped, cut short or none of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_well_formed(PREFIX, text).then(|| Self(text.to_owned()))
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> SecretKeyHash {
        SecretKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The token itself, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its last four characters, to tell tokens apart in a list.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;

    #[test]
    fn a_token_reads_back_and_is_no_secret_key() {
        let token = ApiToken::generate();
        let read = ApiToken::parse(token.reveal()).expect("own token");
        assert_eq!(read.hash(), token.hash());
        assert!(SecretKey::parse(token.reveal()).is_err());
        assert!(ApiToken::parse(SecretKey::generate().reveal()).is_none());
        assert!(ApiToken::parse(&token.reveal()[..30]).is_none());
        assert!(!format!("{token:?}").contains(token.hint()));
    }
}
