//! A sign-in under way, in a cookie of the browser that began it.

use super::Purpose;
use crate::app::App;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use muster_domain::{AccountId, SecretKeyHash, digest};
use muster_store::{StoreError, accounts::Account, now_ms, secrets};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How long somebody may take at the provider, seconds.
const LIFE_S: i64 = 600;
const MAC_BYTES: usize = 32;
/// A longer cookie is none of ours.
const COOKIE_MAX: usize = 3_500;
/// The longest address of a page that is gone back to, bytes: in JSON it can be twice as long, and a browser keeps 4 KB.
pub(crate) const NEXT_MAX: usize = 1_000;

/// What has to be known when the browser comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flow {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    pub purpose: Purpose,
    pub expires_ms: i64,
}

/// The key, the same in every gateway.
pub(super) async fn key(app: &App) -> Result<[u8; 32], StoreError> {
    secrets::shared(&app.store, "sso").await
}

impl Flow {
    pub(super) fn new(state: String, nonce: String, verifier: String, purpose: Purpose) -> Self {
        Self { state, nonce, verifier, purpose, expires_ms: now_ms() + LIFE_S * 1000 }
    }

    /// When it began.
    pub(super) const fn began_ms(&self) -> i64 {
        self.expires_ms - LIFE_S * 1000
    }

    fn seal(&self, key: &[u8; 32], account: AccountId) -> String {
        let payload = serde_json::to_vec(self).expect("texts and a number serialise");
        let mut bytes = mac(key, account, &payload).finalize().into_bytes().to_vec();
        bytes.extend_from_slice(&payload);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(text: &str, key: &[u8; 32], account: AccountId, now_ms: i64) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, payload) = bytes.split_at_checked(MAC_BYTES)?;
        // Takes the same time wherever the first difference is.
        mac(key, account, payload).verify_slice(tag).ok()?;
        let flow: Self = serde_json::from_slice(payload).ok()?;
        (now_ms < flow.expires_ms).then_some(flow)
    }

    /// The flow of this state, if this browser began it.
    pub(super) fn of_browser(headers: &HeaderMap, state: &str, key: &[u8; 32], account: AccountId, secure: bool) -> Option<Self> {
        let name = name(state, secure)?;
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
        let mut texts = cookies.filter_map(|cookie| cookie.trim().split_once('=')).filter(|(found, _)| *found == name);
        let text = texts.next().map(|(_, text)| text).filter(|text| text.len() <= COOKIE_MAX)?;
        let flow = Self::open(text, key, account, now_ms())?;
        bool::from(flow.state.as_bytes().ct_eq(state.as_bytes())).then_some(flow)
    }

    /// What names this sign-in in the database.
    pub(super) fn id(&self) -> SecretKeyHash {
        SecretKeyHash(digest(self.state.as_bytes()))
    }

    pub(super) fn set_cookie(&self, app: &App, account: &Account, key: &[u8; 32]) -> Option<HeaderValue> {
        cookie(app, account, &self.state, &self.seal(key, account.id), LIFE_S)
    }

    /// Ends it in the browser.
    pub(super) fn clear_cookie(&self, app: &App, account: &Account) -> Option<HeaderValue> {
        cookie(app, account, &self.state, "", 0)
    }
}

/// One name a flow, so that two windows do not end each other's. By the prefix a browser knows that no other host may set it: else a
/// neighbour under the same domain could have somebody end a sign-in the neighbour began.
fn name(state: &str, secure: bool) -> Option<String> {
    let start = state.get(..12).filter(|start| start.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))?;
    Some(format!("{}muster_sso_{start}", if secure { "__Host-" } else { "" }))
}

/// Whether browsers come by TLS.
pub(super) fn is_secure(app: &App) -> bool {
    app.settings.public_url.starts_with("https://")
}

