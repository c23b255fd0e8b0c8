//! Counting in windows of time, with a bound to what is remembered. Each gateway counts for itself.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How often in a window what is over is looked for, at most.
const SWEEPS: u32 = 60;

/// How often each of these was seen in its window.
///
/// There is room for so many. Whoever comes new when it is full shares a count with others, told by a hash that nobody outside can
/// foresee: a flood from many addresses neither makes anybody's count forgotten nor keeps everybody out.
#[derive(Debug)]
pub(crate) struct Counts<K> {
    counts: Mutex<Kept<K>>,
    window: Duration,
    /// Counted at once, each for itself.
    room: usize,
    hasher: RandomState,
}

#[derive(Debug)]
struct Kept<K> {
    own: HashMap<K, Count>,
    /// By the hash.
    shared: HashMap<u16, Count>,
    /// When what is over was last looked for: going through all of it for each of a flood would be a way to keep us busy.
    swept: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    began: Instant,
    seen: u32,
}

impl<K: Clone + Eq + Hash> Counts<K> {
    pub(crate) fn new(window: Duration, room: usize) -> Self {
        let kept = Kept { own: HashMap::new(), shared: HashMap::new(), swept: None };
        Self { counts: Mutex::new(kept), window, room, hasher: RandomState::new() }
    }

    /// Counts one for each of these, each of which may be seen so often in a window.
    ///
    /// # Errors
    /// How long to wait, when one of them was seen often enough. Then none is counted.
    pub(crate) fn take<const N: usize>(&self, keys: &[(K, u32); N]) -> Result<(), Duration> {
        let (now, mut kept) = (Instant::now(), self.lock());
        if kept.own.len() + N > self.room && kept.swept.is_none_or(|swept| now.duration_since(swept) >= self.window / SWEEPS) {
            kept.swept = Some(now);
            kept.own.retain(|_, count| now.duration_since(count.began) < self.window);
            kept.shared.retain(|_, count| now.duration_since(count.began) < self.window);
        }
        for (key, most) in keys {
            let count = kept.own.get(key).or_else(|| kept.shared.get(&self.share(key)));
            if let Some(count) = count
                && now.duration_since(count.began) < self.window
                && count.seen >= *most
            {
                return Err(self.window - now.duration_since(count.began));
            }
        }
        for (key, _) in keys {
            let new = Count { began: now, seen: 0 };
            let share = self.share(key);
            // Who has begun to be counted with others stays there until that window is over.
            let shares = kept.shared.get(&share).is_some_and(|count| now.duration_since(count.began) < self.window);
            let count = if kept.own.contains_key(key) || (!shares && kept.own.len() < self.room) {
                kept.own.entry(key.clone()).or_insert(new)
            } else {
                kept.shared.entry(share).or_insert(new)
            };
            if now.duration_since(count.began) >= self.window {
                *count = new;
            }
            count.seen += 1;
        }
        Ok(())
    }

    /// Takes one back.
    pub(crate) fn give_back(&self, key: &K) {
        let mut kept = self.lock();
        let count = if kept.own.contains_key(key) { kept.own.get_mut(key) } else { kept.shared.get_mut(&self.share(key)) };
        if let Some(count) = count {
            count.seen = count.seen.saturating_sub(1);
        }
    }

    /// Forgives everything; of what is counted with others, the last.
    pub(crate) fn forget(&self, key: &K) {
        let known = self.lock().own.remove(key).is_some();
        if !known {
            self.give_back(key);
        }
    }

    fn share(&self, key: &K) -> u16 {
        // Whichever bits: the hash has no pattern.
        (self.hasher.hash_one(key) & 0xffff) as u16
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn sizes<K: Clone + Eq + Hash>(counts: &Counts<K>) -> (usize, usize) {
        let kept = counts.lock();
        (kept.own.len(), kept.shared.len())
    }

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
    async fn a_flood_makes_nothing_forgotten_and_keeps_few_out() {
        let counts = Counts::new(WINDOW, 3);
        counts.take(&[(0, 1)]).expect("room");
        // Each of so many addresses comes as often as it may.
        for flood in 1..20_000 {
            for _ in 0..3 {
                let _ = counts.take(&[(flood, 3)]);
            }
        }
        assert!(counts.take(&[(0, 1)]).is_err(), "nobody's count was given up for another's");
        assert_eq!(sizes(&counts).0, 3);
        assert!(sizes(&counts).1 <= 0x1_0000);
        let kept_out = (20_000..30_000).filter(|new| counts.take(&[(*new, 3)]).is_err()).count();
        assert!(kept_out < 4_000, "of 10,000 who are new, {kept_out} share with one of the flood");
        tokio::time::advance(WINDOW).await;
        for new in 0..3 {
            counts.take(&[(new, 1)]).expect("a new window");
        }
        assert_eq!(sizes(&counts), (3, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_shares_a_count_has_a_bound_as_well() {
        let counts = Counts::new(WINDOW, 1);
        counts.take(&[("known", 9)]).expect("room");
        counts.take(&[("new", 2)]).expect("the first");
        counts.take(&[("new", 2)]).expect("the second");
        assert_eq!(counts.take(&[("new", 2)]), Err(WINDOW));
        counts.give_back(&"new");
        counts.take(&[("new", 2)]).expect("one was given back");
        counts.forget(&"new");
        counts.take(&[("new", 2)]).expect("the last was forgiven");
        // There is room again; what was counted still counts.
        counts.forget(&"known");
        assert_eq!(counts.take(&[("new", 2)]), Err(WINDOW));
        assert_eq!(sizes(&counts), (0, 1));
    }
}
