//! What happened to a run, and what it found in the end.

use super::{super::show::When, words};
use crate::console::{display, problem::Problem, visit::Visit};
use muster_domain::conversion::{Kind, State};
use muster_store::conversion::{self, Conversion, Event, TargetProgress};
use serde_json::Value;

/// The parts under a run's counts.
#[derive(Default)]
pub(super) struct Timeline {
    pub(super) events: Vec<Happened>,
    pub(super) columns: Vec<Column>,
    pub(super) verified: Vec<(String, String)>,
}

/// One thing that happened.
pub(super) struct Happened {
    pub(super) at: When,
    pub(super) text: String,
}

/// A column of the platform that holds user ids.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) mode: String,
    pub(super) state: String,
    pub(super) scanned: String,
    pub(super) rewritten: String,
    pub(super) ambiguous: String,
}

impl Timeline {
    /// Reads them.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(visit: &Visit<'_>, run: &Conversion) -> Result<Self, Problem> {
        let events = visit.read(conversion::events(visit.store(), run.account, run.id)).await?;
        let columns = visit.read(conversion::targets(visit.store(), run.account, run.id)).await?;
        let verified = run.verified.as_ref().and_then(Value::as_object);
        let found =
            verified.into_iter().flatten().filter_map(|(name, count)| Some((name.replace('_', " "), display::number(count.as_i64()?))));
        Ok(Self {
            events: events.iter().map(|event| happened(run.kind, event)).collect(),
            columns: columns.into_iter().map(column).collect(),
            verified: found.collect(),
        })
    }
}

fn column(column: TargetProgress) -> Column {
    let [scanned, rewritten, ambiguous] = [column.scanned, column.rewritten, column.ambiguous].map(display::number);
    Column { name: column.name, mode: column.mode, state: column.state, scanned, rewritten, ambiguous }
}

fn happened(kind: Kind, event: &Event) -> Happened {
    let by = match event.data["by"].as_str() {
        Some("guard") => " by its guard".to_owned(),
        Some("command") => " by a command".to_owned(),
        Some(name) => format!(" by {name}"),
        None => String::new(),
    };
    let what = match (event.kind.as_str(), kind) {
        ("created", _) => "Plan asked for",
        ("planned", _) => "Plan ready",
        ("started", Kind::Undo) => "Undo started",
        ("started", Kind::Convert) => "Started",
        ("paused", _) => "Paused",
        ("resumed", _) => "Resumed",
        ("cancelled", _) => "Cancelled",
        ("finished", Kind::Undo) => "Everybody was taken back",
        ("finished", Kind::Convert) => "Done",
        (other, _) => other,
    };
    // The same words as for a run that stands still for this reason.
    let reason = event.data["reason"].as_str();
    let because = reason.and_then(words::sentence).map(|text| format!(": {text}")).unwrap_or_default();
    Happened { at: When(event.at_ms), text: format!("{what}{by}{because}") }
}

/// Whether this run, which is over, was taken back by one of these.
pub(super) fn undone(run: &Conversion, runs: &[Conversion]) -> bool {
    runs.iter().any(|other| other.undo_of == Some(run.id) && other.state == State::Finished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_says_who_and_why() {
        let text = |kind: &str, data| happened(Kind::Convert, &Event { at_ms: 0, kind: kind.to_owned(), data }).text;
        assert_eq!(text("started", json!({ "by": "ada" })), "Started by ada");
        assert_eq!(text("paused", json!({ "by": "command", "reason": "lunch" })), "Paused by a command: lunch.");
        let guard = json!({ "by": "guard", "reason": "latency: p99 is 12 ms" });
        assert_eq!(text("paused", guard), "Paused by its guard: Queries of others got slower: p99 is 12 ms.");
        assert_eq!(text("finished", json!({})), "Done");
    }
}
