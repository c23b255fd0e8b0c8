//! What is queued, held, resting and set aside.

use super::Full;
use crate::{DeadLetter, Message, Origin, QueueDepth, QueueSettings, clock::system_ms};
use std::{
    collections::{HashMap, VecDeque},
    task::Waker,
    time::{Duration, Instant},
};

/// How often setting a message aside may fail before it is done without asking the handler.
const SET_ASIDE_TRIES: u32 = 3;

/// A message on its way.
struct Entry<T> {
    id: u64,
    message: T,
    since_ms: i64,
    handed_out: u32,
    isolate: bool,
    error: Option<String>,
}

/// Everything about one queue.
pub(super) struct State<T> {
    capacity: usize,
    pause: Duration,
    max_deliveries: u32,
    dead_kept: usize,
    next_id: u64,
    /// Never handed out, in the order of arrival.
    ready: VecDeque<Entry<T>>,
    /// Come back, each as small as can be; handed out one at a time.
    isolated: VecDeque<Entry<T>>,
    /// The isolated one that is in the hands of a handler.
    alone: Option<u64>,
    /// In the hands of a handler.
    held: HashMap<u64, Entry<T>>,
    /// Failed, until the moment they come back. All rest equally long, so they are in order.
    resting: VecDeque<(Instant, Entry<T>)>,
    dead: VecDeque<DeadLetter>,
    /// The consumers, and how to wake those that found nothing.
    consumers: HashMap<u64, Option<Waker>>,
}

/// What a consumer finds.
pub(super) enum Next<T> {
    /// A message, and how it comes.
    Message(u64, T, Origin),
    /// Nothing before this moment, or before the waker is called.
    Nothing(Option<Instant>),
}

