//! From the attribute table to JSON Schema (2020-12, the dialect of OpenAPI 3.1).
//!
//! What an answer holds is certain and is described exactly: nothing else is in it. What a request may hold is wider than RFC
//! 7643, because clients are (see [`Compat`](crate::Compat)); its description is as wide, so that it neither promises to accept
//! what is refused nor calls wrong what is accepted. Names in any case, which JSON Schema cannot say, are the exception.

use crate::discovery::description;
use crate::schema::{Attribute, COMMON, Kind, Meaning, Mutability, Returned, core, extensions};
use crate::{Limits, ResourceType};
use serde_json::{Map, Value, json};

/// No character is NUL.
const NO_NUL: &str = "^[^\\u0000]*$";
/// No character is NUL, and some character is no blank.
const NO_BLANK: &str = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$";
/// `true` and `false` in any case, and nothing at all.
const FLAG_TEXT: &str = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])?$";

/// A resource as an answer holds it.
#[must_use]
pub fn answer(rt: ResourceType) -> Value {
    let own = core(rt);
    let mut properties = shown(COMMON.attributes);
    properties.extend(shown(own.attributes));
    for extension in extensions(rt) {
        let described = object(shown(extension.schema.attributes), extension.schema.description);
        properties.insert(extension.schema.urn.to_owned(), described);
    }
    let mut schema = object(properties, description(rt));
    // All else may be missing: others were asked for, or it has no value.
    let certain = COMMON.attributes.iter().filter(|attribute| attribute.returned == Returned::Always);
    schema["required"] = certain.map(|attribute| attribute.name).collect();
    schema
}

/// A resource as a POST or a PUT may hold it. What is read-only or unknown is passed over, whatever it is.
#[must_use]
pub fn request(rt: ResourceType, limits: &Limits) -> Value {
    let own = core(rt);
    let external = COMMON.attributes.iter().filter(|attribute| attribute.is_writable());
    let mut properties = accepted(external, limits);
    properties.insert("schemas".to_owned(), urns(rt));
    properties.extend(accepted(own.attributes.iter(), limits));
    let mut required = names(own.attributes.iter().filter(|attribute| attribute.required));
    for extension in extensions(rt) {
        let schema = extension.schema;
        let mut described = json!({ "type": "object", "description": schema.description });
        described["properties"] = accepted(schema.attributes.iter(), limits).into();
        let needed = names(schema.attributes.iter().filter(|attribute| attribute.required && attribute.is_writable()));
        if needed.is_empty() {
            described["type"] = json!(["object", "null"]);
        } else {
            described["required"] = needed.into();
        }
        properties.insert(schema.urn.to_owned(), described);
        if extension.required {
            required.push(schema.urn);
        }
    }
    json!({
        "type": "object",
        "description": description(rt),
        "properties": properties,
        "required": required,
        "maxProperties": limits.keys,
        "propertyNames": { "pattern": NO_NUL }
    })
}

/// Text as it may be sent in a body.
#[must_use]
pub fn text(limits: &Limits) -> Value {
    json!({ "type": "string", "maxLength": limits.string_bytes, "pattern": NO_NUL })
}

fn names<'a>(attributes: impl Iterator<Item = &'a Attribute>) -> Vec<&'static str> {
    attributes.map(|attribute| attribute.name).collect()
}

fn object(properties: Map<String, Value>, description: &str) -> Value {
    json!({ "type": "object", "description": description, "properties": properties, "additionalProperties": false })
}

fn shown(attributes: &[Attribute]) -> Map<String, Value> {
    let visible = attributes.iter().filter(|attribute| !attribute.is_hidden() && attribute.meaning != Meaning::Discarded);
    visible.map(|attribute| (attribute.name.to_owned(), shown_attribute(attribute))).collect()
}

