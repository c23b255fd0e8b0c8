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

/// Which cycles to list. Where a cycle belongs is told by its end: so each is told whole, and going on before the end of the last one
/// meets every other once, whichever keys they are of.
#[derive(Clone, Copy, Debug)]
pub struct CycleQuery {
    /// Of this key only.
    pub key: Option<KeyId>,
    /// Whose last operation was not before this moment, milliseconds since 1970.
    pub from_ms: i64,
    /// Whose last operation was before this moment, milliseconds since 1970.
    pub to_ms: i64,
    /// How many at most; those that ended in the same millisecond as the last one come with it.
    pub limit: usize,
}

/// How far before what is asked for a cycle is followed to its beginning: a directory that is never silent is one cycle without an end.
const FOLLOWED_MS: i64 = 7 * DAY_MS;

/// The cycles of an account, the one that ended last first. One that began more than a week before the time in question is told from there on.
///
/// # Errors
/// When the database fails.
pub async fn cycles(store: &Store, account: AccountId, query: CycleQuery, now_ms: i64) -> Result<Vec<Cycle>, StoreError> {
    let (mut open, mut ended): (BTreeMap<KeyId, Cycle>, Vec<Cycle>) = (BTreeMap::new(), Vec::new());
    let asked_for = |cycle: &&Cycle| cycle.last_ms < query.to_ms && cycle.last_ms >= query.from_ms;
    // Minutes are what is counted, so they are read from the beginning of one to the beginning of another; and one gap further than asked
    // for, to see what had not ended by then.
    let minute = |ms: i64| ms.div_euclid(MINUTE_MS) * MINUTE_MS;
    let (from, mut at) = (minute(query.from_ms), minute(query.to_ms.min(now_ms.saturating_add(DAY_MS)) + GAP_MS) + 2 * MINUTE_MS);
    let mut followed_to = None;
    loop {
        let wanted = at > from && open.values().chain(&ended).filter(asked_for).count() < query.limit;
        if !wanted && (open.is_empty() || at <= *followed_to.get_or_insert(at - FOLLOWED_MS)) {
            break;
        }
        let day = minute(at - DAY_MS);
        let before = if wanted { day.max(from) } else { day };
        let parts = tally::minutes(store, account, before, at).await?;
        for (key, part) in parts.into_iter().filter(|(key, _)| query.key.is_none_or(|wanted| wanted == *key)) {
            match open.get_mut(&key) {
                Some(later) if later.first_ms - part.last_ms <= GAP_MS => later.extend_back(&part),
                _ if !wanted => {}
                _ => ended.extend(open.insert(key, Cycle::of(key, &part))),
            }
        }
        // What has had its gap by now is whole.
        let whole: Vec<KeyId> = open.values().filter(|cycle| cycle.first_ms - GAP_MS > before).map(|cycle| cycle.key).collect();
        ended.extend(whole.into_iter().filter_map(|key| open.remove(&key)));
        at = before;
    }
    ended.extend(open.into_values());
    ended.retain(|cycle| asked_for(&cycle));
    ended.sort_unstable_by_key(|cycle| std::cmp::Reverse((cycle.last_ms, cycle.first_ms)));
    // Who goes on before the last one loses none that ended with it.
    if let Some(last) = query.limit.checked_sub(1).and_then(|last| ended.get(last)).map(|cycle| cycle.last_ms) {
        ended.truncate(ended.partition_point(|cycle| cycle.last_ms >= last));
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
