//! The `schemas` of a body (RFC 7643 §3): what it says it is.
//!
//! A body is read by the type of its address, so `schemas` decides nothing; it is checked, because a body that says it is
//! something else was sent to the wrong place. What an answer says is written from the data, see [`render`](fn@crate::render).

use super::type_name;
use crate::schema::{MISTYPED_ENTERPRISE_URN, core, extensions};
use crate::{Compat, Resource, ResourceType, ScimError, urn};
use serde_json::Value;

/// What directories name beside the RFC's schemas: Entra ID its own of groups, and extensions nobody has configured here (its
/// extension attributes must be spelled so; their values are passed over like any unknown attribute); older templates the core
/// schema of SCIM 1.1.
const FOREIGN: [&str; 3] = ["http://schemas.microsoft.com/", "urn:ietf:params:scim:schemas:extension:", "urn:scim:schemas:core:1.0"];

/// Refuses a body that says it is something else.
///
/// # Errors
/// 400 `invalidSyntax` for a PatchOp, 400 `invalidValue` for what is no list of URNs and for a URN that resources of this type do
/// not have; unless [`Compat::loose_schemas`] is on, for a missing URN as well.
pub(super) fn check(rt: ResourceType, body: &Resource, compat: &Compat) -> Result<(), ScimError> {
    let schemas = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let named = match schemas {
        None | Some(Value::Null) => &[],
        Some(Value::Array(named)) => named.as_slice(),
        Some(one @ Value::String(_)) if compat.loose_schemas => std::slice::from_ref(one),
        Some(other) => return Err(ScimError::invalid_value(format!("schemas must be a list of URNs, not {}", type_name(other)))),
    };
    for one in named {
        let Value::String(one) = one else {
            return Err(ScimError::invalid_value(format!("schemas must be a list of URNs; it has {} in it", type_name(one))));
        };
        known(rt, one, compat)?;
    }
    if compat.loose_schemas {
        return Ok(());
    }
    let says = |urn: &str| named.iter().any(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(urn)));
    if !says(rt.schema()) {
        return Err(ScimError::invalid_value(format!("schemas must name {}", rt.schema())));
    }
    for extension in extensions(rt).iter().map(|extension| extension.schema.urn) {
        if !says(extension) && body.keys().any(|name| name.eq_ignore_ascii_case(extension)) {
            return Err(ScimError::invalid_value(format!("the body has {extension}, and schemas does not name it")));
        }
    }
    Ok(())
}

fn known(rt: ResourceType, named: &str, compat: &Compat) -> Result<(), ScimError> {
    let is = |urn: &str| named.eq_ignore_ascii_case(urn);
    if is(core(rt).urn) || extensions(rt).iter().any(|extension| is(extension.schema.urn)) {
        return Ok(());
    }
    // A PatchOp read as a resource would be answered with success and do nothing: access that should end would stay.
    if is(urn::PATCH_OP) {
        return Err(ScimError::invalid_syntax(format!("this is a PatchOp; send it with PATCH, or send a {rt} here")));
    }
    let foreign = FOREIGN.iter().any(|start| named.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)));
    if compat.loose_schemas && (named.trim().is_empty() || foreign) || compat.mistyped_enterprise_urn && is(MISTYPED_ENTERPRISE_URN) {
        return Ok(());
    }
    let known: Vec<&str> = std::iter::once(core(rt).urn).chain(extensions(rt).iter().map(|extension| extension.schema.urn)).collect();
    let shown: String = named.chars().take(120).collect();
    Err(ScimError::invalid_value(format!(
        "schemas names \"{shown}\", which {rt} resources do not have here; they have {}. Take it out of the mapping, or have the \
         service's operator configure the schema",
        known.join(", ")
    )))
}
