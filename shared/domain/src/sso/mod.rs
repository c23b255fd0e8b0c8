//! Signing in with an identity somebody else vouches for: whose it is.
//!
//! A platform's own sign-in made users by mailbox name (`jdoe`); a directory knows them by address (`jdoe@acme.com`). The two are one
//! person only where that is beyond doubt, and [`resolve()`] is the one place that says when:
//!
//! 1. the exact user id;
//! 2. a live alias, which a conversion left behind;
//! 3. for assertions only, never for passwords: the mailbox name of an address in a domain the account has shown to be its own, if it
//!    means one user; or a mailbox name completed with the account's only domain.
//!
//! Whatever is in doubt is refused, with a reason that has a name and a remedy ([`Refusal`]). Ids of providers (`sub`, `oid`, SCIM
//! `externalId`) are never looked at: two directories may use the same one.
//!
//! What a directory may create beside users who are known by mailbox name is decided by the same rules ([`judge_creation`]).
//!
//! Nothing here does I/O: a [`Wanted`] says what to look up, [`Candidate`]s are what was found.

mod claims;
mod code;
mod creation;
mod newcomer;
mod provider;
mod refusal;
mod resolve;
mod settings;
mod verified_domain;

#[cfg(test)]
mod properties;

pub use claims::identity_in;
pub use code::SignInCode;
pub use creation::{Creation, Namesake, NotLinked, Verdict, judge_creation};
pub use newcomer::{Newcomer, newcomer};
pub use provider::{Provider, SCOPES, check_address, issuer_name};
pub use refusal::Refusal;
pub use resolve::{Candidate, Evidence, Match, MatchedBy, Person, Via, Wanted, resolve};
pub use settings::{Claim, Jit, Linking, Rule, SsoSettings, UnknownWord};
pub use verified_domain::{NoDomain, VerifiedDomain};
