//! A domain that is an account's own.

use crate::{LoginKey, conversion::is_plain_address};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where everybody can have an address: whoever owned one of these would own everybody.
const ANYBODYS: [&str; 22] = [
    "aol.com",
    "fastmail.com",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.com",
    "yandex.ru",
    "ymail.com",
];

/// A domain somebody vouched for: the mailbox name before it means a user of this account. In comparison form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifiedDomain(String);

/// The text cannot be a domain of an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDomain {
    /// It is no name of a domain.
    #[error("`{0}` is no domain: write it as in acme.com, in ASCII (xn--… for others)")]
    Malformed(String),
    /// Everybody can have an address there.
    #[error("`{0}` belongs to nobody's account: everybody can have an address there")]
    Anybodys(String),
}

impl VerifiedDomain {
    /// The name, in comparison form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VerifiedDomain {
    type Err = NoDomain;
    /// Reads `acme.com`, also written `@acme.com` or `acme.com.`.
    ///
    /// # Errors
    /// [`NoDomain`] when it is none, or one where everybody can have an address.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        let name = name.strip_prefix('@').unwrap_or(name);
        let key = LoginKey::of(name.strip_suffix('.').unwrap_or(name)).into_string();
        // Asked of what was written, not of its comparison form: a letter that only becomes ASCII there is none.
        if !is_plain_address(&format!("x@{}", name.strip_suffix('.').unwrap_or(name))) {
            return Err(NoDomain::Malformed(text.to_owned()));
        }
        if ANYBODYS.contains(&key.as_str()) { Err(NoDomain::Anybodys(key)) } else { Ok(Self(key)) }
    }
}

impl TryFrom<String> for VerifiedDomain {
    type Error = NoDomain;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<VerifiedDomain> for String {
    fn from(domain: VerifiedDomain) -> Self {
        domain.0
    }
}

impl fmt::Display for VerifiedDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_as_people_write_it() {
        for text in ["acme.com", " @ACME.com", "Acme.Com."] {
            assert_eq!(text.parse::<VerifiedDomain>().unwrap().as_str(), "acme.com");
        }
    }

    #[test]
    fn what_is_no_domain_or_anybodys_is_refused() {
        for text in
            ["", "acme", "a b.com", "acme..com", "jdoe@acme.com", "*.acme.com", "-a.com", "\u{212a}.com", "münchen.de", "acme.com.."]
        {
            assert!(matches!(text.parse::<VerifiedDomain>(), Err(NoDomain::Malformed(_))), "{text}");
        }
        assert!(matches!("GMail.com".parse::<VerifiedDomain>(), Err(NoDomain::Anybodys(_))));
    }
}
