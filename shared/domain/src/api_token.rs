//! The token of the JSON API: what a script or a page of an operator presents.
//!
//! Made like a secret key, with a prefix of its own, so that neither is ever taken for the other: a directory's key reads no log, and a
//! token provisions nobody. Only its SHA-256 is stored.

use crate::token::token;

token!(
    /// A token of the JSON API.
    ApiToken,
    "musterapi_"
);

impl ApiToken {
    /// Its last four characters, to tell tokens apart in a list.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.0[self.0.len() - 4..]
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
