//! What every test needs: operations, workers, patience.

use crate::handler::{Behaviour, TestHandler};
use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Outcome};
use muster_queue::{CallError, ClientSettings, OperationClient, Queue, QueueDepth, QueueError, QueueSettings, WorkerSettings};
use muster_scim::{Resource, ResourceType};
use std::{future::Future, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// Longer than anything here takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A backend under test.
pub trait Rig: Send + Sync {
    /// The queue, opened with these settings (but for the URL and the prefix, which are the rig's). Every call gives the same
    /// queue, as another process would see it where the backend allows that.
    fn queue(&self, settings: QueueSettings) -> impl Future<Output = Queue> + Send;

    /// Starts a worker that takes messages and never finishes one; it vanishes without a word when the result is told to.
    fn doomed_worker(&self, queue: &Queue) -> impl Future<Output = Doomed> + Send;

    /// Puts this many messages of one operation each into the queue, which nobody waits for.
    fn flood(&self, queue: &Queue, count: usize) -> impl Future<Output = ()> + Send;
}

/// A worker that is going to vanish.
pub enum Doomed {
    /// A process, to be killed.
    Process(std::process::Child),
    /// A task, to be dropped.
    Task(JoinHandle<()>),
}

impl Doomed {
    /// `kill -9`, or what comes nearest to it.
    pub fn vanish(self) {
        match self {
            Self::Process(mut child) => {
                child.kill().expect("the child is ours");
                child.wait().expect("the child was killed");
            }
            Self::Task(task) => task.abort(),
        }
    }
}

/// Settings that make a test short: what is held by nobody comes back after a third of a second.
pub fn quick() -> QueueSettings {
    QueueSettings { claim_idle: Duration::from_millis(300), block: Duration::from_millis(500), ..QueueSettings::default() }
}

/// An operation of an account with a name its handler can recognise.
pub fn operation_of(account: AccountId, name: &str, now_ms: i64) -> Operation {
    let mut resource = Resource::new();
    resource.insert("displayName".to_owned(), name.into());
    Operation {
        id: OperationId::new(),
        account,
        actor: Actor::Command,
        resource_type: ResourceType::User,
        resource_id: Uuid::now_v7(),
        change: Change::Replace { resource },
        if_match: None,
        accepted_ms: now_ms,
        deadline_ms: now_ms + 55_000,
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    }
}

/// The name given to [`operation_of`].
pub fn name_of(operation: &Operation) -> &str {
    let Change::Replace { resource } = &operation.change else {
        return "";
    };
    resource.get("displayName").and_then(|name| name.as_str()).unwrap_or_default()
}

/// A call that waits as long as a test does.
pub async fn call(queue: &Queue, client: &OperationClient, name: &str) -> Result<Outcome, CallError> {
    let now = queue.now_ms();
    client.call(operation_of(AccountId::new(), name, now), now + 60_000).await
}

/// Many calls at once, each with an account of its own.
pub fn calls(
    queue: &Queue,
    client: &OperationClient,
    names: impl IntoIterator<Item = String>,
) -> Vec<JoinHandle<Result<Outcome, CallError>>> {
    let start = |name: String| {
        let (queue, client) = (queue.clone(), client.clone());
        tokio::spawn(async move { call(&queue, &client, &name).await })
    };
    names.into_iter().map(start).collect()
}

/// Waits for calls and wants all of them applied.
pub async fn all_applied(calls: Vec<JoinHandle<Result<Outcome, CallError>>>) {
    for (number, call) in calls.into_iter().enumerate() {
        let outcome = call.await.expect("calls do not panic");
        assert!(outcome.as_ref().is_ok_and(Outcome::is_success), "call {number} ended with {outcome:?}");
    }
}

/// A client of the gateway's side.
pub fn client(queue: &Queue) -> OperationClient {
    queue.operation_client(ClientSettings { resend_after: Duration::from_millis(500), ..ClientSettings::default() })
}

/// A running worker; it is told to stop when this is dropped.
pub struct Worker {
    pub handler: TestHandler,
    task: JoinHandle<Result<(), QueueError>>,
    shutdown: DropGuard,
}

impl Worker {
    /// One that does as told with every message.
    pub fn start(queue: &Queue, behave: impl Fn(&muster_queue::Delivery) -> Behaviour + Send + Sync + 'static) -> Self {
        Self::start_with(queue, WorkerSettings::default(), TestHandler::new(behave))
    }

    pub fn start_with(queue: &Queue, settings: WorkerSettings, handler: TestHandler) -> Self {
        let (shutdown, queue, hands) = (CancellationToken::new(), queue.clone(), handler.clone());
        let told = shutdown.clone();
        let task = tokio::spawn(async move { queue.run_operation_worker("test", settings, hands, told).await });
        Self { handler, task, shutdown: shutdown.drop_guard() }
    }

    /// Tells it to stop and waits until it has.
    pub async fn stop(self) -> Result<(), QueueError> {
        drop(self.shutdown);
        self.task.await.expect("workers do not panic")
    }
}

/// The state of the queue of operations.
pub async fn depth(queue: &Queue) -> QueueDepth {
    let status = queue.status().await.expect("the queue answers");
    status.queues.into_iter().find(|one| one.name == muster_queue::OPERATIONS).expect("there is a queue of operations")
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}
