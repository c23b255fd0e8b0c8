//! What the tests stand on: servers, processes of the binary, a client that never retries.
//!
//! Everything here panics with a message when the ground gives way, so that a test reads as what it tests.

pub mod account;
pub mod client;
pub mod collector;
pub mod deployment;
pub mod installation;
pub mod leash;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod raw;
pub mod redis;
pub mod scim;
pub mod smtp;
pub mod wait;

pub use account::Account;
pub use client::{Answer, Connection, Response};
pub use collector::Collector;
pub use deployment::Deployment;
pub use installation::{Installation, Node};
pub use postgres::Postgres;
pub use redis::Redis;
pub use scim::Scim;
pub use smtp::Smtp;
pub use wait::{eventually, sleep_ms};

/// Whether the tests that need servers run; says so when they do not.
#[must_use]
pub fn services(test: &str) -> bool {
    let on = std::env::var("MUSTER_TEST_SERVICES").is_ok_and(|value| value == "1");
    if !on {
        println!("left out: {test} needs postgresql and redis (run tests/run)");
    }
    on
}

/// The seed of a test that draws lots: printed, and repeated with `MUSTER_TEST_SEED`.
#[must_use]
pub fn seed(test: &str) -> u64 {
    let given = std::env::var("MUSTER_TEST_SEED").ok().map(|text| text.parse().expect("MUSTER_TEST_SEED is a number"));
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("{test}: MUSTER_TEST_SEED={seed}");
    seed
}
