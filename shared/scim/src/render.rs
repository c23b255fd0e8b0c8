//! From a canonical resource to the one a client sees.

use crate::schema::{Registry, extension, extensions};
use crate::{Resource, ResourceType, etag, instant_text};
use serde_json::{Map, Value};
use std::fmt::Display;

/// The resource with `schemas`, `id` and `meta`, and without what never leaves the service (RFC 7643 §7, `returned`).
/// `meta.location` needs the base URL; without one it is left out.
#[must_use]
pub fn render(
    rt: ResourceType,
    id: impl Display,
    resource: &Resource,
    created_ms: i64,
    modified_ms: i64,
    version: i64,
    base_url: Option<&str>,
) -> Resource {
    render_owned(rt, id, resource.clone(), created_ms, modified_ms, version, base_url)
}

/// [`render`] for a resource nobody else needs: nothing is copied.
#[must_use]
pub fn render_owned(
    rt: ResourceType,
    id: impl Display,
    mut resource: Resource,
    created_ms: i64,
    modified_ms: i64,
    version: i64,
    base_url: Option<&str>,
) -> Resource {
    let id = id.to_string();
    // What a schema that is no longer configured left behind is nobody's attribute now.
    resource.retain(|name, _| !name.contains(':') || extension(rt, name).is_some());
    Registry::global().hidden(rt).iter().for_each(|place| place.take_out(&mut resource));
    let mut schemas = vec![Value::from(rt.schema())];
    let used = extensions(rt).iter().map(|extension| extension.schema.urn).filter(|urn| resource.contains_key(*urn));
    schemas.extend(used.map(Value::from));
    let mut meta = Map::new();
    meta.insert("resourceType".to_owned(), Value::from(rt.name()));
    meta.insert("created".to_owned(), Value::String(instant_text(created_ms)));
    meta.insert("lastModified".to_owned(), Value::String(instant_text(modified_ms)));
    meta.insert("version".to_owned(), Value::String(etag::format(version)));
    if let Some(base) = base_url {
        meta.insert("location".to_owned(), Value::String(location(rt, &id, base)));
    }
    resource.insert("schemas".to_owned(), Value::Array(schemas));
    resource.insert("id".to_owned(), Value::String(id));
    resource.insert("meta".to_owned(), Value::Object(meta));
    resource
}

/// Where a resource is, below the SCIM base URL.
#[must_use]
pub fn location(rt: ResourceType, id: &str, base_url: &str) -> String {
    [base_url.trim_end_matches('/'), rt.endpoint(), "/", id].concat()
}

/// Adds `meta.location` to a resource that was rendered without it.
pub fn set_location(rt: ResourceType, resource: &mut Resource, base_url: &str) {
    let Some(place) = resource.get("id").and_then(Value::as_str).map(|id| location(rt, id, base_url)) else {
        return;
    };
    if let Some(Value::Object(meta)) = resource.get_mut("meta") {
        meta.insert("location".to_owned(), Value::String(place));
    }
}

/// Adds the `$ref` of a group's members and of a user's groups (RFC 7643 §2.4): like `meta.location`, it depends on the base URL
/// the client used, so it is never stored.
pub fn set_references(resource: &mut Resource, base_url: &str) {
    for attribute in ["members", "groups"] {
        let Some(Value::Array(elements)) = resource.get_mut(attribute) else { continue };
        for element in elements.iter_mut().filter_map(Value::as_object_mut) {
            let Some(id) = element.get("value").and_then(Value::as_str) else { continue };
            // A member says what it is; `type` of a user's group says how it belongs to it.
            let is_group = attribute == "groups" || element.get("type").and_then(Value::as_str) == Some(ResourceType::Group.name());
            let place = location(if is_group { ResourceType::Group } else { ResourceType::User }, id, base_url);
            element.insert("$ref".to_owned(), Value::String(place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::urn;
    use serde_json::json;

    fn user(extra: Value) -> Resource {
        extra.as_object().unwrap().clone()
    }

    #[test]
    fn a_rendered_user_has_its_id_schemas_and_meta() {
        let seen = render(ResourceType::User, "u1", &user(json!({ "userName": "ada" })), 0, 1500, 3, Some("https://x.test/scim/"));
        assert_eq!(
            Value::Object(seen),
            json!({
                "schemas": [urn::CORE_USER], "id": "u1", "userName": "ada",
                "meta": {
                    "resourceType": "User", "created": "1970-01-01T00:00:00.000Z", "lastModified": "1970-01-01T00:00:01.500Z",
                    "version": "W/\"3\"", "location": "https://x.test/scim/Users/u1"
                }
            })
        );
    }

    #[test]
    fn the_enterprise_schema_is_named_when_it_is_used() {
        let seen =
            render(ResourceType::User, "u1", &user(json!({ "userName": "a", urn::ENTERPRISE_USER: { "division": "d" } })), 0, 0, 1, None);
        assert_eq!(seen["schemas"], json!([urn::CORE_USER, urn::ENTERPRISE_USER]));
        assert!(seen["meta"].get("location").is_none());
    }

    #[test]
    fn a_location_can_be_added_later() {
        let mut seen = render(ResourceType::Group, 7, &Resource::new(), 0, 0, 1, None);
        set_location(ResourceType::Group, &mut seen, "https://x.test/scim");
        assert_eq!(seen["meta"]["location"], "https://x.test/scim/Groups/7");
    }
    #[test]
    fn members_and_groups_say_where_they_are() {
        let mut group = user(json!({ "members": [{ "value": "u1", "type": "User" }, { "value": "g1", "type": "Group" }] }));
        set_references(&mut group, "https://x.test/scim/v2/");
        assert_eq!(group["members"][0]["$ref"], "https://x.test/scim/v2/Users/u1");
        assert_eq!(group["members"][1]["$ref"], "https://x.test/scim/v2/Groups/g1");
        let mut member = user(json!({ "groups": [{ "value": "g1", "type": "direct" }], "emails": [{ "value": "a@x.test" }] }));
        set_references(&mut member, "https://x.test/scim");
        assert_eq!(member["groups"][0]["$ref"], "https://x.test/scim/Groups/g1");
        assert_eq!(member["emails"], json!([{ "value": "a@x.test" }]));
    }
}
