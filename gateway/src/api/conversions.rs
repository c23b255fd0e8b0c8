//! Conversions of user ids: what `muster convert` does, for pages and scripts.

use super::{Action, ApiCall, csv, json};
use crate::refusal::Refusal;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::{
    Role,
    conversion::{PaceRequest, PlanRequest},
};
use muster_scim::ScimError;
use muster_store::{
    StoreError,
    conversion::{self, Conversion, Item, ItemFilter, Outlook, Report},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Runs in a list.
const LISTED: u32 = 100;

/// Why somebody holds a run.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PauseRequest {
    reason: Option<String>,
}

/// `GET /conversions`
pub(super) async fn list(call: &ApiCall<'_>) -> Result<Response, Refusal> {
    call.params.done()?;
    let runs = call.app.read(conversion::list(&call.app.store, call.account, LISTED)).await?;
    Ok(json(call, &json!({ "conversions": runs })))
}

/// `POST /conversions`: a plan, which workers make.
pub(super) async fn plan(call: &ApiCall<'_>, body: &[u8]) -> Result<Response, Refusal> {
    call.params.done()?;
    administrators_only(call)?;
    let options = read::<PlanRequest>(body)?.options().map_err(ScimError::invalid_value)?;
    let made = conversion::create(&call.app.store, call.account, conversion::new_plan(&options, call.by())).await;
    let run = made.map_err(conflict)?;
    call.audit("conversion.plan", run.id.to_string(), "").await?;
    let mut response = shown(call, &run).await?;
    *response.status_mut() = StatusCode::CREATED;
    let location = format!("{}/api/v1/conversions/{}", call.app.settings.public_url, run.id);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `GET /conversions/{id}`
pub(super) async fn get(call: &ApiCall<'_>, id: &str) -> Result<Response, Refusal> {
    call.params.done()?;
    shown(call, &find(call, id).await?).await
}

/// `GET /conversions/{id}/report`
pub(super) async fn report(call: &ApiCall<'_>, id: &str) -> Result<Response, Refusal> {
    call.params.done()?;
    let run = find(call, id).await?;
    let report = call.app.read(Report::of(&call.app.store, &run)).await?;
    let mut document = document(call, &run).await?;
    report.add_to(&mut document);
    Ok(json(call, &document))
}

/// `GET /conversions/{id}/items`
pub(super) async fn items(call: &ApiCall<'_>, id: &str) -> Result<Response, Refusal> {
    let params = &call.params;
    let filter = ItemFilter {
        state: params.parsed("state", "todo, again, done, left or undone")?,
        code: params.parsed("reason", "a reason, as reports name it")?,
    };
    let (after, limit) = (params.parsed("after", "what `next` of the page before said")?.unwrap_or(0), params.limit()?);
    let as_csv = params.csv()?;
    params.done()?;
    let run = find(call, id).await?;
    let page = call.app.read(conversion::items_page(&call.app.store, &run, filter, after, limit)).await?;
    if as_csv {
        let lines = std::iter::once(Item::csv_heading()).chain(page.items.iter().map(|item| item.csv(run.users_n)));
        return Ok(csv("attachment; filename=\"conversion.csv\"", lines, page.next.map(|next| next.to_string())));
    }
    Ok(json(call, &page))
}

/// `POST /conversions/{id}/start`, `/pause`, `/resume`, `/cancel`, `/undo`
pub(super) async fn act(call: &ApiCall<'_>, id: &str, action: Action, body: &[u8]) -> Result<Response, Refusal> {
    call.params.done()?;
    administrators_only(call)?;
    let run = find(call, id).await?;
    let (store, by) = (&call.app.store, call.by());
    let mut detail = None;
    let (done, moved) = match action {
        Action::Start => ("conversion.start", conversion::start(store, &run, by, &read::<PaceRequest>(body)?.onto(None)).await),
        Action::Pause => {
            let reason = read::<PauseRequest>(body)?.reason.unwrap_or_else(|| "an operator paused it".to_owned());
            ("conversion.pause", conversion::pause(store, &run, by, detail.insert(reason)).await)
        }
        Action::Resume => ("conversion.resume", conversion::resume_or_adjust(store, &run, by, &read::<PaceRequest>(body)?).await),
        Action::Cancel => ("conversion.cancel", conversion::cancel_and_tidy(store, &run, by).await),
        _ => ("conversion.undo", conversion::undo(store, &run, by, &read::<PaceRequest>(body)?).await),
    };
    let moved = moved.map_err(conflict)?;
    let detail = detail.unwrap_or_else(|| match action {
        Action::Cancel => String::new(),
        Action::Undo => format!("by the run {}; {}", moved.id, moved.pace),
        _ => moved.pace.to_string(),
    });
    call.audit(done, run.id.to_string(), detail).await?;
    shown(call, &moved).await
}

/// A conversion changes what everybody signs in with.
fn administrators_only(call: &ApiCall<'_>) -> Result<(), ScimError> {
    if call.role == Role::Administrator {
        return Ok(());
    }
    Err(ScimError::forbidden("conversions are planned, started and stopped by administrators; this token's user is none"))
}

async fn find(call: &ApiCall<'_>, id: &str) -> Result<Conversion, Refusal> {
    let found = call.app.read(conversion::named(&call.app.store, call.account, id)).await?;
    let missing = || ScimError::not_found("there is no such conversion: use its id, or `latest` when one was planned");
    Ok(found.ok_or_else(missing)?)
}

async fn shown(call: &ApiCall<'_>, run: &Conversion) -> Result<Response, Refusal> {
    Ok(json(call, &document(call, run).await?))
}

async fn document(call: &ApiCall<'_>, run: &Conversion) -> Result<Value, Refusal> {
    let store = &call.app.store;
    let slug = call.app.read(conversion::account_slug(store, call.account)).await?;
    Ok(call.app.read(Outlook::of(store, run)).await?.document(run, &slug))
}

/// A body of ours; nothing is an empty one.
pub(super) fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, ScimError> {
    if body.is_empty() {
        return Ok(T::default());
    }
    // A list would be read as the members of the object, in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ScimError::invalid_value("the body must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| ScimError::invalid_value(format!("the body cannot be used: {error}")))
}

pub(super) fn conflict(error: StoreError) -> Refusal {
    match error {
        StoreError::Conflict(reason) => ScimError::status(409, reason).into(),
        error => error.into(),
    }
}
