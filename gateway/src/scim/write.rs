//! Writes: validate, submit, answer.
//!
//! What a client gets back is what Entra ID and Okta were seen to need: 201 with the resource for a create, 200 with it for PUT
//! and for PATCH of a user, 204 for DELETE.
//!
//! PATCH of a group has both answers that RFC 7644 §3.5.2 allows. Entra ID advises against a body that lists the members, sends
//! many of these, and no `Accept`: it gets 204, which costs no query. A client that says in which form it wants an answer gets
//! one, unless the members would not fit into it.
//!
//! **Groups and their members.** The outcome of a group's write brings no members. They are read back only where the request
//! itself listed them, and not more than [`ECHO_MEMBERS`]: whoever has just sent 100,000 members does not need them again, and
//! RFC 7644 §3.5.1 lets the answer leave out what is large. `GET` has them all.

use super::{
    Call, present,
    read::include,
    resource_id,
    submit::{Submitted, submit},
};
use crate::{media, refusal::Refusal, reply};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::{Change, Outcome, Role};
use muster_scim::{Projection, Resource, ResourceType, location, parse_json, patch, read_resource};
use muster_store::resources::{self, Include};
use serde_json::Value;
use uuid::Uuid;

/// The longest member list that is echoed.
const ECHO_MEMBERS: u32 = 1_000;

/// `POST /Users`
pub(crate) async fn create(call: &Call<'_>, kind: ResourceType, body: &[u8]) -> Result<Response, Refusal> {
    let (projection, resource) = (call.projection(kind)?, resource_of(call, kind, body)?);
    let (id, echo) = (Uuid::now_v7(), Echo::of(&resource));
    let outcome = match submit(call, kind, id, Change::Create { resource, role: Role::User }, None).await? {
        Submitted::Done(outcome) => outcome,
        Submitted::Later(accepted) => return Ok(accepted),
    };
    // A directory may get a user who exists, under the id that user has.
    let named = outcome.resource.as_ref().and_then(|resource| resource.get("id")?.as_str()?.parse().ok());
    let id: Uuid = named.unwrap_or(id);
    let mut response = answer(call, kind, id, StatusCode::CREATED, outcome, echo, &projection).await?;
    let location = location(kind, id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()), call.base_url());
    response.headers_mut().insert(header::LOCATION, HeaderValue::try_from(location).map_err(Refusal::internal)?);
    Ok(response)
}

/// `PUT /Users/{id}`
pub(crate) async fn replace(call: &Call<'_>, kind: ResourceType, id: &str, body: &[u8]) -> Result<Response, Refusal> {
    let (id, projection, resource) = (resource_id(kind, id)?, call.projection(kind)?, resource_of(call, kind, body)?);
    let echo = Echo::of(&resource);
    let outcome = match submit(call, kind, id, Change::Replace { resource }, call.if_match()).await? {
        Submitted::Done(outcome) => outcome,
        Submitted::Later(accepted) => return Ok(accepted),
    };
    answer(call, kind, id, StatusCode::OK, outcome, echo, &projection).await
}

/// `PATCH /Users/{id}`
pub(crate) async fn patch(call: &Call<'_>, kind: ResourceType, id: &str, body: &[u8]) -> Result<Response, Refusal> {
    let (id, projection) = (resource_id(kind, id)?, call.projection(kind)?);
    let settings = &call.app.settings;
    let patch = patch::read(kind, parse_json(body, &settings.scim)?, &settings.compat, &settings.scim)?;
    let outcome = match submit(call, kind, id, Change::Patch { patch }, call.if_match()).await? {
        Submitted::Done(outcome) => outcome,
        Submitted::Later(accepted) => return Ok(accepted),
    };
    if kind != ResourceType::Group {
        return answer(call, kind, id, StatusCode::OK, outcome, Echo::Nothing, &projection).await;
    }
    if call.query.attributes.is_some() {
        return read_back(call, kind, id, StatusCode::OK, outcome.version, &projection, include(kind, &projection)).await;
    }
    if media::named(call.headers, &media::JSON)
        && let Some(group) = small_group(call, id, &projection).await
    {
        let version = present::version(&group).or(outcome.version);
        let body = present::resource(call, kind, group, &projection);
        return Ok(reply::with_etag(reply::json(StatusCode::OK, &body, call.context), version));
    }
    Ok(reply::with_etag(reply::empty(StatusCode::NO_CONTENT), outcome.version))
}

