//! Lists: filtered, ordered, a page at a time, loading only what the client wants to see.

use super::{Call, present, read::include};
use crate::{
    cursor::{Bound, Cursor},
    query::Query,
    refusal::Refusal,
    reply,
};
use axum::{http::StatusCode, response::Response};
use muster_scim::{Filter, Projection, ResourceType, ScimError, ScimType, Sort, cursor_response, filter, list_response, parse_json};
use muster_store::{
    now_ms,
    resources::{self, Anchor, ListQuery, Paging, Selection},
};
use serde_json::Value;
use std::borrow::Cow;

/// `GET /Users?filter=…`: a page of these types of resource, as one list.
pub(crate) async fn list(call: &Call<'_>, kinds: &[ResourceType], query: &Query<'_>) -> Result<Response, Refusal> {
    let projections = projections(kinds, query)?;
    let selections = selections(call, kinds, query, &projections)?;
    let paging = paging(call, kinds, query).await?;
    let list = ListQuery { selections, paging: paging.clone() };
    let page = call.app.read(resources::list(&call.app.store, call.caller.account, &list)).await?;
    let shown = page.resources.into_iter().map(|(kind, resource)| {
        let projection = kinds.iter().position(|known| *known == kind).map(|at| &projections[at]);
        Value::Object(present::resource(call, kind, resource, projection.unwrap_or(&Projection::default())))
    });
    let shown: Vec<Value> = shown.collect();
    let body = match paging {
        Paging::Index { start, .. } => list_response(page.total.unwrap_or_default(), start, shown),
        Paging::Cursor { count, .. } => {
            let next = sealed(call, kinds, query, page.next, count).await?;
            let previous = sealed(call, kinds, query, page.previous, count).await?;
            cursor_response(page.total, next, previous, shown)
        }
    };
    Ok(reply::json(StatusCode::OK, &body, call.context))
}

/// By number unless the client sends a cursor, which may be empty.
async fn paging(call: &Call<'_>, kinds: &[ResourceType], query: &Query<'_>) -> Result<Paging, Refusal> {
    let limits = &call.app.settings.limits;
    let start = query.start_index()?;
    let Some(text) = query.cursor.as_deref() else {
        return Ok(Paging::Index { start, count: query.count(limits.page_default, limits.page_max)? });
    };
    if start > 1 {
        return Err(ScimError::invalid_value("startIndex and cursor exclude each other; send one of them").into());
    }
    let count = query.cursor_count(limits.page_max)?;
    if text.is_empty() {
        return Ok(Paging::Cursor { from: None, count: count.unwrap_or(limits.page_default) });
    }
    let cursor = Cursor::open(text, call.app.cursor_key().await?, &bound(call, kinds, query), now_ms())?;
    if count.is_some_and(|count| count != cursor.count) {
        let detail = format!("count was {} on the first page, and stays so until the last", cursor.count);
        return Err(ScimError::bad_request(ScimType::InvalidCount, detail).into());
    }
    Ok(Paging::Cursor { from: Some(cursor.anchor), count: cursor.count })
}

async fn sealed(
    call: &Call<'_>,
    kinds: &[ResourceType],
    query: &Query<'_>,
    anchor: Option<Anchor>,
    count: u64,
) -> Result<Option<String>, Refusal> {
    let Some(anchor) = anchor else { return Ok(None) };
    let cursor = Cursor::new(anchor, count, now_ms(), call.app.settings.limits.cursor_age);
    Ok(Some(cursor.seal(call.app.cursor_key().await?, &bound(call, kinds, query))))
}

fn bound<'a>(call: &Call<'_>, kinds: &'a [ResourceType], query: &'a Query<'_>) -> Bound<'a> {
    let text = |part: &'a Option<Cow<'_, str>>| part.as_deref().unwrap_or_default();
    let account = call.caller.account;
    Bound { account, kinds, filter: text(&query.filter), sort_by: text(&query.sort_by), sort_order: text(&query.sort_order) }
}

/// `POST /Users/.search`, `POST /.search`: the same with its parameters in the body, where no log keeps them (RFC 7644 §3.4.3).
pub(crate) async fn posted(call: &Call<'_>, kind: Option<ResourceType>, body: &[u8]) -> Result<Response, Refusal> {
    let query = Query::of_body(parse_json(body, &call.app.settings.scim)?)?;
    match kind {
        Some(kind) => list(call, &[kind], &query).await,
        None => list(call, ResourceType::all(), &query).await,
    }
}

/// What is to be shown of each type.
fn projections(kinds: &[ResourceType], query: &Query<'_>) -> Result<Vec<Projection>, ScimError> {
    kinds.iter().map(|kind| Projection::parse(*kind, query.attributes.as_deref(), query.excluded.as_deref())).collect()
}

/// What is asked of each type.
fn selections(call: &Call<'_>, kinds: &[ResourceType], query: &Query<'_>, projections: &[Projection]) -> Result<Vec<Selection>, Refusal> {
    let mut filters = filters(call, kinds, query)?;
    if let (Some(filters), Some(at)) = (&filters, kinds.iter().position(|kind| *kind == ResourceType::User)) {
        call.app.forms.note_filter(call.caller.account, &filters[at]);
    }
    let sorts = Sort::parse(kinds, query.sort_by.as_deref(), query.sort_order.as_deref())?;
    let mut selections = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        selections.push(Selection {
            resource_type: *kind,
            filter: filters.as_mut().map(|filters| std::mem::replace(&mut filters[at], Filter::constant(false))),
            sort: sorts.as_ref().map(|sorts| sorts[at].clone()),
            include: include(*kind, &projections[at]),
        });
    }
    Ok(selections)
}

fn filters(call: &Call<'_>, kinds: &[ResourceType], query: &Query<'_>) -> Result<Option<Vec<Filter>>, ScimError> {
    // `filter=` with nothing after it is no filter; some clients send the parameter always. Anything else must be one, blanks too:
    // a filter that is passed over shows a directory everybody.
    let text = query.filter.as_deref().filter(|text| !text.is_empty());
    text.map(|text| filter::parse_for(kinds, text, &call.app.settings.scim)).transpose()
}
