//! Cursors (RFC 9865): where the next page begins, in the client's own keeping.
//!
//! A cursor holds the place and is signed together with everything it belongs to: the account, the types, the filter, the order.
//! Nothing is remembered here, every gateway can read every cursor, and none can be made up, carried into another account or
//! moved to another query. Whatever is wrong with one, the answer is the same: what it was is not told.
//!
//! It is not encrypted: it holds nothing but what the client has just read.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use muster_domain::AccountId;
use muster_scim::{ResourceType, ScimError, ScimType};
use muster_store::resources::Anchor;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::time::Duration;

const MAC_BYTES: usize = 32;

/// The query a cursor belongs to. Texts as the client sent them: all pages are asked for with the same ones.
pub(crate) struct Bound<'a> {
    pub(crate) account: AccountId,
    pub(crate) kinds: &'a [ResourceType],
    pub(crate) filter: &'a str,
    pub(crate) sort_by: &'a str,
    pub(crate) sort_order: &'a str,
}

/// What a cursor says.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Where the page begins.
    #[serde(rename = "a")]
    pub(crate) anchor: Anchor,
    /// The size of the first page.
    #[serde(rename = "c")]
    pub(crate) count: u64,
    /// When it ends, milliseconds since 1970.
    #[serde(rename = "e")]
    expires_ms: i64,
}

impl Cursor {
    pub(crate) fn new(anchor: Anchor, count: u64, now_ms: i64, age: Duration) -> Self {
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        Self { anchor, count, expires_ms: now_ms.saturating_add_unsigned(age_ms) }
    }

    /// The text for the client: letters, digits, `-` and `_`.
    pub(crate) fn seal(&self, key: &[u8; 32], bound: &Bound<'_>) -> String {
        let payload = serde_json::to_vec(self).expect("a cursor is always JSON");
        let mut bytes = bound.mac(key, &payload).finalize().into_bytes().to_vec();
        bytes.extend_from_slice(&payload);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::seal`] wrote.
    ///
    /// # Errors
    /// 400 `invalidCursor` when it is not ours, or belongs to another query or account; `expiredCursor` when it is too old.
    pub(crate) fn open(text: &str, key: &[u8; 32], bound: &Bound<'_>, now_ms: i64) -> Result<Self, ScimError> {
        let cursor = Self::read(text, key, bound).ok_or_else(|| {
            let detail = "the cursor is not one that was given for this query: begin again with an empty cursor";
            ScimError::bad_request(ScimType::InvalidCursor, detail)
        })?;
        if now_ms >= cursor.expires_ms {
            let detail = "the cursor is too old: begin again with an empty cursor";
            return Err(ScimError::bad_request(ScimType::ExpiredCursor, detail));
        }
        Ok(cursor)
    }

    fn read(text: &str, key: &[u8; 32], bound: &Bound<'_>) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (mac, payload) = bytes.split_at_checked(MAC_BYTES)?;
        // Takes the same time wherever the first difference is.
        bound.mac(key, payload).verify_slice(mac).ok()?;
        serde_json::from_slice(payload).ok()
    }
}

impl Bound<'_> {
    fn mac(&self, key: &[u8; 32], payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        let kinds: String = self.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ");
        let parts = [
            b"muster cursor 1".as_slice(),
            self.account.0.as_bytes(),
            kinds.as_bytes(),
            self.filter.as_bytes(),
            self.sort_by.as_bytes(),
            self.sort_order.as_bytes(),
            payload,
        ];
        for part in parts {
            // With its length, so that no part can reach into the next.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_scim::SortKey;
    use muster_store::resources::Position;
    use uuid::Uuid;

    const KEY: [u8; 32] = [7; 32];

    fn cursor() -> Cursor {
        let position = Position { key: Some(SortKey::Text("ad\u{e4}".into())), id: Uuid::from_u128(1) };
        Cursor::new(Anchor { position, backwards: true, inclusive: false }, 10, 1_000, Duration::from_secs(2))
    }

    fn bound(account: AccountId) -> Bound<'static> {
        Bound { account, kinds: &[ResourceType::User], filter: "title pr", sort_by: "userName", sort_order: "" }
    }

    #[test]
    fn a_cursor_reads_back_as_itself_until_it_is_too_old() {
        let bound = bound(AccountId::new());
        let text = cursor().seal(&KEY, &bound);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')), "{text}");
        assert_eq!(Cursor::open(&text, &KEY, &bound, 2_999), Ok(cursor()));
        assert_eq!(Cursor::open(&text, &KEY, &bound, 3_000).unwrap_err().scim_type, Some(ScimType::ExpiredCursor));
    }

    #[test]
    fn a_cursor_belongs_to_one_query_of_one_account() {
        let account = AccountId::new();
        let text = cursor().seal(&KEY, &bound(account));
        let others = [
            bound(AccountId::new()),
            Bound { kinds: &[ResourceType::Group], ..bound(account) },
            Bound { kinds: &ResourceType::BUILT_IN, ..bound(account) },
            Bound { filter: "title prx", ..bound(account) },
            Bound { filter: "title pru", sort_by: "serName", ..bound(account) },
            Bound { sort_order: "descending", ..bound(account) },
        ];
        let refused: Vec<ScimError> = others.iter().map(|other| Cursor::open(&text, &KEY, other, 0).unwrap_err()).collect();
        assert!(refused.iter().all(|error| error == &refused[0] && error.scim_type == Some(ScimType::InvalidCursor)), "{refused:?}");
        assert_eq!(Cursor::open(&text, &[8; 32], &bound(account), 0).unwrap_err(), refused[0]);
    }

    #[test]
    fn no_bit_of_a_cursor_can_be_changed() {
        let bound = bound(AccountId::new());
        let bytes = URL_SAFE_NO_PAD.decode(cursor().seal(&KEY, &bound)).unwrap();
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 1 << (at % 8);
            assert!(Cursor::open(&URL_SAFE_NO_PAD.encode(forged), &KEY, &bound, 0).is_err(), "byte {at}");
        }
        for text in ["", "x", "not-issued-by-us", "\u{e4}", "a=b", &"A".repeat(5_000)] {
            assert_eq!(Cursor::open(text, &KEY, &bound, 0).unwrap_err().scim_type, Some(ScimType::InvalidCursor), "{text}");
        }
    }
}
