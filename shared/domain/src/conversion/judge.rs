//! The verdict on a user alone.

use super::{Code, address};
use crate::LoginKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What to do when users share an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// Leave all of them: nobody guesses the owner.
    #[default]
    Skip,
    /// The one who is active gets it, if exactly one is.
    ActiveWins,
}

/// How a plan is to decide. Stored with it, and the same for the sweep of its run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanOptions {
    /// Users who share an address.
    pub duplicates: Duplicates,
    /// Rings of users are turned as a whole; else they are left.
    pub turn_cycles: bool,
    /// Addresses with letters outside ASCII are converted; else they wait for review.
    pub allow_unicode: bool,
    /// Role mailboxes and service accounts are converted too.
    pub include_excluded: bool,
    /// Login keys of users to leave out.
    pub exclude: BTreeSet<String>,
    /// The domains the account owns, in comparison form; none means that every domain is as good as another.
    pub domains: BTreeSet<String>,
    /// Addresses in other domains are left; else converted with a warning.
    pub only_own_domains: bool,
    /// How long an old user id signs its user in after the run, days.
    pub alias_days: u32,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            duplicates: Duplicates::Skip,
            turn_cycles: true,
            allow_unicode: false,
            include_excluded: false,
            exclude: BTreeSet::new(),
            domains: BTreeSet::new(),
            only_own_domains: false,
            alias_days: 180,
        }
    }
}

/// What a plan looks at.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// What the user signs in with.
    pub user_id: &'a str,
    /// The address mail goes to.
    pub email: Option<&'a str>,
    /// SCIM `userType`.
    pub user_type: Option<&'a str>,
}

/// What a plan decides about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The code.
    pub code: Code,
    /// The new user id; there is one whenever the address is one, also when the user keeps the old one, so that others can be
    /// held against it.
    pub new_id: Option<String>,
}

impl Verdict {
    /// The new user id in comparison form.
    #[must_use]
    pub fn new_key(&self) -> Option<LoginKey> {
        self.new_id.as_deref().map(LoginKey::of)
    }
}

/// Judges a user alone.
#[must_use]
pub fn judge(user: &Candidate<'_>, options: &PlanOptions) -> Verdict {
    let raw = user.email.unwrap_or_default();
    let trimmed = raw.trim();
    let refused = |code| Verdict { code, new_id: None };
    match address::check(trimmed) {
        Ok(()) => {}
        Err(Code::UnicodeReview) if options.allow_unicode => {}
        // Somebody else's address may be the same: it has to be known to be contested.
        Err(Code::UnicodeReview) => return Verdict { code: Code::UnicodeReview, new_id: Some(trimmed.to_owned()) },
        Err(code) => return refused(code),
    }
    let decided = |code| Verdict { code, new_id: Some(trimmed.to_owned()) };
    if user.user_id == trimmed {
        return decided(Code::Already);
    }
    let old_key = LoginKey::of(user.user_id);
    if old_key == LoginKey::of(trimmed) {
        return decided(Code::CaseOnly);
    }
    let service = user.user_type.is_some_and(is_service) || address::is_role_mailbox(trimmed);
    if options.exclude.contains(old_key.as_str()) || (service && !options.include_excluded) {
        return decided(Code::Excluded);
    }
    let own = options.domains.is_empty() || address::domain_of(trimmed).is_some_and(|domain| options.domains.contains(domain.as_str()));
    decided(match (own, options.only_own_domains) {
        (false, true) => Code::ForeignLeft,
        (false, false) => Code::ForeignDomain,
        (true, _) if trimmed.len() != raw.len() => Code::Trimmed,
        (true, _) => Code::Convert,
    })
}

fn is_service(user_type: &str) -> bool {
    ["service", "system", "application", "bot", "api", "service account"].iter().any(|word| user_type.trim().eq_ignore_ascii_case(word))
}
