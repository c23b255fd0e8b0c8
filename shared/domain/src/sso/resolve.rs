//! Whose an identity is.

use super::{Refusal, Rule, SsoSettings};
use crate::{LoginKey, UserId, conversion::is_plain_address};
use serde::{Deserialize, Serialize};

/// What stands behind an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Somebody who is trusted vouches for it.
    Assertion,
    /// A password: proof for one user id, and not for one that looks like it.
    Password,
}

/// A user, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who it is.
    pub id: UserId,
    /// What it signs in with now.
    pub user_id: String,
    /// The address mail goes to.
    pub email: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
}

/// By what a candidate was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The key is the user id.
    UserId,
    /// The key was the user id, and still signs in.
    Alias,
    /// It is the address of the user.
    Address,
}

/// Somebody who could be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The user.
    pub person: Person,
    /// By what it was found.
    pub via: Via,
    /// The key that found it.
    pub key: LoginKey,
}

/// What has to be looked up to answer: users and aliases of these keys, and users of this address, in the one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// User ids and aliases.
    pub keys: Vec<LoginKey>,
    /// The address in comparison form; none when nobody is looked for by it.
    pub address: Option<LoginKey>,
}

/// How a user was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// It is the user id.
    UserId,
    /// It was the user id before.
    Alias,
    /// The user id is the mailbox name of the address.
    Mailbox,
    /// The user id is the mailbox name, completed with the account's only domain.
    Domain,
}

/// The user who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The user.
    pub person: Person,
    /// How it was found.
    pub by: MatchedBy,
    /// The alias that was used, to be counted.
    pub alias: Option<LoginKey>,
}

/// What an asserted identity looks like.
enum Form {
    /// `jdoe@acme.com`
    Address { mailbox: LoginKey },
    /// `jdoe`
    Name,
    /// Neither: it is compared whole, and never taken apart.
    Other,
}

fn form(presented: &str) -> Form {
    let presented = presented.trim();
    match presented.rsplit_once('@') {
        Some((mailbox, _)) if is_plain_address(presented) => Form::Address { mailbox: LoginKey::of(mailbox) },
        None if is_plain_address(&format!("{presented}@x.test")) => Form::Name,
        _ => Form::Other,
    }
}

impl Wanted {
    /// What to look up for this identity.
    #[must_use]
    pub fn of(presented: &str, evidence: Evidence, settings: &SsoSettings) -> Self {
        let key = LoginKey::of(presented);
        let at =
            |mailbox: &LoginKey| settings.domains.iter().map(|domain| LoginKey::of(&format!("{mailbox}@{domain}"))).collect::<Vec<_>>();
        let (mut keys, mut address) = (vec![key.clone()], None);
        if evidence == Evidence::Assertion {
            match form(presented) {
                Form::Address { mailbox } => {
                    keys.extend(at(&mailbox));
                    keys.push(mailbox);
                    address = Some(key);
                }
                Form::Name => keys.extend(at(&key)),
                Form::Other => {}
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Self { keys, address }
    }
}

/// Whose an identity is, from what was found for [`Wanted`].
///
/// # Errors
/// Why it is nobody's who may sign in.
pub fn resolve(presented: &str, evidence: Evidence, settings: &SsoSettings, found: &[Candidate]) -> Result<Match, Refusal> {
    let key = LoginKey::of(presented);
    if key.is_empty() {
        return Err(Refusal::NoIdentity);
    }
    if let Some(candidate) = named(found, &key) {
        let by = if candidate.via == Via::Alias { MatchedBy::Alias } else { MatchedBy::UserId };
        return admit(candidate, by);
    }
    match (evidence, form(presented)) {
        (Evidence::Assertion, Form::Address { mailbox }) => by_mailbox(presented, &key, &mailbox, settings, found),
        (Evidence::Assertion, Form::Name) => by_domain(&key, settings, found),
        _ => Err(Refusal::Unknown),
    }
}

/// Who has this user id; else whose alias it is. A user id that was given to somebody new means the one who has it now.
fn named<'c>(found: &'c [Candidate], key: &LoginKey) -> Option<&'c Candidate> {
    let of = |via| found.iter().find(|candidate| candidate.via == via && candidate.key == *key);
    of(Via::UserId).or_else(|| of(Via::Alias))
}

fn admit(candidate: &Candidate, by: MatchedBy) -> Result<Match, Refusal> {
    if !candidate.person.active {
        return Err(Refusal::Disabled);
    }
    let alias = (candidate.via == Via::Alias).then(|| candidate.key.clone());
    Ok(Match { person: candidate.person.clone(), by, alias })
}

fn by_mailbox(presented: &str, key: &LoginKey, mailbox: &LoginKey, settings: &SsoSettings, found: &[Candidate]) -> Result<Match, Refusal> {
    let namesake = named(found, mailbox);
    if !settings.owns(presented.trim()) {
        return Err(if namesake.is_some() { Refusal::ForeignDomain } else { Refusal::Unknown });
    }
    let others = |via: Option<Via>| {
        let of = move |candidate: &&Candidate| via.is_none_or(|via| candidate.via == via);
        found.iter().filter(of).any(|candidate| namesake.is_none_or(|namesake| candidate.person.id != namesake.person.id))
    };
    // Somebody else has the very address: whoever is meant, it is not plain.
    if others(Some(Via::Address)) {
        return Err(Refusal::Ambiguous);
    }
    let Some(namesake) = namesake else { return Err(Refusal::Unknown) };
    match &namesake.person.email {
        Some(email) if LoginKey::of(email) == *key => admit(namesake, MatchedBy::Mailbox),
        Some(_) => Err(Refusal::AnotherAddress),
        None if settings.rule == Rule::Email => Err(Refusal::NoAddress),
        // The same mailbox name in another domain of the account: the name alone does not tell the two apart.
        None if others(None) => Err(Refusal::Ambiguous),
        None => admit(namesake, MatchedBy::Mailbox),
    }
}

fn by_domain(key: &LoginKey, settings: &SsoSettings, found: &[Candidate]) -> Result<Match, Refusal> {
    let addresses = settings.domains.iter().map(|domain| LoginKey::of(&format!("{key}@{domain}")));
    let people: Vec<&Candidate> = addresses.filter_map(|address| named(found, &address)).collect();
    match (people.as_slice(), settings.domains.len()) {
        ([], _) => Err(Refusal::Unknown),
        ([only], 1) => admit(only, MatchedBy::Domain),
        // Which domain was meant, nobody has said.
        _ => Err(Refusal::Ambiguous),
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
