//! What is known about a request before anything is decided.

use crate::{media::Media, path::Base};
use axum::http::{HeaderMap, header};
use muster_runtime::trace::{self, Kind, Span, key};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use uuid::Uuid;

/// One request, as far as its answer needs to know it.
#[derive(Debug)]
pub(crate) struct Context {
    /// Goes into `X-Request-Id`, the log, and the operation. Always ours: an id of the client's could be anybody's.
    pub(crate) request_id: Uuid,
    /// What the answer is written in.
    pub(crate) media: Media,
    /// The base the client used.
    pub(crate) base: Base,
    /// Whether the client is one that gives up on a document with attributes it does not know.
    pub(crate) reads_closed: bool,
    /// Its part of a trace, when requests are traced.
    pub(crate) span: Span,
    logged: AtomicBool,
}

/// scim2-client, by the name of its HTTP library: it gives up on a service whose `/ServiceProviderConfig` has one attribute more
/// than RFC 7643 and RFC 9865 define.
const CLOSED_READER: &str = "python-httpx2/";

impl Context {
    pub(crate) fn new(headers: &HeaderMap, base: Base) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let reads_closed = agent.starts_with(CLOSED_READER);
        let (request_id, media) = (Uuid::now_v7(), Media::wanted(headers));
        Self { request_id, media, base, reads_closed, span: Span::none(), logged: AtomicBool::new(false) }
    }

    /// The same request as a part of the caller's trace, or of one that begins here.
    pub(crate) fn traced(mut self, headers: &HeaderMap) -> Self {
        if !trace::is_on() {
            return self;
        }
        // Whoever sends two, or one that cannot be read, is part of no trace (W3C Trace Context §3.2).
        let mut sent = headers.get_all("traceparent").iter();
        let parent = sent.next().filter(|_| sent.next().is_none()).and_then(|value| value.to_str().ok()?.parse().ok());
        self.span = Span::begin(Kind::Server, "request", parent);
        if self.span.is_recorded() {
            self.span.set(key::REQUEST, self.request_id.to_string());
        }
        self
    }

    /// From now on the log of operations has what became of the request, its failure included.
    pub(crate) fn set_logged(&self) {
        self.logged.store(true, Ordering::Relaxed);
    }

    /// Whether the log of operations has it.
    pub(crate) fn is_logged(&self) -> bool {
        self.logged.load(Ordering::Relaxed)
    }
}

/// Lets one log line a second through. An outage at 5,000 requests a second must not become 5,000 lines a second.
#[derive(Debug)]
pub(crate) struct LogThrottle {
    second: AtomicU64,
    skipped: AtomicU64,
}

/// For requests that are put off.
pub(crate) static PUT_OFF: LogThrottle = LogThrottle::new();

impl LogThrottle {
    const fn new() -> Self {
        Self { second: AtomicU64::new(0), skipped: AtomicU64::new(0) }
    }

    /// How many were held back before this one; none when this one is held back, too.
    pub(crate) fn admit(&self) -> Option<u64> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.second.swap(now, Ordering::Relaxed) == now {
            self.skipped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.skipped.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_log_lines_is_one_a_second() {
        let throttle = LogThrottle::new();
        let admitted = (0..10_000).filter(|_| throttle.admit().is_some()).count();
        assert!((1..=2).contains(&admitted), "{admitted}");
    }
}
