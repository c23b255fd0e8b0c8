//! The first page: does provisioning work?

use super::{
    day, failures, render,
    show::{self, When},
};
use crate::{
    app::App,
    console::{
        chart::Chart,
        display,
        live::{Topic, nothing_shown},
        nav::Entry,
        page::Page,
        problem::{Answer, Problem},
        setup::connection::{self, Connection},
        viewer::Right,
        visit::Visit,
    },
};
use askama::Template;
use muster_domain::{AccountId, incident::IncidentState};
use muster_queue::{OPERATIONS, QueueDepth};
use muster_store::{
    console_pages::{Overview, overview},
    incidents::{self, Incident, IncidentQuery},
    now_ms,
};
use std::time::Duration;

/// A queue that takes longer to answer counts as away.
const QUEUE_WAIT: Duration = Duration::from_millis(500);
/// An operation that has waited longer is a sign that nobody works.
const WAITED_MS: i64 = 30_000;
/// Failures the page names.
const NAMED: u32 = 5;

#[derive(Template)]
#[template(path = "console/pages/home.html")]
struct HomePage {
    page: Page,
    now: Now,
    chart: Chart,
    chart_id: String,
    chart_title: &'static str,
}

/// What the page shows, and keeps up to date.
#[derive(Template)]
#[template(path = "console/pages/home_live.html")]
struct Now {
    health: Health,
    tiles: Vec<Tile>,
    failures: Vec<Failure>,
}

/// The whole of it, every few seconds.
pub(in crate::console) static TOPIC: Topic = Topic {
    name: "home",
    right: Right::Look,
    every: 5,
    shown: nothing_shown,
    render: |live| Box::pin(async move { render(&now(&live.app, live.account).await?) }),
};

/// The answer in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Health {
    tone: &'static str,
    text: String,
    /// What to do about it, and where.
    remedy: Option<(&'static str, &'static str)>,
}

struct Tile {
    tone: &'static str,
    value: String,
    text: String,
    href: &'static str,
}

struct Failure {
    href: String,
    text: String,
    last: When,
}

/// `GET /`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let (now, chart) = tokio::try_join!(now(visit.app, visit.account()), day::of(visit.app, visit.account()))?;
    visit.html(&HomePage {
        page: visit.page(Entry::Home, "Home").live(format!("{},{}", TOPIC.name, day::CHART.name)),
        now,
        chart,
        chart_id: format!("live-{}", day::CHART.name),
        chart_title: "Operations in each half hour",
    })
}

async fn now(app: &App, account: AccountId) -> Result<Now, Problem> {
    let (store, now) = (&app.store, now_ms());
    let queue = tokio::time::timeout(QUEUE_WAIT, app.queue.status());
    let open = IncidentQuery { states: vec![IncidentState::Open], limit: NAMED, ..IncidentQuery::default() };
    let (overview, connection, incidents, queue) = tokio::join!(
        app.read(overview(store, account, now)),
        connection::of(app, account),
        app.read(incidents::list(store, account, &open)),
        queue
    );
    let (overview, connection) = (overview?, connection?);
    let depth = queue.ok().and_then(Result::ok).and_then(|status| status.queues.into_iter().find(|queue| queue.name == OPERATIONS));
    // A request that was refused is no trouble of the connection: it is among the failures.
    let trouble = match connection.tone() {
        _ if connection.is_new() => Some("Nothing is provisioned yet: no directory is connected.".to_owned()),
        "idle" | "bad" => Some(connection.sentence()),
        _ => None,
    };
    Ok(Now {
        health: health(&overview, depth.as_ref(), trouble),
        tiles: tiles(&overview, depth.as_ref(), &connection, now),
        failures: incidents?.incidents.iter().map(failure).collect(),
    })
}

