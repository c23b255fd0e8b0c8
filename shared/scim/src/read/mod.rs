//! From a body to a canonical resource.
//!
//! Canonical means: names as the schema spells them, booleans that are booleans, enterprise attributes under their URN, nothing
//! that is unknown, read-only or empty. Values are kept exactly as they were sent: a client that reads back something else sends
//! it again, every forty minutes, for ever.

mod at;
mod coerce;
mod members;
mod quirk;

pub(crate) use at::At;
pub(crate) use coerce::{Coerce, type_name};

use crate::schema::{Attribute, Found, Mutability, Schema, core, extension, resolve};
use crate::{Compat, Limits, Resource, ResourceType, ScimError, urn};
use serde_json::{Map, Value};

/// Reads the body of a POST or a PUT.
///
/// # Errors
/// 400 `invalidValue` or `invalidSyntax`, naming the member, the reason and how to mend it.
pub fn read_resource(rt: ResourceType, body: Value, compat: &Compat, limits: &Limits) -> Result<Resource, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::invalid_syntax(format!("a {rt} is a JSON object, not {}", type_name(&body))));
    };
    check_schemas(rt, &body, compat)?;
    let reader = Reader { rt, compat, coerce: Coerce { compat, limits } };
    let mut resource = Resource::new();
    for (name, value) in body {
        reader.member(name, value, &mut resource)?;
    }
    for attribute in core(rt).attributes.iter().filter(|attribute| attribute.required) {
        if !resource.contains_key(attribute.name) {
            return Err(required(attribute));
        }
    }
    Ok(resource)
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
        if matches!(attribute.mutability, Mutability::ReadOnly | Mutability::WriteOnly) {
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
        if attribute.mutability == Mutability::ReadOnly || sub.mutability == Mutability::ReadOnly {
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
        if extension(self.rt).is_none_or(|extension| !std::ptr::eq(extension, schema)) {
            return resource;
        }
        let under = resource.entry(schema.urn).or_insert_with(|| Value::Object(Map::new()));
        under.as_object_mut().expect("only objects are put under a schema's URN")
    }
}

pub(crate) fn twice(name: &str) -> ScimError {
    ScimError::invalid_syntax(format!("\"{name}\" is there twice, perhaps in different case; send it once"))
}

fn check_schemas(rt: ResourceType, body: &Resource, compat: &Compat) -> Result<(), ScimError> {
    let schemas = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let named = |urn: &str| {
        schemas
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(urn))))
    };
    // A PatchOp read as a resource would be answered with success and do nothing: access that should end would stay.
    if named(urn::PATCH_OP) {
        return Err(ScimError::invalid_syntax(format!("this is a PatchOp; send it with PATCH, or send a {rt} here")));
    }
    if compat.loose_schemas {
        return Ok(());
    }
    if !named(rt.schema()) {
        return Err(ScimError::invalid_value(format!("schemas must name {}", rt.schema())));
    }
    let known = |one: &Value| {
        one.as_str().is_some_and(|one| {
            one.eq_ignore_ascii_case(rt.schema()) || extension(rt).is_some_and(|extension| one.eq_ignore_ascii_case(extension.urn))
        })
    };
    match schemas.and_then(Value::as_array).and_then(|all| all.iter().find(|one| !known(one))) {
        Some(unknown) => Err(ScimError::invalid_value(format!("schemas names {unknown}, which {rt} resources do not have"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
