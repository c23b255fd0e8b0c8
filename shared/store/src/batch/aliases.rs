//! Old user ids that still sign in, of users a batch has renamed for good.

use crate::{StoreError, WriteTransaction, conversion::UPSERT_ALIAS, rows::Rows};
use muster_domain::{AccountId, OperationId, conversion::AliasTerms};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// A user id that stays its user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlias {
    /// The account.
    pub account: AccountId,
    /// Whose it stays.
    pub user: Uuid,
    /// The user id it had.
    pub old_id: String,
    /// What took it away. It stands where a conversion would stand, and no conversion has its id.
    pub operation: OperationId,
    /// Until when.
    pub terms: AliasTerms,
}

impl WriteTransaction {
    /// Keeps old user ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_aliases(&self, aliases: &[NewAlias]) -> Result<(), StoreError> {
        if aliases.is_empty() {
            return Ok(());
        }
        let key = |alias: &NewAlias| muster_domain::LoginKey::of(&alias.old_id).into_string();
        let mut sorted: Vec<&NewAlias> = aliases.iter().collect();
        sorted.sort_by_cached_key(|alias| (alias.account, key(alias)));
        let rows = Rows::new(self.dialect)
            .uuid("account_id", sorted.iter().map(|alias| alias.account.0))
            .text("old_key", sorted.iter().map(|alias| key(alias)))
            .uuid("user_id", sorted.iter().map(|alias| alias.user))
            .text("old_id", sorted.iter().map(|alias| alias.old_id.clone()))
            .uuid("conversion_id", sorted.iter().map(|alias| alias.operation.0))
            .int("expires_ms", sorted.iter().map(|alias| alias.terms.expires_ms))
            .int("reserved_ms", sorted.iter().map(|alias| alias.terms.reserved_ms));
        let sql = format!(
            "INSERT INTO alias (account_id, old_key, user_id, old_id, conversion_id, expires_ms, reserved_ms, hits) \
             SELECT account_id, old_key, user_id, old_id, conversion_id, expires_ms, reserved_ms, 0 FROM r WHERE true {UPSERT_ALIAS}"
        );
        self.inner.execute_raw(rows.statement(&sql)).await?;
        Ok(())
    }
}
