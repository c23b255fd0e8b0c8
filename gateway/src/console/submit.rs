//! Changes of users and groups from the console: operations, like those of a directory.

use super::{problem::Problem, visit::Request};
use crate::scim::submit;
use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Role, UserId};
use muster_scim::{ResourceType, read_resource, urn};
use serde_json::json;
use uuid::Uuid;

/// A user to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewUser<'a> {
    pub(crate) user_id: &'a str,
    /// Empty for none.
    pub(crate) email: &'a str,
    /// Empty for none.
    pub(crate) display_name: &'a str,
    pub(crate) role: Role,
}

/// Has a user made, by the rules every user is made by, and returns its id once it is there.
///
/// # Errors
/// What a directory would have been told.
pub(crate) async fn create_user(
    request: &Request<'_>,
    account: AccountId,
    by: Option<UserId>,
    new: &NewUser<'_>,
) -> Result<UserId, Problem> {
    let settings = &request.app.settings;
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let emails = text(new.email).map(|email| json!([{ "value": email, "type": "work", "primary": true }]));
    let body = json!({
        "schemas": [urn::CORE_USER],
        "userName": new.user_id,
        "displayName": text(new.display_name),
        "emails": emails,
        "active": true,
    });
    let resource = read_resource(ResourceType::User, body, &settings.compat, &settings.scim)?;
    let id = UserId::new();
    let change = Change::Create { resource, role: new.role };
    carry_out(request, account, by, (ResourceType::User, id.0), change).await?;
    Ok(id)
}

/// Has a change carried out, and waits until it is.
///
/// # Errors
/// What a directory would have been told.
pub(crate) async fn carry_out(
    request: &Request<'_>,
    account: AccountId,
    by: Option<UserId>,
    (resource_type, resource_id): (ResourceType, Uuid),
    change: Change,
) -> Result<(), Problem> {
    let accepted_ms = request.app.queue.now_ms();
    let operation = Operation {
        id: OperationId::new(),
        account,
        actor: Actor::Console { user: by },
        resource_type,
        resource_id,
        change,
        if_match: None,
        accepted_ms,
        deadline_ms: submit::deadline_ms(request.app, accepted_ms),
        request_id: request.context.request_id,
        bulk: None,
        acknowledged: false,
        trace: request.context.span.parent(),
    };
    submit::carry_out(request.app, request.context, operation).await?;
    Ok(())
}
