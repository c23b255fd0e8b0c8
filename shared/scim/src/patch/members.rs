//! Steps that change a group's members.

use super::steps::{Op, Steps};
use super::{MemberChange, PatchOperation};
use crate::ScimError;
use crate::filter::{CompareOp, Filter, FilterValue};
use crate::read::At;
use crate::schema::{Attribute, Schema};
use serde_json::Value;

impl Steps<'_> {
    pub(super) fn members(
        &mut self,
        op: Op,
        schema: &'static Schema,
        members: &'static Attribute,
        elements: Option<Filter>,
        sub: Option<&'static Attribute>,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        if let Some(sub) = sub {
            return Err(ScimError::mutability(format!("members.{} cannot be changed; add and remove whole members", sub.name)));
        }
        let named = elements.as_ref().map(named_values);
        let change = match (op, named, elements) {
            (Op::Remove, Some(Some(ids)), _) => MemberChange::Remove(ids),
            (Op::Remove, _, Some(filter)) => MemberChange::RemoveMatching(filter),
            (Op::Remove, ..) => match value {
                None | Some(Value::Null) => MemberChange::Set(Vec::new()),
                Some(_) if !self.compat.removal_by_value => {
                    return Err(ScimError::invalid_value("remove takes no value; write members[value eq \"...\"] as the path"));
                }
                Some(value) => MemberChange::Remove(self.coerce.members(&At::of(self.rt, schema, members), value)?),
            },
            (_, Some(Some(ids)), _) if self.compat.value_path_creates => MemberChange::Add(ids),
            (_, _, Some(_)) => {
                return Err(ScimError::invalid_path("members are added with the path \"members\", without a filter"));
            }
            (op, ..) => {
                let ids = self.coerce.members(&At::of(self.rt, schema, members), value.unwrap_or_default())?;
                if op == Op::Add { MemberChange::Add(ids) } else { MemberChange::Set(ids) }
            }
        };
        if !matches!(&change, MemberChange::Add(ids) | MemberChange::Remove(ids) if ids.is_empty()) {
            merge_members(&mut self.steps, change);
        }
        Ok(())
    }
}

/// The ids a filter names, when it is nothing but `value eq` terms joined by `or`.
fn named_values(filter: &Filter) -> Option<Vec<String>> {
    let terms = match filter {
        Filter::Or(terms) => terms.as_slice(),
        one => std::slice::from_ref(one),
    };
    let id = |term: &Filter| match term {
        Filter::Compare { path, op: CompareOp::Eq, value: FilterValue::String(id) } if path.attr == "value" => Some(id.clone()),
        _ => None,
    };
    terms.iter().map(id).collect()
}

/// Merges runs of one kind of change to members: a client that adds a thousand members one by one costs one change.
fn merge_members(operations: &mut Vec<PatchOperation>, change: MemberChange) {
    use MemberChange::{Add, Remove};
    match (operations.last_mut(), change) {
        (Some(PatchOperation::Members(Add(before))), Add(more)) | (Some(PatchOperation::Members(Remove(before))), Remove(more)) => {
            before.extend(more);
        }
        (_, change) => operations.push(PatchOperation::Members(change)),
    }
}
