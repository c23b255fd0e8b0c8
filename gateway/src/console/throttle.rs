//! How often somebody may be wrong about a password.
//!
//! Attempts are counted for the user they are about and for the address they come from, before the password is looked at, so that a
//! hundred at once do not slip through together. A right one takes its own attempt back and forgives the user's. Each gateway counts for
//! itself.

use crate::auth::wrong_keys::network;
use muster_domain::{AccountId, LoginKey};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords of one user in a window.
const PER_USER: u32 = 10;
/// Wrong passwords from one address in a window: people share addresses.
const PER_PEER: u32 = 50;
/// The same from an address inside: likely that of a proxy, behind which everybody comes. Nobody must be able to shut everybody out.
const PER_PROXY: u32 = 1_000;
/// Users and addresses counted at once. With more, nobody new gets in for a while: forgetting would be a way around the count.
const MOST: usize = 50_000;

/// Attempts of the last minutes.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    User(AccountId, LoginKey),
    Peer(IpAddr),
}

#[derive(Debug)]
struct Count {
    began: Instant,
    attempts: u32,
}

/// An attempt that was counted.
#[derive(Debug)]
pub(crate) struct Attempt([Key; 2]);

impl Throttle {
    /// Counts one attempt.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(crate) fn attempt(&self, account: AccountId, user_id: &str, peer: IpAddr) -> Result<Attempt, Duration> {
        let attempt = Attempt([Key::User(account, LoginKey::of(user_id)), Key::Peer(network(peer))]);
        let (now, mut counts) = (Instant::now(), self.lock());
        if counts.len() + 2 > MOST {
            counts.retain(|_, count| now.duration_since(count.began) < WINDOW);
            if counts.len() + 2 > MOST {
                return Err(Duration::from_secs(60));
            }
        }
        for (key, most) in attempt.0.iter().zip([PER_USER, if is_inside(peer) { PER_PROXY } else { PER_PEER }]) {
            if let Some(count) = counts.get(key)
                && now.duration_since(count.began) < WINDOW
                && count.attempts >= most
            {
                return Err(WINDOW - now.duration_since(count.began));
            }
        }
        for key in &attempt.0 {
            let count = counts.entry(key.clone()).or_insert(Count { began: now, attempts: 0 });
            if now.duration_since(count.began) >= WINDOW {
                *count = Count { began: now, attempts: 0 };
            }
            count.attempts += 1;
        }
        Ok(attempt)
    }

    /// The password was right.
    pub(crate) fn succeeded(&self, attempt: Attempt) {
        let (mut counts, [user, peer]) = (self.lock(), attempt.0);
        counts.remove(&user);
        if let Some(count) = counts.get_mut(&peer) {
            count.attempts = count.attempts.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_inside(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private() || peer.is_link_local(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local() || peer.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_eleventh_wrong_password_waits_and_a_right_one_forgives() {
        let (throttle, account, peer) = (Throttle::default(), AccountId::new(), "192.0.2.1".parse().expect("an address"));
        for _ in 0..9 {
            throttle.attempt(account, "ada", peer).expect("allowed");
        }
        let tenth = throttle.attempt(account, "ADA ", peer).expect("allowed");
        assert!(throttle.attempt(account, "ada", peer).is_err());
        assert!(throttle.attempt(account, "ada", "192.0.2.2".parse().expect("an address")).is_err(), "from wherever");
        assert!(throttle.attempt(AccountId::new(), "ada", peer).is_ok(), "another account's is another user");
        throttle.succeeded(tenth);
        for _ in 0..10 {
            throttle.attempt(account, "ada", peer).expect("allowed");
        }
        assert!(throttle.attempt(account, "ada", peer).is_err());
        tokio::time::advance(WINDOW).await;
        throttle.attempt(account, "ada", peer).expect("the window is over");
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_does_not_try_one_password_on_everybody() {
        let (throttle, account, peer) = (Throttle::default(), AccountId::new(), "2001:db8::1".parse().expect("an address"));
        for user in 0..PER_PEER {
            throttle.attempt(account, &user.to_string(), peer).expect("allowed");
        }
        assert!(throttle.attempt(account, "another", "2001:db8::2".parse().expect("an address")).is_err());
        for user in 0..=PER_PEER {
            let proxy = "10.0.0.1".parse().expect("an address");
            throttle.attempt(account, &format!("of-a-proxy-{user}"), proxy).expect("a proxy is everybody");
        }
    }
}
