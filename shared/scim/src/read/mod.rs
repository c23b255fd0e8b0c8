//! From a body to a canonical resource.
//!
//! Canonical means: names as the schema spells them, booleans that are booleans, enterprise attributes under their URN, nothing
//! that is unknown, read-only or empty. Values are kept exactly as they were sent: a client that reads back something else sends
//! it again, every forty minutes, for ever.

mod at;
mod coerce;
mod members;
mod quirk;
mod schemas;

pub(crate) use at::At;
pub(crate) use coerce::{Coerce, type_name};

use crate::schema::{Attribute, Found, Schema, core, extensions, kept_under, resolve};
use crate::{Compat, Limits, Resource, ResourceType, ScimError};
use serde_json::{Map, Value};

/// Reads the body of a POST or a PUT.
///
/// # Errors
/// 400 `invalidValue` or `invalidSyntax`, naming the member, the reason and how to mend it.
pub fn read_resource(rt: ResourceType, body: Value, compat: &Compat, limits: &Limits) -> Result<Resource, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::invalid_syntax(format!("a {rt} is a JSON object, not {}", type_name(&body))));
    };
    schemas::check(rt, &body, compat)?;
    let reader = Reader { rt, compat, coerce: Coerce { compat, limits } };
    let mut resource = Resource::new();
    for (name, value) in body {
        reader.member(name, value, &mut resource)?;
    }
    complete(rt, &resource)?;
    Ok(resource)
}

/// Whether a resource has what it must have: the required attributes of its schema, and those of every extension that is
/// required or has something in it (RFC 7643 §6).
fn complete(rt: ResourceType, resource: &Resource) -> Result<(), ScimError> {
    let missing = |schema: &'static Schema, target: Option<&Resource>| {
        let mut needed = schema.attributes.iter().filter(|attribute| attribute.required && attribute.is_writable());
        needed.find(|attribute| !target.is_some_and(|target| target.contains_key(attribute.name)))
    };
    if let Some(attribute) = missing(core(rt), Some(resource)) {
        return Err(required(attribute));
    }
    for extension in extensions(rt) {
        let under = resource.get(extension.schema.urn).and_then(Value::as_object);
        if !extension.required && under.is_none() {
            continue;
        }
        if let Some(attribute) = missing(extension.schema, under) {
            return Err(ScimError::invalid_value(format!("{} is required", At::of(rt, extension.schema, attribute))));
        }
    }
    Ok(())
}

pub(crate) fn required(attribute: &Attribute) -> ScimError {
    ScimError::invalid_value(format!("{} is required", attribute.name))
}

struct Reader<'a> {
    rt: ResourceType,
    compat: &'a Compat,
    coerce: Coerce<'a>,
}

impl Reader<'_> {
    /// Reads one member of the body.
    fn member(&self, name: String, value: Value, resource: &mut Resource) -> Result<(), ScimError> {
        match resolve(self.rt, &name, self.compat) {
            Ok(Found::Attribute { schema, attribute, sub: None }) => self.attribute(schema, attribute, name, value, resource),
            Ok(Found::Attribute { schema, attribute, sub: Some(sub) }) if self.compat.path_keys && !attribute.multi_valued => {
                self.part(schema, attribute, sub, value, resource)
            }
            Ok(Found::Schema(schema)) => match value {
                Value::Object(members) => {
                    members.into_iter().try_for_each(|(name, value)| self.schema_member(schema, &name, value, resource))
                }
                Value::Null => Ok(()),
                other => Err(ScimError::invalid_value(format!("{name} must be an object, not {}", type_name(&other)))),
            },
            // Unknown names are ignored, as Microsoft's own suite expects of a misspelled one.
            Ok(Found::Attribute { .. }) | Err(_) => Ok(()),
        }
    }

    /// Reads one member of the object under a schema's URN.
    fn schema_member(&self, schema: &'static Schema, name: &str, value: Value, resource: &mut Resource) -> Result<(), ScimError> {
        let (first, sub) = name.split_once('.').map_or((name, None), |(first, sub)| (first, Some(sub)));
        let Some(attribute) = schema.attribute(first) else { return Ok(()) };
        match sub {
            None => self.attribute(schema, attribute, name.to_owned(), value, resource),
            Some(sub) => match attribute.sub(sub) {
                Some(sub) if self.compat.path_keys && !attribute.multi_valued => self.part(schema, attribute, sub, value, resource),
                _ => Ok(()),
            },
        }
    }

    fn attribute(
        &self,
        schema: &'static Schema,
        attribute: &'static Attribute,
        name: String,
        value: Value,
        resource: &mut Resource,
    ) -> Result<(), ScimError> {
        if !attribute.is_writable() {
            return Ok(());
        }
        let Some(value) = self.coerce.attribute(&At::of(self.rt, schema, attribute), attribute, value)? else {
            return Ok(());
        };
        let target = self.target(schema, resource);
        // A name already in the schema's spelling is moved, not copied.
        let name = if name == attribute.name { name } else { attribute.name.to_owned() };
        match target.insert(name, value) {
            None => Ok(()),
            Some(_) => Err(twice(attribute.name)),
        }
    }

    /// Reads `name.givenName`.
    fn part(
        &self,
        schema: &'static Schema,
        attribute: &'static Attribute,
        sub: &'static Attribute,
        value: Value,
        resource: &mut Resource,
    ) -> Result<(), ScimError> {
        if !attribute.is_writable() || !sub.is_writable() {
            return Ok(());
        }
        let at = At::of(self.rt, schema, attribute);
        let Some(value) = self.coerce.scalar(&at.sub(sub.name), sub, value)? else {
            return Ok(());
        };
        let whole = self.target(schema, resource).entry(attribute.name).or_insert_with(|| Value::Object(Map::new()));
        match whole.as_object_mut().and_then(|whole| whole.insert(sub.name.to_owned(), value)) {
            None => Ok(()),
            Some(_) => Err(twice(&format!("{}.{}", attribute.name, sub.name))),
        }
    }

    fn target<'r>(&self, schema: &'static Schema, resource: &'r mut Resource) -> &'r mut Resource {
        let Some(urn) = kept_under(self.rt, schema) else {
            return resource;
        };
        let under = resource.entry(urn).or_insert_with(|| Value::Object(Map::new()));
        under.as_object_mut().expect("only objects are put under a schema's URN")
    }
}

pub(crate) fn twice(name: &str) -> ScimError {
    ScimError::invalid_syntax(format!("\"{name}\" is there twice, perhaps in different case; send it once"))
}

#[cfg(test)]
mod tests;
