//! The live parts of a page: one stream of server-sent events a page.
//!
//! A page names its topics ([`super::page::Page::live`]), and has an element `id="live-NAME"` for each. Once a second the stream
//! renders those that are due and sends what has changed, as a replacement of that element's content. A stream ends with its session, with the
//! gateway, and when the page is hidden; the browser then comes back by itself.
//!
//! A topic is a line in a table ([`TOPICS`]): its name, the right to see it, how often it is looked at, and what renders it. What is about one
//! thing of several says which behind a full stop, `convert.019a…`; the element's name is without it.

use super::{
    pages,
    problem::{Answer, Problem},
    route::Route,
    setup,
    viewer::{Right, Viewer},
    visit::Visit,
};
use crate::{app::App, refusal::Refusal, reply};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures::{future::BoxFuture, stream};
use muster_store::{console::sessions, now_ms};
use std::{
    collections::HashMap,
    convert::Infallible,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

pub(super) const ROUTES: &[Route] = &[Route::get("/events", Right::Look, |visit| Box::pin(events(visit)))];

/// What a topic renders from.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) app: Arc<App>,
    pub(crate) viewer: Viewer,
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
];

/// Streams of one session: a browser has six connections to a host.
const PER_SESSION: u32 = 4;
/// Streams of this gateway. Each holds one of its connections, most of which are for directories.
const MOST: usize = 400;
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two signs of life, for proxies that close what is silent.
const SIGN_OF_LIFE: u64 = 15;

/// The streams there are, by session.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<Uuid, u32>>);

/// One of them.
struct Open {
    app: Arc<App>,
    session: Uuid,
}

impl Open {
    fn new(app: &Arc<App>, session: Uuid) -> Option<Self> {
        let mut streams = app.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u32 = streams.values().sum();
        let own = streams.entry(session).or_default();
        if *own >= PER_SESSION || all as usize >= MOST {
            return None;
        }
        *own += 1;
        Some(Self { app: Arc::clone(app), session })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut streams = self.app.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = streams.get_mut(&self.session) {
            *own = own.saturating_sub(1);
        }
        streams.retain(|_, own| *own > 0);
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
    /// What it sent last.
    last: String,
}

/// A stream on its way.
struct Stream {
    live: Live,
    topics: Vec<Watched>,
    ticks: tokio::time::Interval,
    tick: u64,
    over: bool,
    _open: Open,
}

/// `GET /events?topics=a,b`
async fn events(visit: &Visit<'_>) -> Answer {
    let wanted = visit.query.text("topics");
    let live = Live { app: Arc::clone(visit.app), viewer: visit.viewer.clone(), about: String::new() };
    let found = wanted.split(',').map(|wanted| {
        let (name, about) = wanted.split_once('.').unwrap_or((wanted, ""));
        let topic = TOPICS.iter().copied().find(|topic| topic.name == name && visit.viewer.may(topic.right))?;
        Some(Watched { topic, live: Live { about: about.to_owned(), ..live.clone() }, last: (topic.shown)(about) })
    });
    let Some(topics) = found.collect::<Option<Vec<_>>>().filter(|topics| topics.len() <= TOPICS.len()) else {
        return Err(Problem::NotFound);
    };
    let Some(open) = Open::new(visit.app, visit.viewer.session) else {
        let cause = "too many live pages are open".to_owned();
        return Err(Refusal::Later { status: 429, retry_after: Duration::from_secs(30), cause }.into());
    };
    let mut ticks = tokio::time::interval_at(Instant::now(), TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stream = Stream { live, topics, ticks, tick: 0, over: false, _open: open };
    Ok(response(stream))
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
                () = self.live.app.closing.cancelled() => return None,
            }
            let mut text = String::new();
            if self.tick == 0 {
                // Whoever comes back from the directory's tab looks here at once.
                text.push_str("retry: 1000\n\n");
            } else if self.tick.is_multiple_of(SIGN_OF_LIFE) {
                text.push_str(": still here\n\n");
            }
            // At each tick: whoever is disabled sees nothing more after a second.
            if self.tick > 0 && !self.session_lives().await {
                self.over = true;
                return Some(Bytes::from_static(b"event: over\ndata: signed out\n\n"));
            }
            for at in 0..self.topics.len() {
                self.look(at, &mut text).await;
            }
            self.tick += 1;
            if !text.is_empty() {
                return Some(text.into());
            }
        }
        None
    }

    /// Sends a topic if it is due and has changed. One that cannot be rendered at this moment stays as it is on the page.
    async fn look(&mut self, at: usize, text: &mut String) {
        let Watched { topic, live, last } = &mut self.topics[at];
        if !self.tick.is_multiple_of(topic.every.max(1)) {
            return;
        }
        let Ok(html) = (topic.render)(live).await else { return };
        if html == *last {
            return;
        }
        text.push_str("data: ");
        // In an event, a line feed ends a line of data: each gets its own.
        let part = format!("<hx-partial hx-target=\"#live-{}\" hx-swap=\"innerHTML\">{html}</hx-partial>", topic.name);
        let _ = write!(text, "{}", part.replace("\r\n", "\n").replace(['\r', '\n'], "\ndata: "));
        text.push_str("\n\n");
        *last = html;
    }

    /// Whether the viewer is still signed in, and still has the right to all of it. A database that does not answer ends nothing.
    async fn session_lives(&self) -> bool {
        let (app, viewer) = (&self.live.app, &self.live.viewer);
        match app.read(sessions::find(&app.store, &viewer.token().hash(), now_ms())).await {
            Ok(Some(session)) => self.topics.iter().all(|watched| watched.topic.right.is_of(session.role)),
            Ok(None) => false,
            Err(_) => true,
        }
    }
}
