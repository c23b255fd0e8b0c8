//! What the batch knows of users who exist under the mailbox name of somebody to be created.

use super::World;
use muster_domain::{AccountId, LoginKey, OperationId, sso::SsoSettings};
use muster_scim::primary_email;
use muster_store::{
    UserRow,
    batch::{AccountKey, NewAlias},
};
use uuid::Uuid;

/// A user who exists, given to a directory in the place of one it wanted to create.
#[derive(Clone, Debug)]
pub(in crate::apply) struct Link {
    pub user: Uuid,
    /// The user id it had.
    pub alias: NewAlias,
}

impl<'f> World<'f> {
    /// What the account has chosen about sign-in; none while that is not loaded.
    pub(in crate::apply) fn sso_settings(&mut self, account: AccountId) -> Option<&'f SsoSettings> {
        let loaded = self.facts.sso.get(&account);
        if loaded.is_none() {
            self.questions.sso.insert(account);
        }
        loaded
    }

    /// Whether anybody but this user has the address, as the batch has left it so far.
    pub(in crate::apply) fn is_address_of_others(&mut self, address: &AccountKey, user: Uuid) -> bool {
        let has = |row: &UserRow| primary_email(&row.resource).is_some_and(|email| LoginKey::of(email).as_str() == address.1);
        let mut others = self.users.iter().filter(|((account, id), _)| *account == address.0 && *id != user);
        if others.any(|(_, row)| row.as_ref().is_some_and(has)) {
            return true;
        }
        let Some(loaded) = self.facts.address_owners.get(address) else {
            self.questions.address_owners.insert(address.clone());
            return false;
        };
        loaded.iter().any(|id| *id != user && !self.users.contains_key(&(address.0, *id)))
    }

    /// Puts a linked user in the place of what was there; nobody else gets the user id it had.
    pub(in crate::apply) fn link_user(&mut self, operation: OperationId, row: UserRow, alias: NewAlias, old: AccountKey) {
        let user = row.id;
        self.put_user(row, Some(old.clone()));
        self.login_keys.insert(old, Some(user));
        self.links.insert(operation, Link { user, alias });
    }
}
