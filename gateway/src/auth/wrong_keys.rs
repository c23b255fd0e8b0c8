//! Counting wrong secret keys by the address they come from.
//!
//! Guessing 256 random bits is hopeless, so this protects nobody's key; it keeps a broken or hostile client from making noise
//! for nothing. Right keys are never refused: many customers can share an address.

use super::peer::network;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);
/// Peers counted at once. With more than that, some go uncounted.
const PEERS_MAX: usize = 10_000;

/// Wrong keys of the last minute.
#[derive(Debug)]
pub(crate) struct WrongKeys {
    peers: Mutex<HashMap<IpAddr, Window>>,
    allowed: u32,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    count: u32,
}

impl WrongKeys {
    pub(crate) fn new(allowed: u32) -> Self {
        Self { peers: Mutex::default(), allowed }
    }

    /// Notes one more.
    ///
    /// # Errors
    /// How long to wait, when it is one too many.
    pub(crate) fn note(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let peer = network(peer);
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = peers.contains_key(&peer);
        if !known && peers.len() >= PEERS_MAX {
            peers.retain(|_, window| now.duration_since(window.began) < WINDOW);
            if peers.len() >= PEERS_MAX {
                return Ok(());
            }
        }
        let window = peers.entry(peer).or_insert(Window { began: now, count: 0 });
        if now.duration_since(window.began) >= WINDOW {
            *window = Window { began: now, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        if window.count > self.allowed { Err(WINDOW - now.duration_since(window.began)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_thirty_first_in_a_minute_is_refused_until_the_minute_is_over() {
        let (keys, peer) = (WrongKeys::new(30), "192.0.2.1".parse().unwrap());
        for _ in 0..30 {
            assert_eq!(keys.note(peer, Instant::now()), Ok(()));
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(keys.note(peer, Instant::now()), Err(Duration::from_secs(40)));
        assert_eq!(keys.note("192.0.2.2".parse().unwrap(), Instant::now()), Ok(()));
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(keys.note(peer, Instant::now()), Ok(()));
    }
}
