//! What a batch knows of the database, and what it still has to ask.
//!
//! Deciding is pure: it reads [`Facts`] and never waits. When a decision needs something that was not loaded (a rename asks who
//! has the new user id, a member add asks who is in the group), it notes the question, assumes "no", and goes on; the batch then
//! loads the answers to all questions in one statement a kind and decides again from the start. So the number of statements
//! depends on how many *kinds* of questions a batch asks, never on its size.

use super::custom;
use muster_domain::{AccountId, sso::SsoSettings};
use muster_scim::ResourceType;
use muster_store::{
    GroupRow, StoreError, UserRow, WriteTransaction,
    batch::{AccountKey, Address, Administrators, Members, Membership},
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What was loaded. A missing entry was not asked; `None` or `false` was asked and is not there.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub users: HashMap<Address, Option<UserRow>>,
    pub login_keys: HashMap<AccountKey, Option<Uuid>>,
    /// Of these keys, the user id a running conversion will give their owner, who does not have it yet.
    pub promised: HashMap<AccountKey, String>,
    pub groups: HashMap<Address, Option<GroupRow>>,
    pub display_keys: HashMap<AccountKey, Option<Uuid>>,
    pub memberships: HashMap<Membership, bool>,
    pub members: Members,
    /// Whether a member-to-be is a user or a group; none when it is neither.
    pub kinds: HashMap<Address, Option<ResourceType>>,
    /// Of the installation's own types.
    pub custom: custom::Facts,
    /// Asked only when an administrator is about to be changed.
    pub administrators: HashMap<AccountId, Administrators>,
    /// Asked only when somebody is created who may exist under the mailbox name.
    pub sso: HashMap<AccountId, SsoSettings>,
    /// Who has an address. Asked only when a user may be linked.
    pub address_owners: HashMap<AccountKey, Vec<Uuid>>,
}

/// What has to be loaded.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub users: HashSet<Address>,
    pub login_keys: HashSet<AccountKey>,
    pub groups: HashSet<Address>,
    pub display_keys: HashSet<AccountKey>,
    pub memberships: HashSet<Membership>,
    pub members: HashSet<Address>,
    pub kinds: HashSet<Address>,
    /// Of the installation's own types.
    pub custom: custom::Questions,
    pub administrators: HashSet<AccountId>,
    pub sso: HashSet<AccountId>,
    pub address_owners: HashSet<AccountKey>,
}

impl Questions {
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.login_keys.is_empty()
            && self.groups.is_empty()
            && self.display_keys.is_empty()
            && self.memberships.is_empty()
            && self.members.is_empty()
            && self.kinds.is_empty()
            && self.custom.is_empty()
            && self.administrators.is_empty()
            && self.sso.is_empty()
            && self.address_owners.is_empty()
    }
}

impl Facts {
    /// Loads the answers to every question: at most one statement a kind.
    pub(super) async fn ask(&mut self, tx: &WriteTransaction, questions: Questions) -> Result<(), StoreError> {
        self.custom.ask(tx, questions.custom).await?;
        let users: Vec<Address> = questions.users.into_iter().collect();
        let loaded = tx.load_users(&users).await?;
        self.users.extend(users.into_iter().map(|address| (address, None)));
        self.users.extend(loaded.into_iter().map(|row| ((row.account, row.id), Some(row))));

        let keys: Vec<AccountKey> = questions.login_keys.into_iter().collect();
        let loaded = tx.load_login_keys(&keys).await?;
        self.login_keys.extend(keys.into_iter().map(|key| (key, None)));
        for (key, owner) in loaded {
            self.promised.extend(owner.promised.map(|user_id| (key.clone(), user_id)));
            self.login_keys.insert(key, Some(owner.user));
        }

        let groups: Vec<Address> = questions.groups.into_iter().collect();
        let loaded = tx.load_groups(&groups).await?;
        self.groups.extend(groups.into_iter().map(|address| (address, None)));
        self.groups.extend(loaded.into_iter().map(|row| ((row.account, row.id), Some(row))));

        let keys: Vec<AccountKey> = questions.display_keys.into_iter().collect();
        let loaded = tx.load_display_keys(&keys).await?;
        self.display_keys.extend(keys.into_iter().map(|key| (key, None)));
        self.display_keys.extend(loaded.into_iter().map(|(key, id)| (key, Some(id))));

        let memberships: Vec<Membership> = questions.memberships.into_iter().collect();
        let loaded = tx.existing_memberships(&memberships).await?;
        self.memberships.extend(memberships.into_iter().map(|membership| (membership, loaded.contains(&membership))));

        let groups: Vec<Address> = questions.members.into_iter().collect();
        self.members.extend(tx.all_members(&groups).await?);

        let accounts: Vec<AccountId> = questions.administrators.into_iter().collect();
        let loaded = tx.load_administrators(&accounts).await?;
        self.administrators.extend(accounts.into_iter().map(|account| (account, Administrators::default())));
        self.administrators.extend(loaded);

        let accounts: Vec<AccountId> = questions.sso.into_iter().collect();
        let loaded = tx.load_sso_settings(&accounts).await?;
        self.sso.extend(accounts.into_iter().map(|account| (account, SsoSettings::default())));
        self.sso.extend(loaded);

        let keys: Vec<AccountKey> = questions.address_owners.into_iter().collect();
        let loaded = tx.load_address_owners(&keys).await?;
        self.address_owners.extend(keys.into_iter().map(|key| (key, Vec::new())));
        self.address_owners.extend(loaded);

        let asked: Vec<Address> = questions.kinds.into_iter().collect();
        let users = tx.existing_users(&asked).await?;
        self.kinds.extend(asked.iter().map(|address| (*address, None)));
        self.kinds.extend(users.into_iter().map(|address| (address, Some(ResourceType::User))));
        // Members are users nearly always, so groups are only looked for among what is left.
        let rest: Vec<Address> = asked.into_iter().filter(|address| self.kinds[address].is_none()).collect();
        self.kinds.extend(tx.existing_groups(&rest).await?.into_iter().map(|address| (address, Some(ResourceType::Group))));
        Ok(())
    }
}
