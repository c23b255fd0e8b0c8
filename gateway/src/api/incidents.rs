//! Incidents, and what people do to them.

use super::{Action, ApiCall, csv, json};
use crate::{app::App, refusal::Refusal, retry};
use axum::response::Response;
use muster_domain::incident::{Cause, IncidentState};
use muster_scim::{ScimError, instant_ms, parse_json};
use muster_store::{
    StoreError,
    incidents::{self, Incident, IncidentQuery},
    now_ms,
};
use serde_json::{Value, json};

/// Affected users that are named; `failures` has all.
const SHOWN: u32 = 20;

/// `GET /incidents`
pub(super) async fn list(call: &ApiCall<'_>) -> Result<Response, Refusal> {
    let params = &call.params;
    let query = IncidentQuery {
        states: params.all("state", IncidentState::from_word, "open, acknowledged, snoozed or resolved")?,
        cause: params.one("cause", Cause::from_word, "a cause, as incidents name it")?,
        after: params.parsed("after", "what `next` of the page before said")?,
        limit: params.limit()?,
    };
    let as_csv = params.csv()?;
    params.done()?;
    let page = call.app.read(incidents::list(&call.app.store, call.account, &query)).await?;
    if as_csv {
        let lines = [Incident::csv_heading()].into_iter().chain(page.incidents.iter().map(Incident::csv));
        return Ok(csv("attachment; filename=\"incidents.csv\"", lines, page.next.map(|next| next.to_string())));
    }
    Ok(json(call, &page))
}

/// `GET /incidents/{number}`
pub(super) async fn get(call: &ApiCall<'_>, number: &str) -> Result<Response, Refusal> {
    call.params.done()?;
    let (store, incident) = (&call.app.store, find(call, number).await?);
    let affected = call.app.read(incidents::affected(store, call.account, incident.id, SHOWN)).await?;
    let events = call.app.read(incidents::events(store, call.account, incident.id)).await?;
    Ok(json(call, &json!({ "incident": incident, "advice": incident.advice(), "affected": affected, "events": events })))
}

/// `GET /incidents/{number}/failures`
pub(super) async fn failures(call: &ApiCall<'_>, number: &str) -> Result<Response, Refusal> {
    let (after, limit) = (call.params.parsed("after", "what `next` of the page before said")?, call.params.limit()?);
    call.params.done()?;
    let incident = find(call, number).await?;
    let page = call.app.read(incidents::items(&call.app.store, call.account, incident.id, after, limit)).await?;
    Ok(json(call, &page))
}

/// `POST /incidents/{number}/acknowledge`, `/resolve`, `/snooze`, `/retry`
pub(super) async fn act(call: &ApiCall<'_>, number: &str, action: Action, body: &[u8]) -> Result<Response, Refusal> {
    call.params.done()?;
    let incident = find(call, number).await?;
    let (store, account, by) = (&call.app.store, call.account, call.by());
    let (done, moved) = match action {
        Action::Acknowledge => ("incident.acknowledge", incidents::acknowledge(store, account, incident.id, by).await),
        Action::Resolve => ("incident.resolve", incidents::resolve(store, account, incident.id, by).await),
        Action::Snooze => ("incident.snooze", incidents::snooze(store, account, incident.id, until(call.app, body)?, by).await),
        _ => return retry(call, &incident).await,
    };
    let moved = moved.map_err(conflict)?.ok_or_else(nothing)?;
    call.audit(done, format!("incident #{}", incident.number), "").await?;
    Ok(json(call, &json!({ "incident": moved })))
}

/// The moment in `{"until": "2026-01-31T09:00:00Z"}`.
fn until(app: &App, body: &[u8]) -> Result<i64, ScimError> {
    let body = parse_json(body, &app.settings.scim)?;
    let moment = body.get("until").and_then(Value::as_str).and_then(instant_ms);
    moment.ok_or_else(|| ScimError::invalid_value("`until` is required: a moment, such as \"2026-01-31T09:00:00Z\""))
}

async fn retry(call: &ApiCall<'_>, incident: &Incident) -> Result<Response, Refusal> {
    let report = retry::retry(call.app, call.context, call.account, incident.id, call.by()).await;
    let report = report.map_err(conflict)?.ok_or_else(nothing)?;
    call.audit("incident.retry", format!("incident #{}", incident.number), "").await?;
    Ok(json(call, &report))
}

/// The incident of this number, with what was counted until a moment ago.
async fn find(call: &ApiCall<'_>, number: &str) -> Result<Incident, Refusal> {
    let number: i64 = number.parse().map_err(|_| nothing())?;
    // Whoever is told "busy" has been told by somebody who counts at this moment.
    match incidents::fold(&call.app.store, now_ms()).await {
        Ok(_) | Err(StoreError::Raced(_) | StoreError::Locked(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(call.app.read(incidents::by_number(&call.app.store, call.account, number)).await?.ok_or_else(nothing)?)
}

fn nothing() -> ScimError {
    ScimError::not_found("there is no incident of this number")
}

fn conflict(error: StoreError) -> Refusal {
    match error {
        StoreError::Conflict(reason) => ScimError::status(409, reason).into(),
        error => error.into(),
    }
}
