//! The gateway on a real socket, with an SQLite store, the in-process queue and a stand-in for the worker: everything that is
//! decided before a worker would come into it, and what is made of what a worker says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod aliases;
mod api;
mod auth;
mod bounds;
mod bulk;
mod connections;
mod console;
mod conversions;
mod deferred;
mod described;
mod failures;
mod forms;
mod lists;
mod me;
mod media;
mod notifications;
mod oidc;
mod outcomes;
mod pages;
mod paths;
mod probes;
mod sso;
mod support;
