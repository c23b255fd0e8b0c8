//! The tokens of the console: of a session, in a cookie, and of a one-time link.
//!
//! Made like a secret key, each with a prefix of its own, so that neither is ever taken for the other. Only their SHA-256 is stored.

use crate::token::token;

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
