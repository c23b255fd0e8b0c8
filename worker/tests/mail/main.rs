//! The mailer against a real mail server that can be told to misbehave, on SQLite always, and on Postgres when `MUSTER_TEST_POSTGRES`
//! names a server to make databases on. The clock is a number; nothing waits for it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod burst;
mod check;
mod faults;
mod rules;
mod sink;
mod tls;
mod world;
