//! The contract of the queue, held against both backends, and what only Redis can do to us.
//!
//! Tests that need Redis start a server of their own when `MUSTER_TEST_REDIS=1` (or `MUSTER_TEST_REDIS_SERVER`, the path of a
//! server) is set, and are left out otherwise. Nothing here asserts how long something takes: conditions are waited for.

mod child;
mod contract;
mod faults;
mod handler;
mod local;
mod poison;
mod rig;
mod server;
mod streams;
