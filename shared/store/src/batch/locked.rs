//! Which rows somebody else holds. Asked only after a batch has run into `lock_timeout`, never on the usual way.

use super::{Address, address, users::by_address};
use crate::{Dialect, Store, StoreError};
use std::collections::HashSet;

/// Those of these users and groups whose rows are locked by another transaction at this moment. It waits for none of them, and
/// lets go of the others at once. On SQLite, which locks the file and not rows, none.
///
/// # Errors
/// When the database fails, or the whole table is locked.
pub async fn locked(store: &Store, addresses: &[Address]) -> Result<HashSet<Address>, StoreError> {
    if store.dialect() == Dialect::Sqlite || addresses.is_empty() {
        return Ok(HashSet::new());
    }
    let tx = store.begin().await?;
    let mut locked = HashSet::new();
    for table in ["users", "user_group"] {
        let from = format!("SELECT t.account_id, t.id FROM r JOIN {table} t ON t.account_id = r.account_id AND t.id = r.id");
        for row in tx.all(by_address(&tx, addresses).statement(&from)).await? {
            locked.insert(address(&row)?);
        }
        let free = format!("{from} FOR NO KEY UPDATE OF t SKIP LOCKED");
        for row in tx.all(by_address(&tx, addresses).statement(&free)).await? {
            locked.remove(&address(&row)?);
        }
    }
    tx.rollback().await?;
    Ok(locked)
}
