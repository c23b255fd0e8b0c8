//! The address of a recipient.

use crate::LoginKey;
use std::{fmt, str::FromStr};

/// An e-mail address that can stand in an envelope and in a header: no line end, no control character, no space, one `@` with
/// something on both sides. Whether it exists, only the mail server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress(String);

/// The text is no address that mail can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an e-mail address: write it as in ada@example.com, without a name or brackets")]
pub struct NotAnAddress(pub String);

impl MailAddress {
    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one address have in common; unique within an account.
    #[must_use]
    pub fn key(&self) -> String {
        LoginKey::of(&self.0).into_string()
    }
}

impl FromStr for MailAddress {
    type Err = NotAnAddress;
    /// # Errors
    /// [`NotAnAddress`] for everything else.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || NotAnAddress(text.chars().filter(|char| !char.is_control()).take(80).collect());
        let (name, domain) = text.rsplit_once('@').ok_or_else(bad)?;
        let local = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
        let name_fits = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| local(byte) || byte >= 0x80)
            && !name.starts_with('.')
            && !name.ends_with('.')
            && !name.contains("..");
        let domain_fits = (1..=253).contains(&domain.len())
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80)
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        if name_fits && domain_fits && !text.chars().any(|char| char.is_control() || char.is_whitespace()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(bad())
        }
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