impl<T: Message> State<T> {
    pub(super) fn new(settings: &QueueSettings) -> Self {
        Self {
            capacity: settings.max_depth,
            pause: settings.claim_idle,
            max_deliveries: settings.max_deliveries,
            dead_kept: settings.dead_letters_kept,
            next_id: 1,
            ready: VecDeque::new(),
            isolated: VecDeque::new(),
            alone: None,
            held: HashMap::new(),
            resting: VecDeque::new(),
            dead: VecDeque::new(),
            consumers: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, message: T) -> Result<(), Full> {
        if self.depth() >= self.capacity {
            return Err(Full);
        }
        let id = self.new_id();
        self.ready.push_back(Entry { id, message, since_ms: system_ms(), handed_out: 0, isolate: false, error: None });
        self.wake();
        Ok(())
    }

    pub(super) fn depth(&self) -> usize {
        self.ready.len() + self.isolated.len() + self.held.len() + self.resting.len()
    }

    /// A new consumer's number.
    pub(super) fn join(&mut self) -> u64 {
        let number = self.new_id();
        self.consumers.insert(number, None);
        number
    }

    pub(super) fn leave(&mut self, consumer: u64) {
        self.consumers.remove(&consumer);
        // It may have been the one that was woken for what is queued now.
        self.wake();
    }

    /// The next message, or the waker is kept.
    pub(super) fn next(&mut self, consumer: u64, waker: &Waker) -> Next<T> {
        self.bring_back();
        let entry = match self.alone {
            None => self.next_isolated().or_else(|| self.ready.pop_front()),
            Some(_) => self.ready.pop_front(),
        };
        let Some(mut entry) = entry else {
            self.consumers.insert(consumer, Some(waker.clone()));
            return Next::Nothing(self.resting.front().map(|(at, _)| *at));
        };
        let give_up = (entry.handed_out >= self.max_deliveries).then(|| reason(&entry));
        entry.handed_out += 1;
        let attempt = if give_up.is_some() { entry.handed_out - 1 } else { entry.handed_out };
        let origin = Origin { id: entry.id.to_string(), attempt, isolate: entry.isolate, give_up };
        if entry.isolate {
            self.alone = Some(entry.id);
        }
        let (id, message) = (entry.id, entry.message.clone());
        self.held.insert(id, entry);
        Next::Message(id, message, origin)
    }

    /// Handled; with a reason, it is set aside.
    pub(super) fn done(&mut self, id: u64, set_aside: Option<String>) {
        if let Some(entry) = self.let_go(id)
            && let Some(reason) = set_aside
        {
            // The hand-out in which it was set aside is not one of those it is set aside for.
            let deliveries = entry.handed_out.min(self.max_deliveries);
            self.bury(&entry, deliveries, reason);
        }
    }

    /// Not handled: it comes back after a pause.
    pub(super) fn failed(&mut self, id: u64, reason: String) {
        if let Some(mut entry) = self.let_go(id) {
            tracing::warn!(id, reason, "a message could not be handled and will be redelivered");
            entry.error = Some(reason);
            self.resting.push_back((Instant::now() + self.pause, entry));
            // Someone has to set a timer.
            self.wake();
        }
    }

    pub(super) fn measure(&self, depth: &mut QueueDepth) {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let resting = self.resting.iter().map(|(_, entry)| entry);
        let all = || self.ready.front().into_iter().chain(&self.isolated).chain(self.held.values()).chain(resting.clone());
        depth.depth = count(self.depth());
        depth.pending = count(self.held.len() + self.resting.len());
        depth.isolated = count(all().filter(|entry| entry.isolate).count());
        depth.oldest_age_ms = all().map(|entry| entry.since_ms).min().map(|oldest| (system_ms() - oldest).max(0));
        depth.consumers = count(self.consumers.len());
        depth.dead_letters = count(self.dead.len());
    }

    pub(super) fn dead_letters(&self, limit: usize) -> Vec<DeadLetter> {
        self.dead.iter().rev().take(limit).cloned().collect()
    }

    pub(super) fn dead_letter(&self, id: &str) -> Option<DeadLetter> {
        self.dead.iter().find(|letter| letter.id == id).cloned()
    }

    pub(super) fn discard(&mut self, id: &str) -> bool {
        let before = self.dead.len();
        self.dead.retain(|letter| letter.id != id);
        self.dead.len() < before
    }

    /// Takes apart what has rested long enough, so that what is to blame ends up alone.
    fn bring_back(&mut self) {
        let now = Instant::now();
        while self.resting.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, entry)) = self.resting.pop_front() else { return };
            if entry.isolate {
                self.isolated.push_back(entry);
                continue;
            }
            let Entry { message, since_ms, handed_out, error, .. } = entry;
            for message in message.split() {
                let (id, error) = (self.new_id(), error.clone());
                self.isolated.push_back(Entry { id, message, since_ms, handed_out, isolate: true, error });
            }
        }
    }

    fn next_isolated(&mut self) -> Option<Entry<T>> {
        while let Some(entry) = self.isolated.pop_front() {
            if entry.handed_out < self.max_deliveries + SET_ASIDE_TRIES {
                return Some(entry);
            }
            let reason = reason(&entry);
            self.bury(&entry, self.max_deliveries, reason);
        }
        None
    }

    fn let_go(&mut self, id: u64) -> Option<Entry<T>> {
        let entry = self.held.remove(&id)?;
        if self.alone == Some(id) {
            self.alone = None;
            if !self.isolated.is_empty() {
                self.wake();
            }
        }
        Some(entry)
    }

    fn bury(&mut self, entry: &Entry<T>, deliveries: u32, reason: String) {
        tracing::error!(id = entry.id, deliveries, reason, "a message was set aside");
        if self.dead.len() >= self.dead_kept {
            self.dead.pop_front();
        }
        let payload = serde_json::to_string(&entry.message).expect("messages are plain data with string keys");
        self.dead.push_back(DeadLetter { id: entry.id.to_string(), payload, reason, deliveries, at_ms: system_ms() });
    }

    fn new_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Wakes every consumer that found nothing: one that is busy must not be the only one to know.
    fn wake(&mut self) {
        for waker in self.consumers.values_mut().filter_map(Option::take) {
            waker.wake();
        }
    }
}

fn reason<T>(entry: &Entry<T>) -> String {
    entry.error.clone().unwrap_or_else(|| "its worker ended without finishing it".to_owned())
}
