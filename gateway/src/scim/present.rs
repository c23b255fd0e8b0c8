//! A rendered resource as the client sees it: with its addresses, and nothing it did not ask for.

use super::Call;
use muster_scim::{Projection, Resource, ResourceType, etag::TagList, set_location, set_references};

/// Completes and trims a resource that is rendered but for what depends on the client's base URL.
pub(crate) fn resource(call: &Call<'_>, kind: ResourceType, mut resource: Resource, projection: &Projection) -> Resource {
    set_location(kind, &mut resource, call.base_url());
    if !matches!(kind, ResourceType::Custom(_)) {
        set_references(&mut resource, call.base_url());
    }
    projection.apply(kind, &mut resource);
    resource
}

/// The version in a resource's `meta`.
pub(crate) fn version(resource: &Resource) -> Option<i64> {
    match TagList::parse(resource.get("meta")?.get("version")?.as_str()?) {
        TagList::Versions(versions) => versions.first().copied(),
        TagList::Any => None,
    }
}
