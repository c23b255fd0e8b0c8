//! Somebody nobody knows becomes a user by signing in: an operation like any other, through the queue.

use crate::{app::App, context::Context, refusal::Refusal};
use muster_domain::{
    AccountId, Actor, Change, Operation, OperationId, Outcome, OutcomeCode, Role, UserId,
    sso::{Evidence, Match, MatchedBy, Newcomer, Person, Refusal as Reason, SsoSettings, newcomer},
};
use muster_queue::CallError;
use muster_scim::{ResourceType, read_resource, urn};
use muster_store::{keys, operations, sso};
use serde_json::json;
use uuid::Uuid;

/// Room for the way there and back, milliseconds.
const SLACK_MS: u64 = 500;

/// Makes the user, if the account makes users at sign-in: the user, and whether it is new.
///
/// # Errors
/// When it was not made, and not because of who it is.
pub(super) async fn make(
    app: &App,
    account: AccountId,
    context: &Context,
    presented: &str,
    settings: &SsoSettings,
) -> Result<Result<(Match, bool), Reason>, Refusal> {
    let has_scim = app.read(keys::active(&app.store, account)).await?.is_some();
    let Some(Newcomer { user_id, email }) = newcomer(presented, settings, has_scim) else { return Ok(Err(Reason::Unknown)) };
    let operation = operation(app, account, context, &user_id, &email)?;
    let id = UserId(operation.resource_id);
    let outcome = apply(app, operation).await?;
    match outcome {
        outcome if outcome.is_success() => {
            let person = Person { id, user_id, email: Some(email), active: true };
            Ok(Ok((Match { person, by: MatchedBy::UserId, alias: None }, true)))
        }
        // Somebody was faster, perhaps the same person in another window; or the user id is kept for somebody who had it.
        Outcome { code: OutcomeCode::Duplicate | OutcomeCode::MailboxUser, .. } => {
            let found = app.read(sso::resolve(&app.store, account, presented, Evidence::Assertion, settings)).await?;
            Ok(found.map(|found| (found, false)).map_err(|reason| if reason == Reason::Unknown { Reason::Ambiguous } else { reason }))
        }
        Outcome { error: Some(error), status: ..500, .. } => Err(error.into()),
        outcome => Err(Refusal::unavailable(format_args!("a user was not made at sign-in: {}", outcome.code.as_str()))),
    }
}

fn operation(app: &App, account: AccountId, context: &Context, user_id: &str, email: &str) -> Result<Operation, Refusal> {
    let body = json!({
        "schemas": [urn::CORE_USER],
        "userName": user_id,
        "emails": [{ "value": email, "type": "work", "primary": true }],
        "active": true,
    });
    let resource = read_resource(ResourceType::User, body, &app.settings.compat, &app.settings.scim)?;
    let accepted_ms = app.queue.now_ms();
    Ok(Operation {
        id: OperationId::new(),
        account,
        actor: Actor::SignIn,
        resource_type: ResourceType::User,
        resource_id: Uuid::now_v7(),
        change: Change::Create { resource, role: Role::User },
        if_match: None,
        accepted_ms,
        deadline_ms: accepted_ms.saturating_add_unsigned(app.settings.wait_ms.saturating_sub(app.settings.apply_ms + SLACK_MS)),
        request_id: context.request_id,
        bulk: None,
        acknowledged: false,
        trace: context.span.parent(),
    })
}

async fn apply(app: &App, operation: Operation) -> Result<Outcome, Refusal> {
    let give_up_ms = operation.accepted_ms.saturating_add_unsigned(app.settings.wait_ms);
    let stub = operation.clone();
    match app.operations.call(operation, give_up_ms).await {
        Ok(outcome) => Ok(outcome),
        // Whoever is told that it failed is not surprised by a user later.
        Err(CallError::NoReply) => {
            let recorded = app.read(operations::expire(&app.store, &stub)).await?;
            Ok(recorded.unwrap_or_else(|| Outcome::failed(OutcomeCode::Expired, 503)))
        }
        Err(error) => Err(error.into()),
    }
}
