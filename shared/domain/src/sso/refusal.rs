//! Why nobody is found, and what to do about it.

use serde::Serialize;
use std::fmt;

/// Why an identity is nobody who may sign in. Free of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Nobody is known by it.
    Unknown,
    /// The user may not sign in.
    Disabled,
    /// It could mean more than one user.
    Ambiguous,
    /// The one who has the mailbox name has another address.
    AnotherAddress,
    /// The one who has the mailbox name has no address to compare.
    NoAddress,
    /// Somebody has the mailbox name, but the domain is not one of the account's.
    ForeignDomain,
    /// The provider says that it has not checked the address.
    UnverifiedAddress,
    /// Nothing says who it is.
    NoIdentity,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Unknown,
        Self::Disabled,
        Self::Ambiguous,
        Self::AnotherAddress,
        Self::NoAddress,
        Self::ForeignDomain,
        Self::UnverifiedAddress,
        Self::NoIdentity,
    ];

    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Ambiguous => "ambiguous",
            Self::AnotherAddress => "another_address",
            Self::NoAddress => "no_address",
            Self::ForeignDomain => "foreign_domain",
            Self::UnverifiedAddress => "unverified_address",
            Self::NoIdentity => "no_identity",
        }
    }

    /// Whether an operator should hear of it: only somebody who looks can tell who is meant.
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        matches!(self, Self::Ambiguous | Self::AnotherAddress | Self::NoAddress)
    }

    /// What is the matter.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Unknown => "no user of this account is known by this identity",
            Self::Disabled => "the user is disabled and may not sign in",
            Self::Ambiguous => "the identity could mean more than one user of this account, and nobody guesses",
            Self::AnotherAddress => "the user with this mailbox name has another e-mail address",
            Self::NoAddress => "the user with this mailbox name has no e-mail address that could be compared",
            Self::ForeignDomain => "the domain of the address is not a verified domain of this account",
            Self::UnverifiedAddress => "the provider says that the e-mail address was not verified",
            Self::NoIdentity => "the claim that says who somebody is in this account is missing or empty",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Unknown => {
                "Create the user, assign the user to the application in the directory, or switch creation at sign-in on \
                 (muster sso set --jit on)."
            }
            Self::Disabled => "Enable the user where the user was disabled: in the directory, if one provisions this account.",
            Self::Ambiguous => {
                "Look for the users who share the mailbox name or the address, and correct user ids and addresses; or run Convert All User \
                 IDs To Use Email, whose plan lists them (muster convert plan)."
            }
            Self::AnotherAddress => {
                "If it is the same person, correct the user's e-mail address. If it is another, create the user under the address asserted."
            }
            Self::NoAddress => {
                "Give the user an e-mail address; or, if mailbox names are the user ids of this account and mean one person each, choose \
                 that rule (muster sso set --rule mailbox)."
            }
            Self::ForeignDomain => {
                "If the domain is the account's own, add it (muster sso domain add). If not, nothing: this is a stranger."
            }
            Self::UnverifiedAddress => "Verify the address at the provider, or choose another claim (muster sso set --claim).",
            Self::NoIdentity => "Let the provider send the claim, or choose another one (muster sso set --claim).",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_and_words_of_its_own() {
        let words: std::collections::HashSet<_> = Refusal::ALL.into_iter().map(Refusal::as_str).collect();
        assert_eq!(words.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert_eq!(serde_json::to_value(refusal).unwrap(), refusal.as_str());
            assert!(refusal.remedy().ends_with('.') && !refusal.detail().ends_with('.') && !refusal.remedy().contains("  "));
        }
    }
}
