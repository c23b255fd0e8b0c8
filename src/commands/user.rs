//! `muster user create`

use super::stdout_failure;
use crate::{
    cli::NewUser,
    context::Context,
    exit::{CommandResult, Exit, Failure},
    new_user::{UserFields, create_operation},
    output, settings,
};
use muster_domain::{Outcome, OutcomeCode};
use muster_worker::Applier;
use serde_json::json;
use std::time::Duration;

/// How long a database that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn create(context: &Context, new: NewUser) -> CommandResult {
    let store = context.open_store().await?;
    let account = context.account(&store, &new.account).await?;
    let (user_id, role, active) = (new.user_id.clone(), new.role, !new.inactive);
    let fields = UserFields { user_id: new.user_id, email: new.email, display_name: new.display_name, role, active };
    let operation = create_operation(account.id, fields, PATIENCE).map_err(|error| Failure::new(Exit::Usage, error.detail))?;
    let id = operation.resource_id;
    let outcomes = Applier::new(store, settings::apply(&context.config)).apply(vec![operation]).await;
    let outcome = outcomes.into_iter().next().ok_or_else(|| Failure::new(Exit::Unexpected, "the operation has no outcome"))?;
    if !outcome.is_success() {
        return Err(failure(&outcome, &user_id));
    }
    let printed = if context.json() {
        output::json(&json!({ "id": id, "account": account.slug, "user_id": user_id, "role": role, "active": active }))
    } else {
        output::table(["USER ID", "ID", "ROLE", "ACTIVE"], &[[user_id, id.to_string(), role.to_string(), active.to_string()]])
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

fn failure(outcome: &Outcome, user_id: &str) -> Failure {
    let reason =
        outcome.error.as_ref().map_or_else(|| "the database could not apply it; the log says why".to_owned(), |error| error.detail.clone());
    let exit = match outcome.code {
        OutcomeCode::Duplicate => Exit::Conflict,
        OutcomeCode::Refused => Exit::Usage,
        _ => Exit::Dependency,
    };
    Failure::new(exit, format!("`{user_id}` was not made ({}): {reason}", outcome.code.as_str()))
}
