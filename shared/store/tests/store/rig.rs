//! A database for each test, on every engine there is.

use muster_domain::{
    AccountId, Actor, Change, Operation, OperationId, Outcome, OutcomeCode, Role,
    incident::{Cause, Fingerprint},
};
use muster_scim::{Resource, ResourceType, ScimError};
use muster_store::{Store, StoreSettings, accounts, batch::LogEntry, incidents::Failure, now_ms};
use sea_orm::{ConnectionTrait, Database};
use std::future::Future;
use uuid::Uuid;

/// One database, freshly migrated, with one account.
#[derive(Clone)]
pub struct World {
    pub store: Store,
    pub account: AccountId,
    pub engine: &'static str,
}

/// Runs a test on every engine there is.
pub async fn on_each<F, T>(test: F)
where
    F: Fn(World) -> T,
    T: Future<Output = ()>,
{
    let dir = tempfile::tempdir().unwrap();
    test(world("sqlite", &format!("sqlite://{}", dir.path().join("muster.db").display())).await).await;
    match std::env::var("MUSTER_TEST_POSTGRES") {
        Ok(admin) => test(world("postgres", &new_database(&admin).await).await).await,
        Err(_) => println!("left out: needs postgresql (run tests/run)"),
    }
}

async fn new_database(admin: &str) -> String {
    let name = format!("muster_{}", Uuid::now_v7().simple());
    let db = Database::connect(admin).await.unwrap();
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) = admin.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

async fn world(engine: &'static str, url: &str) -> World {
    let store = Store::connect(&StoreSettings { url: url.to_owned(), ..Default::default() }).await.unwrap();
    store.migrate().await.unwrap();
    let account = accounts::create(&store, "acme", "Acme Ltd").await.unwrap().id;
    World { store, account, engine }
}

impl World {
    /// The creation of a user.
    pub fn create(&self, user_id: &str) -> Operation {
        Operation {
            id: OperationId::new(),
            account: self.account,
            actor: Actor::Command,
            resource_type: ResourceType::User,
            resource_id: Uuid::now_v7(),
            change: Change::Create { resource: Resource::from_iter([("userName".to_owned(), user_id.into())]), role: Role::User },
            if_match: None,
            accepted_ms: now_ms(),
            deadline_ms: now_ms() + 60_000,
            request_id: Uuid::now_v7(),
            bulk: None,
            acknowledged: false,
            trace: None,
        }
    }

    /// Logs operations that all ended alike, as a batch does.
    pub async fn log(&self, operations: &[Operation], outcome: &Outcome) {
        let entries: Vec<LogEntry<'_>> = operations.iter().map(|operation| LogEntry { operation, outcome, changed: &[] }).collect();
        let tx = self.store.begin().await.unwrap();
        tx.log_operations(&entries, now_ms()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Writes failures that belong to no operation.
    pub async fn fail(&self, cause: Cause, failures: i64, at_ms: i64) {
        let fingerprint = Fingerprint { cause, scim_type: None, attribute: None, action: "create", resource_type: Some("User") };
        muster_store::incidents::record(&self.store, &[Failure::refused(self.account, fingerprint, failures, at_ms)]).await.unwrap();
    }
}

/// The user id is taken.
pub fn taken() -> Outcome {
    Outcome::refused(OutcomeCode::Duplicate, ScimError::uniqueness("userName: another user signs in as `jdoe`"))
}
