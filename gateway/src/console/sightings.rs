//! What directories ask, as the page that waits for their first request needs it.
//!
//! A request costs a look into a map. One of each account is written down within a second, then one every two seconds while there are
//! more. Refused ones come from [`crate::failures`], which finds out whose they are.

use crate::refusal::Refusal;
use axum::{
    http::{header, request::Parts},
    response::Response,
};
use muster_domain::{AccountId, KeyId, SecretKey, SecretKeyHash};
use muster_store::{
    Store, StoreError,
    console::sightings::{self, Sighting},
    keys, now_ms,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The cause of a sighting outside the SCIM base. No incident has it: such a request is anybody's.
pub(crate) const WRONG_PATH: &str = "wrong_path";
/// Between two writes about one account.
const QUIET: Duration = Duration::from_secs(2);
/// Accounts remembered at once; of others, nothing is written for a moment.
const MOST: usize = 10_000;

/// Requests to the wrong address remembered at once.
const ASTRAY: usize = 32;

/// Requests that are to be written down.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    slots: Mutex<HashMap<AccountId, Slot>>,
    astray: Mutex<Vec<(SecretKeyHash, Sighting)>>,
}

#[derive(Debug)]
struct Slot {
    waiting: Option<Sighting>,
    key: KeyId,
    /// Nothing is written before.
    due: Instant,
}

impl Sightings {
    /// A request came with a key that works.
    pub(crate) fn note(&self, account: AccountId, key: KeyId, parts: &Parts, peer: IpAddr, answer: &Result<Response, Refusal>) {
        let now = Instant::now();
        let mut slots = lock(&self.slots);
        if slots.len() >= MOST && !slots.contains_key(&account) {
            slots.retain(|_, slot| slot.waiting.is_some() || slot.due > now);
            if slots.len() >= MOST {
                return;
            }
        }
        let slot = slots.entry(account).or_insert(Slot { waiting: None, key, due: now });
        // Somebody waits for the first request with a new key.
        if slot.key != key {
            *slot = Slot { waiting: None, key, due: now };
        }
        if slot.waiting.is_none() {
            slot.waiting = Some(Sighting { key: Some(key), status: status(answer), ..seen(parts, peer) });
        }
    }

    /// A request came to an address outside the SCIM base. If it brought a key, somebody has mistyped the Tenant URL.
    pub(crate) fn note_astray(&self, parts: &Parts, peer: IpAddr) {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let Some(key) = token.and_then(|token| SecretKey::parse(token).ok()) else { return };
        let mut astray = lock(&self.astray);
        if astray.len() < ASTRAY {
            astray.push((key.hash(), Sighting { cause: Some(WRONG_PATH.to_owned()), status: 404, ..seen(parts, peer) }));
        }
    }

    /// Writes down what waits.
    ///
    /// # Errors
    /// When the database fails; what could not be written waits for the next time.
    pub(crate) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let waiting: Vec<(AccountId, Sighting)> = {
            let (now, mut slots) = (Instant::now(), lock(&self.slots));
            let due = slots.iter_mut().filter(|(_, slot)| slot.due <= now);
            due.filter_map(|(account, slot)| {
                let sighting = slot.waiting.take()?;
                slot.due = now + QUIET;
                Some((*account, sighting))
            })
            .collect()
        };
        let mut ended = Ok(());
        for (account, sighting) in waiting {
            if let Err(error) = sightings::note(store, account, &sighting).await {
                // Perhaps the only request there was, and somebody waits to see it.
                self.put_back(account, sighting);
                ended = Err(error);
            }
        }
        ended?;
        let astray = std::mem::take(&mut *lock(&self.astray));
        for (hash, sighting) in astray {
            if let Some(grant) = keys::find_active(store, &hash).await? {
                sightings::note(store, grant.account, &sighting).await?;
            }
        }
        Ok(())
    }

    fn put_back(&self, account: AccountId, sighting: Sighting) {
        if let Some(slot) = lock(&self.slots).get_mut(&account) {
            slot.waiting.get_or_insert(sighting);
            slot.due = Instant::now();
        }
    }
}

/// A request as it is written down. The query stays out: filters hold names of people.
pub(crate) fn seen(parts: &Parts, peer: IpAddr) -> Sighting {
    let short = |text: &str| text.chars().take(200).collect::<String>();
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Sighting {
        at_ms: now_ms(),
        key: None,
        cause: None,
        method: short(parts.method.as_str()),
        path: short(parts.uri.path()),
        status: 401,
        peer: peer.to_string(),
        agent: short(agent),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn status(answer: &Result<Response, Refusal>) -> u16 {
    match answer {
        Ok(response) => response.status().as_u16(),
        Err(Refusal::Scim(error)) => error.status,
        Err(Refusal::MethodNotAllowed { .. }) => 405,
        Err(Refusal::Later { status, .. }) => *status,
        Err(_) => 500,
    }
}
