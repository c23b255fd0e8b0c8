//! Counting in windows of time, with a bound to what is remembered. Each gateway counts for itself.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What one has to wait when there is no room to count anybody new.
const NO_ROOM_WAIT: Duration = Duration::from_secs(60);

/// How often each of these was seen in its window.
#[derive(Debug)]
pub(crate) struct Counts<K> {
    counts: Mutex<HashMap<K, Count>>,
    window: Duration,
    /// Counted at once. With more, nobody new gets in for a while: forgetting would be a way around the count.
    room: usize,
}

#[derive(Debug)]
struct Count {
    began: Instant,
    seen: u32,
}

impl<K: Clone + Eq + Hash> Counts<K> {
    pub(crate) fn new(window: Duration, room: usize) -> Self {
        Self { counts: Mutex::default(), window, room }
    }

    /// Counts one for each of these, each of which may be seen so often in a window.
    ///
    /// # Errors
    /// How long to wait, when one of them was seen often enough. Then none is counted.
    pub(crate) fn take<const N: usize>(&self, keys: &[(K, u32); N]) -> Result<(), Duration> {
        let (now, mut counts) = (Instant::now(), self.lock());
        if counts.len() + N > self.room {
            counts.retain(|_, count| now.duration_since(count.began) < self.window);
            if counts.len() + N > self.room {
                return Err(NO_ROOM_WAIT);
            }
        }
        for (key, most) in keys {
            if let Some(count) = counts.get(key)
                && now.duration_since(count.began) < self.window
                && count.seen >= *most
            {
                return Err(self.window - now.duration_since(count.began));
            }
        }
        for (key, _) in keys {
            let count = counts.entry(key.clone()).or_insert(Count { began: now, seen: 0 });
            if now.duration_since(count.began) >= self.window {
                *count = Count { began: now, seen: 0 };
            }
            count.seen += 1;
        }
        Ok(())
    }

    /// Takes one back.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(count) = self.lock().get_mut(key) {
            count.seen = count.seen.saturating_sub(1);
        }
    }

    /// Forgives everything.
    pub(crate) fn forget(&self, key: &K) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn one_too_many_waits_for_the_end_of_its_window_and_is_not_counted() {
        let counts = Counts::new(WINDOW, 10);
        counts.take(&[("a", 2), ("b", 3)]).expect("the first");
        tokio::time::advance(Duration::from_secs(20)).await;
        counts.take(&[("a", 2), ("b", 3)]).expect("the second");
        assert_eq!(counts.take(&[("a", 2), ("b", 3)]), Err(Duration::from_secs(40)));
        counts.take(&[("c", 2), ("b", 3)]).expect("what was refused did not count for b");
        assert_eq!(counts.take(&[("c", 2), ("b", 3)]), Err(Duration::from_secs(40)));
        counts.give_back(&"b");
        counts.take(&[("c", 2), ("b", 3)]).expect("one was given back");
        counts.forget(&"a");
        counts.take(&[("a", 1)]).expect("all was forgiven");
        tokio::time::advance(Duration::from_secs(40)).await;
        counts.take(&[("b", 1)]).expect("a new window");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_has_a_bound_and_is_not_forgotten_early() {
        let counts = Counts::new(WINDOW, 3);
        counts.take(&[(1, 1)]).expect("room");
        tokio::time::advance(Duration::from_secs(30)).await;
        counts.take(&[(2, 1)]).expect("room");
        counts.take(&[(3, 1)]).expect("room");
        assert_eq!(counts.take(&[(4, 1)]), Err(NO_ROOM_WAIT));
        assert!(counts.take(&[(1, 1)]).is_err(), "nobody's count was given up for another's");
        tokio::time::advance(Duration::from_secs(30)).await;
        counts.take(&[(4, 1)]).expect("the first one's window is over");
        assert_eq!(counts.lock().len(), 3);
    }
}
