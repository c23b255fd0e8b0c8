//! Old user ids after a conversion: what `muster alias` does, for pages and scripts.

use super::{
    ApiCall,
    conversions::{conflict, read},
    json,
};
use crate::refusal::Refusal;
use axum::response::Response;
use muster_domain::{
    ConversionId, Role,
    conversion::{ALIAS_DAYS_MOST, AliasTerms},
};
use muster_scim::ScimError;
use muster_store::{
    aliases::{self, AliasQuery, RECENT_MS, Which},
    now_ms,
};
use serde::Deserialize;
use serde_json::json;

/// Which, and for how much longer.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ExtendRequest {
    old_id: Option<String>,
    user: Option<String>,
    conversion: Option<ConversionId>,
    all: bool,
    until: Option<String>,
    days: Option<u32>,
}

/// Which, and whether those in use go as well.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReleaseRequest {
    old_id: Option<String>,
    user: Option<String>,
    conversion: Option<ConversionId>,
    force: bool,
}

/// `GET /aliases`
pub(super) async fn list(call: &ApiCall<'_>) -> Result<Response, Refusal> {
    let params = &call.params;
    let text = |text: &str| Some(text.to_owned());
    let live = |word: &str| matches!(word, "live" | "expired").then_some(word == "live");
    let query = AliasQuery {
        user_id: params.one("user", text, "a user id")?,
        old_id: params.one("old_id", text, "an old user id")?,
        conversion: params.parsed("conversion", "the id of a conversion")?,
        live: params.one("state", live, "live or expired")?,
        after: params.parsed("after", "what `next` of the page before said")?,
        limit: params.limit()?,
    };
    params.done()?;
    let page = call.app.read(aliases::list(&call.app.store, call.account, &query, now_ms())).await?;
    Ok(json(call, &page))
}

/// `POST /aliases/extend`
pub(super) async fn extend(call: &ApiCall<'_>, body: &[u8]) -> Result<Response, Refusal> {
    call.params.done()?;
    administrators_only(call)?;
    let request: ExtendRequest = read(body)?;
    let until = until(request.until.as_deref(), request.days)?;
    let which = which(
        [request.old_id.map(Which::One), request.user.map(Which::User), request.conversion.map(Which::Conversion)]
            .into_iter()
            .flatten()
            .chain(request.all.then_some(Which::All)),
        "old_id, user, conversion and all",
    )?;
    let extended = aliases::extend(&call.app.store, call.account, &which, until, &call.author).await?;
    let extended = extended.ok_or_else(|| ScimError::not_found(which.missing()))?;
    Ok(json(call, &json!({ "extended": extended, "until_ms": until })))
}

/// `POST /aliases/release`
pub(super) async fn release(call: &ApiCall<'_>, body: &[u8]) -> Result<Response, Refusal> {
    call.params.done()?;
    administrators_only(call)?;
    let request: ReleaseRequest = read(body)?;
    let named = [request.old_id.map(Which::One), request.user.map(Which::User), request.conversion.map(Which::Conversion)];
    let which = which(named.into_iter().flatten(), "old_id, user and conversion")?;
    let unless = (!request.force).then(|| now_ms() - RECENT_MS);
    let done = aliases::release(&call.app.store, call.account, &which, unless, &call.author).await.map_err(conflict)?;
    let done = done.ok_or_else(|| ScimError::not_found(which.missing()))?;
    let stays = [done.kept_because().map(|why| format!("{why}. Send `force`: true to let them go all the same")), done.under_way_because()];
    let stays = stays.into_iter().flatten().collect::<Vec<_>>().join(". ");
    if done.released == 0 && !stays.is_empty() {
        return Err(ScimError::status(409, stays).into());
    }
    Ok(json(call, &done))
}

/// The one that is named.
fn which(mut named: impl Iterator<Item = Which>, choices: &str) -> Result<Which, ScimError> {
    match (named.next(), named.next()) {
        (Some(which), None) => Ok(which),
        _ => Err(ScimError::invalid_value(format!("say which old user ids by exactly one of {choices}"))),
    }
}

/// The moment that is asked for, milliseconds since 1970.
fn until(until: Option<&str>, days: Option<u32>) -> Result<i64, ScimError> {
    let end = match (until, days) {
        (Some(text), None) => AliasTerms::end_in(text).ok_or_else(|| {
            ScimError::invalid_value("`until` must be a day such as \"2028-01-31\", or a moment such as \"2028-01-31T18:00:00Z\"")
        })?,
        (None, Some(days @ 1..=ALIAS_DAYS_MOST)) => AliasTerms::end_of_day_in(now_ms(), days),
        (None, Some(_)) => return Err(ScimError::invalid_value(format!("`days` must be from 1 to {ALIAS_DAYS_MOST}"))),
        _ => return Err(ScimError::invalid_value("say for how long by exactly one of until and days")),
    };
    if end <= now_ms() {
        let detail = "`until` is over already: an old user id cannot be made to end earlier this way; release lets one go";
        return Err(ScimError::invalid_value(detail));
    }
    Ok(end)
}

/// An old user id decides who is let in.
fn administrators_only(call: &ApiCall<'_>) -> Result<(), ScimError> {
    if call.role == Role::Administrator {
        return Ok(());
    }
    Err(ScimError::forbidden("old user ids are extended and released by administrators; this token's user is none"))
}
