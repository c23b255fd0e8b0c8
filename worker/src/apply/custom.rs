//! What a batch knows, asks and writes of the installation's own resource types.
//!
//! The same three parts as for users and groups (facts, questions, the world on top of them), kept together here, because nothing
//! else ever looks at them: such a resource is nobody's member and has no meaning to the service.

use muster_scim::{Resource, schema::CustomType};
use muster_store::{
    CustomRow, StoreError, WriteTransaction,
    batch::{CustomAddress, CustomKey},
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What was loaded. A missing entry was not asked; `None` was asked and is not there.
#[derive(Debug, Default)]
pub(super) struct Facts {
    rows: HashMap<CustomAddress, Option<CustomRow>>,
    keys: HashMap<CustomKey, Option<Uuid>>,
}

/// What has to be loaded.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub rows: HashSet<CustomAddress>,
    pub keys: HashSet<CustomKey>,
}

impl Questions {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.keys.is_empty()
    }
}

impl Facts {
    /// Loads the answers to every question: at most one statement a kind.
    pub(super) async fn ask(&mut self, tx: &WriteTransaction, questions: Questions) -> Result<(), StoreError> {
        let addresses: Vec<CustomAddress> = questions.rows.into_iter().collect();
        let loaded = tx.load_customs(&addresses).await?;
        self.rows.extend(addresses.into_iter().map(|address| (address, None)));
        self.rows.extend(loaded.into_iter().map(|row| (address(&row), Some(row))));

        let keys: Vec<CustomKey> = questions.keys.into_iter().collect();
        let loaded = tx.load_custom_keys(&keys).await?;
        self.keys.extend(keys.into_iter().map(|key| (key, None)));
        self.keys.extend(loaded.into_iter().map(|(key, owner)| (key, Some(owner))));
        Ok(())
    }
}

fn address(row: &CustomRow) -> CustomAddress {
    (row.account, row.custom.name, row.id)
}

/// The unique values of a resource.
pub(super) fn keys(row: &CustomRow) -> Vec<CustomKey> {
    let values = row.custom.unique_values(&row.resource);
    values.into_iter().map(|(attribute, key)| (row.account, row.custom.name, attribute, key)).collect()
}

/// The unique values a new resource would have, to be asked about beforehand.
pub(super) fn foreseen(account: muster_domain::AccountId, custom: &CustomType, resource: &Resource) -> Vec<CustomKey> {
    custom.unique_values(resource).into_iter().map(|(attribute, key)| (account, custom.name, attribute, key)).collect()
}

/// What the batch has made of it so far.
#[derive(Debug)]
pub(super) struct World<'f> {
    facts: &'f Facts,
    rows: HashMap<CustomAddress, Option<CustomRow>>,
    keys: HashMap<CustomKey, Option<Uuid>>,
}

impl<'f> World<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        Self { facts, rows: HashMap::new(), keys: HashMap::new() }
    }

    /// The resource as it is now.
    pub(super) fn row(&self, address: CustomAddress, questions: &mut Questions) -> Option<&CustomRow> {
        match self.rows.get(&address) {
            Some(row) => row.as_ref(),
            None => {
                let loaded = self.facts.rows.get(&address);
                if loaded.is_none() {
                    questions.rows.insert(address);
                }
                loaded.and_then(Option::as_ref)
            }
        }
    }

    /// The resource as it is now; none also while nobody has loaded it.
    pub(super) fn attributes(&self, address: CustomAddress) -> Option<&Resource> {
        let row = self.rows.get(&address).or_else(|| self.facts.rows.get(&address))?.as_ref()?;
        Some(&row.resource)
    }

    /// A unique value of this resource that another one has, and that other one.
    pub(super) fn taken(&self, row: &CustomRow, questions: &mut Questions) -> Option<(&'static str, Uuid)> {
        let mut found = None;
        // All are asked about at once, so that one more round is enough.
        for key in keys(row) {
            let owner = match self.keys.get(&key) {
                Some(owner) => *owner,
                None => {
                    let loaded = self.facts.keys.get(&key);
                    if loaded.is_none() {
                        questions.keys.insert(key.clone());
                    }
                    loaded.copied().flatten()
                }
            };
            found = found.or_else(|| owner.filter(|owner| *owner != row.id).map(|owner| (key.2, owner)));
        }
        found
    }

    /// Puts a resource in the place of what was there.
    pub(super) fn put(&mut self, row: CustomRow, old: Option<&CustomRow>) {
        let old = old.map(keys).unwrap_or_default();
        let new = keys(&row);
        self.keys.extend(old.into_iter().filter(|key| !new.contains(key)).map(|key| (key, None)));
        self.keys.extend(new.into_iter().map(|key| (key, Some(row.id))));
        self.rows.insert(address(&row), Some(row));
    }

    /// Removes a resource.
    pub(super) fn remove(&mut self, row: &CustomRow) {
        self.keys.extend(keys(row).into_iter().map(|key| (key, None)));
        self.rows.insert(address(row), None);
    }

    /// What is to be written.
    pub(super) fn writes(&self) -> Writes {
        let mut writes = Writes::default();
        for (address, row) in &self.rows {
            let loaded = self.facts.rows.get(address).and_then(Option::as_ref);
            let (before, after) = (loaded.map(keys).unwrap_or_default(), row.as_ref().map(keys).unwrap_or_default());
            writes.keys_gone.extend(before.iter().filter(|key| !after.contains(key)).map(|key| (key.clone(), address.2)));
            writes.keys_new.extend(after.into_iter().filter(|key| !before.contains(key)).map(|key| (key, address.2)));
            match (loaded, row) {
                (None, Some(row)) => writes.new.push(row.clone()),
                (Some(old), Some(row)) => writes.changed.push((old.version, row.clone())),
                (Some(old), None) => writes.gone.push((*address, old.version)),
                (None, None) => {}
            }
        }
        writes
    }
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Writes {
    new: Vec<CustomRow>,
    changed: Vec<(i64, CustomRow)>,
    gone: Vec<(CustomAddress, i64)>,
    keys_gone: Vec<(CustomKey, Uuid)>,
    keys_new: Vec<(CustomKey, Uuid)>,
}

impl Writes {
    /// Writes it: values that go before those that come, so that two resources of a batch can trade theirs.
    pub(super) async fn write(mut self, tx: &WriteTransaction) -> Result<(), StoreError> {
        tx.delete_customs(&mut self.gone).await?;
        let mut changed: Vec<(i64, &CustomRow)> = self.changed.iter().map(|(version, row)| (*version, row)).collect();
        tx.update_customs(&mut changed).await?;
        tx.insert_customs(&mut self.new.iter().collect::<Vec<_>>()).await?;
        tx.delete_custom_keys(&mut self.keys_gone).await?;
        tx.insert_custom_keys(&mut self.keys_new).await
    }
}
