//! Passwords of the console: argon2id, a few at a time.
//!
//! A hash is made to be slow and to need 19 MiB. Two at once leave the machine to provisioning; whoever waits longer than a few seconds
//! for a turn is asked to try again. Whether there is such a user does not show in how long it takes: somebody unknown is
//! checked against a hash of nobody's password.

use crate::refusal::Refusal;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use muster_domain::equal_in_constant_time;
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::sync::Semaphore;

/// What OWASP recommends at least: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const AT_ONCE: usize = 2;
const TURN_WAIT: Duration = Duration::from_secs(5);
/// Shorter ones are guessed.
pub(crate) const SHORTEST: usize = 12;
/// Longer ones are a way to keep the processor busy.
const LONGEST_BYTES: usize = 512;

/// Hashes and checks passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// What is stored of a new password.
    ///
    /// # Errors
    /// 503 when too many wait for a turn.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Refusal> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| Refusal::internal(format_args!("no random numbers: {error}")))?;
        self.slowly(password.to_owned(), move |password| hash(&password, &salt)).await
    }

    /// Whether this is the password that was stored; never when none was.
    ///
    /// # Errors
    /// 503 when too many wait for a turn.
    pub(crate) async fn is_right(&self, password: &str, stored: Option<&str>) -> Result<bool, Refusal> {
        let (known, stored) = (stored.is_some(), stored.unwrap_or(&NOBODYS).to_owned());
        let right = self.slowly(password.to_owned(), move |password| check(&password, &stored)).await?;
        Ok(known && right)
    }

    async fn slowly<T: Send + 'static>(
        &self,
        password: String,
        work: impl FnOnce(String) -> Result<T, String> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = tokio::time::timeout(TURN_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Refusal::unavailable("too many passwords wait to be checked"));
        };
        let done = tokio::task::spawn_blocking(move || {
            let done = work(password);
            drop(turn);
            done
        });
        done.await.map_err(Refusal::internal)?.map_err(Refusal::internal)
    }
}

/// What is wrong with a new password, if anything.
pub(crate) fn objection(password: &str, user_id: &str) -> Option<String> {
    if password.chars().count() < SHORTEST {
        return Some(format!("Choose a password of at least {SHORTEST} characters. Several words make a good one."));
    }
    if password.len() > LONGEST_BYTES {
        return Some(format!("Choose a password of at most {LONGEST_BYTES} bytes."));
    }
    let name = user_id.trim().to_lowercase();
    if !name.is_empty() && password.to_lowercase().contains(&name) {
        return Some("Choose a password that does not contain the user id.".to_owned());
    }
    let first = password.chars().next();
    password.chars().all(|c| Some(c) == first).then(|| "Choose a password of more than one character repeated.".to_owned())
}

static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let no_hash = STANDARD_NO_PAD.encode([0; 32]);
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${no_hash}", STANDARD_NO_PAD.encode([0; 16]))
});

fn hash(password: &str, salt: &[u8]) -> Result<String, String> {
    let made = argon2id(password, salt, MEMORY_KIB, PASSES, LANES)?;
    let (salt, made) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(made));
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${made}"))
}

/// With the numbers it was stored with: they may grow over the years.
fn check(password: &str, stored: &str) -> Result<bool, String> {
    let unreadable = || "a stored password cannot be read".to_owned();
    let ["", "argon2id", "v=19", numbers, salt, made] = stored.split('$').collect::<Vec<_>>()[..] else { return Err(unreadable()) };
    let number = |name: &str| numbers.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    let (Some(memory), Some(passes), Some(lanes)) = (number("m"), number("t"), number("p")) else { return Err(unreadable()) };
    let salt = STANDARD_NO_PAD.decode(salt).map_err(|_| unreadable())?;
    let again = argon2id(password, &salt, memory, passes, lanes)?;
    Ok(equal_in_constant_time(&STANDARD_NO_PAD.encode(again), made))
}

fn argon2id(password: &str, salt: &[u8], memory: u32, passes: u32, lanes: u32) -> Result<[u8; 32], String> {
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(|error| error.to_string())?;
    let mut out = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), salt, &mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let passwords = Passwords::default();
        let stored = passwords.hash("correct horse battery").await.expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(!stored.contains("horse"));
        assert_ne!(passwords.hash("correct horse battery").await.expect("a hash"), stored, "each has a salt of its own");
        assert_eq!(passwords.is_right("correct horse battery", Some(&stored)).await.ok(), Some(true));
        assert_eq!(passwords.is_right("correct horse batterY", Some(&stored)).await.ok(), Some(false));
        assert_eq!(passwords.is_right("", None).await.ok(), Some(false));
        assert!(passwords.is_right("x", Some("nonsense")).await.is_err());
    }

    #[test]
    fn a_hash_is_what_other_implementations_make_of_it() {
        // The PHC reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32
        let made = argon2id("password", b"somesalt", 65_536, 2, 1).expect("a hash");
        let hex: String = made.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }

    #[test]
    fn what_is_wrong_with_a_password_is_said() {
        assert_eq!(objection("correct horse battery", "ada"), None);
        assert_eq!(objection("äöüäöüäöüäöx", "ada"), None, "characters count, not bytes");
        for (bad, word) in [("short", "12"), (&"x".repeat(600), "512"), ("i-am-ADA-lovelace", "user id"), ("aaaaaaaaaaaaaa", "repeated")] {
            assert!(objection(bad, "ada").is_some_and(|why| why.contains(word)), "{bad}");
        }
    }
}