/// The worst first. `trouble` is what keeps the directory from getting through.
fn health(overview: &Overview, queue: Option<&QueueDepth>, trouble: Option<String>) -> Health {
    let say = |tone, text: String, remedy| Health { tone, text, remedy };
    let Some(queue) = queue else {
        let text = "Provisioning stands still: the queue does not answer. Directories are told to try again later.".to_owned();
        return say("bad", text, Some(("/system/queue", "See the queue")));
    };
    if let Some(age) = queue.oldest_age_ms.filter(|age| *age > WAITED_MS) {
        let text = format!("Provisioning is behind: an operation has waited for {}. Is a worker running?", show::length(age));
        return say("bad", text, Some(("/system/queue", "See the queue")));
    }
    if let Some(trouble) = trouble {
        return say("warning", trouble, Some(("/configuration/auth/scim", "Setup SCIM")));
    }
    if overview.open > 0 {
        let kinds = show::plural(overview.open, "kind of failure needs", "kinds of failure need");
        let when = match overview.failed {
            0 => "nothing failed in the last 24 hours".to_owned(),
            failed => format!("{} failed in the last 24 hours", show::plural(failed, "operation", "operations")),
        };
        return say("warning", format!("Provisioning works; {kinds} somebody, and {when}."), Some((failures::PATH, "See the failures")));
    }
    if overview.unresolved > 0 {
        let kinds = show::plural(overview.unresolved, "kind of failure is", "kinds of failure are");
        return say("good", format!("Provisioning works; {kinds} being looked after."), None);
    }
    say("good", "Provisioning works. Nothing fails.".to_owned(), None)
}

fn tiles(overview: &Overview, queue: Option<&QueueDepth>, connection: &Connection, now_ms: i64) -> Vec<Tile> {
    let tile = |tone, value, text: String, href| Tile { tone, value, text, href };
    let heard = connection.heard_ms.map_or_else(|| connection.word().to_owned(), |at| display::ago(at, now_ms));
    let bad = |bad: bool| if bad { "bad" } else { "" };
    let depth = queue.map_or_else(|| "unknown".to_owned(), |queue| display::number(i64::try_from(queue.depth).unwrap_or(i64::MAX)));
    let oldest = queue.and_then(|queue| queue.oldest_age_ms);
    let late = oldest.is_some_and(|age| age > WAITED_MS);
    let waits = oldest.map_or_else(|| "in the queue".to_owned(), |age| format!("in the queue, the oldest for {}", show::length(age)));
    vec![
        tile(bad(connection.tone() == "bad"), heard, "last request of the directory".to_owned(), "/configuration/auth/scim"),
        tile("", display::number(overview.operations), "operations in 24 hours".to_owned(), "/provisioning/operations"),
        tile(
            bad(overview.failed > 0),
            display::number(overview.failed),
            "failed in 24 hours".to_owned(),
            "/provisioning/operations?outcome=failed_all",
        ),
        tile(
            bad(overview.open > 0),
            display::number(overview.open),
            "failures nobody has taken".to_owned(),
            "/provisioning/failures?state=open",
        ),
        tile(bad(queue.is_none() || late), depth, waits, "/system/queue"),
    ]
}

fn failure(incident: &Incident) -> Failure {
    Failure {
        href: format!("{}/{}", failures::PATH, incident.number),
        text: format!("#{} {}, {}", incident.number, incident.advice().title, show::plural(incident.failures, "time", "times")),
        last: When(incident.last_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(failed: i64, open: i64, unresolved: i64) -> Overview {
        Overview { operations: 10, failed, open, unresolved }
    }

    #[test]
    fn the_sentence_names_the_worst_first() {
        let idle = QueueDepth::default();
        let late = QueueDepth { oldest_age_ms: Some(WAITED_MS + 1), ..QueueDepth::default() };
        let of = |overview: Overview, queue, trouble: Option<&str>| {
            let health = health(&overview, queue, trouble.map(str::to_owned));
            (health.tone, health.text)
        };
        let trouble = Some("There is no secret key yet.");
        assert!(of(state(2, 1, 2), None, trouble).1.contains("does not answer"));
        assert!(of(state(2, 1, 2), Some(&late), trouble).1.contains("30.0 s"));
        assert_eq!(of(state(2, 1, 2), Some(&idle), trouble), ("warning", "There is no secret key yet.".to_owned()));
        let said = "Provisioning works; 1 kind of failure needs somebody, and 2 operations failed in the last 24 hours.";
        assert_eq!(of(state(2, 1, 2), Some(&idle), None), ("warning", said.to_owned()));
        assert!(of(state(1, 2, 2), Some(&idle), None).1.contains("2 kinds of failure need somebody, and 1 operation failed"));
        assert_eq!(of(state(0, 0, 1), Some(&idle), None).1, "Provisioning works; 1 kind of failure is being looked after.");
        assert_eq!(of(state(0, 0, 0), Some(&idle), None), ("good", "Provisioning works. Nothing fails.".to_owned()));
    }
}
