//! The queue and those who work on it.

use super::{
    depth,
    letter::named,
    render,
    show::{self, State, When},
};
use crate::{
    app::App,
    console::{
        chart::Chart,
        display,
        live::{Topic, nothing_shown},
        nav::Entry,
        page::Page,
        problem::Answer,
        viewer::Right,
        visit::Visit,
    },
};
use askama::Template;
use muster_domain::{AccountId, OperationBatch};
use muster_queue::{DeadLetter, OPERATIONS, QueueDepth, QueueStatus};
use std::time::Duration;

pub(super) const PATH: &str = "/system/queue";
/// A queue that takes longer counts as away.
pub(super) const WAIT: Duration = Duration::from_secs(2);
/// Messages that were set aside, looked through for the account's own.
const LETTERS: usize = 100;

#[derive(Template)]
#[template(path = "console/pages/queue.html")]
struct QueuePage {
    page: Page,
    now: Now,
    chart: Chart,
    chart_id: String,
    chart_title: &'static str,
}

/// What the page shows, and keeps up to date.
#[derive(Template)]
#[template(path = "console/pages/queue_live.html")]
struct Now {
    /// None when the queue does not answer.
    queues: Option<Vec<Row>>,
    kept_in: String,
    letters: Vec<Letter>,
}

struct Row {
    name: String,
    state: State,
    depth: String,
    in_hand: String,
    isolated: String,
    oldest: String,
    workers: String,
    set_aside: String,
}

/// A message that was set aside, as far as it is about the account.
struct Letter {
    at: When,
    reason: String,
    deliveries: u32,
    /// Its page; none when it holds operations of others as well, which is not for one account to decide about.
    href: Option<String>,
    /// What each does, and its page.
    operations: Vec<(String, String)>,
}

/// The whole of it, every few seconds.
pub(in crate::console) static TOPIC: Topic = Topic {
    name: "queue",
    right: Right::Look,
    every: 2,
    shown: nothing_shown,
    render: |live| Box::pin(async move { render(&now(&live.app, live.account).await) }),
};

/// `GET /system/queue`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let chart = depth::of(visit.app).await?;
    visit.html(&QueuePage {
        page: visit.page(Entry::Queue, "Queue & workers").live(format!("{},{}", TOPIC.name, depth::CHART.name)),
        now: now(visit.app, visit.account()).await,
        chart,
        chart_id: format!("live-{}", depth::CHART.name),
        chart_title: "Messages that were not done",
    })
}

async fn now(app: &App, account: AccountId) -> Now {
    let queue = &app.queue;
    let status = tokio::time::timeout(WAIT, queue.status()).await.ok().and_then(Result::ok);
    let letters = match &status {
        Some(_) => tokio::time::timeout(WAIT, queue.dead_letters(OPERATIONS, LETTERS)).await.ok().and_then(Result::ok).unwrap_or_default(),
        None => Vec::new(),
    };
    Now {
        kept_in: status.as_ref().map(kept_in).unwrap_or_default(),
        queues: status.map(|status| status.queues.iter().map(row).collect()),
        letters: letters.iter().filter_map(|letter| own(account, letter)).collect(),
    }
}

fn kept_in(status: &QueueStatus) -> String {
    match (status.backend.kind.as_str(), &status.backend.version) {
        ("local", _) => "It lives in this process: gateway and worker are one.".to_owned(),
        (_, Some(version)) => format!("It lives in Redis {version}."),
        (_, None) => "It lives in Redis.".to_owned(),
    }
}

fn row(queue: &QueueDepth) -> Row {
    let number = |n: u64| display::number(i64::try_from(n).unwrap_or(i64::MAX));
    Row {
        name: queue.name.clone(),
        state: stands(queue),
        depth: number(queue.depth),
        in_hand: number(queue.pending),
        isolated: number(queue.isolated),
        oldest: queue.oldest_age_ms.map_or_else(|| "none".to_owned(), show::length),
        workers: number(queue.consumers),
        set_aside: number(queue.dead_letters),
    }
}

const fn stands(queue: &QueueDepth) -> State {
    match queue {
        QueueDepth { consumers: 0, .. } => show::state("bad", "No worker"),
        QueueDepth { oldest_age_ms: Some(30_000..), .. } => show::state("bad", "Behind"),
        QueueDepth { isolated: 1.., .. } => show::state("warning", "One at a time"),
        QueueDepth { depth: 1.., .. } => show::state("good", "Working"),
        _ => show::state("good", "Idle"),
    }
}

/// What of a message is about this account; nothing when nothing is. What cannot be read is nobody's.
fn own(account: AccountId, letter: &DeadLetter) -> Option<Letter> {
    let batch: OperationBatch = serde_json::from_str(&letter.payload).ok()?;
    let own = batch.operations.iter().filter(|operation| operation.account == account);
    let operations: Vec<(String, String)> = own.map(named).collect();
    let whole = batch.is_readable() && operations.len() == batch.operations.len();
    (!operations.is_empty()).then(|| Letter {
        at: When(letter.at_ms),
        reason: letter.reason.clone(),
        deliveries: letter.deliveries,
        href: whole.then(|| format!("{PATH}/{}", letter.id)),
        operations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::{Actor, Change, Operation, OperationId};
    use muster_scim::ResourceType;
    use uuid::Uuid;

    fn operation(account: AccountId) -> Operation {
        Operation {
            id: OperationId::new(),
            account,
            actor: Actor::Command,
            resource_type: ResourceType::User,
            resource_id: Uuid::now_v7(),
            change: Change::Delete,
            if_match: None,
            accepted_ms: 0,
            deadline_ms: 0,
            request_id: Uuid::now_v7(),
            bulk: None,
            acknowledged: false,
            trace: None,
        }
    }

    #[test]
    fn a_message_of_several_accounts_shows_each_its_own() {
        let (ours, theirs) = (AccountId::new(), AccountId::new());
        let batch = OperationBatch { v: OperationBatch::VERSION, reply_to: None, operations: vec![operation(theirs), operation(ours)] };
        let payload = serde_json::to_string(&batch).expect("JSON");
        let letter = DeadLetter { id: "1".into(), payload, reason: "it ended its worker".into(), deliveries: 3, at_ms: 0 };
        let shown = own(ours, &letter).expect("something of ours");
        assert_eq!(
            shown.operations,
            [("Delete user".to_owned(), format!("{}/{}", super::super::operations::PATH, batch.operations[1].id))]
        );
        assert_eq!(shown.href, None, "half of it is somebody else's");
        let alone = OperationBatch { operations: vec![operation(ours)], ..batch };
        let alone = DeadLetter { payload: serde_json::to_string(&alone).expect("JSON"), ..letter.clone() };
        assert_eq!(own(ours, &alone).and_then(|letter| letter.href).as_deref(), Some("/system/queue/1"));
        assert!(own(AccountId::new(), &letter).is_none());
        assert!(own(ours, &DeadLetter { payload: "{".into(), ..letter }).is_none());
    }

    #[test]
    fn a_queue_is_told_by_its_worst() {
        let of = |queue: QueueDepth| stands(&queue).text;
        let idle = QueueDepth { consumers: 1, ..QueueDepth::default() };
        assert_eq!(of(QueueDepth { depth: 5, ..QueueDepth::default() }), "No worker");
        assert_eq!(of(QueueDepth { depth: 5, oldest_age_ms: Some(30_000), ..idle.clone() }), "Behind");
        assert_eq!(of(QueueDepth { depth: 5, oldest_age_ms: Some(3), ..idle.clone() }), "Working");
        assert_eq!(of(idle), "Idle");
    }
}
