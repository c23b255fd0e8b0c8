//! Tests of the running binary: they know its command line and HTTP, nothing of its inside.
//!
//! Tests on SQLite and the in-process queue always run. Those that need servers bring their own Postgres cluster and Redis, on
//! free ports in a scratch directory, and run when `MUSTER_TEST_SERVICES=1`; those that
//! need a browser when `MUSTER_TEST_BROWSER=1`. `tests/run` sets both.

mod abuse;
mod administrators;
mod bad_input;
mod boats;
mod bulk;
mod console;
mod convert;
mod deferred;
mod failures;
mod fixtures;
mod forms;
mod group_answers;
mod harness;
mod isolation;
mod keys;
mod kills;
mod ledger;
mod mailing;
mod metrics;
mod races;
mod schemas;
mod set_aside;
mod shutdown;
mod sso;
mod traces;
