//! The constants of comparisons: from what was written to a value of the attribute's type.

use super::{CompareOp, FilterValue};
use crate::schema::{Attribute, Kind};
use crate::{Compat, instant_ms};

/// What to say of a sub-attribute that is not there.
pub(super) fn unknown_sub(attribute: &Attribute, name: &str) -> String {
    let known: Vec<_> = attribute.sub_attributes.iter().map(|sub| sub.name).collect();
    format!("{} has no sub-attribute \"{name}\"; it has {}", attribute.name, known.join(", "))
}

/// The value a constant has for an attribute; what is wrong with it, when it cannot have one.
pub(super) fn convert(attribute: &Attribute, op: CompareOp, text: String, quoted: bool, compat: &Compat) -> Result<FilterValue, String> {
    use CompareOp::{Co, Eq, Ew, Ne, Sw};
    let name = attribute.name;
    let equality = matches!(op, Eq | Ne);
    if !quoted && text.eq_ignore_ascii_case("null") {
        return if equality {
            Ok(FilterValue::Null)
        } else {
            Err(format!("null can only be compared with eq and ne, not {}", op.as_str()))
        };
    }
    match attribute.kind {
        Kind::Boolean => {
            let flag = if text.eq_ignore_ascii_case("true") { Some(true) } else { text.eq_ignore_ascii_case("false").then_some(false) };
            let flag = flag.filter(|_| !quoted || compat.string_booleans);
            let flag = flag.ok_or_else(|| format!("{name} is true or false, not \"{text}\""))?;
            if equality {
                Ok(FilterValue::Bool(flag))
            } else {
                Err(format!("{name} is true or false and cannot be compared with {}", op.as_str()))
            }
        }
        Kind::Integer | Kind::Decimal if matches!(op, Co | Sw | Ew) => {
            Err(format!("{name} is a number and cannot be compared with {}", op.as_str()))
        }
        Kind::Integer | Kind::Decimal => match serde_json::from_str(&text) {
            Ok(number) if !quoted => Ok(FilterValue::Number(number)),
            _ => Err(format!("{name} is a number, written without quotes, not \"{text}\"")),
        },
        Kind::DateTime if matches!(op, Co | Sw | Ew) => Err(format!("{name} is a moment and cannot be compared with {}", op.as_str())),
        Kind::DateTime if instant_ms(&text).is_none() => {
            Err(format!("{name} is a moment, such as \"2026-01-31T09:00:00Z\", not \"{text}\""))
        }
        Kind::Binary if !equality => Err(format!("{name} is binary and cannot be compared with {}", op.as_str())),
        Kind::Complex => Err(format!("{name} has parts: compare one of them")),
        _ if !quoted && !compat.unquoted_literals => Err(format!("put the value in quotes: \"{text}\"")),
        _ => Ok(FilterValue::String(text)),
    }
}
