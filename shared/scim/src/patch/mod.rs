//! PATCH (RFC 7644 §3.5.2): reading a PatchOp, and applying it.
//!
//! Reading does all the work that needs no resource. What comes out is a list of small, certain steps: every name exists, every
//! value has its attribute's type, values of many attributes have been taken apart into one step each. It travels to whoever
//! applies it, who can then only fail where the resource itself decides.
//!
//! A group's `members` are never in a resource while it is patched: a group may have a hundred thousand. What a PATCH does to
//! them comes back as [`MemberChange`]s.

mod apply;
mod element;
mod guard;
mod members;
mod path;
mod read;
mod steps;
mod template;

pub use read::read;

use crate::filter::{AttrPath, Filter};
use crate::{Resource, ResourceType, ScimError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A PATCH, validated and canonical.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchRequest {
    /// The steps, all or none of which apply, in order.
    pub operations: Vec<PatchOperation>,
}

/// One step of a PATCH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PatchOperation {
    /// Puts a value where there is none, and elements to those that are there.
    Add {
        /// Where.
        path: PatchPath,
        /// What; never null.
        value: Value,
    },
    /// Puts a value in the place of what is there.
    Replace {
        /// Where.
        path: PatchPath,
        /// What; never null.
        value: Value,
    },
    /// Takes away what is there.
    Remove {
        /// Where.
        path: PatchPath,
        /// Of a list: only these elements.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only: Option<Vec<Value>>,
    },
    /// Changes a group's members.
    Members(MemberChange),
}

/// Where a step applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchPath {
    /// The attribute and its sub-attribute.
    #[serde(flatten)]
    pub attribute: AttrPath,
    /// Of a list: these elements only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elements: Option<ElementFilter>,
}

/// Elements of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementFilter {
    /// What an element must satisfy.
    pub filter: Filter,
    /// The element to make when none does: what the filter's `eq` terms say. None: there must be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<Resource>,
}

/// What a PATCH does to a group's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MemberChange {
    /// These become members; those who are already stay.
    Add(Vec<String>),
    /// These are no longer members; those who were not are no error.
    Remove(Vec<String>),
    /// Members that satisfy the filter are no longer members; its paths are sub-attributes of `members`
    /// (see [`Filter::matches_member`]).
    RemoveMatching(Filter),
    /// These are the members, and nobody else; empty means nobody.
    Set(Vec<String>),
}

/// What applying a PATCH did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchEffect {
    /// The resource differs from what it was.
    pub changed: bool,
    /// What happens to the group's members, in order.
    pub members: Vec<MemberChange>,
}

impl PatchRequest {
    /// Applies every step, or none.
    ///
    /// # Errors
    /// 400 `noTarget` when a step needs an element that is not there; 400 `mutability` when an immutable value that is set would
    /// change; 400 `invalidValue` when a list would become too long or a required attribute would be gone. The resource is then
    /// as it was.
    pub fn apply(&self, rt: ResourceType, resource: &mut Resource) -> Result<PatchEffect, ScimError> {
        apply::apply(self, rt, resource)
    }
}
