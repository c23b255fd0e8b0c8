//! The batch's view of the database: what was loaded, with what the operations so far have made of it on top.
//!
//! Operations on one resource apply in the order of arrival, each seeing what the ones before it did; the resource is written
//! once, as the last of them left it.

use super::{
    custom,
    facts::{Facts, Questions},
};
use muster_domain::{AccountId, OperationId, Role, detail::AttributeChange};
use muster_scim::{Resource, ResourceType};
use muster_store::{
    GroupRow, UserRow,
    batch::{AccountKey, Address, Administrators, Membership},
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

mod linking;

pub(super) use linking::Link;

/// A group as the batch has left it so far.
#[derive(Clone, Debug)]
pub(super) struct GroupState {
    pub row: GroupRow,
    /// How many operations changed it.
    pub changes: i64,
    /// Whether a decision rested on the whole group (its attributes, or its full membership), so that its version must be as loaded.
    pub checked: bool,
}

/// The view.
pub(super) struct World<'f> {
    facts: &'f Facts,
    /// What a bulk of this batch is going to make: a reference to it counts before it is there.
    expected: &'f HashMap<Address, ResourceType>,
    pub users: HashMap<Address, Option<UserRow>>,
    pub groups: HashMap<Address, Option<GroupState>>,
    pub memberships: HashMap<Membership, bool>,
    login_keys: HashMap<AccountKey, Option<Uuid>>,
    display_keys: HashMap<AccountKey, Option<Uuid>>,
    /// The accounts whose administrators are changed.
    administrators_changed: HashSet<AccountId>,
    /// Of the installation's own types.
    pub custom: custom::World<'f>,
    pub questions: Questions,
    /// The creations that gave a directory a user who exists.
    pub links: HashMap<OperationId, Link>,
    /// What the operations so far have changed, for the log.
    pub changes: HashMap<OperationId, Vec<AttributeChange>>,
}

impl<'f> World<'f> {
    pub(super) fn new(facts: &'f Facts, expected: &'f HashMap<Address, ResourceType>) -> Self {
        Self {
            facts,
            expected,
            users: HashMap::new(),
            groups: HashMap::new(),
            memberships: HashMap::new(),
            login_keys: HashMap::new(),
            display_keys: HashMap::new(),
            administrators_changed: HashSet::new(),
            custom: custom::World::new(&facts.custom),
            questions: Questions::default(),
            links: HashMap::new(),
            changes: HashMap::new(),
        }
    }

    pub(super) fn user(&mut self, address: Address) -> Option<&UserRow> {
        match self.users.get(&address) {
            Some(user) => user.as_ref(),
            None => {
                let loaded = self.facts.users.get(&address);
                if loaded.is_none() {
                    self.questions.users.insert(address);
                }
                loaded.and_then(Option::as_ref)
            }
        }
    }

    /// Who has this login key.
    pub(super) fn login_owner(&mut self, key: &AccountKey) -> Option<Uuid> {
        if let Some(owner) = self.login_keys.get(key) {
            return *owner;
        }
        let loaded = self.facts.login_keys.get(key);
        if loaded.is_none() {
            self.questions.login_keys.insert(key.clone());
        }
        loaded.copied().flatten()
    }

