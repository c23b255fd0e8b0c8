//! What the rules are tried on: every attribute there is, with values of its type, and the ways a value can take.

use muster_scim::schema::{Attribute, Kind, core, extensions};
use muster_scim::{Compat, Limits, Projection, Resource, ResourceType, ScimError, patch, read_resource, render};
use serde_json::{Value, json};

/// One attribute of one resource type, or one sub-attribute.
#[derive(Clone, Copy)]
pub struct Case {
    pub rt: ResourceType,
    pub urn: Option<&'static str>,
    pub attribute: &'static Attribute,
    pub sub: Option<&'static Attribute>,
}

/// Every attribute and sub-attribute of every resource type.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for &rt in ResourceType::all() {
        let own = std::iter::once((None, core(rt)));
        let schemas = own.chain(extensions(rt).iter().map(|extension| (Some(extension.schema.urn), extension.schema)));
        for (urn, schema) in schemas {
            for attribute in schema.attributes {
                cases.push(Case { rt, urn, attribute, sub: None });
                cases.extend(attribute.sub_attributes.iter().map(|sub| Case { rt, urn, attribute, sub: Some(sub) }));
            }
        }
    }
    cases
}

impl Case {
    pub fn leaf(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// Its full name, as a client may write it.
    pub fn name(&self) -> String {
        let urn = self.urn.map(|urn| format!("{urn}:")).unwrap_or_default();
        let sub = self.sub.map(|sub| format!(".{}", sub.name)).unwrap_or_default();
        format!("{urn}{}{sub}", self.attribute.name)
    }

    /// A value of the whole attribute in which this part has the value of [`scalar`].
    pub fn value(&self, variant: u8) -> Value {
        let one = |sub: &Attribute| (sub.name.to_owned(), scalar(sub, variant));
        let value = match (self.attribute.kind, self.sub) {
            (Kind::Complex, None) => Value::Object(self.attribute.sub_attributes.iter().map(one).collect()),
            (Kind::Complex, Some(only)) => {
                let needed = self.attribute.sub_attributes.iter().filter(|sub| sub.required || std::ptr::eq(*sub, only));
                Value::Object(needed.map(one).collect())
            }
            _ => scalar(self.attribute, variant),
        };
        if self.attribute.multi_valued { json!([value]) } else { value }
    }

    /// The least body with this attribute in it.
    pub fn body(&self, value: Value) -> Value {
        let mut body = least(self.rt);
        match self.urn {
            None => body[self.attribute.name] = value,
            Some(urn) => body[urn][self.attribute.name] = value,
        }
        body
    }

    pub fn find<'a>(&self, resource: &'a Value) -> Option<&'a Value> {
        let target = self.urn.map_or(Some(resource), |urn| resource.get(urn))?;
        let whole = target.get(self.attribute.name)?;
        let one = if self.attribute.multi_valued && self.sub.is_some() { whole.get(0)? } else { whole };
        self.sub.map_or(Some(one), |sub| one.get(sub.name))
    }
}

/// A value of an attribute's type; the same variant is the same value.
pub fn scalar(attribute: &Attribute, variant: u8) -> Value {
    match attribute.kind {
        Kind::Boolean => json!(variant.is_multiple_of(2)),
        Kind::Integer => json!(i64::from(variant) + 7),
        Kind::Decimal => json!(f64::from(variant) + 0.5),
        Kind::DateTime => json!(format!("2026-01-0{}T09:00:00Z", 1 + variant % 9)),
        Kind::String | Kind::Reference | Kind::Binary | Kind::Complex => json!(format!("Value{variant}")),
    }
}

/// A body with nothing in it but what is required.
pub fn least(rt: ResourceType) -> Value {
    let mut body = json!({});
    let needed = |attribute: &&Attribute| attribute.required;
    for attribute in core(rt).attributes.iter().filter(needed) {
        let case = Case { rt, urn: None, attribute, sub: None };
        body[attribute.name] = case.value(1);
    }
    for extension in extensions(rt) {
        for attribute in extension.schema.attributes.iter().filter(needed) {
            let case = Case { rt, urn: Some(extension.schema.urn), attribute, sub: None };
            body[extension.schema.urn][attribute.name] = case.value(1);
        }
    }
    body
}

pub fn read(rt: ResourceType, body: Value) -> Result<Value, ScimError> {
    read_resource(rt, body, &Compat { loose_schemas: true, ..Compat::strict() }, &Limits::default()).map(Value::Object)
}

pub fn rendered(rt: ResourceType, resource: &Value) -> Resource {
    render(rt, "1", resource.as_object().expect("an object"), 0, 0, 1, None)
}

pub fn patched(case: &Case, resource: &Value, op: &str, path: Option<String>, value: Value) -> Result<Value, ScimError> {
    let mut operation = json!({ "op": op, "value": value });
    if let Some(path) = path {
        operation["path"] = json!(path);
    }
    let request = patch::read(case.rt, json!({ "Operations": [operation] }), &Compat::default(), &Limits::default())?;
    let mut resource = resource.as_object().expect("an object").clone();
    request.apply(case.rt, &mut resource)?;
    Ok(Value::Object(resource))
}

pub fn shown(rt: ResourceType, resource: &Value, attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let mut seen = rendered(rt, resource);
    Projection::parse(rt, attributes, excluded).expect("one of the two").apply(rt, &mut seen);
    Value::Object(seen)
}