fn shown_attribute(attribute: &Attribute) -> Value {
    let mut schema = match attribute.kind {
        Kind::Complex => object(shown(attribute.sub_attributes), attribute.description),
        // Moments of the service's own are in one form; a client's are kept as they were sent.
        Kind::DateTime if attribute.mutability == Mutability::ReadOnly => json!({ "type": "string", "format": "date-time" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Decimal => json!({ "type": "number" }),
        Kind::String | Kind::DateTime | Kind::Reference | Kind::Binary => json!({ "type": "string" }),
    };
    if attribute.multi_valued {
        schema = json!({ "type": "array", "items": schema });
    }
    schema["description"] = attribute.description.into();
    if attribute.mutability == Mutability::ReadOnly {
        schema["readOnly"] = true.into();
    }
    schema
}

fn accepted<'a>(attributes: impl Iterator<Item = &'a Attribute>, limits: &Limits) -> Map<String, Value> {
    let writable = attributes.filter(|attribute| attribute.is_writable());
    writable.map(|attribute| (attribute.name.to_owned(), accepted_attribute(attribute, limits))).collect()
}

fn accepted_attribute(attribute: &Attribute, limits: &Limits) -> Value {
    let one = if attribute.kind == Kind::Complex { accepted_object(attribute, limits) } else { accepted_scalar(attribute, limits) };
    let bare = || if attribute.sub("value").is_some() { vec![text(limits)] } else { Vec::new() };
    let mut schema = match (attribute.multi_valued, attribute.meaning) {
        (true, Meaning::Members) => {
            let member = json!({ "anyOf": [member(limits), id(limits)] });
            let list = json!({ "type": "array", "items": member, "maxItems": limits.members_per_operation });
            json!({ "anyOf": [list, member, { "type": "null" }] })
        }
        (true, _) => {
            let element: Vec<Value> = std::iter::once(one).chain(bare()).collect();
            let list = json!({ "type": "array", "items": { "anyOf": element }, "maxItems": limits.elements });
            json!({ "anyOf": std::iter::once(list).chain(element).collect::<Vec<_>>() })
        }
        (false, Meaning::Manager) => {
            let element = json!({ "anyOf": [one, text(limits)] });
            json!({ "anyOf": [element, { "type": "array", "items": element, "maxItems": 1 }] })
        }
        (false, _) => one,
    };
    schema["description"] = attribute.description.into();
    schema
}

fn accepted_object(attribute: &Attribute, limits: &Limits) -> Value {
    let properties = accepted(attribute.sub_attributes.iter(), limits);
    let required = names(attribute.sub_attributes.iter().filter(|sub| sub.required && sub.is_writable()));
    if required.is_empty() {
        return json!({ "type": ["object", "null"], "properties": properties });
    }
    json!({ "type": ["object", "null"], "properties": properties, "required": required })
}

fn accepted_scalar(attribute: &Attribute, limits: &Limits) -> Value {
    let longest = if attribute.max_chars > 0 { attribute.max_chars } else { limits.string_bytes };
    let nothing = json!({ "type": ["string", "null"], "maxLength": 0 });
    match attribute.kind {
        Kind::Boolean => json!({ "anyOf": [{ "type": ["boolean", "null"] }, { "type": "string", "pattern": FLAG_TEXT }] }),
        Kind::Integer => {
            let range = json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX });
            json!({ "anyOf": [range, nothing] })
        }
        Kind::Decimal => json!({ "anyOf": [{ "type": "number" }, nothing] }),
        Kind::DateTime => json!({ "anyOf": [{ "type": "string", "format": "date-time" }, nothing] }),
        _ if attribute.required => json!({ "type": "string", "minLength": 1, "maxLength": longest, "pattern": NO_BLANK }),
        _ => json!({ "type": ["string", "null"], "maxLength": longest, "pattern": NO_NUL }),
    }
}

fn id(limits: &Limits) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": limits.string_bytes, "pattern": NO_NUL })
}

fn member(limits: &Limits) -> Value {
    json!({ "type": "object", "properties": { "value": id(limits) }, "required": ["value"] })
}

/// The URNs a body may name. It may name none.
fn urns(rt: ResourceType) -> Value {
    let known: Vec<&str> = std::iter::once(core(rt).urn).chain(extensions(rt).iter().map(|extension| extension.schema.urn)).collect();
    json!({
        "description": "The schemas of the resource, in any case; what directories name besides (http://schemas.microsoft.com/...) is \
                        passed over.",
        "anyOf": [{ "type": "array", "items": { "enum": known } }, { "type": "null" }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_what_leaves_and_nothing_else() {
        let user = answer(ResourceType::User);
        assert_eq!(user["required"], json!(["id", "schemas"]));
        assert_eq!(user["additionalProperties"], false);
        let properties = user["properties"].as_object().unwrap();
        assert!(!properties.contains_key("password") && properties.contains_key("userName"));
        assert_eq!(properties["emails"]["items"]["properties"]["primary"]["type"], "boolean");
        assert_eq!(properties["meta"]["properties"]["created"]["format"], "date-time");
        assert!(properties[crate::urn::ENTERPRISE_USER]["properties"]["manager"]["properties"]["$ref"]["readOnly"] == true);
    }

    #[test]
    fn a_request_has_what_is_the_clients_to_say() {
        let user = request(ResourceType::User, &Limits::default());
        assert_eq!(user["required"], json!(["userName"]));
        let properties = user["properties"].as_object().unwrap();
        for not in ["id", "meta", "groups", "password"] {
            assert!(!properties.contains_key(not), "{not}");
        }
        assert_eq!(properties["userName"]["maxLength"], 255);
        assert_eq!(properties["title"]["maxLength"], 8192);
    }
}
