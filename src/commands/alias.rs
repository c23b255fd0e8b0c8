//! `muster alias list|extend|release`: old user ids after a conversion.

use super::stdout_failure;
use crate::{
    cli::{AliasCommand, ExtendAliases, ListAliases, ReleaseAliases},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::{ConversionId, conversion::AliasTerms};
use muster_store::{
    Store,
    accounts::Account,
    aliases::{self, Alias, AliasQuery, Which},
    console::audit::Author,
    now_ms,
};
use serde_json::json;

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
        AliasCommand::Release(order) => {
            let account = context.account(&store, &order.account).await?;
            release(context, &store, &account, order).await
        }
    }
}

async fn list(context: &Context, store: &Store, account: &Account, query: ListAliases) -> CommandResult {
    let live = if query.live { Some(true) } else { query.expired.then_some(false) };
    let query = AliasQuery {
        user_id: query.user,
        old_id: query.old_id,
        conversion: query.conversion,
        live,
        after: query.after,
        limit: query.limit,
    };
    let page = aliases::full_page(store, account.id, query, u32::MAX, now_ms()).await?;
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

/// Which are meant: the arguments allow one of these, or none for all.
fn which(old_id: Option<String>, user: Option<String>, conversion: Option<ConversionId>) -> Which {
    match (old_id, user, conversion) {
        (Some(old_id), _, _) => Which::One(old_id),
        (_, Some(user), _) => Which::User(user),
        (_, _, Some(conversion)) => Which::Conversion(conversion),
        (None, None, None) => Which::All,
    }
}

async fn extend(context: &Context, store: &Store, account: &Account, order: ExtendAliases) -> CommandResult {
    let which = which(order.which.old_id, order.which.user, order.which.conversion);
    let until = match (order.longer.until, order.longer.days) {
        (Some(until), _) => until,
        (None, days) => AliasTerms::end_of_day_in(now_ms(), days.unwrap_or_default()),
    };
    let extended = aliases::extend(store, account.id, &which, until, &Author::command()).await?.ok_or_else(|| missing(account, &which))?;
    let printed = if context.json() {
        output::json(&json!({ "extended": extended, "until_ms": until }))
    } else {
        output::pairs(&[("extended".to_owned(), extended.to_string()), ("until".to_owned(), output::time(until))])
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

async fn release(context: &Context, store: &Store, account: &Account, order: ReleaseAliases) -> CommandResult {
    let which = which(order.which.old_id, order.which.user, order.which.conversion);
    let unless = (!order.yes).then(|| now_ms() - aliases::RECENT_MS);
    let done = aliases::release(store, account.id, &which, unless, &Author::command()).await?.ok_or_else(|| missing(account, &which))?;
    let stays = [done.kept_because().map(|why| format!("{why}. --yes lets them go all the same")), done.under_way_because()];
    let stays = stays.into_iter().flatten().collect::<Vec<_>>().join(". ");
    if done.released == 0 && !stays.is_empty() {
        return Err(Failure::new(Exit::Refused, stays));
    }
    let printed = if context.json() {
        output::json(&done)
    } else {
        let counts = [("released", done.released), ("kept", done.kept), ("under way", done.under_way)];
        output::pairs(&counts.map(|(what, count)| (what.to_owned(), count.to_string())))
    };
    printed.map_err(stdout_failure)?;
    if stays.is_empty() {
        return Ok(Exit::Ok);
    }
    eprintln!("{stays}.");
    Ok(Exit::Partial)
}

fn missing(account: &Account, which: &Which) -> Failure {
    let what = which.missing();
    Failure::new(Exit::NotFound, format!("{what}; `muster alias list --account {0}` lists the old user ids of `{0}`", account.slug))
}
