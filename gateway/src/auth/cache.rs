//! What the database said about a secret key, for half a second.
//!
//! A burst of 5,000 requests a second asks the database about its key twice a second instead. The price is stated as a promise:
//! an answer is used only for requests that arrive less than `age` after the look-up *began*, so a key that is voided is dead
//! everywhere that much later, whatever the look-up took. "No such key" is remembered just as long.
//!
//! One look-up a key is under way at a time; requests that arrive meanwhile wait for it. If the request that does the look-up is
//! cancelled, the next in line does it. That the database does not answer is remembered for a moment, too: a thousand waiting
//! requests must not fail one after another.

use muster_domain::SecretKeyHash;
use muster_store::keys::KeyGrant;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long "the database does not answer" counts.
const FAILURE_AGE: Duration = Duration::from_millis(250);

type Found = Result<Option<Arc<KeyGrant>>, String>;

/// Recent answers, by the hash of the key.
#[derive(Debug)]
pub(crate) struct KeyCache {
    slots: Mutex<HashMap<[u8; 32], Arc<Slot>>>,
    age: Duration,
    max: usize,
}

#[derive(Debug, Default)]
struct Slot {
    answer: Mutex<Option<Answer>>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Answer {
    found: Found,
    /// Requests that arrived before this moment may use it.
    until: Instant,
}

impl Slot {
    fn answer_for(&self, arrived: Instant) -> Option<Found> {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.as_ref().filter(|answer| arrived < answer.until).map(|answer| answer.found.clone())
    }
}

impl KeyCache {
    /// Answers no older than `age`, of at most `max` keys.
    pub(crate) fn new(age: Duration, max: usize) -> Self {
        Self { slots: Mutex::default(), age, max }
    }

    /// What is known about a key, looked up if need be.
    ///
    /// # Errors
    /// The text of the look-up's error.
    pub(crate) async fn get<F>(&self, hash: &SecretKeyHash, arrived: Instant, look_up: impl FnOnce() -> F) -> Found
    where
        F: Future<Output = Found>,
    {
        let slot = self.slot(hash, arrived);
        if let Some(found) = slot.answer_for(arrived) {
            return found;
        }
        let _flight = slot.flight.lock().await;
        // Somebody may have looked it up while this request waited in line.
        if let Some(found) = slot.answer_for(arrived) {
            return found;
        }
        let began = Instant::now();
        let found = look_up().await;
        let until = if found.is_ok() { began + self.age } else { Instant::now() + FAILURE_AGE };
        *slot.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(Answer { found: found.clone(), until });
        found
    }

    fn slot(&self, hash: &SecretKeyHash, now: Instant) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&hash.0) {
            return Arc::clone(slot);
        }
        if slots.len() >= self.max {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.answer_for(now).is_some());
        }
        let slot = Arc::new(Slot::default());
        // Still full: more different keys in half a second than anyone has. This one is looked up and not remembered.
        if slots.len() < self.max {
            slots.insert(hash.0, Arc::clone(&slot));
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const AGE: Duration = Duration::from_millis(500);

    fn hash(byte: u8) -> SecretKeyHash {
        SecretKeyHash([byte; 32])
    }

    async fn ask(cache: &KeyCache, byte: u8, count: &AtomicUsize, takes: Duration, answer: Found) -> Found {
        cache
            .get(&hash(byte), Instant::now(), || async {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(takes).await;
                answer
            })
            .await
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_as_old_as_the_start_of_its_look_up() {
        let (cache, count) = (KeyCache::new(AGE, 10), AtomicUsize::new(0));
        ask(&cache, 1, &count, Duration::from_millis(300), Ok(None)).await.unwrap();
        tokio::time::advance(Duration::from_millis(199)).await;
        ask(&cache, 1, &count, Duration::ZERO, Ok(None)).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 1);
        tokio::time::advance(Duration::from_millis(2)).await;
        ask(&cache, 1, &count, Duration::ZERO, Ok(None)).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_at_once_are_one_look_up() {
        let (cache, count) = (KeyCache::new(AGE, 10), AtomicUsize::new(0));
        futures::future::join_all((0..100).map(|_| ask(&cache, 1, &count, Duration::from_millis(100), Ok(None)))).await;
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_look_up_leaves_the_next_one_to_it() {
        let (cache, count) = (KeyCache::new(AGE, 10), AtomicUsize::new(0));
        let first = ask(&cache, 1, &count, Duration::from_secs(60), Ok(None));
        assert!(tokio::time::timeout(Duration::from_millis(50), first).await.is_err());
        ask(&cache, 1, &count, Duration::ZERO, Ok(None)).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_and_soon_forgotten() {
        let (cache, count) = (KeyCache::new(AGE, 10), AtomicUsize::new(0));
        let asked = (0..100).map(|_| ask(&cache, 1, &count, Duration::from_secs(2), Err("down".into())));
        assert!(futures::future::join_all(asked).await.iter().all(Result::is_err));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        tokio::time::advance(FAILURE_AGE).await;
        ask(&cache, 1, &count, Duration::ZERO, Ok(None)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_keys_remembered_is_bounded() {
        let (cache, count) = (KeyCache::new(AGE, 3), AtomicUsize::new(0));
        for byte in 0..9 {
            ask(&cache, byte, &count, Duration::ZERO, Ok(None)).await.unwrap();
        }
        assert_eq!(cache.slots.lock().unwrap().len(), 3);
        tokio::time::advance(AGE).await;
        ask(&cache, 100, &count, Duration::ZERO, Ok(None)).await.unwrap();
        assert_eq!(cache.slots.lock().unwrap().len(), 1);
    }
}
