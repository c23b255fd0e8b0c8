//! What a browser brings back from a sign-in: good for one question, for a minute.

use crate::secret_key::{SecretKeyHash, generate, is_well_formed};
use sha2::{Digest, Sha256};
use std::fmt;

const PREFIX: &str = "mustersso_";

/// A one-time code. It shows in no debug output, and only its SHA-256 is stored.
#[derive(Clone)]
pub struct SignInCode(String);

impl SignInCode {
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

    /// The code itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiToken;

    #[test]
    fn a_code_reads_back_and_is_no_token() {
        let code = SignInCode::generate();
        assert_eq!(SignInCode::parse(code.reveal()).map(|read| read.hash()), Some(code.hash()));
        assert!(ApiToken::parse(code.reveal()).is_none() && SignInCode::parse(ApiToken::generate().reveal()).is_none());
        assert_eq!(format!("{code:?}"), "SignInCode(…)");
    }
}
