//! Where a trace goes on: the `traceparent` of W3C Trace Context.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// The span something was caused by, wherever it was: a directory's request, an operation's, a failure's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace; never zero.
    pub trace_id: u128,
    /// The span in it; never zero.
    pub span_id: u64,
    /// Whether whoever began the trace records it.
    pub sampled: bool,
}

/// A text that is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: 00-, 32 hexadecimal digits, -, 16 hexadecimal digits, -, 2 hexadecimal digits")]
pub struct MalformedTraceParent;

impl FromStr for TraceParent {
    type Err = MalformedTraceParent;

    /// Reads the header by the letter: lower case, ids that are not zero, and of a later version what this one knows of it.
    fn from_str(text: &str) -> Result<Self, MalformedTraceParent> {
        let mut parts = text.split('-');
        let mut next = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits).ok_or(MalformedTraceParent)?;
            let plain = part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            if plain { u128::from_str_radix(part, 16).map_err(|_| MalformedTraceParent) } else { Err(MalformedTraceParent) }
        };
        let (version, trace_id, span_id, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let more = parts.next().is_some();
        let span_id = u64::try_from(span_id).map_err(|_| MalformedTraceParent)?;
        if version == 0xff || (version == 0 && more) || trace_id == 0 || span_id == 0 {
            return Err(MalformedTraceParent);
        }
        Ok(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// For a field that may be missing, or hold what this build cannot read: a trace is never worth losing an operation.
///
/// # Errors
/// When there is no text at all.
pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TraceParent>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_read_is_written() {
        let parent: TraceParent = TEXT.parse().expect("the example of the recommendation");
        assert_eq!(parent.to_string(), TEXT);
        assert!(parent.sampled);
        let unsampled = TEXT.replace("-01", "-00");
        assert!(!unsampled.parse::<TraceParent>().expect("a flag").sampled);
    }

    #[test]
    fn of_a_later_version_the_known_part_counts() {
        let later = TEXT.replacen("00", "01", 1) + "-and-more";
        assert_eq!(later.parse::<TraceParent>(), TEXT.parse());
    }

    #[test]
    fn what_is_malformed_is_none() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-é",
        ] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(MalformedTraceParent), "{wrong}");
        }
    }
}
