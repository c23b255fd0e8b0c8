//! What an account has chosen.

use super::VerifiedDomain;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The text is none of the words that can stand there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` cannot stand here: use {expected}")]
pub struct UnknownWord {
    given: String,
    expected: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant),+ }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            /// # Errors
            /// [`UnknownWord`] with the words there are.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text).ok_or_else(|| UnknownWord {
                    given: text.to_owned(),
                    expected: Self::ALL.iter().map(|choice| choice.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

words!(
    /// What user ids are in this account, as far as sign-in is concerned.
    Rule {
        /// The names of mailboxes, as the platform made them: the domain is cut off. A user nobody has given an address to is found by the
        /// name alone.
        Mailbox = "mailbox",
        /// Addresses. A user whose user id is still a mailbox name is found if the address asserted is the user's own.
        #[default]
        Email = "email",
    }
);

words!(
    /// Whether somebody nobody knows becomes a user by signing in.
    Jit {
        /// Yes.
        On = "on",
        /// No.
        #[default]
        Off = "off",
        /// Until Setup SCIM has made a secret key: from then on the directory is master.
        UntilScim = "until_scim",
    }
);

words!(
    /// What becomes of a directory's creation of somebody who exists under the mailbox name.
    Linking {
        /// It is refused, with what to do.
        #[default]
        Refuse = "refuse",
        /// The directory gets the user who exists, where there is no doubt: verified domain, same address, one candidate.
        LinkVerified = "link_verified",
    }
);

words!(
    /// Which claim of an identity token says who it is. One of them and never another in its place, or whoever may edit one of them could
    /// choose whom to be.
    Claim {
        /// `email`.
        #[default]
        Email = "email",
        /// `preferred_username`.
        PreferredUsername = "preferred_username",
        /// `upn`, of Entra ID.
        Upn = "upn",
    }
);

/// What an account has chosen about sign-in. The default trusts nothing it need not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoSettings {
    /// What user ids are.
    pub rule: Rule,
    /// Which claim says who it is.
    pub claim: Claim,
    /// Whether signing in makes users.
    pub jit: Jit,
    /// What becomes of a creation of somebody who exists.
    pub linking: Linking,
    /// The domains that are the account's own.
    pub domains: BTreeSet<VerifiedDomain>,
}

impl SsoSettings {
    /// Whether an address is in a domain of the account. Subdomains are domains of their own.
    #[must_use]
    pub fn owns(&self, address: &str) -> bool {
        crate::conversion::domain_of(address).is_some_and(|domain| self.domains.iter().any(|own| own.as_str() == domain.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_others_are_told_which_there_are() {
        assert!(Rule::ALL.iter().all(|rule| rule.as_str().parse() == Ok(*rule)));
        assert!(Jit::ALL.iter().all(|jit| jit.as_str().parse() == Ok(*jit)));
        assert!(Linking::ALL.iter().all(|linking| linking.as_str().parse() == Ok(*linking)));
        assert!(Claim::ALL.iter().all(|claim| claim.as_str().parse() == Ok(*claim)));
        let error = "ON".parse::<Jit>().unwrap_err().to_string();
        assert!(error.contains("on, off, until_scim"), "{error}");
    }

    #[test]
    fn only_the_domain_itself_is_owned() {
        let settings = SsoSettings { domains: ["acme.com".parse().unwrap()].into(), ..SsoSettings::default() };
        assert!(settings.owns("jdoe@ACME.com"));
        for foreign in
            ["jdoe@mail.acme.com", "jdoe@acme.com.evil.test", "jdoe@evilacme.com", "jdoe", "acme.com", "a@acme.com@evil.test", ""]
        {
            assert!(!settings.owns(foreign), "{foreign}");
        }
    }
}
