//! A user made by a command, as the operation a directory would have sent: the same rules, the same apply code.

use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Role, UserId};
use muster_scim::{Compat, Limits, ResourceType, ScimError, read_resource, urn};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// What is known of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFields {
    /// What the user signs in with.
    pub user_id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// The name people see.
    pub display_name: Option<String>,
    /// The platform's role.
    pub role: Role,
    /// Whether the user may sign in.
    pub active: bool,
}

/// The operation that makes this user, tried for as long as `patience` when the database is away. An error says what a directory
/// would have been told.
pub fn create_operation(account: AccountId, user: UserFields, patience: Duration) -> Result<Operation, ScimError> {
    let emails = user.email.map(|email| json!([{ "value": email, "type": "work", "primary": true }]));
    let body = json!({
        "schemas": [urn::CORE_USER],
        "userName": user.user_id,
        "displayName": user.display_name,
        "emails": emails,
        "active": user.active,
    });
    let resource = read_resource(ResourceType::User, body, &Compat::default(), &Limits::default())?;
    let now_ms = muster_store::now_ms();
    Ok(Operation {
        id: OperationId::new(),
        account,
        actor: Actor::Command,
        resource_type: ResourceType::User,
        resource_id: UserId::new().0,
        change: Change::Create { resource, role: user.role },
        if_match: None,
        accepted_ms: now_ms,
        deadline_ms: now_ms.saturating_add(i64::try_from(patience.as_millis()).unwrap_or(i64::MAX)),
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    })
}
