//! The hot loop: the users of a stretch of the plan, in one transaction.

use super::{Advance, ConversionError, Lease, begin_gently, fence, statement};
use crate::{Dialect, Store, now_ms, rows::Rows};
use sea_orm::{ConnectionTrait, Value};
use std::collections::HashSet;
use uuid::Uuid;

/// What a chunk did.
#[derive(Clone, Debug)]
pub struct ChunkDone {
    /// How many users were converted.
    pub converted: i64,
    /// How many are left to the sweep: locked, changed or gone.
    pub again: i64,
    /// The pace of the run as it is now.
    pub pace: serde_json::Value,
}

/// Converts the users of the items in `(after, to]` and moves the cursor, or does nothing at all. Rows somebody holds are passed
/// over; rows that are not what the plan saw are too. Both are left to the sweep.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more;
/// [`StoreError::Raced`](crate::StoreError::Raced) when one of the new user ids is taken, and nothing was converted.
pub async fn convert_chunk(store: &Store, lease: &Lease, after: i64, to: i64) -> Result<ChunkDone, ConversionError> {
    let now = now_ms();
    let wanted = "SELECT i.n, i.user_id FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.n <= $4 \
         AND i.state = 'todo' AND i.depth = 0";
    let range: [Value; 4] = [lease.account.0.into(), lease.conversion.0.into(), after.into(), to.into()];
    let wanted = store.writer().query_all_raw(store.statement(wanted, range.clone())).await?;
    let tx = begin_gently(store, false).await?;
    let lock = match store.dialect() {
        // The key column's unique index is partial, so this lock lets foreign-key checks pass.
        Dialect::Postgres => "FOR NO KEY UPDATE OF u SKIP LOCKED",
        Dialect::Sqlite => "",
    };
    let sql = format!(
        "WITH b AS MATERIALIZED (SELECT i.user_id, i.old_id, i.new_id, i.new_key, i.email FROM conversion_item i \
         JOIN users u ON u.account_id = $1 AND u.id = i.user_id \
         WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.n <= $4 AND i.state = 'todo' AND i.depth = 0 {lock}) \
         UPDATE users SET user_id = b.new_id, login_key = b.new_key, version = users.version + 1, modified_ms = $5 \
         FROM b WHERE users.account_id = $1 AND users.id = b.user_id AND users.user_id = b.old_id AND users.email IS NOT DISTINCT FROM b.email \
         RETURNING users.id"
    );
    let values = range.into_iter().chain([now.into()]);
    let mut converted = HashSet::<Uuid>::with_capacity(wanted.len());
    for row in tx.inner.query_all_raw(statement(&tx, &sql, values)).await? {
        converted.insert(row.try_get("", "id")?);
    }
    let mut again: Vec<i64> = Vec::new();
    for row in &wanted {
        if !converted.contains(&row.try_get::<Uuid>("", "user_id")?) {
            again.push(row.try_get("", "n")?);
        }
    }
    if !again.is_empty() {
        let rows = Rows::new(store.dialect()).uuid("conversion", again.iter().map(|_| lease.conversion.0)).int("n", again.iter().copied());
        let sql = "UPDATE conversion_item SET state = 'again' FROM r WHERE conversion_item.conversion_id = r.conversion \
             AND conversion_item.n = r.n AND conversion_item.state = 'todo'";
        tx.inner.execute_raw(rows.statement(sql)).await?;
    }
    let count = i64::try_from(converted.len()).unwrap_or(i64::MAX);
    let advance = Advance { users_n: Some((after, to)), converted: count, ..Advance::default() };
    let pace = fence(&tx, lease, &advance, now).await?;
    tx.commit().await?;
    Ok(ChunkDone { converted: count, again: i64::try_from(again.len()).unwrap_or(i64::MAX), pace })
}
