//! A gateway to talk to, and a client that sends exactly the bytes it is given.

use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Outcome, OutcomeCode, Reply, Role, SecretKey, UserId};
use muster_gateway::{GatewayError, GatewaySettings, run};
use muster_queue::{Delivery, HandlerError, OperationHandler, Queue, QueueSettings, WorkerSettings};
use muster_scim::{Resource, ResourceType, ScimError, render};
use muster_store::{Store, StoreSettings, UserRow, accounts, keys, operations};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub struct Gateway {
    pub address: SocketAddr,
    pub store: Store,
    pub account: AccountId,
    pub administrator: UserId,
    pub key: String,
    pub shutdown: CancellationToken,
    pub running: JoinHandle<Result<(), GatewayError>>,
    /// The operations that came to the worker.
    pub delivered: Arc<Mutex<Vec<OperationId>>>,
    _directory: TempDir,
}

impl Gateway {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(adjust: impl FnOnce(&mut GatewaySettings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let store = Store::connect(&StoreSettings { url, ..StoreSettings::default() }).await.unwrap();
        store.migrate().await.unwrap();
        let (account, administrator) = seed(&store).await;
        let secret = SecretKey::generate();
        keys::generate(&store, account, administrator, &secret).await.unwrap();
        let queue = Queue::connect(impatient()).await.unwrap();
        let (shutdown, worker, delivered) = (CancellationToken::new(), queue.clone(), Arc::<Mutex<Vec<OperationId>>>::default());
        let stand_in = StandIn { delivered: Arc::clone(&delivered), store: store.clone() };
        tokio::spawn(async move {
            worker.run_operation_worker("stand-in", WorkerSettings::default(), stand_in, CancellationToken::new()).await
        });
        let mut settings = GatewaySettings::new("127.0.0.1:0".parse().unwrap(), "https://muster.example/", "1.2.3");
        adjust(&mut settings);
        let (tell, told) = tokio::sync::oneshot::channel();
        let stop = shutdown.clone();
        let serving = store.clone();
        let running = tokio::spawn(async move { run(settings, serving, queue, stop, |address| tell.send(address).unwrap()).await });
        let address = told.await.unwrap();
        Self {
            address,
            store,
            account,
            administrator,
            key: secret.reveal().to_owned(),
            shutdown,
            running,
            delivered,
            _directory: directory,
        }
    }

    /// Sends exactly these bytes on a new connection.
    pub async fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        exchange(&mut stream, bytes).await
    }

    /// A request with the key, and these header lines.
    pub async fn request(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        self.raw(self.text(method, path, headers, body).as_bytes()).await
    }

    pub fn text(&self, method: &str, path: &str, headers: &[&str], body: &str) -> String {
        let key = format!("Authorization: Bearer {}", self.key);
        let lines: String = headers.iter().copied().chain([key.as_str()]).map(|line| format!("{line}\r\n")).collect();
        format!("{method} {path} HTTP/1.1\r\nHost: muster.example\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, &["Content-Type: application/scim+json"], &body.to_string()).await
    }
}

/// What stops its worker is set aside at once.
fn impatient() -> QueueSettings {
    QueueSettings { max_deliveries: 1, claim_idle: Duration::from_millis(50), ..QueueSettings::default() }
}

/// An account with one user who may be SCIM administrator.
async fn seed(store: &Store) -> (AccountId, UserId) {
    let account = accounts::create(store, "acme", "Acme Ltd").await.unwrap().id;
    let administrator = UserId::new();
    insert_user(store, account, administrator.0, Role::Administrator, named("admin")).await;
    (account, administrator)
}

/// The least a user is.
pub fn named(user_id: &str) -> Resource {
    Resource::from_iter([("userName".to_owned(), user_id.into()), ("active".to_owned(), true.into())])
}

/// A user, past every rule.
pub async fn insert_user(store: &Store, account: AccountId, id: Uuid, role: Role, resource: Resource) {
    let user = UserRow { account, id, role, resource, version: 1, created_ms: 0, modified_ms: 0 };
    let transaction = store.begin().await.unwrap();
    transaction.insert_users(&mut [&user]).await.unwrap();
    transaction.commit().await.unwrap();
}

pub async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> Answer {
    stream.write_all(bytes).await.unwrap();
    tokio::time::timeout(Duration::from_secs(15), read_answer(stream, bytes.starts_with(b"HEAD"))).await.expect("an answer")
}

async fn read_answer(stream: &mut TcpStream, head_only: bool) -> Answer {
    let mut seen = Vec::new();
    let end = loop {
        if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "closed after {:?}", String::from_utf8_lossy(&seen));
    };
    let head = String::from_utf8(seen[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> =
        lines.map(|line| line.split_once(':').unwrap()).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let mut answer = Answer { status, headers, body: seen[end + 4..].to_vec() };
    let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    while !head_only && answer.body.len() < length {
        assert_ne!(stream.read_buf(&mut answer.body).await.unwrap(), 0, "the body broke off");
    }
    answer
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// That this is a SCIM error in every respect.
    #[track_caller]
    pub fn is_error(&self, status: u16, scim_type: Option<&str>) -> &Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        let body = self.json();
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(body["status"], json!(status.to_string()));
        assert_eq!(body.get("scimType").and_then(Value::as_str), scim_type, "{body}");
        assert!(!body["detail"].as_str().unwrap().is_empty());
        assert_eq!(self.header("content-type"), Some("application/scim+json"));
        assert!(self.header("x-request-id").is_some());
        self
    }

    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap().to_owned()
    }
}

