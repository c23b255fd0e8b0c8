//! One operation.

use super::{
    attributes::text,
    operations::{about, resource_href, took},
    show::{self, State, When},
};
use crate::console::{
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    visit::Visit,
};
use askama::Template;
use muster_domain::{OperationId, detail::Changed};
use muster_store::log;
use serde_json::Value;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "console/pages/operation.html")]
struct OperationPage {
    page: Page,
    id: OperationId,
    change: String,
    kind: String,
    about: String,
    about_href: Option<String>,
    resource_id: Uuid,
    outcome: State,
    status: i64,
    version: Option<i64>,
    error: Option<Told>,
    actor: &'static str,
    key: Option<String>,
    request_id: Uuid,
    incident: Option<i64>,
    stages: Vec<Stage>,
    batch: Option<(Uuid, String)>,
    /// What was asked for, as the log may show it; none when the log has not kept it.
    request: Option<String>,
    changed: Vec<Change>,
}

/// What the client was told.
struct Told {
    scim_type: String,
    detail: String,
}

struct Stage {
    name: &'static str,
    at: Option<When>,
    took: String,
}

struct Change {
    attribute: String,
    old: String,
    new: String,
}

/// `GET /provisioning/operations/{id}`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let id = OperationId(visit.id(0)?);
    let operation = visit.read(log::get(visit.store(), visit.account(), id)).await?.ok_or(Problem::NotFound)?;
    let (change, kind) = (show::change(&operation.change).to_owned(), operation.resource_type.to_lowercase());
    let detail = operation.detail.as_ref();
    let request = detail.map(|detail| &detail.request).filter(|request| !request.is_null());
    visit.html(&OperationPage {
        page: visit.page(Entry::Operations, format!("{change} {kind}")),
        id,
        about: about(&operation),
        about_href: resource_href(&operation),
        resource_id: operation.resource_id,
        outcome: show::outcome(&operation.code),
        status: operation.status,
        version: operation.version,
        error: operation.error.as_ref().map(|error| Told {
            scim_type: error.scim_type.map(|scim_type| scim_type.to_string()).unwrap_or_default(),
            detail: error.detail.clone(),
        }),
        actor: match operation.actor.as_str() {
            "key" => "The directory, with a secret key",
            "command" => "A command on the machine",
            "console" => "Somebody at the console",
            _ => "The service",
        },
        key: operation.key.map(|key| key.to_string()),
        request_id: operation.request_id,
        incident: operation.incident_number,
        stages: stages(&operation),
        batch: detail.map(|detail| (detail.batch, show::plural(i64::try_from(detail.batch_size).unwrap_or(0), "operation", "operations"))),
        request: request.and_then(|request| serde_json::to_string_pretty(request).ok()),
        changed: detail.map(|detail| detail.changed.iter().map(changed).collect()).unwrap_or_default(),
        change,
        kind,
    })
}

fn stages(operation: &log::LoggedOperation) -> Vec<Stage> {
    let mut stages = vec![Stage { name: "Accepted by the gateway", at: Some(When(operation.accepted_ms)), took: String::new() }];
    if let Some(detail) = &operation.detail {
        stages.push(Stage { name: "Waited in the queue", at: None, took: show::length(detail.waited_ms) });
        stages.push(Stage { name: "Worked on, in one transaction with its batch", at: None, took: show::length(detail.worked_ms) });
    }
    let all = took(operation).map(|ms| format!("{} in all", show::length(ms))).unwrap_or_default();
    stages.push(Stage { name: "Written down with its outcome", at: Some(When(operation.applied_ms)), took: all });
    stages
}

fn changed(change: &Changed) -> Change {
    // Of an extension's attribute the last name; its schema is known by it.
    let attribute = change.attribute.rsplit(':').next().unwrap_or(&change.attribute).to_owned();
    let shown = |value: &Value| if value.is_null() { "–".to_owned() } else { text(value) };
    Change { attribute, old: shown(&change.old), new: shown(&change.new) }
}
