//! `muster scim setup`: the one moment a secret key is seen.

use super::stdout_failure;
use crate::{
    cli::ScimCommand,
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::SecretKey;
use muster_store::{accounts::Account, console::audit::Entry, keys, resources};
use serde::Serialize;

/// What an administrator pastes into the directory.
#[derive(Serialize)]
struct Setup<'a> {
    tenant_url: String,
    secret_key: &'a str,
}

pub async fn run(context: &Context, command: ScimCommand) -> CommandResult {
    let ScimCommand::Setup { account, administrator } = command;
    let store = context.open_store().await?;
    let account = context.account(&store, &account).await?;
    let missing = || Failure::new(Exit::NotFound, format!("the account `{}` has no user with the user id `{administrator}`", account.slug));
    let user = resources::find_user_by_user_id(&store, account.id, &administrator).await?.ok_or_else(missing)?;
    let had_one = keys::active(&store, account.id).await?.is_some();
    let secret = SecretKey::generate();
    let entry = Entry {
        actor: None,
        actor_name: "command".to_owned(),
        action: "secret_key.generated",
        target: user.user_id,
        detail: format!("ends in {}{}", secret.hint(), if had_one { "; the one before it is void" } else { "" }),
        peer: String::new(),
    };
    keys::generate_audited(&store, account.id, user.id, &secret, Some(&entry)).await?;
    // Always JSON: what prints it can be a script, and a table would wrap the key.
    output::json(&Setup { tenant_url: tenant_url(context, &account), secret_key: secret.reveal() }).map_err(stdout_failure)?;
    if had_one {
        eprintln!("The key before it works no longer.");
    }
    eprintln!("This key is not shown again.");
    Ok(Exit::Ok)
}

/// The SCIM base URL of the account. An account with a host of its own is reached on that host only.
fn tenant_url(context: &Context, account: &Account) -> String {
    match (&account.host, context.config.http.public_url.split_once("://")) {
        (Some(host), Some((scheme, _))) => format!("{scheme}://{host}/scim"),
        _ => context.config.scim_url(),
    }
}
