//! The console over HTTP, as a browser without scripts uses it.

mod aliases;
pub mod browser;
mod convert;
mod doors;
mod events;
mod forms;
mod pages;
mod roles;
mod setup;
mod wrong_passwords;
