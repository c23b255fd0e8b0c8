//! `muster scim setup`: the one moment a secret key is seen.

use super::stdout_failure;
use crate::{
    cli::ScimCommand,
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::SecretKey;
use muster_store::{Store, accounts::Account, console::audit::Entry, keys, resources, sso};
use serde::Serialize;

/// What an administrator pastes into the directory.
#[derive(Serialize)]
struct Setup<'a> {
    tenant_url: String,
    secret_key: &'a str,
    /// Users a directory that sends addresses would not find, and what to do about it.
    preflight: &'a Preflight,
}

/// Whom the directory will not recognise.
#[derive(Serialize)]
struct Preflight {
    /// Users whose user id is the mailbox name of their address.
    colliding_users: i64,
    /// The user ids of some of them.
    examples: Vec<String>,
    /// What to do first; none when there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

pub async fn run(context: &Context, command: ScimCommand) -> CommandResult {
    let ScimCommand::Setup { account, administrator } = command;
    let store = context.open_store().await?;
    let account = context.account(&store, &account).await?;
    let missing = || Failure::new(Exit::NotFound, format!("the account `{}` has no user with the user id `{administrator}`", account.slug));
    let user = resources::find_user_by_user_id(&store, account.id, &administrator).await?.ok_or_else(missing)?;
    let preflight = preflight(context, &store, &account).await?;
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
    output::json(&Setup { tenant_url: tenant_url(context, &account), secret_key: secret.reveal(), preflight: &preflight })
        .map_err(stdout_failure)?;
    if had_one {
        eprintln!("The key before it works no longer.");
    }
    eprintln!("This key is not shown again.");
    warn(&preflight);
    Ok(Exit::Ok)
}

async fn preflight(context: &Context, store: &Store, account: &Account) -> Result<Preflight, Failure> {
    let found = sso::collisions(store, account.id).await?;
    let plan = context.command_line(&format!("convert plan --account {}", account.slug));
    Ok(Preflight { colliding_users: found.users, examples: found.examples, remedy: (found.users > 0).then_some(plan) })
}

fn warn(preflight: &Preflight) {
    let Some(plan) = &preflight.remedy else { return };
    let (users, have) = if preflight.colliding_users == 1 { ("user is", "has") } else { ("users are", "have") };
    eprintln!(
        "\n{} {users} known by mailbox name ({}{}) and {have} an e-mail address. A directory that sends the address as userName does \
         not find them, and its attempts to create them are refused.\nBefore provisioning is switched on, let them be converted. The plan \
         changes nobody:\n  {plan}",
        preflight.colliding_users,
        preflight.examples.join(", "),
        if preflight.examples.len() as i64 == preflight.colliding_users { "" } else { ", …" },
    );
}

/// The SCIM base URL of the account. An account with a host of its own is reached on that host only.
fn tenant_url(context: &Context, account: &Account) -> String {
    match (&account.host, context.config.http.public_url.split_once("://")) {
        (Some(host), Some((scheme, _))) => format!("{scheme}://{host}/scim"),
        _ => context.config.scim_url(),
    }
}
