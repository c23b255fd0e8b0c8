//! Ports nobody uses.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

// Below the range Linux takes ports of outgoing connections from (32768 and up): a server that is killed and started again must
// find its port free.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that is free now and not given out twice by this process.
#[must_use]
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let port = FIRST + (start.wrapping_mul(7).wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed))) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}
