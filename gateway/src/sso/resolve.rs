//! `POST /sso/resolve`

use super::newcomer;
use crate::{app::App, context::Context, refusal::Refusal, reply};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::{
    AccountId,
    conversion::Source,
    sso::{Evidence, Match, Refusal as Reason, SsoSettings, identity_in},
};
use muster_scim::{ScimError, parse_json};
use muster_store::sso;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    kind: Evidence,
    user_id: Option<String>,
    email: Option<String>,
    claims: Option<Map<String, Value>>,
    /// Make a user of somebody nobody knows, if the account makes users at sign-in.
    #[serde(default)]
    create: bool,
}

/// Answers it.
pub(crate) async fn answer(app: &App, account: AccountId, context: &Context, body: &[u8]) -> Result<Response, Refusal> {
    let question: Question = serde_json::from_value(parse_json(body, &app.settings.scim)?)
        .map_err(|error| ScimError::invalid_value(format!("the question cannot be read: {error}")))?;
    let settings = app.read(sso::settings(&app.store, account)).await?;
    let presented = match presented(&question, &settings)? {
        Ok(presented) => presented,
        Err(reason) => return Ok(refused(reason, context)),
    };
    app.forms.note(account, Source::Sso, &presented);
    let found = app.read(sso::resolve(&app.store, account, &presented, question.kind, &settings)).await?;
    match found {
        Ok(found) => Ok(is(&found, false, context)),
        Err(Reason::Unknown) if question.create && question.kind == Evidence::Assertion => {
            match newcomer::make(app, account, context, &presented, &settings).await? {
                Ok((found, created)) => Ok(is(&found, created, context)),
                Err(reason) => Ok(refused(reason, context)),
            }
        }
        Err(reason) => Ok(refused(reason, context)),
    }
}

/// Who is asked about.
fn presented(question: &Question, settings: &SsoSettings) -> Result<Result<String, Reason>, ScimError> {
    match (&question.user_id, &question.email, &question.claims) {
        (Some(user_id), None, None) => Ok(Ok(user_id.clone())),
        (None, Some(email), None) if email.contains('@') => Ok(Ok(email.clone())),
        (None, Some(_), None) => Err(ScimError::invalid_value("email must be an address; send anything else as user_id")),
        (None, None, Some(_)) if question.kind == Evidence::Password => {
            Err(ScimError::invalid_value("claims are an assertion: a password belongs to a user_id"))
        }
        (None, None, Some(claims)) => Ok(identity_in(claims, settings.claim)),
        _ => Err(ScimError::invalid_value("say who it is by exactly one of user_id, email and claims")),
    }
}

/// Here it is.
pub(super) fn is(found: &Match, created: bool, context: &Context) -> Response {
    let user = json!({ "id": found.person.id, "user_id": found.person.user_id, "active": found.person.active });
    let body = json!({ "outcome": "found", "user": user, "matched_by": found.by, "created": created });
    document(StatusCode::OK, &body, context)
}

/// Nobody, and what to do about it.
pub(super) fn refused(reason: Reason, context: &Context) -> Response {
    let status = match reason {
        Reason::Unknown => StatusCode::NOT_FOUND,
        Reason::Ambiguous | Reason::AnotherAddress | Reason::NoAddress => StatusCode::CONFLICT,
        Reason::Disabled | Reason::ForeignDomain | Reason::UnverifiedAddress | Reason::NoIdentity => StatusCode::FORBIDDEN,
    };
    let body = json!({ "outcome": "refused", "reason": reason, "detail": reason.detail(), "remedy": reason.remedy() });
    document(status, &body, context)
}

pub(super) fn document(status: StatusCode, body: &Value, context: &Context) -> Response {
    let response = reply::json(status, body, context);
    reply::with_header(response, header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
}
