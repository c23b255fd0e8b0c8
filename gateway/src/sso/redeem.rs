//! `POST /sso/redeem`: whose one-time code a browser has brought.

use super::resolve::{document, is};
use crate::{app::App, context::Context, refusal::Refusal};
use axum::{http::StatusCode, response::Response};
use muster_domain::{
    AccountId,
    sso::{Match, MatchedBy, Refusal as Reason, SignInCode},
};
use muster_scim::{ScimError, parse_json};
use muster_store::sso;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    code: String,
}

/// Answers it, once for each code.
pub(crate) async fn answer(app: &App, account: AccountId, context: &Context, body: &[u8]) -> Result<Response, Refusal> {
    let question: Question = serde_json::from_value(parse_json(body, &app.settings.scim)?)
        .map_err(|error| ScimError::invalid_value(format!("the question cannot be read: {error}")))?;
    let person = match SignInCode::parse(&question.code) {
        Some(code) => app.read(sso::redeem_code(&app.store, account, &code)).await?,
        None => None,
    };
    Ok(match person {
        // Disabled between sign-in and question: it is a second ago, and counts.
        Some(person) if !person.active => super::resolve::refused(Reason::Disabled, context),
        Some(person) => is(&Match { person, by: MatchedBy::UserId, alias: None }, false, context),
        None => {
            let detail = "the code is unknown, used, or older than a minute";
            let remedy = "Begin the sign-in again at /sso/{account}/login. A code is good for one question.";
            document(
                StatusCode::NOT_FOUND,
                &json!({ "outcome": "refused", "reason": "unknown_code", "detail": detail, "remedy": remedy }),
                context,
            )
        }
    })
}
