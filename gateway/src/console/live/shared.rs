//! What several streams look at is looked up once.
//!
//! People watch the same few parts of one account: what one stream has rendered a moment ago is what the others send. It is the same with who is
//! still signed in: one question for every session that watches. So what live pages cost the database does not grow with their number.
//!
//! A stream's first look is never older than the stream: its page is newer than what others saw before, and must not go back to it.

use super::{Live, Topic};
use crate::app::App;
use bytes::Bytes;
use muster_domain::{AccountId, Role, SecretKeyHash};
use muster_store::{console::sessions, now_ms};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Mutex as Turn, time::Instant};

/// How long an answer about sessions is used. Whoever is disabled sees nothing more a second later.
const MOMENT: Duration = Duration::from_millis(500);

/// Something that is looked up, as it was when somebody did.
#[derive(Debug)]
struct Seen<T> {
    began: Instant,
    ended: Instant,
    what: T,
}

/// Something to look up. Whoever comes while it is looked up waits for that.
#[derive(Debug)]
pub(super) struct Look<T>(Turn<Option<Seen<T>>>);

impl<T> Default for Look<T> {
    fn default() -> Self {
        Self(Turn::new(None))
    }
}

impl<T: Clone> Look<T> {
    /// What was seen in the last `fresh`, but not before `since`, and suits; otherwise what is to be seen now.
    async fn at<F: Future<Output = T>>(&self, fresh: Duration, since: Instant, suits: impl Fn(&T) -> bool, look: impl FnOnce() -> F) -> T {
        let mut last = self.0.lock().await;
        if let Some(seen) = last.as_ref().filter(|seen| seen.ended.elapsed() < fresh && seen.began >= since && suits(&seen.what)) {
            return seen.what.clone();
        }
        let began = Instant::now();
        let what = look().await;
        *last = Some(Seen { began, ended: Instant::now(), what: what.clone() });
        what
    }
}

/// A part as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Rendered {
    pub(super) html: Arc<str>,
    /// The event that replaces the content of its element.
    pub(super) event: Bytes,
}

/// A part of an account that somebody watches; none when it could not be rendered.
pub(super) type Part = Look<Option<Rendered>>;

impl Part {
    /// The part as it is, or was at most half of its time ago.
    pub(super) async fn rendered(&self, topic: &Topic, live: &Live, since: Instant) -> Option<Rendered> {
        let fresh = Duration::from_millis(topic.every.max(1) * 500);
        let render = || async {
            let html = (topic.render)(live).await.ok()?;
            Some(Rendered { event: event(topic.name, &html), html: html.into() })
        };
        self.at(fresh, since, |_| true, render).await
    }
}

/// In an event, a line feed ends a line of data: each gets its own.
fn event(name: &str, html: &str) -> Bytes {
    let part = format!("<hx-partial hx-target=\"#live-{name}\" hx-swap=\"innerHTML\">{html}</hx-partial>");
    format!("data: {}\n\n", part.replace("\r\n", "\n").replace(['\r', '\n'], "\ndata: ")).into()
}

/// Which part: of this account, of this name, about this.
type Key = (AccountId, &'static str, String);

/// The parts that are watched.
#[derive(Debug, Default)]
pub(super) struct Parts(Mutex<HashMap<Key, Arc<Part>>>);

impl Parts {
    pub(super) fn of(&self, topic: &'static Topic, live: &Live) -> Arc<Part> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(parts.entry((live.account, topic.name, live.about.clone())).or_default())
    }

    /// Forgets those nobody watches any more.
    pub(super) fn tidy(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, part| Arc::strong_count(part) > 1);
    }
}

/// The roles of those who watch; of those who are signed out, none. Nothing when the database did not answer.
pub(super) type Roles = Look<Option<Arc<HashMap<[u8; 32], Option<Role>>>>>;

/// What is known of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    SignedIn(Role),
    SignedOut,
    /// The database does not answer at this moment.
    Unknown,
}

impl Roles {
    /// How a session stands, or stood a moment ago, but not before `since`. `all` are the sessions to ask for together.
    pub(super) async fn of(
        &self,
        app: &App,
        session: &SecretKeyHash,
        since: Instant,
        all: impl FnOnce() -> Vec<SecretKeyHash>,
    ) -> Standing {
        let ask = || async {
            let mut asked = all();
            asked.push(*session);
            let mut roles: HashMap<_, _> = asked.iter().map(|hash| (hash.0, None)).collect();
            let found = app.read(sessions::roles(&app.store, &asked, now_ms())).await.ok()?;
            roles.extend(found.into_iter().map(|(hash, role)| (hash.0, Some(role))));
            Some(Arc::new(roles))
        };
        // Somebody who came after the others were asked for is asked for now.
        let suits = |roles: &Option<Arc<HashMap<_, _>>>| roles.as_ref().is_none_or(|roles| roles.contains_key(&session.0));
        match self.at(MOMENT, since, suits, ask).await {
            Some(roles) => roles.get(&session.0).copied().flatten().map_or(Standing::SignedOut, Standing::SignedIn),
            None => Standing::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const LONG: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn many_who_look_at_once_are_one_look() {
        let (look, looks) = (Arc::new(Look::default()), Arc::new(AtomicU32::new(0)));
        let since = Instant::now();
        let each = (0..200).map(|_| {
            let (look, looks) = (Arc::clone(&look), Arc::clone(&looks));
            tokio::spawn(async move {
                let count = || async {
                    tokio::task::yield_now().await;
                    looks.fetch_add(1, Ordering::SeqCst)
                };
                look.at(LONG, since, |_| true, count).await
            })
        });
        for one in each.collect::<Vec<_>>() {
            assert_eq!(one.await.expect("no panic"), 0);
        }
        assert_eq!(looks.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn nobody_is_shown_what_is_stale_older_than_the_page_or_does_not_suit() {
        let look = Look::default();
        let next = AtomicU32::new(0);
        let count = || async { next.fetch_add(1, Ordering::SeqCst) };
        let began = Instant::now();
        assert_eq!(look.at(LONG, began, |_| true, count).await, 0);
        assert_eq!(look.at(LONG, began, |_| true, count).await, 0, "it is fresh");
        assert_eq!(look.at(Duration::ZERO, began, |_| true, count).await, 1, "it is stale");
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(look.at(LONG, Instant::now(), |_| true, count).await, 2, "the page is newer");
        assert_eq!(look.at(LONG, began, |seen| *seen > 2, count).await, 3, "it does not suit");
        assert_eq!(look.at(LONG, began, |seen| *seen > 2, count).await, 3);
    }

    #[test]
    fn each_line_of_an_event_is_data() {
        let event = event("home", "<p>one\r\ntwo\nthree</p>");
        let lines: Vec<&str> = std::str::from_utf8(&event).expect("text").split('\n').collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[..3].iter().all(|line| line.starts_with("data: ")) && lines[3..] == ["", ""], "{lines:?}");
    }
}
