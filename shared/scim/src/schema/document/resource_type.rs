//! Reading resource type documents (RFC 7643 §6).

use super::{Problems, Sourced, read::Object};
use crate::ResourceType;
use crate::read::type_name;
use serde_json::Value;

/// What a resource type document says.
pub(super) struct TypeDocument {
    pub(super) name: String,
    /// URN, and whether every resource must have it.
    pub(super) extensions: Vec<(String, bool)>,
}

/// Reads one.
pub(super) fn read(object: &Object<'_>, problems: &mut Problems) -> Option<Sourced<TypeDocument>> {
    let before = problems.len();
    let Some(name) = object.text("name", problems).or_else(|| object.text("id", problems)) else {
        object.wrong("a resource type without a name: give it one, such as User", problems);
        return None;
    };
    let object = object.called(name);
    object.only(&["schemas", "id", "name", "description", "endpoint", "schema", "schemaExtensions", "meta"], problems);
    let Some(rt) = ResourceType::ALL.into_iter().find(|rt| rt.name() == name) else {
        object.wrong("is no resource type of this service; it has User and Group", problems);
        return None;
    };
    for (member, ours) in [("endpoint", rt.endpoint()), ("schema", rt.schema())] {
        if object.text(member, problems).is_some_and(|text| text != ours) {
            object.wrong(&format!("{member} must be {ours}, which cannot be changed: leave it out"), problems);
        }
    }
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
    let value = TypeDocument { name: name.to_owned(), extensions };
    (problems.len() == before).then(|| Sourced { source: object.source.to_owned(), value })
}
