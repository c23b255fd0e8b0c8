//! Who administers an account, and the count that makes two changes to that meet.
//!
//! A rule such as "the last administrator stays" is about rows a change does not write: two workers that disable one administrator
//! each would both find the other one still there. So whatever may leave an account with one administrator less also counts up
//! `account.administrators_version` from the value its decision was made on; of two at once, the second finds another value and
//! decides again. Nothing else writes that row, and no foreign key points at it, so nobody waits for it.

use crate::{StoreError, WriteTransaction, rows::Rows};
use muster_domain::AccountId;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Who administers an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Administrators {
    /// The count this was read at.
    pub version: i64,
    /// The SCIM administrator of the active secret key; none when there is no active key.
    pub scim: Option<Uuid>,
    /// The active users whose role is administrator.
    pub active: HashSet<Uuid>,
}

impl WriteTransaction {
    /// Who administers these accounts; all of it as of one moment. Accounts that do not exist are missing from the answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_administrators(&self, accounts: &[AccountId]) -> Result<HashMap<AccountId, Administrators>, StoreError> {
        let mut found: HashMap<AccountId, Administrators> = HashMap::new();
        if accounts.is_empty() {
            return Ok(found);
        }
        let sql = "SELECT a.id AS account_id, a.administrators_version, k.administrator_id, u.id AS user_id FROM r \
             JOIN account a ON a.id = r.account_id \
             LEFT JOIN secret_key k ON k.account_id = a.id AND k.voided_ms IS NULL \
             LEFT JOIN users u ON u.account_id = a.id AND u.role = 'administrator' AND u.active";
        for row in self.all(by_account(self, accounts).statement(sql)).await? {
            let administrators = found.entry(AccountId(row.try_get("", "account_id")?)).or_default();
            administrators.version = row.try_get("", "administrators_version")?;
            administrators.scim = row.try_get("", "administrator_id")?;
            administrators.active.extend(row.try_get::<Option<Uuid>>("", "user_id")?);
        }
        Ok(found)
    }

    /// Counts a change to the administrators of these accounts, each from the version the decision was made on.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them has another version by now.
    pub async fn count_administrator_changes(&self, read: &[(AccountId, i64)]) -> Result<(), StoreError> {
        if read.is_empty() {
            return Ok(());
        }
        let mut read = read.to_vec();
        read.sort_unstable();
        let rows = Rows::new(self.dialect)
            .uuid("account_id", read.iter().map(|(account, _)| account.0))
            .int("old", read.iter().map(|(_, old)| *old));
        let sql = "UPDATE account SET administrators_version = administrators_version + 1 FROM r \
             WHERE account.id = r.account_id AND account.administrators_version = r.old RETURNING account.id";
        self.expect("count changes to administrators", read.len(), rows.statement(sql)).await.map(drop)
    }

    /// Counts a change that is about to be made in this transaction, whatever the version: changes decided on what was there before
    /// are decided again.
    pub(crate) async fn note_administrators_changed(&self, account: AccountId) -> Result<(), StoreError> {
        let sql = "UPDATE account SET administrators_version = administrators_version + 1 WHERE id = $1";
        self.inner.execute_raw(Statement::from_sql_and_values(self.dialect.backend(), sql, [account.0.into()])).await?;
        Ok(())
    }
}

fn by_account(tx: &WriteTransaction, accounts: &[AccountId]) -> Rows {
    let mut sorted = accounts.to_vec();
    sorted.sort_unstable();
    Rows::new(tx.dialect).uuid("account_id", sorted.into_iter().map(|account| account.0))
}
