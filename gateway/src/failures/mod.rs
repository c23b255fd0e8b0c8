//! Requests that failed before they became operations: counted in memory, written down once in a while.
//!
//! A request that is refused at the door adds one to a number and goes its way: no wait, no query. Every second the numbers are
//! written as failures, where they become part of incidents like everything else. What fails all the time is written every ten
//! seconds only, what an attacker makes up is counted under a bounded number of names, and while the database is away the numbers
//! wait.
//!
//! Operations are not counted here: whoever logs an operation writes its failure, too.

mod keys;
mod kind;

use crate::console::sightings::seen;
use crate::{app::App, context::Context, refusal::Refusal, route::Endpoint};
use axum::http::{Method, Uri, header, request::Parts};
use keys::{Presented, WrongKey};
use muster_domain::{
    AccountId, SecretKeyHash,
    incident::{Cause, Fingerprint},
};
use muster_store::{
    Store, StoreError,
    console::sightings::{self, Sighting},
    incidents::Failure,
    now_ms,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two looks at the numbers.
const TICK: Duration = Duration::from_secs(1);
/// Between two writes of one kind.
const QUIET: Duration = Duration::from_secs(10);
/// Kinds counted at once. With more, further ones are passed over: 4,000 kinds of failure say nothing more than 2,000.
const KINDS_MAX: usize = 2_000;
/// Wrong keys told apart at once; further ones are one.
const KEYS_MAX: usize = 32;

/// The numbers.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    kinds: Mutex<HashMap<(AccountId, Fingerprint), Count>>,
    keys: Mutex<HashMap<WrongKey, (Count, Sighting)>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: i64,
    last_ms: i64,
    /// Not written again before this moment.
    due: Instant,
}

impl Count {
    fn new() -> Self {
        Self { failures: 0, last_ms: 0, due: Instant::now() }
    }

    fn add(&mut self, failures: i64, at_ms: i64) {
        self.failures = self.failures.saturating_add(failures);
        self.last_ms = self.last_ms.max(at_ms);
    }
}

impl Failures {
    /// A request of a known caller was refused. One that is part of the protocol (a resource that is not there, a version that is
    /// another, a client that is to slow down) is nothing to tell anybody about, and one that became an operation is told by it.
    pub(crate) fn note(&self, account: AccountId, method: &Method, endpoint: Option<Endpoint<'_>>, context: &Context, refusal: &Refusal) {
        if context.is_logged() {
            return;
        }
        if let Some(fingerprint) = kind::fingerprint(method, endpoint, refusal) {
            self.count(account, fingerprint, 1, now_ms());
        }
    }

    /// A wrong key was presented; `hash` when it has the form of one of ours. `many` when its peer has sent too many already.
    pub(crate) fn note_key(&self, hash: Option<SecretKeyHash>, many: bool, parts: &Parts, peer: IpAddr) {
        let mut keys = lock(&self.keys);
        let presented = match hash {
            Some(hash) if keys.len() < KEYS_MAX => Presented::Key(hash.0),
            _ => Presented::Other,
        };
        // A made-up host must not make a name of its own.
        let host = if keys.len() < KEYS_MAX { host(&parts.uri, parts) } else { None };
        let (count, sighting) = keys.entry(WrongKey { presented, many, host }).or_insert_with(|| (Count::new(), seen(parts, peer)));
        count.add(1, now_ms());
        sighting.at_ms = count.last_ms;
    }

    fn count(&self, account: AccountId, fingerprint: Fingerprint, failures: i64, at_ms: i64) {
        let mut kinds = lock(&self.kinds);
        if kinds.len() < KINDS_MAX || kinds.contains_key(&(account, fingerprint.clone())) {
            kinds.entry((account, fingerprint)).or_insert_with(Count::new).add(failures, at_ms);
        }
    }

    /// Writes what is due; everything when `all`.
    async fn write(&self, store: &Store, all: bool) -> Result<(), StoreError> {
        self.sort_keys(store).await?;
        let now = Instant::now();
        let due: Vec<((AccountId, Fingerprint), Count)> = {
            let mut kinds = lock(&self.kinds);
            // What was written and has not come back since need not be remembered.
            kinds.retain(|_, count| count.failures > 0 || count.due > now);
            let due = kinds.iter_mut().filter(|(_, count)| count.failures > 0 && (all || count.due <= now));
            due.map(|(kind, count)| {
                let taken = *count;
                *count = Count { failures: 0, last_ms: 0, due: now + QUIET };
                (kind.clone(), taken)
            })
            .collect()
        };
        let failures: Vec<Failure> =
            due.iter().map(|((account, kind), count)| Failure::refused(*account, kind.clone(), count.failures, count.last_ms)).collect();
        if let Err(error) = muster_store::incidents::record(store, &failures).await {
            for ((account, kind), count) in due {
                self.count(account, kind, count.failures, count.last_ms);
            }
            return Err(error);
        }
        Ok(())
    }

    /// Finds out whose the wrong keys are, and counts them there.
    async fn sort_keys(&self, store: &Store) -> Result<(), StoreError> {
        let presented = std::mem::take(&mut *lock(&self.keys));
        let mut waiting = presented.into_iter();
        while let Some((key, (count, sighting))) = waiting.next() {
            match keys::owner(store, &key).await {
                Ok(Some((account, cause))) => {
                    self.count(account, sign_in(cause), count.failures, count.last_ms);
                    let sighting = Sighting { cause: Some(cause.as_str().to_owned()), ..sighting };
                    if let Err(error) = sightings::note(store, account, &sighting).await {
                        tracing::debug!(%error, "a refused request is not shown");
                    }
                }
                Ok(None) => tracing::warn!(times = count.failures, "requests with a wrong secret key, for no account that can be told"),
                Err(error) => {
                    let mut keys = lock(&self.keys);
                    for (key, (count, sighting)) in std::iter::once((key, (count, sighting))).chain(waiting) {
                        keys.entry(key).or_insert_with(|| (Count::new(), sighting)).0.add(count.failures, count.last_ms);
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

fn sign_in(cause: Cause) -> Fingerprint {
    Fingerprint::of_action(cause, "sign_in")
}

/// The host a request came to, without its port.
fn host(uri: &Uri, parts: &Parts) -> Option<String> {
    let named = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = uri.authority().map(|authority| authority.as_str()).or(named)?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    (name.len() <= 253).then(|| name.to_ascii_lowercase())
}

/// Writes the numbers until `shutdown`, and what is left of them then.
pub(crate) async fn run(app: &App, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let ending = tokio::select! {
            _ = ticks.tick() => false,
            () = shutdown.cancelled() => true,
        };
        if let Err(error) = app.failures.write(&app.store, ending).await {
            tracing::debug!(%error, "counted failures wait for the database");
        }
        if let Err(error) = app.sightings.write(&app.store).await {
            tracing::debug!(%error, "what was heard from directories is not shown");
        }
        if let Err(error) = app.forms.write(&app.store, ending).await {
            tracing::debug!(%error, "what users were asked for as waits for the database");
        }
        if ending {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
