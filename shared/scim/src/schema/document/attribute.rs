//! Reading the attributes of a schema document (RFC 7643 §7).

use super::{Problems, leak, read::Object};
use crate::read::type_name;
use crate::schema::{Attribute, Kind, Meaning, Mutability, Returned, Uniqueness};
use serde_json::Value;

const MEMBERS: [&str; 13] = [
    "name",
    "type",
    "multiValued",
    "description",
    "required",
    "caseExact",
    "mutability",
    "returned",
    "uniqueness",
    "canonicalValues",
    "referenceTypes",
    "subAttributes",
    "meta",
];

/// The longest name, in bytes.
const MAX_NAME: usize = 100;
/// The longest unique value, in characters.
const MAX_UNIQUE_CHARS: usize = 512;

/// What a list of attributes is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// A schema.
    Attributes,
    /// A complex attribute.
    Parts,
}

/// Reads a list of attributes. What has a problem is left out.
pub(super) fn read_all(owner: &Object<'_>, level: Level, problems: &mut Problems) -> Vec<Attribute> {
    let name = if level == Level::Parts { "subAttributes" } else { "attributes" };
    let (list, most) = (owner.list(name, problems), super::MAX_ATTRIBUTES);
    if list.len() > most {
        owner.wrong(&format!("{name} has {} elements; {most} are the most", list.len()), problems);
    }
    let mut found: Vec<Attribute> = Vec::new();
    for one in list.iter().take(most) {
        let Value::Object(members) = one else {
            owner.wrong(&format!("{name} must be a list of objects; it has {} in it", type_name(one)), problems);
            continue;
        };
        let Some(attribute) = read(&Object { members, ..owner.clone() }, level, problems) else { continue };
        if found.iter().any(|other| other.name.eq_ignore_ascii_case(attribute.name)) {
            owner.wrong(&format!("{name} has {} twice, perhaps in different case: keep one of them", attribute.name), problems);
        } else {
            found.push(attribute);
        }
    }
    found
}

fn read(object: &Object<'_>, level: Level, problems: &mut Problems) -> Option<Attribute> {
    let before = problems.len();
    let Some(name) = object.text("name", problems) else {
        object.wrong("has an attribute without a name: give it one", problems);
        return None;
    };
    let part = level == Level::Parts;
    let object = object.called(format!("{}{}{name}", object.place, if part { '.' } else { ':' }));
    object.only(&MEMBERS, problems);
    let reference = part && name == "$ref";
    if !reference && !is_name(name) {
        object.wrong(&format!("name must be a letter and then letters, digits, - or _, at most {MAX_NAME}"), problems);
    }
    let kind = object.word("type", &Kind::ALL, Kind::as_str, problems).unwrap_or(Kind::String);
    let mutability = object.word("mutability", &Mutability::ALL, Mutability::as_str, problems).unwrap_or(Mutability::ReadWrite);
    let returned = object.word("returned", &Returned::ALL, Returned::as_str, problems);
    let uniqueness = object.word("uniqueness", &Uniqueness::ALL, Uniqueness::as_str, problems).unwrap_or(Uniqueness::None);
    let attribute = Attribute {
        kind,
        multi_valued: object.flag("multiValued", problems),
        required: object.flag("required", problems),
        case_exact: object.flag("caseExact", problems),
        mutability,
        returned: returned.unwrap_or(if mutability == Mutability::WriteOnly { Returned::Never } else { Returned::Default }),
        uniqueness,
        canonical_values: object.texts("canonicalValues", problems).leak(),
        reference_types: object.texts("referenceTypes", problems).leak(),
        meaning: Meaning::Data,
        // Unique values are in an index, which refuses what is too long for it.
        max_chars: if uniqueness == Uniqueness::None { 0 } else { MAX_UNIQUE_CHARS },
        ..Attribute::new(leak(name), kind, leak(object.text("description", problems).unwrap_or("An attribute of this installation.")))
    };
    judge(&object, &attribute, part, problems);
    let sub_attributes = if part { Vec::new() } else { read_all(&object, Level::Parts, problems) };
    if kind == Kind::Complex && sub_attributes.is_empty() && problems.len() == before {
        object.wrong("is complex and has no subAttributes: list them, or give it another type", problems);
    }
    (problems.len() == before).then_some(Attribute { sub_attributes: sub_attributes.leak(), ..attribute })
}

/// What cannot be together.
fn judge(object: &Object<'_>, attribute: &Attribute, part: bool, problems: &mut Problems) {
    let mut refuse = |wrong: bool, message: &str| {
        if wrong {
            object.wrong(message, problems);
        }
    };
    let subs = object.members.get("subAttributes").and_then(Value::as_array).is_some_and(|subs| !subs.is_empty());
    refuse(part && attribute.kind == Kind::Complex, "is a part of an attribute and cannot be complex itself (RFC 7643 §2.3.8)");
    refuse(part && attribute.multi_valued, "is a part of an attribute and must have one value: multiValued must be false");
    refuse(attribute.kind != Kind::Complex && subs && !part, "has subAttributes: its type must be complex");
    refuse(
        attribute.required && attribute.mutability == Mutability::ReadOnly,
        "is required and readOnly, so that nobody could ever give it: take one of them back",
    );
    refuse(
        attribute.mutability == Mutability::WriteOnly && attribute.returned != Returned::Never,
        "is writeOnly: returned must be never (RFC 7643 §7)",
    );
    refuse(attribute.kind == Kind::Reference && attribute.reference_types.is_empty(), "is a reference: referenceTypes is required");
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name
            .bytes()
            .enumerate()
            .all(|(at, byte)| byte.is_ascii_alphabetic() || at > 0 && (byte.is_ascii_digit() || b"-_".contains(&byte)))
}
