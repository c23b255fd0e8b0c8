//! Reads of one resource: straight from the database, loading only what the client wants to see.

use super::{Call, not_found, present, resource_id};
use crate::{refusal::Refusal, reply};
use axum::{http::StatusCode, response::Response};
use muster_scim::{Projection, ResourceType};
use muster_store::resources::{self, Include};

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

/// Members of a group, or groups of a user, are loaded only for those who will see them.
pub(crate) fn include(kind: ResourceType, projection: &Projection) -> Include {
    match kind {
        ResourceType::Group => Include { members: projection.wants("members"), groups: false },
        ResourceType::User => Include { members: false, groups: projection.wants("groups") },
        ResourceType::Custom(_) => Include::default(),
    }
}
