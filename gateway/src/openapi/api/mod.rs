//! The JSON API in the document: every address of its table, with parameters, bodies, answers and examples.
//!
//! It has a server and a security scheme of its own: other tokens, at another base, than SCIM.

mod aliases;
mod conversions;
mod describe;
mod parameters;
mod schemas;
mod shape;
mod sso;

use super::answers::{headers_of, refused, with_body, without_body};
use crate::{
    api::{ADDRESSES, Address, BASE, Taken},
    settings::GatewaySettings,
};
use describe::{Answer, Described};
use serde_json::{Map, Value, json};

pub(super) use schemas::all as schemas;

/// The name of the security scheme.
pub(super) const SCHEME: &str = "apiToken";
/// The tags of the operations.
pub(super) const TAGS: [(&str, &str); 5] = [
    ("Log", "What directories asked for and what became of it. Tokens of administrators and user managers may look."),
    ("Incidents", "Failures with one cause, and what people do about them."),
    (
        "Conversions",
        "Convert All User IDs To Use Email. User managers may look; administrators plan, start, pause, resume, cancel and undo. A worker does \
         the work and takes an order within seconds. Aliases are the old user ids it leaves.",
    ),
    ("Notifications", "Who gets mail about incidents, and what became of it."),
    ("Sign-in", "For platforms with a sign-in of their own: who is meant, before, during and after a conversion. See docs/SSO.md."),
];

/// The security scheme.
pub(super) fn scheme() -> Value {
    let made = "A token of the JSON API (`muster token create`). It belongs to a user, whose role decides what it may do, and decides the account.";
    json!({ "type": "http", "scheme": "bearer", "description": made })
}

/// Every address with its operations.
pub(super) fn paths(settings: &GatewaySettings) -> Map<String, Value> {
    let server = settings.public_url.trim_end_matches('/');
    ADDRESSES.iter().map(|address| (format!("{BASE}{}", address.path), path(address, server))).collect()
}

fn path(address: &Address, server: &str) -> Value {
    let mut described = Map::new();
    described.insert("servers".to_owned(), json!([{ "url": server }]));
    if let Some(names) = parameters::of_path(address.path) {
        described.insert("parameters".to_owned(), names);
    }
    for taken in address.methods {
        let operation = operation(taken);
        if taken.method == "GET" {
            described.insert("head".to_owned(), super::operations::head(&operation));
        }
        described.insert(taken.method.to_lowercase(), operation);
    }
    described.into()
}

fn operation(taken: &Taken) -> Value {
    let Described { tag, summary, parameters, body, answer, refusals, nobody } = describe::describe(taken.action);
    let refusals: Vec<&str> =
        ["403", "404"].into_iter().chain(refusals.iter().copied().filter(|status| *status != "409")).chain(["405"]).collect();
    let mut responses = refused(&refusals);
    if describe::describe(taken.action).refusals.contains(&"409") {
        let conflict = "It cannot be done as things stand; `detail` says why, and what to do.";
        responses.insert("409".to_owned(), with_body(conflict, &super::reference("schemas", "Error"), &[]));
    }
    for (status, description) in nobody {
        let content = json!({
            "application/json": { "schema": super::reference("schemas", "SignInRefused") },
            "application/scim+json": { "schema": super::reference("schemas", "Error") }
        });
        responses.insert((*status).to_owned(), json!({ "description": description, "headers": headers_of(&[]), "content": content }));
    }
    let (status, answer) = answered(answer);
    responses.insert(status.to_owned(), answer);
    let mut operation = json!({
        "tags": [tag], "operationId": taken.name, "summary": summary, "security": [{ SCHEME: [] }],
        "parameters": parameters, "responses": responses
    });
    if let Some((schema, example)) = body {
        let content = json!({ "application/json": { "schema": schema, "example": example } });
        operation["requestBody"] = json!({ "required": taken.action.needs_body(), "content": content });
    }
    operation
}

fn answered(answer: Answer) -> (&'static str, Value) {
    match answer {
        Answer::Json { status, description, schema, example } => {
            let content = json!({ "application/json": { "schema": schema, "example": example } });
            (status, json!({ "description": description, "headers": headers_of(&[]), "content": content }))
        }
        Answer::Listed { description, schema, example } => {
            let content = json!({
                "application/json": { "schema": schema, "example": example },
                "text/csv": { "schema": { "type": "string", "description": "With `format=csv`: a heading and a line each (RFC 4180)." } }
            });
            ("200", json!({ "description": description, "headers": headers_of(&["X-Next"]), "content": content }))
        }
        Answer::Nothing(description) => ("204", without_body(description, &[])),
    }
}