    /// The user id a running conversion will give the owner of this key, who does not have it yet.
    pub(super) fn promised(&self, key: &AccountKey) -> Option<&'f String> {
        if self.login_keys.contains_key(key) { None } else { self.facts.promised.get(key) }
    }

    /// Puts a user in the place of what was there; `old` is the key that was there.
    pub(super) fn put_user(&mut self, row: UserRow, old: Option<AccountKey>) {
        let key = (row.account, row.login_key().into_string());
        if old.as_ref() != Some(&key) {
            if let Some(old) = old {
                self.login_keys.insert(old, None);
            }
            self.login_keys.insert(key, Some(row.id));
        }
        self.users.insert((row.account, row.id), Some(row));
    }

    pub(super) fn remove_user(&mut self, address: Address, key: AccountKey) {
        self.login_keys.insert(key, None);
        self.users.insert(address, None);
        self.forget_member(address);
    }

    /// Who administered the account when the batch began; none while that is not loaded.
    pub(super) fn administrators(&mut self, account: AccountId) -> Option<&'f Administrators> {
        let loaded = self.facts.administrators.get(&account);
        if loaded.is_none() {
            self.questions.administrators.insert(account);
        }
        loaded
    }

    /// Whether the account has an active administrator beside this one, as the batch has left it so far.
    pub(super) fn has_other_administrator(&mut self, (account, user): Address) -> bool {
        let now = |row: &UserRow| row.role == Role::Administrator && row.active();
        let unchanged = self
            .administrators(account)
            .is_some_and(|administrators| administrators.active.iter().any(|id| *id != user && !self.users.contains_key(&(account, *id))));
        unchanged || self.users.iter().any(|(address, row)| address.0 == account && address.1 != user && row.as_ref().is_some_and(now))
    }

    pub(super) fn count_administrator_change(&mut self, account: AccountId) {
        self.administrators_changed.insert(account);
    }

    /// The accounts whose administrators are changed, with the version the decisions rest on.
    pub(super) fn administrator_changes(&self) -> Vec<(AccountId, i64)> {
        let version = |account: &AccountId| Some((*account, self.facts.administrators.get(account)?.version));
        self.administrators_changed.iter().filter_map(version).collect()
    }

    pub(super) fn group(&mut self, address: Address) -> Option<GroupState> {
        match self.groups.get(&address) {
            Some(group) => group.clone(),
            None => {
                let loaded = self.facts.groups.get(&address);
                if loaded.is_none() {
                    self.questions.groups.insert(address);
                }
                let row = loaded.and_then(Option::as_ref)?.clone();
                Some(GroupState { row, changes: 0, checked: false })
            }
        }
    }

    /// Which group has this name (in comparison form).
    pub(super) fn display_owner(&mut self, key: &AccountKey) -> Option<Uuid> {
        if let Some(owner) = self.display_keys.get(key) {
            return *owner;
        }
        let loaded = self.facts.display_keys.get(key);
        if loaded.is_none() {
            self.questions.display_keys.insert(key.clone());
        }
        loaded.copied().flatten()
    }

    pub(super) fn put_group(&mut self, state: GroupState, old: Option<AccountKey>) {
        let key = (state.row.account, state.row.display_key().into_string());
        if old.as_ref() != Some(&key) {
            if let Some(old) = old {
                self.display_keys.insert(old, None);
            }
            self.display_keys.insert(key, Some(state.row.id));
        }
        self.groups.insert((state.row.account, state.row.id), Some(state));
    }

    pub(super) fn remove_group(&mut self, address: Address, key: AccountKey) {
        self.display_keys.insert(key, None);
        self.groups.insert(address, None);
        self.memberships.retain(|membership, _| (membership.account, membership.group) != address);
        self.forget_member(address);
    }

    /// Whether a user or group of this id exists in the account, as a member-to-be.
    pub(super) fn exists(&mut self, account: AccountId, id: Uuid) -> bool {
        let address = (account, id);
        let kind = self.known_kind(address);
        if kind.is_none() && !self.gone(address) && !self.facts.kinds.contains_key(&address) {
            self.questions.kinds.insert(address);
        }
        kind.is_some()
    }

    /// Whether it is a user or a group, as far as the batch knows without asking; none also when it is neither.
    pub(super) fn known_kind(&self, address: Address) -> Option<ResourceType> {
        match (self.users.get(&address), self.groups.get(&address)) {
            (Some(user), _) => return user.is_some().then_some(ResourceType::User),
            (_, Some(group)) => return group.is_some().then_some(ResourceType::Group),
            (None, None) => {}
        }
        if self.loaded_user(&address).is_some() {
            Some(ResourceType::User)
        } else if self.loaded_group(&address).is_some() {
            Some(ResourceType::Group)
        } else {
            self.expected.get(&address).or_else(|| self.facts.kinds.get(&address)?.as_ref()).copied()
        }
    }

    pub(super) fn is_member(&mut self, membership: Membership) -> bool {
        if let Some(member) = self.memberships.get(&membership) {
            return *member;
        }
        if self.gone((membership.account, membership.member)) || self.is_new_group((membership.account, membership.group)) {
            return false;
        }
        if let Some(members) = self.facts.members.get(&(membership.account, membership.group)) {
            return members.contains(&membership.member);
        }
        let loaded = self.facts.memberships.get(&membership);
        if loaded.is_none() {
            self.questions.memberships.insert(membership);
        }
        loaded.copied().unwrap_or(false)
    }

    /// All members of a group, for the operations that cannot do without.
    pub(super) fn all_members(&mut self, address: Address) -> HashSet<Uuid> {
        let mut members = if self.is_new_group(address) {
            HashSet::new()
        } else {
            let loaded = self.facts.members.get(&address);
            if loaded.is_none() {
                self.questions.members.insert(address);
            }
            loaded.cloned().unwrap_or_default()
        };
        members.retain(|member| !self.gone((address.0, *member)));
        for (membership, member) in &self.memberships {
            if (membership.account, membership.group) == address {
                if *member {
                    members.insert(membership.member);
                } else {
                    members.remove(&membership.member);
                }
            }
        }
        members
    }

    /// The resource as the batch has left it so far, members aside; none also while nobody has loaded it.
    pub(super) fn attributes(&self, resource_type: ResourceType, address: Address) -> Option<&Resource> {
        match resource_type {
            ResourceType::User => match self.users.get(&address) {
                Some(user) => user.as_ref().map(|row| &row.resource),
                None => self.loaded_user(&address).map(|row| &row.resource),
            },
            ResourceType::Group => match self.groups.get(&address) {
                Some(group) => group.as_ref().map(|state| &state.row.resource),
                None => self.loaded_group(&address).map(|row| &row.resource),
            },
            ResourceType::Custom(custom) => self.custom.attributes((address.0, custom.name, address.1)),
        }
    }

    /// Whether the row was there when the batch began.
    pub(super) fn loaded_user(&self, address: &Address) -> Option<&'f UserRow> {
        self.facts.users.get(address).and_then(Option::as_ref)
    }

    /// Whether the row was there when the batch began.
    pub(super) fn loaded_group(&self, address: &Address) -> Option<&'f GroupRow> {
        self.facts.groups.get(address).and_then(Option::as_ref)
    }

    fn is_new_group(&self, address: Address) -> bool {
        matches!(self.groups.get(&address), Some(Some(_))) && self.loaded_group(&address).is_none()
    }

    /// Deleted by an operation of this batch.
    fn gone(&self, address: Address) -> bool {
        matches!(self.users.get(&address), Some(None)) || matches!(self.groups.get(&address), Some(None))
    }

    fn forget_member(&mut self, address: Address) {
        self.memberships.retain(|membership, _| (membership.account, membership.member) != address);
    }
}
