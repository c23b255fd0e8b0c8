//! What the console keeps for itself, and what it asks that nobody else does.
//!
//! Passwords, sessions and one-time links are here and not with the users: a directory writes users and must never come near them. None
//! of the three is stored as it is presented: a password is a slow hash that the gateway makes, a token its SHA-256.

pub mod administrators;
pub mod audit;
pub mod links;
pub mod passwords;
pub mod sessions;
pub mod sightings;

#[cfg(test)]
mod tests;
