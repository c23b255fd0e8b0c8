//! Lists: filtered, ordered, a page at a time, loading only what the client wants to see.

use super::{Call, present, read::include};
use crate::{query::Query, refusal::Refusal, reply};
use axum::{http::StatusCode, response::Response};
use muster_scim::{Filter, Projection, ResourceType, ScimError, Sort, filter, list_response};
use muster_store::resources::{self, ListQuery, Paging, Selection};
use serde_json::Value;

/// `GET /Users?filter=…`: a page of these types of resource, as one list.
pub(crate) async fn list(call: &Call<'_>, kinds: &[ResourceType], query: &Query<'_>) -> Result<Response, Refusal> {
    let limits = &call.app.settings.limits;
    let projections = projections(kinds, query)?;
    let start = query.start_index()?;
    let count = query.count(limits.page_default, limits.page_max)?;
    let list = ListQuery { selections: selections(call, kinds, query, &projections)?, paging: Paging::Index { start, count } };
    let page = call.app.read(resources::list(&call.app.store, call.caller.account, &list)).await?;
    let shown = page.resources.into_iter().map(|(kind, resource)| {
        let projection = kinds.iter().position(|known| *known == kind).map(|at| &projections[at]);
        Value::Object(present::resource(call, kind, resource, projection.unwrap_or(&Projection::default())))
    });
    let shown: Vec<Value> = shown.collect();
    Ok(reply::json(StatusCode::OK, &list_response(page.total.unwrap_or_default(), start, shown), call.context))
}

/// What is to be shown of each type.
fn projections(kinds: &[ResourceType], query: &Query<'_>) -> Result<Vec<Projection>, ScimError> {
    kinds.iter().map(|kind| Projection::parse(*kind, query.attributes.as_deref(), query.excluded.as_deref())).collect()
}

/// What is asked of each type.
fn selections(call: &Call<'_>, kinds: &[ResourceType], query: &Query<'_>, projections: &[Projection]) -> Result<Vec<Selection>, Refusal> {
    let sorts = Sort::parse(kinds, query.sort_by.as_deref(), query.sort_order.as_deref())?;
    let mut selections = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        selections.push(Selection {
            resource_type: *kind,
            filter: filter_of(call, *kind, query)?,
            sort: sorts.as_ref().map(|sorts| sorts[at].clone()),
            include: include(*kind, &projections[at]),
        });
    }
    Ok(selections)
}

fn filter_of(call: &Call<'_>, kind: ResourceType, query: &Query<'_>) -> Result<Option<Filter>, Refusal> {
    // `filter=` with nothing after it is no filter; some clients send the parameter always. Anything else must be one, blanks too:
    // a filter that is passed over shows a directory everybody.
    let text = query.filter.as_deref().filter(|text| !text.is_empty());
    Ok(text.map(|text| filter::parse(kind, text, &call.app.settings.scim)).transpose()?)
}
