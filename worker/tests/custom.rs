//! Resources of an installation's own types in batches. A process of its own, because a process has one set of schemas.

use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Outcome, OutcomeCode, Role};
use muster_scim::{
    Compat, Limits, ResourceType, patch, read_resource,
    schema::{Document, Registry},
};
use muster_store::{Store, StoreSettings, accounts, now_ms, resources};
use muster_worker::{Applier, ApplySettings};
use serde_json::{Value, json};
use std::{future::Future, sync::Once};
use uuid::Uuid;

fn boat() -> ResourceType {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let content = serde_json::from_str(include_str!("../../shared/scim/tests/fixtures/boats.json")).expect("JSON");
        Registry::read(&[Document { source: "boats.json".to_owned(), content }]).expect("schemas").install().expect("the first");
    });
    ResourceType::named("Boat").expect("configured")
}

struct World {
    store: Store,
    applier: Applier,
    account: AccountId,
}

/// Runs a test on every engine there is.
async fn on_each<T: Future<Output = ()>>(test: impl Fn(World) -> T) {
    boat();
    let dir = tempfile::tempdir().expect("a scratch directory");
    test(world(&format!("sqlite://{}", dir.path().join("muster.db").display())).await).await;
    match std::env::var("MUSTER_TEST_POSTGRES") {
        Ok(admin) => {
            use sea_orm::{ConnectionTrait, Database};
            let name = format!("muster_{}", Uuid::now_v7().simple());
            let db = Database::connect(&admin).await.expect("MUSTER_TEST_POSTGRES can be reached");
            db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
            let (server, _) = admin.rsplit_once('/').expect("a database URL");
            test(world(&format!("{server}/{name}")).await).await;
        }
        Err(_) => println!("left out: needs postgresql (run tests/run)"),
    }
}

async fn world(url: &str) -> World {
    let store = Store::connect(&StoreSettings { url: url.to_owned(), ..Default::default() }).await.expect("connect");
    store.migrate().await.expect("migrate");
    let account = accounts::create(&store, "acme", "Acme Ltd").await.expect("account").id;
    World { applier: Applier::new(store.clone(), ApplySettings::default()), store, account }
}

impl World {
    fn operation(&self, id: Uuid, change: Change) -> Operation {
        Operation {
            id: OperationId::new(),
            account: self.account,
            actor: Actor::Command,
            resource_type: boat(),
            resource_id: id,
            change,
            bulk: None,
            acknowledged: false,
            trace: None,
            if_match: None,
            accepted_ms: now_ms(),
            deadline_ms: now_ms() + 60_000,
            request_id: Uuid::now_v7(),
        }
    }

    fn create(&self, body: Value) -> Operation {
        let resource = read_resource(boat(), body, &Compat::default(), &Limits::default()).expect("a boat");
        self.operation(Uuid::now_v7(), Change::Create { resource, role: Role::User })
    }

    fn patch(&self, id: Uuid, path: &str, value: &str) -> Operation {
        let body = json!({ "Operations": [{ "op": "replace", "path": path, "value": value }] });
        self.operation(id, Change::Patch { patch: patch::read(boat(), body, &Compat::default(), &Limits::default()).expect("a patch") })
    }

    async fn apply(&self, operations: &[Operation]) -> Vec<Outcome> {
        self.applier.apply(operations.to_vec()).await
    }

    async fn read(&self, id: Uuid) -> Option<Value> {
        resources::get(&self.store, self.account, boat(), id, resources::Include::default()).await.expect("a read").map(Value::Object)
    }
}

fn codes(outcomes: &[Outcome]) -> Vec<OutcomeCode> {
    outcomes.iter().map(|outcome| outcome.code).collect()
}

#[tokio::test]
async fn two_of_a_batch_trade_their_unique_values() {
    on_each(|world| async move {
        let (a, b) = (world.create(json!({ "name": "A", "mark": "one" })), world.create(json!({ "name": "B", "mark": "two" })));
        world.apply(&[a.clone(), b.clone()]).await;
        let (a, b) = (a.resource_id, b.resource_id);
        let trade = [world.patch(a, "mark", "three"), world.patch(b, "mark", "one"), world.patch(a, "mark", "two")];
        assert_eq!(codes(&world.apply(&trade).await), [OutcomeCode::Applied; 3]);
        assert_eq!(world.read(a).await.expect("A")["mark"], "two");
        assert_eq!(world.read(b).await.expect("B")["mark"], "one");
        // What was only passed through is free again.
        assert_eq!(codes(&world.apply(&[world.create(json!({ "name": "C", "mark": "THREE" }))]).await), [OutcomeCode::Applied]);
    })
    .await;
}

#[tokio::test]
async fn one_value_in_a_batch_belongs_to_the_first() {
    on_each(|world| async move {
        let mark = |i: usize| format!(" M{} ", i % 10);
        let batch: Vec<Operation> = (0..50).map(|i| world.create(json!({ "name": "B", "mark": mark(i) }))).collect();
        let outcomes = codes(&world.apply(&batch).await);
        assert!(outcomes[..10].iter().all(|code| *code == OutcomeCode::Applied), "{outcomes:?}");
        assert!(outcomes[10..].iter().all(|code| *code == OutcomeCode::Duplicate), "{outcomes:?}");
        assert!(world.read(batch[10].resource_id).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn an_operation_delivered_twice_has_one_effect() {
    on_each(|world| async move {
        let create = world.create(json!({ "name": "A", "mark": "one" }));
        let first = world.apply(std::slice::from_ref(&create)).await;
        let rename = world.patch(create.resource_id, "name", "B");
        let outcomes = world.apply(&[create.clone(), rename.clone(), rename.clone()]).await;
        assert_eq!(codes(&outcomes), [OutcomeCode::Applied; 3]);
        assert_eq!((outcomes[0].version, outcomes[1].version, first[0].version), (Some(1), Some(2), Some(1)));
        assert_eq!(world.read(create.resource_id).await.expect("there")["meta"]["version"], "W/\"2\"");
        let gone = world.operation(create.resource_id, Change::Delete);
        let after = [gone, world.patch(create.resource_id, "name", "C"), world.create(json!({ "name": "D", "mark": "one" }))];
        assert_eq!(codes(&world.apply(&after).await), [OutcomeCode::Applied, OutcomeCode::NotFound, OutcomeCode::Applied]);
    })
    .await;
}

#[tokio::test]
async fn parallel_batches_that_want_one_value_leave_one_owner() {
    on_each(|world| async move {
        for round in 0..10 {
            let mark = format!("R{round}");
            let operations: Vec<Operation> = (0..4).map(|_| world.create(json!({ "name": "X", "mark": mark }))).collect();
            let outcomes = futures::future::join_all(operations.iter().map(|one| world.apply(std::slice::from_ref(one)))).await;
            let mut found = codes(&outcomes.concat());
            found.sort_unstable_by_key(|code| code.as_str());
            assert_eq!(found, [OutcomeCode::Applied, OutcomeCode::Duplicate, OutcomeCode::Duplicate, OutcomeCode::Duplicate]);
        }
    })
    .await;
}
