//! The wall clock of rows that are written outside a batch.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, milliseconds since 1970 on this machine's clock.
#[must_use]
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
