//! What a directory may create beside users who are known by mailbox name.

use super::{Linking, Rule, SsoSettings};
use crate::{LoginKey, Role, conversion::is_plain_address};
use std::fmt;

/// What is to be created.
#[derive(Clone, Copy, Debug)]
pub struct Creation<'a> {
    /// SCIM `userName`.
    pub user_name: &'a str,
    /// The address that comes with it.
    pub email: Option<&'a str>,
    /// It comes alone, and the answer can name another id than the one it was given.
    pub may_link: bool,
}

/// The user who has the mailbox name of `userName`.
#[derive(Clone, Copy, Debug)]
pub struct Namesake<'a> {
    /// The address it has.
    pub email: Option<&'a str>,
    /// The mailbox name is its user id, and not one it had.
    pub by_user_id: bool,
    /// Whether it may sign in.
    pub active: bool,
    /// What it may do.
    pub role: Role,
    /// Whether somebody else of the account has its address.
    pub shares_address: bool,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is somebody else: create.
    Create,
    /// It is the namesake, without a doubt: the directory gets that user.
    Link,
    /// It is the namesake, and is refused.
    Refuse(NotLinked),
}

/// Why a directory does not get the user on the spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLinked {
    /// The account has not chosen so.
    NotChosen,
    /// `userName` or the address is in a domain that is not the account's own.
    ForeignDomain,
    /// The directory sends no address, or another one.
    AnotherAddress,
    /// The user has no address to compare.
    NoAddress,
    /// Somebody else of the account has the address too.
    Shared,
    /// The user is disabled: linking would let it in again.
    Disabled,
    /// The user is an administrator or user manager: linking would be a way to become it.
    Privileged,
    /// It came in a bulk or asynchronous request, whose ids are given out beforehand.
    NotAlone,
    /// The mailbox name is an old user id of that user, who has another one now.
    OldUserId,
}

impl fmt::Display for NotLinked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotChosen => "this account does not link users on the spot",
            Self::ForeignDomain => "its domain is not a verified domain of this account",
            Self::AnotherAddress => "the request comes without the same e-mail address",
            Self::NoAddress => "that user has no e-mail address that could be compared",
            Self::Shared => "another user of this account has the same e-mail address",
            Self::Disabled => "that user is disabled",
            Self::Privileged => "that user is an administrator or user manager",
            Self::NotAlone => "users are linked one by one, and not in bulk or asynchronous requests",
            Self::OldUserId => "that mailbox name is an old user id",
        })
    }
}

/// Judges a creation whose `userName` is an address, held against the user who has its mailbox name.
///
/// It is the same person when the address is the same; or, where mailbox names are the user ids, when there is none to compare and
/// sign-in would find that user. Anything else is two people who share a mailbox name, and none of this rule's business.
#[must_use]
pub fn judge_creation(new: &Creation<'_>, namesake: &Namesake<'_>, settings: &SsoSettings) -> Verdict {
    if !is_plain_address(new.user_name.trim()) {
        return Verdict::Create;
    }
    let Some(address) = namesake.email else {
        let one = settings.rule == Rule::Mailbox && settings.owns(new.user_name.trim());
        return if one { Verdict::Refuse(NotLinked::NoAddress) } else { Verdict::Create };
    };
    let address_key = LoginKey::of(address);
    let sent = new.email.is_some_and(|email| LoginKey::of(email) == address_key);
    if !sent && LoginKey::of(new.user_name) != address_key {
        return Verdict::Create;
    }
    let doubts = [
        (settings.linking == Linking::Refuse, NotLinked::NotChosen),
        (!settings.owns(new.user_name.trim()) || !settings.owns(address), NotLinked::ForeignDomain),
        (!sent, NotLinked::AnotherAddress),
        (!namesake.by_user_id, NotLinked::OldUserId),
        (!namesake.active, NotLinked::Disabled),
        (namesake.role != Role::User, NotLinked::Privileged),
        (namesake.shares_address, NotLinked::Shared),
        (!new.may_link, NotLinked::NotAlone),
    ];
    doubts.into_iter().find(|(doubt, _)| *doubt).map_or(Verdict::Link, |(_, reason)| Verdict::Refuse(reason))
}

#[cfg(test)]
#[path = "creation_tests.rs"]
mod tests;
