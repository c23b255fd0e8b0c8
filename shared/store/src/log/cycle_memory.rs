//! What is remembered of hours that are over.
//!
//! The operations of an hour that ended a while ago are what they are: counted once, they need not be read again by the next who looks. An
//! operation that was promised long before it was carried out (RFC 9967) comes late; so nothing is remembered for long.

use super::{Cycle, cycles::minutes};
use crate::{Store, StoreError};
use muster_domain::AccountId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub(super) const HOUR_MS: i64 = 60 * 60 * 1000;
/// An hour is over for good when it ended so long ago.
const SETTLED_MS: i64 = HOUR_MS / 2;
/// What is remembered is counted again after so long.
const KEPT_MS: i64 = 6 * HOUR_MS;
/// Hours remembered at once, of all accounts: the weeks of a hundred of them.
const MOST: usize = 100 * 7 * 24;

/// Cycles, minute by minute, of hours that are over.
#[derive(Debug, Default)]
pub struct CycleMemory(Mutex<HashMap<(AccountId, i64), Hour>>);

#[derive(Debug)]
struct Hour {
    counted_ms: i64,
    /// A minute of one key each, newest first.
    parts: Vec<Cycle>,
}

impl CycleMemory {
    fn lock(&self) -> MutexGuard<'_, HashMap<(AccountId, i64), Hour>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A minute of one key each, newest first. Only hours that lie within the stretch as a whole are remembered.
    pub(super) async fn minutes(
        &self,
        store: &Store,
        account: AccountId,
        (from, to): (i64, i64),
        now_ms: i64,
    ) -> Result<Vec<Cycle>, StoreError> {
        let whole = |hour: i64| hour >= from && hour + HOUR_MS <= to && hour + HOUR_MS + SETTLED_MS <= now_ms;
        let hours = || (from.div_euclid(HOUR_MS)..=(to - 1).div_euclid(HOUR_MS)).map(|hour| hour * HOUR_MS);
        let mut known: HashMap<i64, Vec<Cycle>> = HashMap::new();
        {
            let memory = self.lock();
            for hour in hours().filter(|hour| whole(*hour)) {
                if let Some(found) = memory.get(&(account, hour)).filter(|found| now_ms - found.counted_ms < KEPT_MS) {
                    known.insert(hour, found.parts.clone());
                }
            }
        }
        // Each run of hours that are not known is one read: usually the latest two, and what the stretch begins in.
        let unknown: Vec<i64> = hours().filter(|hour| !known.contains_key(hour)).collect();
        for run in unknown.chunk_by(|hour, next| hour + HOUR_MS == *next) {
            let mut counted: HashMap<i64, Vec<Cycle>> = run.iter().map(|hour| (*hour, Vec::new())).collect();
            let (first, end) = (run[0].max(from), (run[run.len() - 1] + HOUR_MS).min(to));
            for part in minutes(store, account, first, end).await? {
                counted.entry(part.first_ms.div_euclid(HOUR_MS) * HOUR_MS).or_default().push(part);
            }
            self.keep(account, counted.iter().filter(|(hour, _)| whole(**hour)), now_ms);
            known.extend(counted);
        }
        let mut parts: Vec<Cycle> = known.into_values().flatten().collect();
        parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.last_ms));
        Ok(parts)
    }

    fn keep<'a>(&self, account: AccountId, counted: impl Iterator<Item = (&'a i64, &'a Vec<Cycle>)>, now_ms: i64) {
        let mut memory = self.lock();
        if memory.len() >= MOST {
            memory.clear();
        }
        memory.extend(counted.map(|(hour, parts)| ((account, *hour), Hour { counted_ms: now_ms, parts: parts.clone() })));
    }
}
