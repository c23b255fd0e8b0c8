//! Reads: straight from the database, loading only what the client wants to see.

use super::{Call, not_found, present, resource_id};
use crate::{refusal::Refusal, reply};
use axum::{http::StatusCode, response::Response};
use muster_scim::{Filter, Projection, ResourceType, filter, list_response};
use muster_store::resources::{self, Include, ListQuery};
use serde_json::Value;

/// `GET /Users/{id}`
pub(crate) async fn get(call: &Call<'_>, kind: ResourceType, id: &str) -> Result<Response, Refusal> {
    let (id, projection) = (resource_id(kind, id)?, call.projection(kind)?);
    let query = resources::get(&call.app.store, call.caller.account, kind, id, include(kind, &projection));
    let resource = call.app.read(query).await?.ok_or_else(|| not_found(kind))?;
    let version = present::version(&resource);
    if let (Some(tags), Some(version)) = (call.if_none_match(), version)
        && tags.matches(version)
    {
        return Ok(reply::with_etag(reply::empty(StatusCode::NOT_MODIFIED), Some(version)));
    }
    let body = present::resource(call, kind, resource, &projection);
    Ok(reply::with_etag(reply::json(StatusCode::OK, &body, call.context), version))
}

/// `GET /Users?filter=…`
pub(crate) async fn list(call: &Call<'_>, kind: ResourceType) -> Result<Response, Refusal> {
    let settings = &call.app.settings;
    let projection = call.projection(kind)?;
    let query = ListQuery {
        resource_type: kind,
        filter: filter_of(call, kind)?,
        start_index: call.query.start_index()?,
        count: call.query.count(settings.limits.page_default, settings.limits.page_max)?,
        include: include(kind, &projection),
    };
    let page = call.app.read(resources::list(&call.app.store, call.caller.account, &query)).await?;
    let shown = page.resources.into_iter().map(|resource| Value::Object(present::resource(call, kind, resource, &projection))).collect();
    Ok(reply::json(StatusCode::OK, &list_response(page.total, query.start_index, shown), call.context))
}

fn filter_of(call: &Call<'_>, kind: ResourceType) -> Result<Option<Filter>, Refusal> {
    // `filter=` with nothing after it is no filter; some clients send the parameter always. Anything else must be one, blanks too:
    // a filter that is passed over shows a directory everybody.
    let text = call.query.filter.as_deref().filter(|text| !text.is_empty());
    Ok(text.map(|text| filter::parse(kind, text, &call.app.settings.scim)).transpose()?)
}

/// Members of a group, or groups of a user, are loaded only for those who will see them.
pub(crate) fn include(kind: ResourceType, projection: &Projection) -> Include {
    match kind {
        ResourceType::Group => Include { members: projection.wants("members"), groups: false },
        ResourceType::User => Include { members: false, groups: projection.wants("groups") },
    }
}
