//! The live parts of a page: one stream of server-sent events a page.
//!
//! A page names its topics ([`super::page::Page::live`]), and has an element `id="live-NAME"` for each. Once a second the stream
//! renders those that are due and sends what has changed, as a replacement of that element's content. A stream ends with its session, with the
//! gateway, and when the page is hidden; the browser then comes back by itself.
//!
//! A topic is a line in a table ([`TOPICS`]): its name, the right to see it, how often it is looked at, and what renders it. What is about one
//! thing of several says which behind a full stop, `convert.019a…`; the element's name is without it.
//!
//! What a topic shows depends on the account and not on who looks: streams share what one of them has rendered ([`shared`]).

mod shared;

use super::{
    pages,
    problem::{Answer, Problem},
    route::Route,
    setup,
    viewer::Right,
    visit::Visit,
};
use crate::{app::App, refusal::Refusal, reply};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures::{future::BoxFuture, stream};
use muster_domain::{AccountId, SecretKeyHash};
use shared::{Part, Parts, Roles, Standing};
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

pub(super) const ROUTES: &[Route] = &[Route::get("/events", Right::Look, |visit| Box::pin(events(visit)))];

/// What a topic renders from.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) app: Arc<App>,
    pub(crate) account: AccountId,
    /// What stands behind the topic's name; it comes from the browser, and is empty for most.
    pub(crate) about: String,
}

/// One live part.
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    pub(crate) right: Right,
    /// In seconds.
    pub(crate) every: u64,
    /// What the page has of it already, told from what stands behind its name; most are sent at once whatever the page has.
    pub(crate) shown: fn(&str) -> String,
    /// The content of the element.
    pub(crate) render: for<'l> fn(&'l Live) -> BoxFuture<'l, Result<String, Problem>>,
}

/// Every live part there is.
static TOPICS: &[&Topic] = &[
    &setup::CONNECTION,
    &pages::HOME,
    &pages::DAY,
    &pages::QUEUE,
    &pages::DEPTH,
    &pages::CONVERT,
    &pages::CONVERT_STATE,
    &pages::CONVERT_CHART,
    &pages::CONVERT_CANARY,
];

/// Streams of one session: a browser has six connections to a host.
const PER_SESSION: u32 = 4;
/// Streams of this gateway. Each holds one of its connections, most of which are for directories.
const MOST: usize = 400;
/// Bytes of what a topic is about: an id and a word.
const ABOUT_MAX: usize = 80;
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two signs of life, for proxies that close what is silent.
const SIGN_OF_LIFE: u64 = 15;

/// The streams there are, and what they share.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: Mutex<HashMap<Uuid, Session>>,
    parts: Parts,
    roles: Roles,
}

impl Streams {
    fn open(&self) -> MutexGuard<'_, HashMap<Uuid, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session that watches.
#[derive(Debug)]
struct Session {
    hash: SecretKeyHash,
    streams: u32,
}

/// A stream that is counted.
struct Open {
    app: Arc<App>,
    session: Uuid,
    hash: SecretKeyHash,
}

impl Open {
    fn new(app: &Arc<App>, session: Uuid, hash: SecretKeyHash) -> Option<Self> {
        let mut open = app.streams.open();
        let all: u32 = open.values().map(|session| session.streams).sum();
        let own = open.get(&session).map_or(0, |session| session.streams);
        if own >= PER_SESSION || all as usize >= MOST {
            return None;
        }
        open.entry(session).or_insert(Session { hash, streams: 0 }).streams += 1;
        Some(Self { app: Arc::clone(app), session, hash })
    }

    /// How the session stands, asked for with all others that watch.
    async fn standing(&self, since: Instant) -> Standing {
        let all = || self.app.streams.open().values().map(|session| session.hash).collect();
        self.app.streams.roles.of(&self.app, &self.hash, since, all).await
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.app.streams.open();
        if let Some(session) = open.get_mut(&self.session) {
            session.streams = session.streams.saturating_sub(1);
        }
        open.retain(|_, session| session.streams > 0);
    }
}

/// For topics that are sent at once.
pub(crate) fn nothing_shown(_: &str) -> String {
    String::new()
}

/// A topic that is watched.
struct Watched {
    topic: &'static Topic,
    live: Live,
    part: Arc<Part>,
    /// What it sent last.
    last: Arc<str>,
}

/// The topic that is named, if this visitor may see it, and what it is about.
fn named<'w>(visit: &Visit<'_>, wanted: &'w str) -> Option<(&'static Topic, &'w str)> {
    let (name, about) = wanted.split_once('.').unwrap_or((wanted, ""));
    let topic = TOPICS.iter().copied().find(|topic| topic.name == name && visit.viewer.may(topic.right))?;
    (about.len() <= ABOUT_MAX).then_some((topic, about))
}

