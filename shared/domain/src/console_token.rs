//! The tokens of the console: of a session, in a cookie, and of a one-time link.
//!
//! Made like a secret key, each with a prefix of its own, so that neither is ever taken for the other. Only their SHA-256 is stored.

use crate::secret_key::{SecretKeyHash, generate, is_well_formed};
use sha2::{Digest, Sha256};
use std::fmt;

macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(String);

        impl $name {
            /// A new one.
            ///
            /// # Panics
            /// When the operating system gives no random bytes.
            #[must_use]
            pub fn generate() -> Self {
                Self(generate($prefix))
            }

            /// Reads one that was presented; none when it is mistyped, cut short or none of ours.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                is_well_formed($prefix, text).then(|| Self(text.to_owned()))
            }

            /// What is stored of it.
            #[must_use]
            pub fn hash(&self) -> SecretKeyHash {
                SecretKeyHash(Sha256::digest(self.0.as_bytes()).into())
            }

            /// The token itself.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

token!(
    /// What a browser holds while somebody is signed in to the console.
    SessionToken,
    "mustersession_"
);
token!(
    /// What a one-time link ends with: it lets somebody choose a password.
    LinkToken,
    "musterlink_"
);

/// Whether two texts are the same. Takes the same time whatever differs, once their lengths do not.
#[must_use]
pub fn equal_in_constant_time(a: &str, b: &str) -> bool {
    subtle::ConstantTimeEq::ct_eq(a.as_bytes(), b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_is_none_of_the_other_kind() {
        let (session, link) = (SessionToken::generate(), LinkToken::generate());
        assert_eq!(SessionToken::parse(session.reveal()).map(|read| read.hash()), Some(session.hash()));
        assert!(LinkToken::parse(session.reveal()).is_none() && SessionToken::parse(link.reveal()).is_none());
        assert_eq!(format!("{session:?} {link:?}"), "SessionToken(…) LinkToken(…)");
    }

    #[test]
    fn texts_are_compared_whole() {
        assert!(equal_in_constant_time("abc", "abc") && equal_in_constant_time("", ""));
        assert!(!equal_in_constant_time("abc", "abd") && !equal_in_constant_time("abc", "ab"));
    }
}