/// Answers operations as their user name says, and makes the users somebody in the console asks for.
#[derive(Clone)]
struct StandIn {
    delivered: Arc<Mutex<Vec<OperationId>>>,
    store: Store,
}

impl OperationHandler for StandIn {
    async fn handle(&self, delivery: Delivery) -> Result<Vec<Reply>, HandlerError> {
        let again = {
            let mut delivered = self.delivered.lock().unwrap();
            let again = delivery.batch.operations.iter().all(|operation| delivered.contains(&operation.id));
            delivered.extend(delivery.batch.operations.iter().map(|operation| operation.id));
            again
        };
        if !again && delivery.batch.operations.iter().any(|operation| user_name(operation) == Some("poison")) {
            return Err("it is not to be had at first".into());
        }
        for operation in &delivery.batch.operations {
            if let (Change::Create { resource, role }, Actor::Console { .. }) = (&operation.change, &operation.actor)
                && outcome(operation).is_some_and(|outcome| outcome.is_success())
            {
                insert_user(&self.store, operation.account, operation.resource_id, *role, resource.clone()).await;
            }
        }
        let replies = delivery
            .batch
            .operations
            .into_iter()
            .filter_map(|operation| Some(Reply { operation: operation.id, outcome: outcome(&operation)? }));
        Ok(replies.collect())
    }

    async fn set_aside(&self, delivery: Delivery, _: String) -> Vec<Reply> {
        let mut replies = Vec::new();
        for operation in delivery.batch.operations {
            let outcome = Outcome::failed(OutcomeCode::SetAside, 500);
            operations::record(&self.store, &operation, &outcome).await.unwrap();
            replies.push(Reply { operation: operation.id, outcome });
        }
        replies
    }
}

fn user_name(operation: &Operation) -> Option<&str> {
    let (Change::Create { resource, .. } | Change::Replace { resource }) = &operation.change else { return None };
    resource.get("userName").and_then(Value::as_str)
}

fn outcome(operation: &Operation) -> Option<Outcome> {
    let resource = match &operation.change {
        Change::Create { resource, .. } | Change::Replace { resource } => resource.clone(),
        Change::Patch { .. } => Resource::from_iter([("userName".to_owned(), "patched".into())]),
        Change::Delete => return Some(Outcome::done(OutcomeCode::Applied, 204, None, None)),
    };
    if let Some(versions) = &operation.if_match
        && !versions.contains(&7)
    {
        return Some(Outcome::refused(OutcomeCode::VersionMismatch, ScimError::precondition_failed("it is at version 7")));
    }
    match resource.get("userName").and_then(Value::as_str) {
        Some("silent") => return None,
        Some("taken") => return Some(Outcome::refused(OutcomeCode::Duplicate, ScimError::uniqueness("userName is taken"))),
        Some("broken") => return Some(Outcome::failed(OutcomeCode::Failed, 500)),
        Some("late") => return Some(Outcome::failed(OutcomeCode::Expired, 503)),
        _ => {}
    }
    let rendered = render(operation.resource_type, operation.resource_id, &resource, 0, 0, 7, None);
    let resource = (operation.resource_type == ResourceType::User).then_some(rendered);
    Some(Outcome::done(OutcomeCode::Applied, 200, Some(7), resource))
}
