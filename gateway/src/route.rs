//! The table of everything under the SCIM base.
//!
//! A plain match instead of a router: the segments that were checked are the very ones that are matched, there is no second
//! parser that could see another path, and every handler wants a [`Caller`](crate::auth::Caller), which only authentication
//! makes.

use crate::{
    discovery::{self, Subject},
    openapi,
    refusal::Refusal,
    scim::{Call, bulk, events, me, read, search, write},
};
use axum::{http::Method, response::Response};
use bytes::Bytes;
use muster_scim::ResourceType;

/// One address under the SCIM base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    /// The base itself: all types of resource.
    Root,
    /// A query that comes as a body; of all types without one.
    Search(Option<ResourceType>),
    Collection(ResourceType),
    Item(ResourceType, &'a str),
    Discovery(Subject),
    DiscoveryItem(Subject, &'a str),
    /// The caller's own user.
    Me,
    /// Many writes in one request.
    Bulk,
    /// What became of an asynchronous request.
    Event(&'a str),
    /// The description of the API.
    OpenApi,
}

impl<'a> Endpoint<'a> {
    pub(crate) fn find(segments: &[&'a str]) -> Option<Self> {
        Some(match *segments {
            [] => Self::Root,
            [".search"] => Self::Search(None),
            ["ServiceProviderConfig"] => Self::Discovery(Subject::ServiceProviderConfig),
            ["ResourceTypes"] => Self::Discovery(Subject::ResourceTypes),
            ["ResourceTypes", name] => Self::DiscoveryItem(Subject::ResourceTypes, name),
            ["Schemas"] => Self::Discovery(Subject::Schemas),
            ["Schemas", urn] => Self::DiscoveryItem(Subject::Schemas, urn),
            ["openapi.json"] => Self::OpenApi,
            ["Me"] => Self::Me,
            ["Bulk"] => Self::Bulk,
            ["Events", txn] => Self::Event(txn),
            [segment] => Self::Collection(resource_type(segment)?),
            [segment, ".search"] => Self::Search(Some(resource_type(segment)?)),
            [segment, id] => Self::Item(resource_type(segment)?, id),
            _ => return None,
        })
    }

    /// The methods it takes, for `Allow`.
    pub(crate) const fn allow(self) -> &'static str {
        match self {
            Self::Collection(_) => "GET, HEAD, POST",
            Self::Search(_) => "POST",
            Self::Item(..) => "GET, HEAD, PUT, PATCH, DELETE",
            Self::Me => me::ALLOW,
            Self::Bulk => bulk::ALLOW,
            _ => "GET, HEAD",
        }
    }

    /// The type of the resources there; none when it is about none.
    pub(crate) const fn resource_type(self) -> Option<ResourceType> {
        match self {
            Self::Collection(kind) | Self::Item(kind, _) => Some(kind),
            Self::Search(kind) => kind,
            _ => None,
        }
    }

    /// Whether a request of this method brings a body that matters.
    pub(crate) fn takes_body(self, method: &Method) -> bool {
        match self {
            Self::Collection(_) | Self::Search(_) | Self::Bulk => method == Method::POST,
            Self::Item(..) | Self::Me => method == Method::PUT || method == Method::PATCH,
            _ => false,
        }
    }
}

/// The type whose resources live at this segment. No type of an installation may have a segment that means something else.
fn resource_type(segment: &str) -> Option<ResourceType> {
    ResourceType::all().iter().copied().find(|rt| rt.endpoint().strip_prefix('/') == Some(segment))
}

/// Hands a call to its handler.
pub(crate) async fn handle(call: &Call<'_>, endpoint: Endpoint<'_>, method: &Method, body: Bytes) -> Result<Response, Refusal> {
    match (endpoint, method.as_str()) {
        (Endpoint::Root, "GET" | "HEAD") => search::list(call, ResourceType::all(), &call.query).await,
        (Endpoint::Search(kind), "POST") => search::posted(call, kind, &body).await,
        (Endpoint::Collection(kind), "GET" | "HEAD") => search::list(call, &[kind], &call.query).await,
        (Endpoint::Collection(kind), "POST") => write::create(call, kind, &body).await,
        (Endpoint::Item(kind, id), "GET" | "HEAD") => read::get(call, kind, id).await,
        (Endpoint::Item(kind, id), "PUT") => write::replace(call, kind, id, &body).await,
        (Endpoint::Item(kind, id), "PATCH") => write::patch(call, kind, id, &body).await,
        (Endpoint::Item(kind, id), "DELETE") => write::delete(call, kind, id).await,
        (Endpoint::Bulk, "POST") => bulk::handle(call, &body).await,
        (Endpoint::Event(txn), "GET" | "HEAD") => events::get(call, txn).await,
        (Endpoint::Me, method) => me::handle(call, method, &body).await,
        (Endpoint::Discovery(subject), "GET" | "HEAD") => {
            discovery::all(subject, call.query.filter.is_some(), call.base_url(), &call.app.settings, call.context)
        }
        (Endpoint::DiscoveryItem(subject, name), "GET" | "HEAD") => discovery::one(subject, name, call.base_url(), call.context),
        (Endpoint::OpenApi, "GET" | "HEAD") => Ok(openapi::answer(call)),
        (known, _) => Err(Refusal::MethodNotAllowed { allow: known.allow() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResourceType::{Group, User};

    #[test]
    fn every_address_is_found_in_its_own_spelling_only() {
        assert_eq!(Endpoint::find(&["Users"]), Some(Endpoint::Collection(User)));
        assert_eq!(Endpoint::find(&["Groups", "1"]), Some(Endpoint::Item(Group, "1")));
        assert_eq!(Endpoint::find(&[]), Some(Endpoint::Root));
        assert_eq!(Endpoint::find(&["Groups", ".search"]), Some(Endpoint::Search(Some(Group))));
        assert_eq!(Endpoint::find(&["Schemas", "urn:x"]), Some(Endpoint::DiscoveryItem(Subject::Schemas, "urn:x")));
        for unknown in [&["users"][..], &["Us%65rs"], &["Users;x"], &["ServiceProviderConfig", "x"], &["Device"]] {
            assert_eq!(Endpoint::find(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn only_writes_with_data_take_a_body() {
        assert!(Endpoint::Collection(User).takes_body(&Method::POST));
        assert!(!Endpoint::Collection(User).takes_body(&Method::PUT));
        assert!(!Endpoint::Item(User, "1").takes_body(&Method::DELETE));
        assert!(!Endpoint::Discovery(Subject::Schemas).takes_body(&Method::POST));
    }
}
