//! From schema documents to a [`Registry`].
//!
//! An installation adds schemas in the form RFC 7643 §7 gives them, the form every SCIM service shows its own in: what one service
//! answers at `/Schemas` is what this one reads. A document is one schema, a list of them, or a ListResponse.
//!
//! A schema says nothing of the resources it belongs to. That is what resource type documents are for (RFC 7643 §6); they are read
//! from the same files: one of User or Group adds extensions, any other makes a resource type of its own. Without one, a schema
//! whose URN ends in `:User` or `:Group`, as the enterprise extension's and those of Entra ID's extension attributes do, belongs
//! to that type.
//!
//! Everything that is wrong is reported at once.

mod attach;
mod attribute;
mod read;
mod resource_type;

use super::{Registry, Schema};
use crate::urn;
use attribute::Level;
use read::Object;
use serde::Serialize;
use serde_json::Value;

/// The most attributes of one schema.
const MAX_ATTRIBUTES: usize = 200;
/// The longest URN, in bytes.
const MAX_URN: usize = 255;

/// Something read from a file, before anything is known of it.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it came from, for messages.
    pub source: String,
    /// What it says.
    pub content: Value,
}

/// Something wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{source_name}: {place}{}{message}", if place.is_empty() { "" } else { ": " })]
pub struct Problem {
    /// The document.
    #[serde(rename = "source")]
    pub source_name: String,
    /// The schema, attribute or resource type; empty when it is the document as a whole.
    pub place: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// Problems as they are found.
type Problems = Vec<Problem>;

impl Registry {
    /// The built-in schemas and those of the documents.
    ///
    /// # Errors
    /// Every problem of every document.
    pub fn read(documents: &[Document]) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::new();
        let (mut schemas, mut types) = (Vec::new(), Vec::new());
        let objects: Vec<Object<'_>> = documents.iter().flat_map(|document| read::objects(document, &mut problems)).collect();
        for object in objects {
            if object.is_resource_type() {
                types.extend(resource_type::read(&object, &mut problems));
            } else {
                schemas.extend(schema(&object, &mut problems));
            }
        }
        let schemas = distinct(schemas, &mut problems);
        let found = attach::attach(&schemas, &types, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self::new(found.user, found.group, found.custom, schemas.into_iter().map(|one| one.value).collect()))
    }
}

/// Something with the name of the document it came from.
struct Sourced<T> {
    source: String,
    value: T,
}

fn schema(object: &Object<'_>, problems: &mut Problems) -> Option<Sourced<&'static Schema>> {
    let before = problems.len();
    let id = object.text("id", problems);
    let object = object.called(id.unwrap_or("a schema without an id"));
    object.only(&["schemas", "id", "name", "description", "attributes", "meta"], problems);
    match id {
        None => object.wrong("id is required: the URN of the schema", problems),
        Some(id) if !is_urn(id) => {
            object.wrong(&format!("id must be a URN such as urn:example:2.0:User, of at most {MAX_URN} bytes without spaces"), problems);
        }
        Some(id) if is_built_in(id) => object.wrong("is built in and cannot be changed: take it out of the file", problems),
        Some(_) => {}
    }
    let attributes = attribute::read_all(&object, Level::Attributes, problems);
    if attributes.is_empty() && problems.len() == before {
        object.wrong("attributes is required: a list of at least one attribute", problems);
    }
    let (name, description) = (object.text("name", problems), object.text("description", problems));
    let id = id.filter(|_| problems.len() == before)?;
    let name = name.unwrap_or_else(|| id.rsplit(':').find(|part| !part.is_empty()).unwrap_or(id));
    let schema = Schema {
        urn: leak(id),
        name: leak(name),
        description: leak(description.unwrap_or("An extension of this installation.")),
        attributes: attributes.leak(),
    };
    Some(Sourced { source: object.source.to_owned(), value: Box::leak(Box::new(schema)) })
}

/// Text that lives as long as the process, as everything in a registry does.
fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn is_urn(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\[]()/%;?#,".contains(&byte);
    let prefixed = id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
    prefixed && id.len() > 8 && id.len() <= MAX_URN && id.bytes().all(plain) && !id.ends_with([':', '.'])
}

fn is_built_in(id: &str) -> bool {
    let ours = [urn::CORE_USER, urn::CORE_GROUP, urn::ENTERPRISE_USER, urn::SCHEMA, urn::RESOURCE_TYPE, urn::SERVICE_PROVIDER_CONFIG];
    ours.iter().any(|urn| urn.eq_ignore_ascii_case(id)) || id.to_ascii_lowercase().starts_with("urn:ietf:params:scim:api:")
}

fn distinct(schemas: Vec<Sourced<&'static Schema>>, problems: &mut Problems) -> Vec<Sourced<&'static Schema>> {
    let mut kept: Vec<Sourced<&'static Schema>> = Vec::new();
    for schema in schemas {
        match kept.iter().find(|other| other.value.urn.eq_ignore_ascii_case(schema.value.urn)) {
            Some(other) => {
                let message = format!("is there twice, first in {}: keep one of them", other.source);
                problems.push(Problem { source_name: schema.source, place: schema.value.urn.to_owned(), message });
            }
            None => kept.push(schema),
        }
    }
    kept
}

#[cfg(test)]
mod tests;
