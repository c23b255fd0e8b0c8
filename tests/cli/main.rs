//! The commands as people and scripts meet them: the real binary, on SQLite, in an empty directory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod accounts;
#[cfg(unix)]
mod alias;
mod configuration;
mod conformance;
mod convert;
mod failures;
mod import;
mod notify;
mod place;
#[cfg(unix)]
mod service;
#[path = "../it/harness/smtp.rs"]
mod smtp;
mod sso;
