//! Who gets mail, and what became of it.

use super::{ApiCall, json};
use crate::{refusal::Refusal, reply};
use axum::{http::StatusCode, response::Response};
use muster_domain::notify::{MailAddress, NotAnAddress};
use muster_scim::{ScimError, parse_json};
use muster_store::{
    StoreError, now_ms,
    outbox::{self, NewRecipient},
};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// `GET /notifications/recipients`
pub(super) async fn recipients(call: &ApiCall<'_>) -> Result<Response, Refusal> {
    call.params.done()?;
    let recipients = call.app.read(outbox::list(&call.app.store, call.account, now_ms())).await?;
    Ok(json(call, &json!({ "recipients": recipients })))
}

/// `PUT /notifications/recipients/{address}` with `{"time_zone": "Europe/Berlin", "quiet_hours": "20:00-07:30"}`
pub(super) async fn put(call: &ApiCall<'_>, address: &str, body: &[u8]) -> Result<Response, Refusal> {
    call.params.done()?;
    let body = if body.is_empty() { json!({}) } else { parse_json(body, &call.app.settings.scim)? };
    let text = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ScimError::invalid_value(format!("`{name}` must be text"))),
    };
    let unknown = body.as_object().and_then(|body| body.keys().find(|name| !matches!(name.as_str(), "time_zone" | "quiet_hours")));
    if let Some(name) = unknown {
        return Err(ScimError::invalid_value(format!("`{name}` is not known: time_zone and quiet_hours are")).into());
    }
    let time_zone = text("time_zone")?.unwrap_or_else(|| "UTC".to_owned());
    let new = NewRecipient { address: read(address)?, time_zone, quiet_hours: text("quiet_hours")? };
    outbox::add(&call.app.store, call.account, &new, now_ms()).await.map_err(|error| match error {
        StoreError::Conflict(reason) => ScimError::invalid_value(reason).into(),
        error => Refusal::from(error),
    })?;
    call.audit("recipient.add", new.address.as_str(), "").await?;
    recipients(call).await
}

/// `DELETE /notifications/recipients/{address}`
pub(super) async fn delete(call: &ApiCall<'_>, address: &str) -> Result<Response, Refusal> {
    call.params.done()?;
    let address = read(address)?;
    if call.app.read(outbox::remove(&call.app.store, call.account, &address)).await? {
        call.audit("recipient.remove", address.as_str(), "").await?;
        return Ok(reply::empty(StatusCode::NO_CONTENT));
    }
    Err(ScimError::not_found("this address is not on the list").into())
}

/// `GET /notifications/mails`
pub(super) async fn mails(call: &ApiCall<'_>) -> Result<Response, Refusal> {
    let (before, limit) = (call.params.parsed("after", "what `next` of the page before said")?, call.params.limit()?);
    call.params.done()?;
    let mails = call.app.read(outbox::recent_before(&call.app.store, call.account, before, limit)).await?;
    let next = mails.last().filter(|_| mails.len() >= limit as usize).map(|last| last.id);
    Ok(json(call, &json!({ "mails": mails, "next": next })))
}

fn read(segment: &str) -> Result<MailAddress, ScimError> {
    let text = percent_decode_str(segment).decode_utf8().map_err(|_| ScimError::invalid_value("the address is not UTF-8"))?;
    text.parse().map_err(|error: NotAnAddress| ScimError::invalid_value(error.to_string()))
}
