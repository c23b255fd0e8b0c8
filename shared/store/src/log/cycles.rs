//! Provisioning cycles. Directories do not say when one begins; it is told from the gaps.
//!
//! Operations are counted by minute in the database and the minutes put together here, a day at a time, newest first: a cycle of a
//! hundred thousand operations is a few dozen rows.

use super::{CycleMemory, cycle_memory::HOUR_MS, first_id};
use crate::{Store, StoreError};
use muster_domain::{AccountId, KeyId};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A longer silence ends a cycle.
const GAP_MS: i64 = 10 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A run of operations of one key with no gap over ten minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cycle {
    /// The secret key.
    pub key: KeyId,
    /// The first operation, milliseconds since 1970.
    pub first_ms: i64,
    /// The last operation, milliseconds since 1970.
    pub last_ms: i64,
    /// How many operations.
    pub operations: i64,
    /// Of these, how many creations,
    pub created: i64,
    /// replacements,
    pub replaced: i64,
    /// patches,
    pub patched: i64,
    /// and deletions.
    pub deleted: i64,
    /// How many were not carried out.
    pub failed: i64,
    /// Its next operation may still come.
    pub running: bool,
}

/// Which cycles to list.
#[derive(Clone, Copy, Debug)]
pub struct CycleQuery {
    /// Of this key only.
    pub key: Option<KeyId>,
    /// That ended after this moment, milliseconds since 1970.
    pub from_ms: i64,
    /// That began before this moment, milliseconds since 1970.
    pub to_ms: i64,
    /// How many at most.
    pub limit: usize,
}

/// The cycles of an account, newest first.
///
/// # Errors
/// When the database fails.
pub async fn cycles(store: &Store, account: AccountId, query: CycleQuery, now_ms: i64) -> Result<Vec<Cycle>, StoreError> {
    cycles_with(store, None, account, query, now_ms).await
}

/// The same, with what is remembered of hours that are over: these are counted once, and not for each who looks.
///
/// # Errors
/// When the database fails.
pub async fn remembered_cycles(
    store: &Store,
    memory: &CycleMemory,
    account: AccountId,
    query: CycleQuery,
    now_ms: i64,
) -> Result<Vec<Cycle>, StoreError> {
    cycles_with(store, Some(memory), account, query, now_ms).await
}

async fn cycles_with(
    store: &Store,
    memory: Option<&CycleMemory>,
    account: AccountId,
    query: CycleQuery,
    now_ms: i64,
) -> Result<Vec<Cycle>, StoreError> {
    let (mut open, mut ended): (BTreeMap<KeyId, Cycle>, Vec<Cycle>) = (BTreeMap::new(), Vec::new());
    let mut to = query.to_ms;
    while to > query.from_ms && ended.len() < query.limit {
        // From the beginning of an hour on: hours are what is remembered.
        let from = ((to - DAY_MS).div_euclid(HOUR_MS) * HOUR_MS).max(query.from_ms);
        let parts = match memory {
            None => minutes(store, account, from, to).await?,
            Some(memory) => memory.minutes(store, account, (from, to), now_ms).await?,
        };
        for part in parts.into_iter().filter(|part| query.key.is_none_or(|key| key == part.key)) {
            match open.get_mut(&part.key) {
                Some(later) if later.first_ms - part.last_ms <= GAP_MS => later.extend_back(&part),
                _ => ended.extend(open.insert(part.key, part)),
            }
        }
        // What has had its gap by now is whole.
        let whole: Vec<KeyId> = open.values().filter(|cycle| cycle.first_ms - GAP_MS > from).map(|cycle| cycle.key).collect();
        ended.extend(whole.into_iter().filter_map(|key| open.remove(&key)));
        to = from;
    }
    ended.extend(open.into_values());
    ended.sort_unstable_by_key(|cycle| std::cmp::Reverse(cycle.first_ms));
    ended.truncate(query.limit);
    for cycle in &mut ended {
        cycle.running = now_ms - cycle.last_ms <= GAP_MS;
    }
    Ok(ended)
}

impl Cycle {
    fn extend_back(&mut self, part: &Self) {
        self.first_ms = self.first_ms.min(part.first_ms);
        self.last_ms = self.last_ms.max(part.last_ms);
        self.operations += part.operations;
        self.created += part.created;
        self.replaced += part.replaced;
        self.patched += part.patched;
        self.deleted += part.deleted;
        self.failed += part.failed;
    }
}

/// A minute of one key each, newest first.
pub(super) async fn minutes(store: &Store, account: AccountId, from: i64, to: i64) -> Result<Vec<Cycle>, StoreError> {
    let count = |what: &str| format!("CAST(sum(CASE WHEN {what} THEN 1 ELSE 0 END) AS bigint)");
    let sql = format!(
        "SELECT key_id, min(accepted_ms) AS first_ms, max(accepted_ms) AS last_ms, count(*) AS operations, {} AS created, {} AS replaced, \
         {} AS patched, {} AS deleted, {} AS failed FROM operation \
         WHERE account_id = $1 AND id >= $2 AND id < $3 AND accepted_ms >= $4 AND accepted_ms < $5 AND key_id IS NOT NULL \
         GROUP BY key_id, accepted_ms / 60000 ORDER BY last_ms DESC",
        count("change = 'create'"),
        count("change = 'replace'"),
        count("change = 'patch'"),
        count("change = 'delete'"),
        count("status >= 400"),
    );
    let values = [account.0.into(), first_id(from - 60_000).into(), first_id(to + 60_000).into(), from.into(), to.into()];
    let rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(Cycle {
            key: KeyId(row.try_get::<Uuid>("", "key_id")?),
            first_ms: row.try_get("", "first_ms")?,
            last_ms: row.try_get("", "last_ms")?,
            operations: row.try_get("", "operations")?,
            created: row.try_get("", "created")?,
            replaced: row.try_get("", "replaced")?,
            patched: row.try_get("", "patched")?,
            deleted: row.try_get("", "deleted")?,
            failed: row.try_get("", "failed")?,
            running: false,
        });
    }
    Ok(found)
}
