//! The applier against real databases: SQLite always, Postgres when `MUSTER_TEST_POSTGRES` names a server to make databases on.

mod acknowledged;
mod administrators;
mod batches;
mod bulks;
mod groups;
mod incidents;
mod locked;
mod namesakes;
mod races;
mod users;

use super::{Applier, ApplySettings};
use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Outcome, Role};
use muster_scim::{Compat, Limits, Resource, ResourceType, patch, read_resource};
use muster_store::{Store, StoreSettings, accounts, now_ms, resources};
use serde_json::{Value, json};
use std::future::Future;
use uuid::Uuid;

/// One database, freshly migrated, with one account.
#[derive(Clone)]
pub(super) struct World {
    pub store: Store,
    pub applier: Applier,
    pub account: AccountId,
    pub engine: &'static str,
}

/// Runs a test on every engine there is.
pub(super) async fn on_each<F, T>(test: F)
where
    F: Fn(World) -> T,
    T: Future<Output = ()>,
{
    let dir = tempfile::tempdir().expect("a scratch directory");
    let file = dir.path().join("muster.db");
    test(world("sqlite", &format!("sqlite://{}", file.display())).await).await;
    match std::env::var("MUSTER_TEST_POSTGRES") {
        Ok(admin) => {
            let url = new_database(&admin).await;
            test(world("postgres", &url).await).await;
        }
        Err(_) => println!("left out: needs postgresql (run tests/run)"),
    }
}

async fn new_database(admin: &str) -> String {
    use sea_orm::{ConnectionTrait, Database};
    let name = format!("muster_{}", Uuid::now_v7().simple());
    let db = Database::connect(admin).await.expect("MUSTER_TEST_POSTGRES can be reached");
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
    let (server, _) = admin.rsplit_once('/').expect("a database URL");
    format!("{server}/{name}")
}

async fn world(engine: &'static str, url: &str) -> World {
    let store = Store::connect(&StoreSettings { url: url.to_owned(), ..Default::default() }).await.expect("connect");
    store.migrate().await.expect("migrate");
    assert!(store.pending_migrations().await.expect("pending").is_empty());
    let account = accounts::create(&store, "acme", "Acme Ltd").await.expect("account").id;
    World { applier: Applier::new(store.clone(), ApplySettings::default()), store, account, engine }
}

impl World {
    pub(super) fn operation(&self, resource_type: ResourceType, id: Uuid, change: Change) -> Operation {
        Operation {
            id: OperationId::new(),
            account: self.account,
            actor: Actor::Command,
            resource_type,
            resource_id: id,
            change,
            if_match: None,
            accepted_ms: now_ms(),
            deadline_ms: now_ms() + 60_000,
            request_id: Uuid::now_v7(),
            bulk: None,
            acknowledged: false,
            trace: None,
        }
    }

    pub(super) fn create(&self, resource_type: ResourceType, body: Value) -> Operation {
        self.operation(resource_type, Uuid::now_v7(), Change::Create { resource: canonical(resource_type, body), role: Role::User })
    }

    pub(super) fn create_user(&self, user_id: &str) -> Operation {
        self.create(ResourceType::User, json!({"userName": user_id, "emails": [{"value": user_id, "type": "work", "primary": true}]}))
    }

    pub(super) fn patch(&self, resource_type: ResourceType, id: Uuid, operations: Value) -> Operation {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        let patch = patch::read(resource_type, body, &Compat::default(), &Limits::default()).expect("a valid patch");
        self.operation(resource_type, id, Change::Patch { patch })
    }

    pub(super) fn replace(&self, resource_type: ResourceType, id: Uuid, body: Value) -> Operation {
        self.operation(resource_type, id, Change::Replace { resource: canonical(resource_type, body) })
    }

    pub(super) fn delete(&self, resource_type: ResourceType, id: Uuid) -> Operation {
        self.operation(resource_type, id, Change::Delete)
    }

    pub(super) async fn apply(&self, operations: &[Operation]) -> Vec<Outcome> {
        self.applier.apply(operations.to_vec()).await
    }

    pub(super) async fn apply_one(&self, operation: &Operation) -> Outcome {
        self.apply(std::slice::from_ref(operation)).await.pop().expect("one outcome")
    }

    /// Creates a user and returns its id.
    pub(super) async fn user(&self, user_id: &str) -> Uuid {
        let operation = self.create_user(user_id);
        assert_eq!(self.apply_one(&operation).await.status, 201, "{user_id}");
        operation.resource_id
    }

    /// Creates a group and returns its id.
    pub(super) async fn group(&self, name: &str, members: &[Uuid]) -> Uuid {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let operation = self.create(ResourceType::Group, json!({"displayName": name, "members": members}));
        assert_eq!(self.apply_one(&operation).await.status, 201, "{name}");
        operation.resource_id
    }

    pub(super) async fn read(&self, resource_type: ResourceType, id: Uuid) -> Option<Resource> {
        let include = resources::Include { members: true, groups: true };
        resources::get(&self.store, self.account, resource_type, id, include).await.expect("read")
    }

    pub(super) async fn members(&self, group: Uuid) -> Vec<String> {
        let group = self.read(ResourceType::Group, group).await.expect("the group");
        let members = group.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().expect("an id").to_owned()).collect()
    }
}

pub(super) fn canonical(resource_type: ResourceType, body: Value) -> Resource {
    read_resource(resource_type, body, &Compat::default(), &Limits::default()).expect("a valid resource")
}

pub(super) fn version(resource: &Resource) -> String {
    resource["meta"]["version"].as_str().expect("a version").to_owned()
}
