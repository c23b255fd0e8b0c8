//! The journal held against what is there.

use super::{Lease, items::done};
use crate::{Store, StoreError};
use muster_domain::ConversionId;
use sea_orm::{ConnectionTrait, Value};
use serde::{Deserialize, Serialize};

/// What a verification has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// Items looked at.
    pub items: i64,
    /// Converted items whose user has the new user id.
    pub as_written: i64,
    /// Converted items whose user has got another user id since.
    pub changed_since: i64,
    /// Converted items whose user was deleted since.
    pub gone_since: i64,
    /// Undone items whose user has the old user id.
    pub as_before: i64,
    /// Undone items whose user has not.
    pub not_as_before: i64,
    /// Users whose comparison form does not belong to their user id: none, ever.
    pub wrong_keys: i64,
}

impl Findings {
    /// Adds what another slice has found.
    pub fn add(&mut self, more: &Self) {
        self.items += more.items;
        self.as_written += more.as_written;
        self.changed_since += more.changed_since;
        self.gone_since += more.gone_since;
        self.as_before += more.as_before;
        self.not_as_before += more.not_as_before;
        self.wrong_keys += more.wrong_keys;
    }
}

/// Verifies the items in `(after, to]`.
///
/// # Errors
/// When the database fails.
pub async fn verify_slice(
    store: &Store,
    lease: &Lease,
    journal: ConversionId,
    users_n: i64,
    after: i64,
    to: i64,
) -> Result<Findings, StoreError> {
    let done = done("$3");
    let count = |condition: &str, name: &str| format!("coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS {name}");
    let sql = format!(
        "SELECT count(*) AS items, {}, {}, {}, {}, {}, {} FROM conversion_item i \
         LEFT JOIN users u ON u.account_id = i.account_id AND u.id = i.user_id \
         WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $4 AND i.n <= $5",
        count(&format!("{done} AND u.user_id = i.new_id"), "as_written"),
        count(&format!("{done} AND u.user_id <> i.new_id"), "changed_since"),
        count(&format!("{done} AND u.id IS NULL"), "gone_since"),
        count("i.state = 'undone' AND u.user_id = i.old_id", "as_before"),
        count("i.state = 'undone' AND (u.id IS NULL OR u.user_id <> i.old_id)", "not_as_before"),
        count("u.user_id = i.new_id AND u.login_key <> i.new_key OR u.user_id = i.old_id AND u.login_key <> i.old_key", "wrong_keys"),
    );
    let values: [Value; 5] = [lease.account.0.into(), journal.0.into(), users_n.into(), after.into(), to.into()];
    let row = store.writer().query_one_raw(store.statement(sql, values)).await?;
    let row = row.ok_or_else(|| StoreError::Other("a count returned no row".into()))?;
    Ok(Findings {
        items: row.try_get("", "items")?,
        as_written: row.try_get("", "as_written")?,
        changed_since: row.try_get("", "changed_since")?,
        gone_since: row.try_get("", "gone_since")?,
        as_before: row.try_get("", "as_before")?,
        not_as_before: row.try_get("", "not_as_before")?,
        wrong_keys: row.try_get("", "wrong_keys")?,
    })
}
