//! Moments, lengths of time, states and values as pages show them.

use crate::console::display;
use askama::filters::HtmlSafe;
use muster_domain::{OutcomeCode, incident::IncidentState};
use muster_store::console_pages::AtMost;
use std::fmt;

/// A moment, milliseconds since 1970: for people in UTC, which is said; for machines in the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When(pub(super) i64);

/// Digits and signs of our own: nothing in it needs escaping.
impl HtmlSafe for When {}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\">{}</time>", display::machine(self.0), self.text())
    }
}

impl When {
    /// The same within a sentence.
    pub(super) fn text(self) -> String {
        format!("{} UTC", display::moment(self.0))
    }
}

/// A state in a word; the style sheet adds a mark to it that says the same without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) tone: &'static str,
    pub(super) text: &'static str,
}

/// Words of our own: nothing in it needs escaping.
impl HtmlSafe for State {}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span class=\"state {}\">{}</span>", self.tone, self.text)
    }
}

/// A state of this tone (`good`, `bad`, `warning`, `idle`) and this word.
pub(super) const fn state(tone: &'static str, text: &'static str) -> State {
    State { tone, text }
}

/// Whether a user may sign in.
pub(super) const fn active(active: bool) -> State {
    if active { state("good", "Active") } else { state("idle", "Disabled") }
}

/// What became of an operation, by its stored word.
pub(super) fn outcome(code: &str) -> State {
    match OutcomeCode::from_word(code) {
        Some(OutcomeCode::Applied) => state("good", "Applied"),
        Some(OutcomeCode::Unchanged) => state("idle", "Unchanged"),
        Some(OutcomeCode::Refused) => state("bad", "Refused"),
        Some(OutcomeCode::Duplicate) => state("bad", "Duplicate"),
        Some(OutcomeCode::MailboxUser) => state("bad", "Known by mailbox name"),
        Some(OutcomeCode::Protected) => state("bad", "Protected"),
        Some(OutcomeCode::NotFound) => state("bad", "Not found"),
        Some(OutcomeCode::VersionMismatch) => state("warning", "Changed meanwhile"),
        Some(OutcomeCode::Skipped) => state("warning", "Skipped"),
        Some(OutcomeCode::Expired) => state("bad", "Not in time"),
        Some(OutcomeCode::Failed) => state("bad", "Failed"),
        Some(OutcomeCode::SetAside) => state("bad", "Set aside"),
        None => state("warning", "Unknown"),
    }
}

/// Where an incident stands.
pub(super) const fn incident(incident: IncidentState) -> State {
    match incident {
        IncidentState::Open => state("bad", "Open"),
        IncidentState::Acknowledged => state("warning", "Acknowledged"),
        IncidentState::Snoozed => state("idle", "Snoozed"),
        IncidentState::Resolved => state("good", "Resolved"),
    }
}

/// Where a cycle stands.
pub(super) const fn cycle(running: bool, failed: i64) -> State {
    match (running, failed) {
        (true, _) => state("warning", "Running"),
        (false, 0) => state("good", "Done"),
        (false, _) => state("bad", "Done, with failures"),
    }
}

/// What was asked for, by its stored word.
pub(super) fn change(change: &str) -> &str {
    match change {
        "create" => "Create",
        "replace" => "Replace",
        "patch" => "Patch",
        "delete" => "Delete",
        other => other,
    }
}

/// A length of time: `850 ms`, `12.3 s`, `4 min 5 s`, `3 h 20 min`, `2 d 4 h`.
pub(super) fn length(ms: i64) -> String {
    let ms = ms.max(0);
    let seconds = ms / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{seconds}.{} s", ms % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600_000..86_400_000 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// A number that was counted up to a limit.
pub(super) fn counted(at_most: AtMost) -> String {
    let count = display::number(i64::from(at_most.count));
    if at_most.more { format!("more than {count}") } else { count }
}

/// A number that was counted up to one more than this limit.
pub(super) fn at_most(counted: u64, limit: u32) -> AtMost {
    let counted = u32::try_from(counted).unwrap_or(u32::MAX);
    AtMost { count: counted.min(limit), more: counted > limit }
}

/// "1 user", "2 users".
pub(super) fn plural(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", display::number(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_its_zone() {
        let shown = When(1_305_261_754_007).to_string();
        assert_eq!(shown, "<time datetime=\"2011-05-13T04:42:34.007Z\">13 May 2011, 04:42:34 UTC</time>");
    }

    #[test]
    fn numbers_and_lengths_are_written_for_people() {
        let lengths = [-5, 0, 999, 1_000, 12_345, 60_000, 245_000, 12_000_000, 187_200_000].map(length);
        assert_eq!(lengths, ["0 ms", "0 ms", "999 ms", "1.0 s", "12.3 s", "1 min 0 s", "4 min 5 s", "3 h 20 min", "2 d 4 h"]);
        assert_eq!(counted(AtMost { count: 10_000, more: true }), "more than 10\u{202f}000");
        assert_eq!([plural(1, "user", "users"), plural(0, "user", "users")], ["1 user", "0 users"]);
    }

    #[test]
    fn every_outcome_has_a_word_of_its_own() {
        let words: std::collections::HashSet<&str> = OutcomeCode::ALL.into_iter().map(|code| outcome(code.as_str()).text).collect();
        assert!(words.len() == OutcomeCode::ALL.len() && !words.contains("Unknown"), "{words:?}");
        assert_eq!(outcome("applied").to_string(), "<span class=\"state good\">Applied</span>");
    }
}