impl Watched {
    fn new(visit: &Visit<'_>, topic: &'static Topic, about: &str) -> Self {
        let live = Live { app: Arc::clone(visit.app), account: visit.account(), about: about.to_owned() };
        Self { topic, part: visit.app.streams.parts.of(topic, &live), last: (topic.shown)(about).into(), live }
    }
}

/// A stream on its way.
struct Stream {
    topics: Vec<Watched>,
    ticks: tokio::time::Interval,
    tick: u64,
    opened: Instant,
    over: bool,
    open: Open,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.topics.clear();
        self.open.app.streams.parts.tidy();
    }
}

/// `GET /events?topics=a,b`
async fn events(visit: &Visit<'_>) -> Answer {
    let wanted = visit.query.text("topics");
    if wanted.split(',').count() > TOPICS.len() {
        return Err(Problem::NotFound);
    }
    let Some(topics) = wanted.split(',').map(|wanted| named(visit, wanted)).collect::<Option<Vec<_>>>() else {
        return Err(Problem::NotFound);
    };
    let Some(open) = Open::new(visit.app, visit.viewer.session, visit.viewer.token().hash()) else {
        let cause = "too many live pages are open".to_owned();
        return Err(Refusal::Later { status: 429, retry_after: Duration::from_secs(30), cause }.into());
    };
    // Last: a part is remembered as long as a stream has it, so a request that is refused must not make one.
    let topics = topics.into_iter().map(|(topic, about)| Watched::new(visit, topic, about)).collect();
    let opened = Instant::now();
    let mut ticks = tokio::time::interval_at(opened, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ok(response(Stream { topics, ticks, tick: 0, opened, over: false, open }))
}

fn response(stream: Stream) -> Response {
    let mut response = reply::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    let chunks = stream::unfold(stream, |mut stream| async move {
        let chunk = stream.next().await?;
        Some((Ok::<_, Infallible>(chunk), stream))
    });
    *response.body_mut() = Body::from_stream(chunks);
    response
}

impl Stream {
    /// What is to be sent next; none when it is over.
    async fn next(&mut self) -> Option<Bytes> {
        while !self.over {
            tokio::select! {
                _ = self.ticks.tick() => {}
                () = self.open.app.closing.cancelled() => return None,
            }
            let mut text = BytesMut::new();
            if self.tick == 0 {
                // Whoever comes back from the directory's tab looks here at once.
                text.extend_from_slice(b"retry: 1000\n\n");
            } else if self.tick.is_multiple_of(SIGN_OF_LIFE) {
                text.extend_from_slice(b": still here\n\n");
            }
            // At each tick: whoever is disabled sees nothing more after a second or two.
            if self.tick > 0 && !self.may_go_on().await {
                self.over = true;
                return Some(Bytes::from_static(b"event: over\ndata: signed out\n\n"));
            }
            for at in 0..self.topics.len() {
                self.look(at, &mut text).await;
            }
            self.tick += 1;
            if !text.is_empty() {
                return Some(text.freeze());
            }
        }
        None
    }

    /// Sends a topic if it is due and has changed. One that cannot be rendered at this moment stays as it is on the page.
    async fn look(&mut self, at: usize, text: &mut BytesMut) {
        let Watched { topic, live, part, last } = &mut self.topics[at];
        if !self.tick.is_multiple_of(topic.every.max(1)) {
            return;
        }
        let Some(rendered) = part.rendered(topic, live, self.opened).await else { return };
        if rendered.html == *last {
            return;
        }
        text.extend_from_slice(&rendered.event);
        *last = rendered.html;
    }

    /// Whether the viewer is still signed in, and still has the right to all of it. A database that does not answer ends nothing.
    async fn may_go_on(&self) -> bool {
        match self.open.standing(self.opened).await {
            Standing::SignedIn(role) => self.topics.iter().all(|watched| watched.topic.right.is_of(role)),
            Standing::SignedOut => false,
            Standing::Unknown => true,
        }
    }
}
