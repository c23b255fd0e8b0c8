//! Who has an address.

use super::{AccountKey, key_and_id};
use crate::{StoreError, WriteTransaction, rows::Rows};
use std::collections::HashMap;
use uuid::Uuid;

impl WriteTransaction {
    /// The users whose address (the one mail goes to) is one of these, in comparison form. An address has as many owners as the
    /// directory says.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_address_owners(&self, keys: &[AccountKey]) -> Result<HashMap<AccountKey, Vec<Uuid>>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = Rows::new(self.dialect)
            .uuid("account_id", keys.iter().map(|(account, _)| account.0))
            .text("key", keys.iter().map(|(_, key)| key.clone()));
        let sql = "SELECT r.account_id, r.key, u.id FROM r JOIN users u ON u.account_id = r.account_id AND u.email_key = r.key";
        let mut owners: HashMap<AccountKey, Vec<Uuid>> = HashMap::new();
        for row in self.all(rows.statement(sql)).await? {
            let (key, user) = key_and_id(&row)?;
            owners.entry(key).or_default().push(user);
        }
        Ok(owners)
    }
}
