//! What each action of the JSON API takes and answers; the compiler tells when there is a new one.

use super::{
    aliases, conversions, parameters,
    shape::{list, maybe, named, object, open, text},
    sso,
};
use crate::api::Action;
use serde_json::{Value, json};

/// What an action takes and answers.
pub(super) struct Described {
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: Vec<Value>,
    /// Schema and example.
    pub(super) body: Option<(Value, Value)>,
    pub(super) answer: Answer,
    /// Beside those every action has.
    pub(super) refusals: &'static [&'static str],
    /// Answers that are no errors and let nobody in: status, description.
    pub(super) nobody: &'static [(&'static str, &'static str)],
}

/// What is answered when it is done.
pub(super) enum Answer {
    Json {
        status: &'static str,
        description: &'static str,
        schema: Value,
        example: Value,
    },
    /// As CSV, too.
    Listed {
        description: &'static str,
        schema: Value,
        example: Value,
    },
    Nothing(&'static str),
}

impl Action {
    /// Whether it cannot do without its body.
    pub(super) const fn needs_body(self) -> bool {
        matches!(self, Self::Snooze | Self::ExtendAliases | Self::ReleaseAliases | Self::ResolveIdentity | Self::RedeemSignIn)
    }
}

/// Refusals of what takes a body and may be too late.
pub(super) const CHANGE: &[&str] = &["408", "409", "413", "415"];
pub(super) const BODY: &[&str] = &["408", "413", "415"];

pub(super) fn look(tag: &'static str, summary: &'static str, parameters: Vec<Value>, answer: Answer) -> Described {
    Described { tag, summary, parameters, body: None, answer, refusals: &[], nobody: &[] }
}

pub(super) fn ok(description: &'static str, schema: Value, example: Value) -> Answer {
    Answer::Json { status: "200", description, schema, example }
}

pub(super) fn describe(action: Action) -> Described {
    match action {
        Action::Operations | Action::Timeline => look("Log", "Operations, the newest first.", parameters::log(), operations()),
        Action::Operation => look("Log", "One operation.", Vec::new(), ok("The operation.", named("Operation"), operation())),
        Action::Cycles => {
            look("Log", "Provisioning cycles, the newest first; of the last week unless said otherwise.", parameters::cycles(), cycles())
        }
        Action::Incidents => look("Incidents", "Incidents, the newest first.", parameters::incidents(), incidents()),
        Action::Incident => look("Incidents", "One incident: advice, the first affected users, what happened.", Vec::new(), one_incident()),
        Action::Failures => look("Incidents", "Each failure of an incident.", parameters::page(), failures()),
        Action::Acknowledge => moved("Somebody works on it: no more mail until it grows."),
        Action::Resolve => moved("It is mended."),
        Action::Snooze => Described {
            body: Some((
                object(vec![("until", json!({ "type": "string", "format": "date-time", "description": "When it wakes up." }))]),
                json!({ "until": "2026-01-31T09:00:00Z" }),
            )),
            ..moved("No mail about it until a moment.")
        },
        Action::Retry => {
            Described { refusals: CHANGE, ..look("Incidents", "Try its failures again, at most 300 at once.", Vec::new(), retried()) }
        }
        Action::Recipients => look("Notifications", "Who gets mail.", Vec::new(), recipients()),
        Action::PutRecipient => Described {
            body: Some((
                open(
                    Vec::new(),
                    vec![
                        ("time_zone", maybe(text("An IANA time zone; UTC without one."))),
                        ("quiet_hours", maybe(text("When no mail comes."))),
                    ],
                ),
                json!({ "time_zone": "Europe/Berlin", "quiet_hours": "20:00-07:30" }),
            )),
            refusals: BODY,
            ..look("Notifications", "Send mail to this address, too; or change when.", Vec::new(), recipients())
        },
        Action::DeleteRecipient => {
            look("Notifications", "Send no more mail to this address.", Vec::new(), Answer::Nothing("It is off the list."))
        }
        Action::Mails => look("Notifications", "What became of mails, the newest first.", parameters::page(), mails()),
        Action::ResolveIdentity | Action::RedeemSignIn => sso::describe(action),
        Action::Conversions
        | Action::Plan
        | Action::Conversion
        | Action::Items
        | Action::Report
        | Action::Start
        | Action::Pause
        | Action::Resume
        | Action::Cancel
        | Action::Undo => conversions::describe(action),
        Action::Aliases | Action::ExtendAliases | Action::ReleaseAliases => aliases::describe(action),
    }
}

fn operation() -> Value {
    json!({
        "id": "019a0000-0000-7000-8000-000000000001", "request_id": "019a0000-0000-7000-8000-000000000002", "resource_type": "User",
        "resource_id": "019a0000-0000-7000-8000-000000000003", "change": "create", "actor": "key",
        "key": "019a0000-0000-7000-8000-000000000004", "code": "duplicate", "status": 409, "version": null,
        "error": { "status": 409, "scim_type": "uniqueness", "detail": "userName: another user signs in with it" },
        "accepted_ms": 1769850000000_i64, "applied_ms": 1769850000012_i64, "detail": null, "incident": null, "incident_number": null
    })
}

fn operations() -> Answer {
    let schema =
        object(vec![("operations", list(&named("Operation"))), ("next", maybe(text("Where the next page begins; null on the last.")))]);
    Answer::Listed { description: "One page of operations.", schema, example: json!({ "operations": [operation()], "next": null }) }
}

fn cycles() -> Answer {
    let example = json!({ "cycles": [{
        "key": "019a0000-0000-7000-8000-000000000004", "first_ms": 1769850000000_i64, "last_ms": 1769850060000_i64, "operations": 120,
        "created": 100, "replaced": 0, "patched": 20, "deleted": 0, "failed": 1, "running": false
    }] });
    Answer::Listed { description: "The cycles.", schema: object(vec![("cycles", list(&named("Cycle")))]), example }
}

fn incident() -> Value {
    json!({
        "id": "019a0000-0000-7000-8000-000000000005", "number": 1, "fingerprint": "duplicate_user/uniqueness/userName/create/User",
        "cause": "duplicate_user", "scim_type": "uniqueness", "attribute": "userName", "action": "create", "resource_type": "User",
        "state": "open", "failures": 12, "affected": 12, "first_ms": 1769850000000_i64, "last_ms": 1769850060000_i64,
        "state_ms": 1769850000000_i64, "state_by": null, "snoozed_until_ms": null, "resolution": null, "reopened": 0
    })
}

fn incidents() -> Answer {
    let next = json!({ "type": ["integer", "null"], "description": "Where the next page begins; null on the last." });
    let schema = object(vec![("incidents", list(&named("Incident"))), ("next", next)]);
    Answer::Listed { description: "One page of incidents.", schema, example: json!({ "incidents": [incident()], "next": null }) }
}

fn one_incident() -> Answer {
    let schema = object(vec![
        ("incident", named("Incident")),
        ("advice", named("Advice")),
        ("affected", list(&named("Affected"))),
        ("events", list(&named("IncidentEvent"))),
    ]);
    let advice = json!({ "title": "user id already in use", "likely": "Another user signs in with it.", "remedy": "Look at both users, then retry." });
    ok("The incident.", schema, json!({ "incident": incident(), "advice": advice, "affected": [], "events": [] }))
}

fn failures() -> Answer {
    let schema = object(vec![("items", list(&named("Failure"))), ("next", maybe(text("Where the next page begins; null on the last.")))]);
    ok("One page of failures.", schema, json!({ "items": [], "next": null }))
}

fn moved(summary: &'static str) -> Described {
    let answer = ok("The incident as it is now.", object(vec![("incident", named("Incident"))]), json!({ "incident": incident() }));
    Described { refusals: CHANGE, ..look("Incidents", summary, Vec::new(), answer) }
}

fn retried() -> Answer {
    ok("What became of them.", named("Retried"), json!({ "applied": 12, "failed": 0, "superseded": 0, "more": false }))
}

fn recipients() -> Answer {
    let example = json!({ "recipients": [{
        "address": "ops@example.com", "source": "list", "time_zone": "Europe/Berlin", "quiet_hours": "20:00-07:30",
        "unsubscribed_ms": null, "bounced_ms": null, "bounce": null
    }] });
    ok("Who gets mail.", object(vec![("recipients", list(&named("Recipient")))]), example)
}

fn mails() -> Answer {
    let schema = object(vec![("mails", list(&named("Mail"))), ("next", maybe(text("Where the next page begins; null on the last.")))]);
    ok("One page of mails.", schema, json!({ "mails": [], "next": null }))
}