/// The group as the database has it now; none when its members are too many to be echoed, or it cannot be read.
async fn small_group(call: &Call<'_>, id: Uuid, projection: &Projection) -> Option<Resource> {
    let (store, account, kind) = (&call.app.store, call.caller.account, ResourceType::Group);
    let include = include(kind, projection);
    if include.members {
        let counted = call.app.read(resources::member_count(store, account, id, ECHO_MEMBERS + 1)).await.ok()?;
        if counted > u64::from(ECHO_MEMBERS) {
            return None;
        }
    }
    call.app.read(resources::get(store, account, kind, id, include)).await.ok().flatten()
}

/// `DELETE /Users/{id}`
pub(crate) async fn delete(call: &Call<'_>, kind: ResourceType, id: &str) -> Result<Response, Refusal> {
    match submit(call, kind, resource_id(kind, id)?, Change::Delete, call.if_match()).await? {
        Submitted::Done(_) => Ok(reply::empty(StatusCode::NO_CONTENT)),
        Submitted::Later(accepted) => Ok(accepted),
    }
}

fn resource_of(call: &Call<'_>, kind: ResourceType, body: &[u8]) -> Result<Resource, Refusal> {
    let settings = &call.app.settings;
    Ok(read_resource(kind, parse_json(body, &settings.scim)?, &settings.compat, &settings.scim)?)
}

/// Whether the answer to a write lists members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Echo {
    Nothing,
    Members,
}

impl Echo {
    fn of(resource: &Resource) -> Self {
        match resource.get("members") {
            Some(Value::Array(members)) if !members.is_empty() && members.len() <= ECHO_MEMBERS as usize => Self::Members,
            _ => Self::Nothing,
        }
    }
}

/// The resource after the write: from the outcome if it has all that is to be shown, else read back.
async fn answer(
    call: &Call<'_>,
    kind: ResourceType,
    id: Uuid,
    status: StatusCode,
    outcome: Outcome,
    echo: Echo,
    projection: &Projection,
) -> Result<Response, Refusal> {
    let members = echo == Echo::Members && projection.wants("members");
    match outcome.resource {
        Some(resource) if !members => {
            let body = present::resource(call, kind, resource, projection);
            Ok(reply::with_etag(reply::json(status, &body, call.context), outcome.version))
        }
        _ => read_back(call, kind, id, status, outcome.version, projection, Include { members, groups: false }).await,
    }
}

/// The resource as the database has it now. It is written already: if it cannot be read back, the client still learns that.
async fn read_back(
    call: &Call<'_>,
    kind: ResourceType,
    id: Uuid,
    status: StatusCode,
    version: Option<i64>,
    projection: &Projection,
    include: Include,
) -> Result<Response, Refusal> {
    let found = call.app.read(resources::get(&call.app.store, call.caller.account, kind, id, include)).await;
    let resource = match found {
        Ok(Some(resource)) => resource,
        // A replica that lags, a deletion in between, a database that went away: the write counts.
        Ok(None) | Err(_) => bare(kind, id),
    };
    let version = present::version(&resource).or(version);
    let body = present::resource(call, kind, resource, projection);
    Ok(reply::with_etag(reply::json(status, &body, call.context), version))
}

/// The least that is a resource.
fn bare(kind: ResourceType, id: Uuid) -> Resource {
    let meta = Resource::from_iter([("resourceType".to_owned(), kind.name().into())]);
    Resource::from_iter([
        ("schemas".to_owned(), Value::from(vec![kind.schema()])),
        ("id".to_owned(), id.to_string().into()),
        ("meta".to_owned(), meta.into()),
    ])
}
