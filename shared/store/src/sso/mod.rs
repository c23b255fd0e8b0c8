//! Sign-in with an identity somebody else vouches for: what accounts have chosen, who is meant, how much old user ids are used.
//!
//! What counts is decided in [`muster_domain::sso`]; here it is looked up. Everything is asked of the primary: a user who was disabled
//! a moment ago must not be let in, and one who was converted a moment ago must be found.

mod codes;
mod collisions;
mod people;
mod provider;
mod settings;
mod usage;

#[cfg(test)]
mod tests;

pub use codes::{put_code, redeem_code, use_up};
pub use collisions::{Collisions, Glimpse, collisions, glimpse};
pub use people::{Resolution, look, resolve};
pub use provider::{provider, remove_provider, set_provider};
pub use settings::{Chosen, DOMAINS_MAX, add_domain, choose, remove_domain, settings};
pub use usage::{AliasUsage, alias_usage};
