//! Named queries against real databases: SQLite always, Postgres when `MUSTER_TEST_POSTGRES` names a server to make databases on.

#![expect(clippy::unwrap_used, reason = "tests")]

mod incidents;
mod log;
mod outbox;
mod rig;
mod samples;
