//! The parameters of the JSON API.

use super::shape::{flag, text, word};
use muster_domain::{
    OutcomeCode,
    conversion::{Code, ItemState},
    incident::{Cause, IncidentState},
};
use serde_json::{Value, json};

/// A parameter of the query.
fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

/// What pages are asked for with.
pub(super) fn page() -> Vec<Value> {
    vec![limit(), query("after", "Where the page begins: what `next` of the page before said.", json!({ "type": "string" }))]
}

pub(super) fn limit() -> Value {
    query("limit", "How many entries come at most.", json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 }))
}

pub(super) fn format() -> Value {
    query("format", "As JSON, or as a CSV file.", word(["json", "csv"], "json, unless it is said."))
}

fn moment(name: &str, description: &str) -> Value {
    let mut parameter = query(name, description, json!({ "type": "string", "format": "date-time" }));
    parameter["example"] = "2026-01-31T09:00:00Z".into();
    parameter
}

fn key() -> Value {
    query("key", "Only what came with this secret key (its id).", json!({ "type": "string", "format": "uuid" }))
}

fn stretch() -> [Value; 2] {
    [moment("since", "Not before this moment."), moment("until", "Before this moment.")]
}

/// The filters of the log.
pub(super) fn log() -> Vec<Value> {
    let codes = json!({ "type": "array", "items": word(OutcomeCode::ALL.map(OutcomeCode::as_str), "An outcome.") });
    let filters = [
        query("resource", "Only of the resource with this id.", json!({ "type": "string", "format": "uuid" })),
        query("user", "Only of the user with this user id.", text("A user id.")),
        query("type", "Only of users, or of groups.", word(["user", "group"], "A type of resource.")),
        query("change", "Only this kind of change.", word(["create", "replace", "patch", "delete"], "A kind of change.")),
        query("outcome", "Only with this outcome; may be given often.", codes),
        query("failed", "Only what was not carried out.", flag("true or false.")),
        key(),
        query("request", "Only of the request with this `X-Request-Id`.", json!({ "type": "string", "format": "uuid" })),
        query("incident", "Only of the incident with this number.", json!({ "type": "integer" })),
    ];
    filters.into_iter().chain(stretch()).chain([format()]).chain(page()).collect()
}

/// The filters of cycles.
pub(super) fn cycles() -> Vec<Value> {
    let stretch = [
        moment("since", "Whose last operation was not before this moment."),
        moment("until", "Whose last operation was before this moment."),
    ];
    [key()].into_iter().chain(stretch).chain([limit(), format()]).collect()
}

/// The filters of incidents.
pub(super) fn incidents() -> Vec<Value> {
    let states = json!({ "type": "array", "items": word(IncidentState::ALL.map(IncidentState::as_str), "A state.") });
    let cause = word(Cause::ALL.map(Cause::as_str), "A cause.");
    let filters =
        [query("state", "Only in this state; may be given often.", states), query("cause", "Only of this cause.", cause), format()];
    filters.into_iter().chain(page()).collect()
}

/// The filters of the users of a conversion.
pub(super) fn items() -> Vec<Value> {
    let state = word(ItemState::ALL.iter().map(|state| state.as_str()), "A state.");
    let reason = word(Code::ALL.iter().map(|code| code.as_str()), "A reason.");
    let after = query("after", "Where the page begins: what `next` of the page before said.", json!({ "type": "integer" }));
    vec![query("state", "Only users who stand so.", state), query("reason", "Only for this reason.", reason), format(), limit(), after]
}

/// The filters of old user ids.
pub(super) fn aliases() -> Vec<Value> {
    let filters = [
        query("user", "Only those of the user who signs in with this now.", text("A user id.")),
        query("old_id", "Only this one.", text("An old user id.")),
        query("conversion", "Only those of this conversion.", json!({ "type": "string", "format": "uuid" })),
        query("state", "Only those one can sign in with, or only those one cannot any more.", word(["live", "expired"], "A state.")),
    ];
    filters.into_iter().chain(page()).collect()
}

/// The parameters in braces of an address; none when there are none.
pub(super) fn of_path(path: &str) -> Option<Value> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let described: Vec<Value> = names
        .map(|name| {
            let (description, schema) = match name {
                "number" => ("The incident's number.", json!({ "type": "integer", "minimum": 1 })),
                "address" => ("The mail address, percent-encoded.", json!({ "type": "string", "format": "email" })),
                _ if path.starts_with("/conversions") => ("The id, or `latest` for the newest.", json!({ "type": "string" })),
                _ => ("The id.", json!({ "type": "string", "format": "uuid" })),
            };
            json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
        })
        .collect();
    (!described.is_empty()).then(|| described.into())
}
