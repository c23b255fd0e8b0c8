//! The statements a batch is made of.
//!
//! Each takes any number of rows and is one round trip; module `rows` explains how. The caller (the worker's applier)
//! reads what the batch touches, decides everything in memory, and writes the result back, in this order:
//!
//! 0. the accounts' counts of changes to administrators, in order of account (nearly no batch has any);
//! 1. groups (update), in order of id: a group's row is what serialises changes to its membership;
//! 2. users (delete, update, insert), in order of id, or of login key for inserts;
//! 3. old user ids that stay aliases; members;
//! 4. resources of the installation's own types: unique values that go, resources, unique values that come; then the log.
//!
//! Two batches that touch the same rows therefore meet in the same order and one waits for the other's COMMIT instead of
//! deadlocking. Every write says how many rows it expects; when fewer come back, somebody else was faster, the transaction is
//! rolled back and the batch decided again on the new rows ([`StoreError::Raced`]).

mod addresses;
mod administrators;
mod aliases;
mod customs;
mod groups;
mod locked;
mod log;
mod members;
mod users;

pub use administrators::Administrators;
pub use aliases::NewAlias;
pub use customs::{CustomAddress, CustomKey};
pub use groups::GroupUpdate;
pub use locked::locked;
pub use log::LogEntry;
pub(crate) use log::{INSERT as LOG_INSERT, Written, failures as log_failures, rows as log_rows};
pub use members::{Members, Membership};
pub use users::KeyOwner;

use crate::{StoreError, WriteTransaction};
use muster_domain::AccountId;
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use uuid::Uuid;

/// A resource within its account: how everything in a batch is addressed.
pub type Address = (AccountId, Uuid);
/// A comparison key (of a user id or a group name) within its account.
pub type AccountKey = (AccountId, String);

impl WriteTransaction {
    async fn all(&self, statement: Statement) -> Result<Vec<QueryResult>, StoreError> {
        Ok(self.inner.query_all_raw(statement).await?)
    }

    /// Runs a write that returns one row for each row it wrote.
    async fn expect(&self, what: &str, expected: usize, statement: Statement) -> Result<Vec<QueryResult>, StoreError> {
        let rows = self.all(statement).await?;
        if rows.len() == expected {
            Ok(rows)
        } else {
            Err(StoreError::Raced(format!("{what}: {} of {expected} rows were as expected", rows.len())))
        }
    }
}

fn address(row: &QueryResult) -> Result<Address, StoreError> {
    Ok((AccountId(row.try_get("", "account_id")?), row.try_get("", "id")?))
}

fn key_and_id(row: &QueryResult) -> Result<(AccountKey, Uuid), StoreError> {
    Ok(((AccountId(row.try_get("", "account_id")?), row.try_get("", "key")?), row.try_get("", "id")?))
}
