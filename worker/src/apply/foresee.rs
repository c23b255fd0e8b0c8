//! What a batch is certain to ask, told from its operations alone.

use super::{custom, facts::Questions};
use muster_domain::{Actor, Change, LoginKey, Operation};
use muster_scim::{
    MemberChange, ResourceType,
    patch::{PatchOperation, PatchRequest},
};
use muster_store::batch::{Address, Membership};
use serde_json::Value;
use uuid::Uuid;

/// What is certain to be asked, so that the usual batch is decided in one round.
pub(super) fn foreseen(operations: &[&Operation]) -> Questions {
    let mut questions = Questions::default();
    for operation in operations {
        let address = (operation.account, operation.resource_id);
        let text = |resource: &muster_scim::Resource, name: &str| {
            resource.get(name).and_then(Value::as_str).map(LoginKey::of).map(LoginKey::into_string)
        };
        match (operation.resource_type, &operation.change) {
            (ResourceType::User, Change::Create { resource, .. }) => {
                let name = text(resource, "userName");
                // Whether the person exists under the mailbox name, too.
                let mailbox = name.as_deref().and_then(|name| name.rsplit_once('@')).map(|(mailbox, _)| mailbox.to_owned());
                let mailbox = mailbox.filter(|mailbox| !mailbox.is_empty() && operation.actor != Actor::Command);
                questions.login_keys.extend(name.into_iter().chain(mailbox).map(|key| (operation.account, key)));
            }
            (ResourceType::Group, Change::Create { resource, .. }) => {
                questions.display_keys.extend(text(resource, "displayName").map(|key| (operation.account, key)));
            }
            (ResourceType::Custom(custom), Change::Create { resource, .. }) => {
                questions.custom.keys.extend(custom::foreseen(operation.account, custom, resource));
            }
            (ResourceType::Custom(custom), _) => {
                questions.custom.rows.insert((operation.account, custom.name, operation.resource_id));
            }
            (ResourceType::User, _) => {
                questions.users.insert(address);
            }
            (ResourceType::Group, change) => {
                questions.groups.insert(address);
                if let Change::Patch { patch } = change {
                    foresee_members(&mut questions, address, patch);
                }
            }
        }
    }
    questions
}

/// A directory adds and removes members one by one: whether they exist, and whether they are in the group.
fn foresee_members(questions: &mut Questions, group: Address, patch: &PatchRequest) {
    for operation in &patch.operations {
        let (ids, adds) = match operation {
            PatchOperation::Members(MemberChange::Add(ids)) => (ids, true),
            PatchOperation::Members(MemberChange::Remove(ids)) => (ids, false),
            _ => continue,
        };
        for id in ids.iter().filter_map(|id| Uuid::try_parse(id).ok()) {
            questions.memberships.insert(Membership { account: group.0, group: group.1, member: id });
            if adds {
                questions.kinds.insert((group.0, id));
            }
        }
    }
}
