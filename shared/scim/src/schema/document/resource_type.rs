//! Reading resource type documents (RFC 7643 §6).

use super::{Problems, Sourced, read::Object};
use crate::ResourceType;
use crate::read::type_name;
use serde_json::Value;

/// What a resource type document says.
pub(super) struct TypeDocument {
    pub(super) name: String,
    pub(super) description: String,
    /// Endpoint and core schema; none of the built-in types, which have theirs.
    pub(super) own: Option<(String, String)>,
    /// URN, and whether every resource must have it.
    pub(super) extensions: Vec<(String, bool)>,
}

/// Addresses below the SCIM base that are no resources of a type.
const TAKEN: [&str; 9] = ["Users", "Groups", "Me", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig", "Events", "v2"];

/// Reads one.
pub(super) fn read(object: &Object<'_>, problems: &mut Problems) -> Option<Sourced<TypeDocument>> {
    let before = problems.len();
    let Some(name) = object.text("name", problems).or_else(|| object.text("id", problems)) else {
        object.wrong("a resource type without a name: give it one, such as User", problems);
        return None;
    };
    let object = object.called(name);
    object.only(&["schemas", "id", "name", "description", "endpoint", "schema", "schemaExtensions", "meta"], problems);
    let own = match ResourceType::BUILT_IN.into_iter().find(|rt| rt.name().eq_ignore_ascii_case(name)) {
        Some(rt) => {
            for (member, ours) in [("name", rt.name()), ("endpoint", rt.endpoint()), ("schema", rt.schema())] {
                if object.text(member, problems).is_some_and(|text| text != ours) {
                    object.wrong(&format!("{member} must be {ours}, which cannot be changed"), problems);
                }
            }
            None
        }
        None => own(&object, name, problems),
    };
    let mut extensions = Vec::new();
    for one in object.list("schemaExtensions", problems) {
        let Value::Object(members) = one else {
            object.wrong(&format!("schemaExtensions must be a list of objects; it has {} in it", type_name(one)), problems);
            continue;
        };
        let extension = Object { members, ..object.clone() };
        extension.only(&["schema", "required"], problems);
        match extension.text("schema", problems) {
            Some(urn) => extensions.push((urn.to_owned(), extension.flag("required", problems))),
            None => extension.wrong("schemaExtensions has an element without a schema: name its URN", problems),
        }
    }
    let description = object.text("description", problems).unwrap_or("A resource type of this installation.").to_owned();
    let value = TypeDocument { name: name.to_owned(), description, own, extensions };
    (problems.len() == before).then(|| Sourced { source: object.source.to_owned(), value })
}

/// The endpoint and the core schema of a type that is not built in.
fn own(object: &Object<'_>, name: &str, problems: &mut Problems) -> Option<(String, String)> {
    let word = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(plain)
    };
    if !word(name) {
        object.wrong("name must be a letter and then letters, digits, - or _, at most 64", problems);
    }
    let endpoint = object.text("endpoint", problems);
    match endpoint.map(|endpoint| endpoint.strip_prefix('/').unwrap_or_default()) {
        None => object.wrong("endpoint is required: a slash and one word, such as /Devices", problems),
        Some(segment) if !word(segment) => object.wrong("endpoint must be a slash and one word, such as /Devices", problems),
        Some(segment) if TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(segment)) => {
            object.wrong(&format!("endpoint /{segment} is taken: choose another"), problems);
        }
        Some(_) => {}
    }
    let schema = object.text("schema", problems);
    if schema.is_none() {
        object.wrong("schema is required: the URN of its core schema", problems);
    }
    Some((endpoint?.to_owned(), schema?.to_owned()))
}
