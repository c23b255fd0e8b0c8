//! Waiting for something to become true. The limits are generous: a test fails because something never happens, not because it
//! is slow.

use std::{future::Future, time::Duration};
use tokio::time::Instant;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Asks again and again until the answer is there.
#[track_caller]
pub fn eventually<F, Fut, T>(what: &str, mut ask: F) -> impl Future<Output = T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let place = std::panic::Location::caller();
    async move {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(Instant::now() < end, "never happened: {what} ({place})");
            sleep_ms(25).await;
        }
    }
}

/// A pause.
pub async fn sleep_ms(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
