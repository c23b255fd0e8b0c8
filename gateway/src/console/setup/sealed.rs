//! A new key on its way to the page that shows it.
//!
//! It lies in the database for two minutes at most, sealed with what only the viewer's browser has (the session's token, of which the
//! database holds a hash), and is taken out by the first page that shows it. So it is in no address, no page can be reloaded to show it
//! again, and whoever reads the database reads nothing.

use crate::console::{problem::Problem, visit::Visit};
use crate::refusal::Refusal;
use hmac::{Hmac, KeyInit, Mac};
use muster_domain::SecretKey;
use muster_store::{console::sessions, now_ms};
use sha2::Sha256;

const WAIT_MS: i64 = 2 * 60 * 1000;
const NONCE: usize = 16;

/// What was left.
pub(super) struct Left {
    pub(super) key: String,
    /// Whether there was a key before it.
    pub(super) replaced: bool,
}

/// Leaves the key for the next page.
///
/// # Errors
/// When the database fails. The key is made all the same, and nobody has seen it: another one has to be made.
pub(super) async fn leave(visit: &Visit<'_>, key: &SecretKey, replaced: bool) -> Result<(), Problem> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(Refusal::internal)?;
    let text = [if replaced { "r" } else { "n" }, key.reveal()].concat();
    let sealed = [&nonce[..], &turn(visit.viewer.token().reveal(), &nonce, text.as_bytes())].concat();
    let (viewer, until_ms) = (&visit.viewer, now_ms() + WAIT_MS);
    visit.read(sessions::leave(visit.store(), viewer.account, viewer.session, &sealed, until_ms)).await
}

/// Takes what was left, once.
///
/// # Errors
/// When the database fails.
pub(super) async fn take(visit: &Visit<'_>) -> Result<Option<Left>, Problem> {
    let viewer = &visit.viewer;
    let sealed = visit.read(sessions::take(visit.store(), viewer.account, viewer.session, now_ms())).await?;
    Ok(sealed.and_then(|sealed| open(viewer.token().reveal(), &sealed)))
}

fn open(token: &str, sealed: &[u8]) -> Option<Left> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let text = String::from_utf8(turn(token, nonce, sealed)).ok()?;
    let (replaced, key) = text.split_at_checked(1)?;
    // Its checksum says that it is what was sealed.
    SecretKey::parse(key).ok()?;
    Some(Left { key: key.to_owned(), replaced: replaced == "r" })
}

/// Seals, and opens: each block of 32 bytes is combined with a block that only the token and a nonce used once make.
fn turn(token: &str, nonce: &[u8], text: &[u8]) -> Vec<u8> {
    let blocks = text.chunks(32).zip(0_u32..).map(|(chunk, at)| {
        let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("a key of any length will do");
        mac.update(b"shown once:");
        mac.update(nonce);
        mac.update(&at.to_be_bytes());
        let pad = mac.finalize().into_bytes();
        chunk.iter().zip(pad).map(|(byte, pad)| byte ^ pad).collect::<Vec<u8>>()
    });
    blocks.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::SessionToken;

    #[test]
    fn only_the_browser_that_sealed_it_opens_it() {
        let (token, other, key) = (SessionToken::generate(), SessionToken::generate(), SecretKey::generate());
        let text = format!("r{}", key.reveal());
        let sealed = [&[7; NONCE][..], &turn(token.reveal(), &[7; NONCE], text.as_bytes())].concat();
        assert!(!sealed.windows(8).any(|part| key.reveal().as_bytes().windows(8).any(|own| own == part)));
        let left = open(token.reveal(), &sealed).expect("opened");
        assert_eq!((left.key.as_str(), left.replaced), (key.reveal(), true));
        assert!(open(other.reveal(), &sealed).is_none());
        assert!(open(token.reveal(), &sealed[..20]).is_none() && open(token.reveal(), &[]).is_none());
    }
}
