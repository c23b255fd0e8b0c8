//! How deep the queue of operations was, and how long the oldest had waited: half a minute a row.
//!
//! Every worker looks and writes down what it saw; a row keeps the worst of what any of them saw. The queue belongs to the installation, so this
//! is the one thing here that is no account's.

use crate::{Store, StoreError};
use sea_orm::{ConnectionTrait, Value};

/// How much time a row is about.
pub const STEP_MS: i64 = 30_000;
/// Rows deleted in one statement.
const CHUNK: i64 = 500;

/// What was seen in one half a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueSample {
    /// When it began, milliseconds since 1970.
    pub at_ms: i64,
    /// Most messages that were not done.
    pub depth: i64,
    /// The longest any of them had waited, milliseconds.
    pub oldest_ms: i64,
}

impl QueueSample {
    /// The worse of both, number by number.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        Self { at_ms: self.at_ms, depth: self.depth.max(other.depth), oldest_ms: self.oldest_ms.max(other.oldest_ms) }
    }
}

/// Writes down what was seen at a moment.
///
/// # Errors
/// When the database fails.
pub async fn put(store: &Store, sample: QueueSample) -> Result<(), StoreError> {
    let sql = "INSERT INTO queue_sample (at_ms, depth, oldest_ms) VALUES ($1, $2, $3) ON CONFLICT (at_ms) DO UPDATE SET \
         depth = CASE WHEN excluded.depth > queue_sample.depth THEN excluded.depth ELSE queue_sample.depth END, \
         oldest_ms = CASE WHEN excluded.oldest_ms > queue_sample.oldest_ms THEN excluded.oldest_ms ELSE queue_sample.oldest_ms END";
    let at = sample.at_ms.div_euclid(STEP_MS) * STEP_MS;
    store.writer().execute_raw(store.statement(sql, [Value::from(at), sample.depth.into(), sample.oldest_ms.into()])).await?;
    Ok(())
}

/// What was seen from a moment on, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn since(store: &Store, from_ms: i64) -> Result<Vec<QueueSample>, StoreError> {
    let sql = "SELECT at_ms, depth, oldest_ms FROM queue_sample WHERE at_ms >= $1 ORDER BY at_ms";
    let rows = store.reader().query_all_raw(store.statement(sql, [Value::from(from_ms)])).await?;
    rows.iter()
        .map(|row| {
            Ok(QueueSample { at_ms: row.try_get("", "at_ms")?, depth: row.try_get("", "depth")?, oldest_ms: row.try_get("", "oldest_ms")? })
        })
        .collect()
}

/// Deletes what is older, a chunk of it, and says how many rows that were: while it is not 0 there is more.
///
/// # Errors
/// When the database fails.
pub async fn discard(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let sql =
        format!("DELETE FROM queue_sample WHERE at_ms IN (SELECT at_ms FROM queue_sample WHERE at_ms < $1 ORDER BY at_ms LIMIT {CHUNK})");
    Ok(store.writer().execute_raw(store.statement(sql, [Value::from(before_ms)])).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each;

    #[tokio::test]
    async fn the_worst_of_each_half_minute_is_kept_for_a_while() {
        on_each(|world| async move {
            let sample = |at_ms, depth, oldest_ms| QueueSample { at_ms, depth, oldest_ms };
            for one in [sample(60_000, 5, 100), sample(75_000, 3, 900), sample(89_999, 4, 0), sample(90_000, 1, 1), sample(2_000, 7, 7)] {
                put(&world.store, one).await.expect("put");
            }
            let seen = since(&world.store, 30_000).await.expect("a read");
            assert_eq!(seen, [sample(60_000, 5, 900), sample(90_000, 1, 1)]);
            assert_eq!(discard(&world.store, 90_000).await.expect("discarded"), 2);
            assert_eq!(discard(&world.store, 90_000).await.expect("discarded"), 0);
            assert_eq!(since(&world.store, 0).await.expect("a read"), [sample(90_000, 1, 1)]);
        })
        .await;
    }
}
