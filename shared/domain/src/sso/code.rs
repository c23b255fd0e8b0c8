//! What a browser brings back from a sign-in: good for one question, for a minute.

use crate::token::token;

token!(
    /// A one-time code.
    SignInCode,
    "mustersso_"
);

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
