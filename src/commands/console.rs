//! `muster console link`: how somebody gets a password.

use super::stdout_failure;
use crate::{
    cli::ConsoleCommand,
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::{AccountId, LinkToken, UserId};
use muster_store::{
    Store,
    console::{
        administrators,
        audit::{self, Entry},
        links,
    },
    now_ms, resources,
};
use serde_json::json;

pub async fn run(context: &Context, command: ConsoleCommand) -> CommandResult {
    let ConsoleCommand::Link { account, user } = command;
    let store = context.open_store().await?;
    let account = context.account(&store, &account).await?;
    let user = match user {
        None if administrators::exists(&store, account.id).await? => {
            let message = format!("the account `{}` has an administrator already: name the user the link is for with --user", account.slug);
            return Err(Failure::new(Exit::Conflict, message));
        }
        None => None,
        Some(name) => {
            let missing = || Failure::new(Exit::NotFound, format!("the account `{}` has no user with the user id `{name}`", account.slug));
            let user = resources::find_user_by_user_id(&store, account.id, &name).await?.ok_or_else(missing)?;
            if !user.active || !user.role.may_use_console() {
                let why = if user.active { format!("has the role `{}`", user.role) } else { "is disabled".to_owned() };
                return Err(Failure::new(
                    Exit::Refused,
                    format!("`{name}` {why}: the console is for active administrators, user managers and viewers"),
                ));
            }
            Some((user.id, user.user_id))
        }
    };
    let link = create(context, &store, account.id, user.as_ref().map(|(id, _)| *id)).await?;
    let whose = user.map_or_else(|| "the first administrator".to_owned(), |(_, user_id)| user_id);
    audit::append(&store, account.id, &Entry::by_command("link.created", whose, "")).await?;
    if context.json() {
        output::json(&json!({ "link": link, "expires": output::time(now_ms() + links::LIFE_MS) })).map_err(stdout_failure)?;
    } else {
        output::csv([format!("{link}\n")]).map_err(stdout_failure)?;
        eprintln!("Whoever has this link can use it, once, within a day.");
    }
    Ok(Exit::Ok)
}

/// Makes a link; for the first administrator when no user is named.
pub async fn create(context: &Context, store: &Store, account: AccountId, user: Option<UserId>) -> Result<String, Failure> {
    let token = LinkToken::generate();
    links::create(store, account, user, &token.hash(), now_ms()).await?;
    Ok(format!("{}/welcome/{}", context.config.http.public_url.trim_end_matches('/'), token.reveal()))
}
