//! How often somebody may be wrong about a password.
//!
//! Attempts are counted for the user they are about and for the address they come from, before the password is looked at, so that a
//! hundred at once do not slip through together. A right one takes its own attempt back and forgives the user's.

use crate::auth::{
    counts::Counts,
    peer::{is_inside, network},
};
use muster_domain::{AccountId, LoginKey};
use std::{net::IpAddr, time::Duration};

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords of one user in a window.
const PER_USER: u32 = 10;
/// Wrong passwords from one address in a window: people share addresses.
const PER_PEER: u32 = 50;
/// The same from an address inside.
const PER_PROXY: u32 = 1_000;
/// Users and addresses counted at once.
const ROOM: usize = 50_000;

/// Attempts of the last minutes.
#[derive(Debug)]
pub(crate) struct Throttle(Counts<Key>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    User(AccountId, LoginKey),
    Peer(IpAddr),
}

/// An attempt that was counted.
#[derive(Debug)]
pub(crate) struct Attempt {
    user: Key,
    peer: Key,
}

impl Default for Throttle {
    fn default() -> Self {
        Self(Counts::new(WINDOW, ROOM))
    }
}

impl Throttle {
    /// Counts one attempt.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(crate) fn attempt(&self, account: AccountId, user_id: &str, peer: IpAddr) -> Result<Attempt, Duration> {
        let per_peer = if is_inside(peer) { PER_PROXY } else { PER_PEER };
        let attempt = Attempt { user: Key::User(account, LoginKey::of(user_id)), peer: Key::Peer(network(peer)) };
        self.0.take(&[(attempt.user.clone(), PER_USER), (attempt.peer.clone(), per_peer)])?;
        Ok(attempt)
    }

    /// The password was right.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.0.forget(&attempt.user);
        self.0.give_back(&attempt.peer);
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
        throttle.succeeded(&tenth);
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
