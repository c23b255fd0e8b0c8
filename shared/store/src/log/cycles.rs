//! Provisioning cycles. Directories do not say when one begins; it is told from the gaps.
//!
//! Operations are counted by minute (see [`super::tally`]) and the minutes put together here, a day at a time, newest first: a cycle of a
//! hundred thousand operations is a few dozen rows.

use super::tally::{self, MINUTE_MS, Tally};
use crate::{Store, StoreError};
use muster_domain::{AccountId, KeyId};
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// How many at most; those that began in the same millisecond as the last one come with it.
    pub limit: usize,
}

/// The cycles of an account, newest first.
///
/// # Errors
/// When the database fails.
pub async fn cycles(store: &Store, account: AccountId, query: CycleQuery, now_ms: i64) -> Result<Vec<Cycle>, StoreError> {
    let (mut open, mut ended): (BTreeMap<KeyId, Cycle>, Vec<Cycle>) = (BTreeMap::new(), Vec::new());
    let mut to = query.to_ms;
    // One that began before the time in question is followed to its beginning.
    while (to > query.from_ms || !open.is_empty()) && ended.len() < query.limit {
        let before = to <= query.from_ms;
        // From the beginning of a minute on: minutes are what is counted.
        let day = (to - DAY_MS).div_euclid(MINUTE_MS) * MINUTE_MS;
        let from = if before { day } else { day.max(query.from_ms) };
        let parts = tally::minutes(store, account, from, to).await?;
        for (key, part) in parts.into_iter().filter(|(key, _)| query.key.is_none_or(|wanted| wanted == *key)) {
            match open.get_mut(&key) {
                Some(later) if later.first_ms - part.last_ms <= GAP_MS => later.extend_back(&part),
                _ if before => {}
                _ => ended.extend(open.insert(key, Cycle::of(key, &part))),
            }
        }
        // What has had its gap by now is whole.
        let whole: Vec<KeyId> = open.values().filter(|cycle| cycle.first_ms - GAP_MS > from).map(|cycle| cycle.key).collect();
        ended.extend(whole.into_iter().filter_map(|key| open.remove(&key)));
        to = from;
    }
    ended.extend(open.into_values());
    ended.sort_unstable_by_key(|cycle| std::cmp::Reverse(cycle.first_ms));
    // Who goes on before the last one loses none that began with it.
    if let Some(last) = query.limit.checked_sub(1).and_then(|last| ended.get(last)).map(|cycle| cycle.first_ms) {
        ended.truncate(ended.partition_point(|cycle| cycle.first_ms >= last));
    }
    for cycle in &mut ended {
        cycle.running = now_ms - cycle.last_ms <= GAP_MS;
    }
    Ok(ended)
}

impl Cycle {
    const fn of(key: KeyId, part: &Tally) -> Self {
        Self {
            key,
            first_ms: part.first_ms,
            last_ms: part.last_ms,
            operations: part.operations,
            created: part.created,
            replaced: part.replaced,
            patched: part.patched,
            deleted: part.deleted,
            failed: part.failed,
            running: false,
        }
    }

    fn extend_back(&mut self, part: &Tally) {
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
