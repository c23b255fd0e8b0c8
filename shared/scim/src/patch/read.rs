//! Reads the body of a PATCH.

use super::PatchRequest;
use super::path::{self, PathError};
use super::steps::{Op, Steps};
use crate::read::type_name;
use crate::{Compat, Limits, ResourceType, ScimError};
use serde_json::{Map, Value};

/// Reads a PatchOp. One without operations is fine and changes nothing.
///
/// # Errors
/// 400 with the operation's number, the reason and how to mend it: `invalidSyntax` for what is not a PatchOp, `invalidPath`,
/// `invalidFilter`, `invalidValue`, `noTarget` (a removal that does not say what), `mutability` (not the client's to change);
/// 413 for too many operations or members.
pub fn read(rt: ResourceType, body: Value, compat: &Compat, limits: &Limits) -> Result<PatchRequest, ScimError> {
    let operations = match body {
        Value::Object(body) => operations(body, compat)?,
        Value::Array(operations) if compat.bare_operations && !operations.is_empty() => operations,
        other => return Err(ScimError::invalid_syntax(format!("a PatchOp is a JSON object, not {}", type_name(&other)))),
    };
    let most = limits.patch_operations;
    if operations.len() > most {
        return Err(ScimError::payload_too_large(format!("the PATCH has {} operations; send at most {most} at once", operations.len())));
    }
    let mut steps = Steps::new(rt, compat, limits);
    for (index, operation) in operations.into_iter().enumerate() {
        one(rt, operation, compat, limits, &mut steps).map_err(|error| numbered(index, error))?;
    }
    Ok(PatchRequest { operations: steps.finish() })
}

fn numbered(index: usize, error: ScimError) -> ScimError {
    ScimError { detail: format!("operation {}: {}", index + 1, error.detail), ..error }
}

fn operations(body: Map<String, Value>, compat: &Compat) -> Result<Vec<Value>, ScimError> {
    let mut found = None;
    let mut other = None;
    for (name, value) in body {
        if name == "Operations" || (compat.any_case_operations && name.eq_ignore_ascii_case("Operations")) {
            if found.replace(value).is_some() {
                return Err(crate::read::twice("Operations"));
            }
        } else if !name.eq_ignore_ascii_case("schemas") {
            other = Some(name);
        }
    }
    match (found, other) {
        (Some(Value::Array(operations)), _) => Ok(operations),
        (Some(Value::Null) | None, None) => Ok(Vec::new()),
        // A resource sent with PATCH must not be answered with success: it would change nothing.
        (Some(Value::Null) | None, Some(other)) => Err(ScimError::invalid_syntax(format!(
            "Operations is required; a PATCH with \"{other}\" and no operations would change nothing (to send a whole resource, use PUT)"
        ))),
        (Some(operation), _) => Err(ScimError::invalid_syntax(format!("Operations must be a list, not {}", type_name(&operation)))),
    }
}

fn one(rt: ResourceType, operation: Value, compat: &Compat, limits: &Limits, steps: &mut Steps<'_>) -> Result<(), ScimError> {
    let Value::Object(members) = operation else {
        return Err(ScimError::invalid_syntax(format!("an operation is a JSON object, not {}", type_name(&operation))));
    };
    let (mut op, mut path, mut value) = (None, None, None);
    for (name, member) in members {
        let slot = match name.as_str() {
            "op" => &mut op,
            "path" => &mut path,
            "value" => &mut value,
            _ if !compat.any_case_operations => continue,
            other if other.eq_ignore_ascii_case("op") => &mut op,
            other if other.eq_ignore_ascii_case("path") => &mut path,
            other if other.eq_ignore_ascii_case("value") => &mut value,
            _ => continue,
        };
        if slot.replace(member).is_some() {
            return Err(crate::read::twice(&name.to_ascii_lowercase()));
        }
    }
    let op = read_op(op, compat)?;
    let path = match path {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.trim().is_empty() => None,
        Some(Value::String(path)) => Some(path),
        Some(other) => return Err(ScimError::invalid_path(format!("path must be a string, not {}", type_name(&other)))),
    };
    match (path, op, value) {
        (Some(_), Op::Add | Op::Replace, None) => {
            Err(ScimError::invalid_value(format!("value is required: what to {}; send null to clear the attribute", op.as_str())))
        }
        (Some(path), op, value) => {
            let target = path::parse(rt, path.trim(), compat, limits)?;
            steps.target(op, target, value, true)
        }
        (None, Op::Remove, _) => Err(ScimError::no_target("path is required: what to remove")),
        (None, op, Some(Value::Object(members))) => {
            members.into_iter().try_for_each(|(name, value)| key(rt, op, &name, value, compat, limits, steps))
        }
        (None, op, None | Some(Value::Null)) => Err(ScimError::invalid_value(format!("value is required: what to {}", op.as_str()))),
        (None, _, Some(other)) => {
            Err(ScimError::invalid_value(format!("without a path, value must be an object of attributes, not {}", type_name(&other))))
        }
    }
}

/// One member of the value of an operation without a path: an attribute, or a path as a key.
fn key(
    rt: ResourceType,
    op: Op,
    name: &str,
    value: Value,
    compat: &Compat,
    limits: &Limits,
    steps: &mut Steps<'_>,
) -> Result<(), ScimError> {
    match path::parse(rt, name, compat, limits) {
        Ok(target) => {
            let is_path = matches!(&target, path::Target::Attribute { elements, sub, .. } if elements.is_some() || sub.is_some());
            if is_path && !compat.path_keys {
                return Err(ScimError::invalid_value(format!(
                    "\"{name}\" is a path, not an attribute; send it as the path of an operation"
                )));
            }
            steps.target(op, target, Some(value), false)
        }
        // Unknown names are ignored, as they are in POST and PUT.
        Err(PathError::Unknown(_)) => Ok(()),
        Err(PathError::Malformed(error)) => Err(error),
    }
}

fn read_op(op: Option<Value>, compat: &Compat) -> Result<Op, ScimError> {
    let text = match op {
        Some(Value::String(text)) => text,
        None => return Err(ScimError::invalid_syntax("op is required: add, replace or remove")),
        Some(other) => {
            return Err(ScimError::invalid_syntax(format!("op must be add, replace or remove, not {}", type_name(&other))));
        }
    };
    let op = Op::ALL.into_iter().find(|op| op.as_str() == text || (compat.any_case_operations && op.as_str().eq_ignore_ascii_case(&text)));
    op.ok_or_else(|| ScimError::invalid_syntax(format!("op must be add, replace or remove, not {text:?}")))
}

#[cfg(test)]
mod tests;
