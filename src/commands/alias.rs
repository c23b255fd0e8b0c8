//! `muster alias list|extend|release`: old user ids after a conversion.

use super::stdout_failure;
use crate::{
    cli::{AliasCommand, ExtendAliases, ListAliases},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_store::{
    Store,
    accounts::Account,
    aliases::{self, Alias, AliasQuery, Longer, Released, Which},
    now_ms,
};
use serde_json::json;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub async fn run(context: &Context, command: AliasCommand) -> CommandResult {
    let store = context.open_store().await?;
    match command {
        AliasCommand::List(query) => {
            let account = context.account(&store, &query.account).await?;
            list(context, &store, &account, query).await
        }
        AliasCommand::Extend(order) => {
            let account = context.account(&store, &order.account).await?;
            extend(context, &store, &account, order).await
        }
        AliasCommand::Release { account, old_id, yes } => {
            let account = context.account(&store, &account).await?;
            release(context, &store, &account, &old_id, yes).await
        }
    }
}

async fn list(context: &Context, store: &Store, account: &Account, query: ListAliases) -> CommandResult {
    let live = if query.live { Some(true) } else { query.expired.then_some(false) };
    let query = AliasQuery { user_id: query.user, old_id: query.old_id, live, after: query.after, limit: query.limit };
    let page = aliases::list(store, account.id, &query, now_ms()).await?;
    let printed = if context.json() {
        output::json(&page)
    } else {
        let rows: Vec<[String; 6]> = page.aliases.iter().map(row).collect();
        output::table(["OLD USER ID", "USER ID NOW", "STATE", "ENDS", "USED", "LAST USED"], &rows)
    };
    printed.map_err(stdout_failure)?;
    if let (Some(next), false) = (&page.next, context.json()) {
        eprintln!("More: --after {next}");
    }
    Ok(Exit::Ok)
}

fn row(alias: &Alias) -> [String; 6] {
    let now = alias.user_id.clone().unwrap_or_else(|| "(deleted)".to_owned());
    let state = if alias.live { "live" } else { "expired" };
    let last = alias.last_used_ms.map_or_else(|| "never".to_owned(), output::time);
    [alias.old_id.clone(), now, state.to_owned(), output::time(alias.expires_ms), alias.hits.to_string(), last]
}

async fn extend(context: &Context, store: &Store, account: &Account, order: ExtendAliases) -> CommandResult {
    let which = match (order.which.old_id, order.which.conversion) {
        (Some(old_id), _) => {
            let query = AliasQuery { old_id: Some(old_id.clone()), limit: 1, ..AliasQuery::default() };
            if aliases::list(store, account.id, &query, now_ms()).await?.aliases.is_empty() {
                return Err(missing(account, &old_id));
            }
            Which::One(old_id)
        }
        (None, Some(conversion)) => Which::Conversion(conversion),
        (None, None) => Which::All,
    };
    let longer = match (order.longer.until, order.longer.days) {
        (Some(until), _) => Longer::Until(until),
        (None, days) => Longer::By(i64::from(days.unwrap_or_default()) * DAY_MS),
    };
    let extended = aliases::extend(store, account.id, &which, longer, now_ms()).await?;
    let printed = if context.json() {
        output::json(&json!({ "extended": extended }))
    } else {
        output::pairs(&[("extended".to_owned(), extended.to_string())])
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

async fn release(context: &Context, store: &Store, account: &Account, old_id: &str, yes: bool) -> CommandResult {
    let unless = (!yes).then(|| now_ms() - aliases::RECENT_MS);
    match aliases::release(store, account.id, old_id, unless).await? {
        Released::Missing => Err(missing(account, old_id)),
        Released::UsedAt(at) => {
            let message = format!(
                "somebody signed in with `{old_id}` at {}: who still does could not any more. With --yes it is let go all the same",
                output::time(at)
            );
            Err(Failure::new(Exit::Refused, message))
        }
        Released::Free => {
            let printed = if context.json() {
                output::json(&json!({ "released": old_id }))
            } else {
                output::pairs(&[("released".to_owned(), old_id.to_owned())])
            };
            printed.map(|()| Exit::Ok).map_err(stdout_failure)
        }
    }
}

fn missing(account: &Account, old_id: &str) -> Failure {
    Failure::new(
        Exit::NotFound,
        format!("`{old_id}` is no old user id of `{0}`; `muster alias list --account {0}` lists them", account.slug),
    )
}
