//! The element a value path makes when there is none.

use crate::Resource;
use crate::filter::{CompareOp, Filter, FilterValue};
use serde_json::Value;

/// The element a filter describes, when it is nothing but `eq` terms joined by `and`.
pub(super) fn template(filter: &Filter) -> Option<Resource> {
    let terms = match filter {
        Filter::And(terms) => terms.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut element = Resource::new();
    for term in terms {
        let Filter::Compare { path, op: CompareOp::Eq, value } = term else {
            return None;
        };
        let value = match value {
            // An empty text is no value (RFC 7643 §2.5): an element cannot be made that has one.
            FilterValue::String(text) if text.is_empty() => return None,
            FilterValue::String(text) => Value::String(text.clone()),
            FilterValue::Bool(flag) => Value::Bool(*flag),
            FilterValue::Number(number) => Value::Number(number.clone()),
            FilterValue::Null => return None,
        };
        if element.insert(path.attr.clone(), value.clone()).is_some_and(|before| before != value) {
            return None;
        }
    }
    Some(element)
}
