//! The log of operations and the cycles told from it.

use super::{ApiCall, csv, json};
use crate::refusal::Refusal;
use axum::response::Response;
use muster_domain::{OperationId, OutcomeCode};
use muster_scim::{ResourceType, ScimError};
use muster_store::{
    incidents,
    log::{self, Cycle, CycleQuery, LoggedOperation, OperationQuery},
    now_ms, resources,
};
use serde_json::json;
use uuid::Uuid;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// `GET /operations`, and `GET /users/{id}/operations`.
pub(super) async fn list(call: &ApiCall<'_>, resource: Option<&str>) -> Result<Response, Refusal> {
    let as_csv = call.params.csv()?;
    let query = query(call, resource).await?;
    let page = call.app.read(log::list(&call.app.store, call.account, &query)).await?;
    if as_csv {
        let lines = [LoggedOperation::csv_heading()].into_iter().chain(page.operations.iter().map(LoggedOperation::csv));
        return Ok(csv("attachment; filename=\"operations.csv\"", lines, page.next.map(|next| next.to_string())));
    }
    Ok(json(call, &page))
}

async fn query(call: &ApiCall<'_>, resource: Option<&str>) -> Result<OperationQuery, Refusal> {
    let params = &call.params;
    let mut of = match resource {
        Some(id) => Some(Uuid::try_parse(id).map_err(|_| nothing())?),
        None => params.parsed("resource", "an id")?,
    };
    if let Some(user_id) = params.one("user", |text| Some(text.to_owned()), "a user id")? {
        let user = call.app.read(resources::find_user_by_user_id(&call.app.store, call.account, &user_id)).await?;
        of = Some(user.ok_or_else(|| ScimError::not_found("there is no user with this user id"))?.id.0);
    }
    let mut incident = None;
    if let Some(number) = params.parsed("incident", "an incident's number")? {
        let found = call.app.read(incidents::by_number(&call.app.store, call.account, number)).await?;
        incident = Some(found.ok_or_else(|| ScimError::not_found("there is no incident of this number"))?.id);
    }
    let kind = |text: &str| match text {
        "User" | "user" => Some(ResourceType::User),
        "Group" | "group" => Some(ResourceType::Group),
        _ => None,
    };
    let change = |text: &str| matches!(text, "create" | "replace" | "patch" | "delete").then(|| text.to_owned());
    let query = OperationQuery {
        resource: of,
        resource_type: params.one("type", kind, "user or group")?,
        change: params.one("change", change, "create, replace, patch or delete")?,
        codes: params.all("outcome", OutcomeCode::from_word, "an outcome, such as applied, refused or duplicate")?,
        failed: params.flag("failed")?,
        key: params.parsed("key", "the id of a secret key")?,
        request: params.parsed("request", "a request id")?,
        incident,
        from_ms: params.moment("since")?,
        to_ms: params.moment("until")?,
        after: params.parsed("after", "what `next` of the page before said")?,
        limit: params.limit()?,
    };
    params.done()?;
    Ok(query)
}

/// `GET /operations/{id}`
pub(super) async fn get(call: &ApiCall<'_>, id: &str) -> Result<Response, Refusal> {
    call.params.done()?;
    let id = id.parse::<OperationId>().map_err(|_| nothing())?;
    let operation = call.app.read(log::get(&call.app.store, call.account, id)).await?.ok_or_else(nothing)?;
    Ok(json(call, &operation))
}

/// `GET /cycles`
pub(super) async fn cycles(call: &ApiCall<'_>) -> Result<Response, Refusal> {
    let (params, now) = (&call.params, now_ms());
    let query = CycleQuery {
        key: params.parsed("key", "the id of a secret key")?,
        from_ms: params.moment("since")?.unwrap_or(now - WEEK_MS),
        to_ms: params.moment("until")?.unwrap_or(now + 1),
        limit: params.limit()? as usize,
    };
    let as_csv = params.csv()?;
    params.done()?;
    let cycles = call.app.read(log::cycles(&call.app.store, call.account, query, now)).await?;
    if as_csv {
        return Ok(csv(
            "attachment; filename=\"cycles.csv\"",
            [Cycle::csv_heading()].into_iter().chain(cycles.iter().map(Cycle::csv)),
            None,
        ));
    }
    Ok(json(call, &json!({ "cycles": cycles })))
}

fn nothing() -> ScimError {
    ScimError::not_found("there is no such operation, or it is older than the log is kept")
}
