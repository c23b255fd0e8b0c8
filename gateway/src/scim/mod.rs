//! Users and groups: the handlers.
//!
//! [`mod@write`] turns a request into an operation and an outcome into a response; [`submit`] is the wait in between; [`read`] goes
//! and [`search`] go to the database, for one and for many; [`present`] makes the body of all. [`me`] is the caller's own user,
//! [`bulk`] many writes in one request. [`deferred`] answers before a write is applied, for those who ask for it, and [`events`]
//! tells them the end.

pub(crate) mod bulk;
pub(crate) mod deferred;
pub(crate) mod events;
pub(crate) mod me;
mod prefer;
pub(crate) mod present;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod submit;
pub(crate) mod write;

use crate::{app::App, auth::Caller, context::Context, query::Query, refusal::Refusal};
use axum::http::{HeaderMap, HeaderName, header};
use muster_scim::{Projection, ResourceType, ScimError, etag::TagList};
use uuid::Uuid;

/// An authenticated request under the SCIM base.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) caller: Caller,
    pub(crate) context: &'a Context,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: Query<'a>,
}

impl Call<'_> {
    /// The start of every address in the answer: the client's own base.
    pub(crate) fn base_url(&self) -> &str {
        self.app.base_url(self.context.base)
    }

    /// What the client wants to see (RFC 7644 §3.9).
    pub(crate) fn projection(&self, kind: ResourceType) -> Result<Projection, ScimError> {
        Projection::parse(kind, self.query.attributes.as_deref(), self.query.excluded.as_deref())
    }

    /// The versions a write expects.
    pub(crate) fn if_match(&self) -> Option<Vec<i64>> {
        self.tags(&header::IF_MATCH).and_then(TagList::into_versions)
    }

    /// The versions a reader already has.
    pub(crate) fn if_none_match(&self) -> Option<TagList> {
        self.tags(&header::IF_NONE_MATCH)
    }

    fn tags(&self, name: &HeaderName) -> Option<TagList> {
        let mut values = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
        let first = values.next()?;
        match values.next() {
            None => Some(TagList::parse(first)),
            // A list over several lines is one list (RFC 9110 §5.3).
            Some(second) => Some(TagList::parse(&values.fold(format!("{first},{second}"), |all, value| all + "," + value))),
        }
    }
}

/// Reads an id as it stands in an address. Ours are lower-case UUIDs and compare exactly; whatever else somebody asks for
/// does not exist.
pub(crate) fn resource_id(kind: ResourceType, id: &str) -> Result<Uuid, Refusal> {
    let ours = id.len() == uuid::fmt::Hyphenated::LENGTH && !id.bytes().any(|byte| byte.is_ascii_uppercase());
    ours.then(|| Uuid::try_parse(id).ok()).flatten().ok_or_else(|| not_found(kind))
}

/// The same for an id that never was, one that is gone, and one of another account.
pub(crate) fn not_found(kind: ResourceType) -> Refusal {
    ScimError::not_found(format!("there is no {kind} with this id")).into()
}
