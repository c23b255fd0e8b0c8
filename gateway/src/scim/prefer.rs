//! What a client would like (RFC 7240), of which one thing is understood: an answer before the write is applied (RFC 9967).

use axum::http::HeaderMap;
use std::time::Duration;

/// The preferences that are understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefer {
    /// Answer with 202 instead of waiting.
    pub(crate) respond_async: bool,
    /// But wait this long first.
    pub(crate) wait: Option<Duration>,
}

impl Prefer {
    /// Reads the header, over however many lines it stands. What is not understood is passed over, and of two that contradict each
    /// other the first counts (RFC 7240 §2).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let all = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for preference in all.flat_map(|value| value.split(',')) {
            let preference = preference.split(';').next().unwrap_or_default();
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("respond-async") {
                prefer.respond_async = true;
            } else if name.eq_ignore_ascii_case("wait") && prefer.wait.is_none() {
                prefer.wait = value.parse().ok().map(Duration::from_secs);
            }
        }
        prefer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(lines: &[&'static str]) -> Prefer {
        Prefer::of(&lines.iter().map(|line| (axum::http::HeaderName::from_static("prefer"), HeaderValue::from_static(line))).collect())
    }

    #[test]
    fn preferences_are_read_as_rfc_7240_writes_them() {
        let wants = |wait: Option<u64>| Prefer { respond_async: true, wait: wait.map(Duration::from_secs) };
        assert_eq!(of(&["respond-async"]), wants(None));
        assert_eq!(of(&["Respond-Async; x=y, WAIT = \"5\""]), wants(Some(5)));
        assert_eq!(of(&["return=minimal, respond-async", "wait=2, wait=9"]), wants(Some(2)));
        assert_eq!(of(&["respond-async, wait=soon"]), wants(None));
        assert_eq!(of(&["wait=5"]), Prefer { respond_async: false, wait: Some(Duration::from_secs(5)) });
        assert_eq!(of(&["handling=lenient; respond-async", "respond-asynchronously"]), Prefer::default());
        assert_eq!(of(&[]), Prefer::default());
    }
}
