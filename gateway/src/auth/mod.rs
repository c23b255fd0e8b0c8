//! Who is calling: the secret key alone decides.
//!
//! 1. The `Authorization` header must hold one bearer token; its checksum refuses typing errors before anything is looked up.
//! 2. The key's SHA-256 is looked up, at most every half second ([`cache`]): a key that was voided a second ago opens nothing.
//! 3. Where the account has a host of its own, the request must have come to it.
//! 4. Whatever is wrong, the answer is the same 401, byte for byte; a peer that sends many wrong keys gets 429 for further
//!    wrong ones ([`wrong_keys`]), while a right key from the same address still works.
//!
//! Handlers take a [`Caller`], and this module is the only one that makes them: what is not authenticated cannot be handled.

pub(crate) mod cache;
pub(crate) mod counts;
pub(crate) mod peer;
pub(crate) mod wrong_keys;

use crate::{app::App, refusal::Refusal};
use axum::http::{HeaderMap, header, request::Parts};
use muster_domain::{AccountId, Actor, KeyId, SecretKey, UserId};
use muster_store::{StoreError, keys, keys::KeyGrant};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Somebody who presented a valid key.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Everything the caller may see and change.
    pub(crate) account: AccountId,
    key: KeyId,
    /// Whose key it is: `/Me`.
    pub(crate) administrator: UserId,
}

impl Caller {
    /// The key that was presented.
    pub(crate) const fn key(&self) -> KeyId {
        self.key
    }

    /// As an operation records it.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Key { key: self.key, administrator: self.administrator }
    }
}

/// The longest the look-up of a key may take; the client gets 503 then.
const LOOKUP_WAIT: Duration = Duration::from_secs(2);

/// Finds out who calls.
///
/// # Errors
/// 401, 429 or 503.
pub(crate) async fn authenticate(app: &App, peer: IpAddr, parts: &Parts) -> Result<Caller, Refusal> {
    let arrived = Instant::now();
    let mut presented_hash = None;
    let grant = match presented(&parts.headers) {
        Presented::Nothing => return Err(Refusal::Unauthorized),
        Presented::Malformed => None,
        Presented::Key(key) => {
            let hash = key.hash();
            presented_hash = Some(hash);
            let grant = app.keys.get(&hash, arrived, || look_up(app, &hash)).await.map_err(Refusal::unavailable)?;
            // The map compared hashes in a hurry; this takes the same time whatever differs.
            grant.filter(|grant| grant.hash == hash && grant.host.as_deref().is_none_or(|host| came_to(host, parts)))
        }
    };
    match grant {
        Some(grant) => Ok(Caller { account: grant.account, key: grant.key, administrator: grant.administrator }),
        None => {
            let noted = app.wrong_keys.note(peer, arrived);
            app.failures.note_key(presented_hash, noted.is_err(), parts, peer);
            match noted {
                Ok(()) => Err(Refusal::Unauthorized),
                Err(retry_after) => Err(Refusal::TooManyWrongKeys { retry_after }),
            }
        }
    }
}

async fn look_up(app: &App, hash: &muster_domain::SecretKeyHash) -> Result<Option<Arc<KeyGrant>>, String> {
    match tokio::time::timeout(LOOKUP_WAIT, keys::find_active(&app.store, hash)).await {
        Ok(Ok(grant)) => Ok(grant.map(Arc::new)),
        Ok(Err(error)) => Err(lookup_failed(&error)),
        Err(_) => Err("the look-up of a secret key took too long".to_owned()),
    }
}

fn lookup_failed(error: &StoreError) -> String {
    format!("a secret key could not be looked up: {error}")
}

enum Presented {
    Nothing,
    Malformed,
    Key(SecretKey),
}

fn presented(headers: &HeaderMap) -> Presented {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Presented::Nothing };
    // Two headers: whoever is in front of us may have looked at the other one.
    if values.next().is_some() {
        return Presented::Malformed;
    }
    let key = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| SecretKey::parse(token.trim_start()).ok());
    key.map_or(Presented::Malformed, Presented::Key)
}

/// Whether a request came to this host. The port counts only where the account's host names one.
fn came_to(host: &str, parts: &Parts) -> bool {
    let asked = match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => match parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()) {
            Some(value) if parts.headers.get_all(header::HOST).iter().count() == 1 => value,
            _ => return false,
        },
    };
    asked.eq_ignore_ascii_case(host) || (!names_port(host) && without_port(asked).eq_ignore_ascii_case(host))
}

fn names_port(host: &str) -> bool {
    without_port(host).len() != host.len()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, Request};

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn one_bearer_token_in_any_case_is_a_key_and_nothing_else_is() {
        let key = SecretKey::generate();
        let key = key.reveal();
        for good in [format!("Bearer {key}"), format!("bearer {key}"), format!("BEARER   {key}")] {
            assert!(matches!(presented(&headers(&[&good])), Presented::Key(_)), "{good}");
        }
        for bad in [
            "non-token".to_owned(),
            format!("Basic {key}"),
            key.to_owned(),
            format!("Bearer {key}, Bearer {key}"),
            "Bearer ".to_owned(),
            format!("Bearer {key}x"),
        ] {
            assert!(matches!(presented(&headers(&[&bad])), Presented::Malformed), "{bad}");
        }
        let good = format!("Bearer {key}");
        assert!(matches!(presented(&headers(&[&good, &good])), Presented::Malformed));
        assert!(matches!(presented(&HeaderMap::new()), Presented::Nothing));
    }

    #[test]
    fn the_host_must_be_the_accounts() {
        let from = |uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().uri(uri);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            request.body(()).unwrap().into_parts().0
        };
        assert!(came_to("acme.example", &from("/scim", &["ACME.example"])));
        assert!(came_to("acme.example", &from("/scim", &["acme.example:8443"])));
        assert!(came_to("[::1]", &from("/scim", &["[::1]:8080"])));
        assert!(came_to("acme.example", &from("http://acme.example/scim", &["other.example"])), "absolute form wins");
        assert!(!came_to("acme.example:443", &from("/scim", &["acme.example"])));
        assert!(!came_to("acme.example", &from("/scim", &["evil-acme.example"])));
        assert!(!came_to("acme.example", &from("/scim", &["acme.example", "acme.example"])));
        assert!(!came_to("acme.example", &from("/scim", &[])));
    }
}
