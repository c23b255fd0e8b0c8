//! Whether a connection has a request in flight, and since when it has none.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Shared between the stream, which sees bytes, and the service, which sees requests. The two take turns on one task (HTTP/2
/// handlers run on others, but only their count matters), so relaxed atomics are enough.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    in_flight: AtomicU32,
    /// Bytes of the next request have come.
    head: AtomicBool,
    /// Since when the current state lasts, milliseconds after `began`.
    since_ms: AtomicU64,
}

/// A request in flight, for as long as this lives.
#[derive(Debug)]
pub(super) struct Working(Arc<Activity>);

impl Activity {
    /// A new connection counts as one whose request has begun: opening one and staying silent must not be cheaper than asking.
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), in_flight: AtomicU32::new(0), head: AtomicBool::new(true), since_ms: AtomicU64::new(0) }
    }

    pub(super) fn begin(this: &Arc<Self>) -> Working {
        this.in_flight.fetch_add(1, Ordering::Relaxed);
        Working(Arc::clone(this))
    }

    /// Bytes have come.
    pub(super) fn read(&self) {
        if self.in_flight.load(Ordering::Relaxed) == 0 && !self.head.swap(true, Ordering::Relaxed) {
            self.mark();
        }
    }

    /// Bytes have gone out: an answer that takes a while to send is not idle time.
    pub(super) fn wrote(&self) {
        if !self.head.load(Ordering::Relaxed) {
            self.mark();
        }
    }

    /// When the connection has waited long enough for the client; never while a request is in flight.
    pub(super) fn deadline(&self, head: Duration, idle: Duration) -> Option<Instant> {
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let allowed = if self.head.load(Ordering::Relaxed) { head } else { idle };
        Some(self.began + Duration::from_millis(self.since_ms.load(Ordering::Relaxed)) + allowed)
    }

    fn mark(&self) {
        self.since_ms.store(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.mark();
        self.0.head.store(false, Ordering::Relaxed);
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(5);
    const IDLE: Duration = Duration::from_secs(75);

    fn left(activity: &Activity) -> Option<Duration> {
        activity.deadline(HEAD, IDLE).map(|deadline| deadline - Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn headers_are_hurried_idle_is_patient_and_work_takes_its_time() {
        let activity = Arc::new(Activity::new());
        assert_eq!(left(&activity), Some(HEAD));
        tokio::time::advance(Duration::from_secs(3)).await;
        activity.read();
        assert_eq!(left(&activity), Some(HEAD - Duration::from_secs(3)), "a byte now and then buys no time");
        let working = Activity::begin(&activity);
        assert_eq!(left(&activity), None);
        drop(working);
        assert_eq!(left(&activity), Some(IDLE));
        tokio::time::advance(Duration::from_secs(60)).await;
        activity.read();
        assert_eq!(left(&activity), Some(HEAD));
    }
}
