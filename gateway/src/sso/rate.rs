//! How often sign-ins with a provider may be begun and ended.
//!
//! Each step of one (to the provider, back from it) costs queries and, on the way back, requests to the provider. Steps are counted for the
//! address they come from, before an account is looked up, and for the account.

use crate::auth::{
    counts::Counts,
    peer::{is_inside, network},
};
use muster_domain::AccountId;
use std::{net::IpAddr, time::Duration};

const WINDOW: Duration = Duration::from_secs(60);
/// Addresses and accounts counted at once.
const ROOM: usize = 50_000;

/// Steps of the last minute.
#[derive(Debug)]
pub(crate) struct SignIns {
    counts: Counts<Key>,
    per_peer: u32,
    per_account: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Peer(IpAddr),
    Account(AccountId),
}

impl SignIns {
    /// So many steps a minute from one address, and so many of one account. An address inside is likely a proxy's: it may make as many as
    /// an account.
    pub(crate) fn new(per_peer: u32, per_account: u32) -> Self {
        Self { counts: Counts::new(WINDOW, ROOM), per_peer, per_account }
    }

    /// Counts a step from this address.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(crate) fn from(&self, peer: IpAddr) -> Result<(), Duration> {
        let most = if is_inside(peer) { self.per_account } else { self.per_peer };
        self.counts.take(&[(Key::Peer(network(peer)), most)])
    }

    /// Counts a step of a sign-in to this account.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(crate) fn to(&self, account: AccountId) -> Result<(), Duration> {
        self.counts.take(&[(Key::Account(account), self.per_account)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_its_share_and_a_proxy_that_of_an_account() {
        let sign_ins = SignIns::new(3, 10);
        for _ in 0..3 {
            sign_ins.from(address("2001:db8::1")).expect("allowed");
        }
        assert_eq!(sign_ins.from(address("2001:db8::2")), Err(WINDOW), "it is the same network");
        sign_ins.from(address("192.0.2.1")).expect("another one is another's");
        for _ in 0..10 {
            sign_ins.from(address("10.0.0.1")).expect("a proxy is everybody");
        }
        assert!(sign_ins.from(address("10.0.0.1")).is_err());
        tokio::time::advance(WINDOW).await;
        sign_ins.from(address("2001:db8::1")).expect("the minute is over");
    }

    #[tokio::test(start_paused = true)]
    async fn one_account_does_not_use_up_anothers() {
        let (sign_ins, account) = (SignIns::new(3, 10), AccountId::new());
        for _ in 0..10 {
            sign_ins.to(account).expect("allowed");
        }
        assert!(sign_ins.to(account).is_err());
        sign_ins.to(AccountId::new()).expect("another account");
    }
}