fn cookie(app: &App, account: &Account, state: &str, value: &str, life_s: i64) -> Option<HeaderValue> {
    let secure = is_secure(app);
    // The prefix asks for these two.
    let (path, flag) = if secure { ("/".to_owned(), "; Secure") } else { (format!("/sso/{}/callback", account.slug), "") };
    // Lax: the provider's page leads here, and that must bring the cookie.
    let text = format!("{}={value}; Path={path}; Max-Age={life_s}; HttpOnly; SameSite=Lax{flag}", name(state, secure)?);
    HeaderValue::try_from(text).ok()
}

fn mac(key: &[u8; 32], account: AccountId, payload: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    // A flow of version 1 had no purpose. A gateway of that age must not take one of ours for the platform's.
    for part in [b"muster sso flow 2".as_slice(), account.0.as_bytes(), payload] {
        // With its length, so that no part can reach into the next.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::{super::NEXT_MAX, *};
    use uuid::Uuid;

    const KEY: [u8; 32] = [7; 32];

    fn flow() -> Flow {
        let purpose = Purpose::Platform { back: Some("b".into()) };
        Flow { state: "s".repeat(22), nonce: "n".into(), verifier: "v".into(), purpose, expires_ms: 1_000 }
    }

    #[test]
    fn a_flow_reads_back_for_its_account_until_it_is_too_old() {
        let account = AccountId::new();
        let text = flow().seal(&KEY, account);
        assert_eq!(Flow::open(&text, &KEY, account, 999), Some(flow()));
        assert_eq!(Flow::open(&text, &KEY, account, 1_000), None);
        assert_eq!(Flow::open(&text, &KEY, AccountId::new(), 0), None);
        assert_eq!(Flow::open(&text, &[8; 32], account, 0), None);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            assert_eq!(Flow::open(&URL_SAFE_NO_PAD.encode(forged), &KEY, account, 0), None, "byte {at}");
        }
    }

    #[test]
    fn what_it_is_for_is_kept_and_a_cookie_has_room_for_it() {
        let account = AccountId::new();
        let address = format!("/{}", "\"".repeat(NEXT_MAX - 1));
        for purpose in [Purpose::Console { next: address.clone() }, Purpose::Confirm { session: Uuid::nil(), back: address }] {
            let flow = Flow { verifier: "v".repeat(43), nonce: "n".repeat(22), purpose, ..flow() };
            let text = flow.seal(&KEY, account);
            assert!(text.len() <= COOKIE_MAX, "{}", text.len());
            assert_eq!(Flow::open(&text, &KEY, account, 0), Some(flow));
        }
    }

    #[test]
    fn only_the_browser_that_began_it_has_it() {
        let (account, flow) = (AccountId::new(), Flow { expires_ms: i64::MAX, ..flow() });
        let cookie = |state: &str, flow: &Flow| {
            let mut headers = HeaderMap::new();
            let line = format!("x=1; {}={}; y=2", name(state, false).unwrap(), flow.seal(&KEY, account));
            headers.insert(header::COOKIE, HeaderValue::try_from(line).unwrap());
            headers
        };
        assert_eq!(Flow::of_browser(&cookie(&flow.state, &flow), &flow.state, &KEY, account, false), Some(flow.clone()));
        assert_eq!(Flow::of_browser(&HeaderMap::new(), &flow.state, &KEY, account, false), None);
        // Another state of the same beginning, and a cookie put under another flow's name.
        let longer = format!("{}x", flow.state);
        assert_eq!(Flow::of_browser(&cookie(&longer, &flow), &longer, &KEY, account, false), None);
        assert_eq!(Flow::of_browser(&cookie(&"t".repeat(22), &flow), &"t".repeat(22), &KEY, account, false), None);
        assert_eq!(
            Flow::of_browser(&cookie(&flow.state, &flow), &flow.state, &KEY, account, true),
            None,
            "by TLS no other host may set it"
        );
        assert_eq!(name(&flow.state, true).as_deref(), Some("__Host-muster_sso_ssssssssssss"));
        for odd in ["", "short", "a b c d e f g h", "ääääääääääää"] {
            assert_eq!(Flow::of_browser(&cookie(&flow.state, &flow), odd, &KEY, account, false), None, "{odd}");
        }
    }
}
