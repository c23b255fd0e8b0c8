//! Conversions on real databases: SQLite always, Postgres when `MUSTER_TEST_POSTGRES` names a server to make databases on.

mod aliases;
mod forms;
mod governed;
mod meanwhile;
mod orders;
mod plans;
mod references;
mod reports;
mod runs;
mod samples;
mod sign_in;
mod stops;
mod turns;
mod undos;

use super::{ConversionSettings, Pace, SliceEnd, Step, pace::Moment, run_slice};
use crate::{Applier, ApplySettings};
use muster_domain::{
    AccountId, Actor, Change, LoginKey, Operation, OperationId, Role,
    conversion::{Code, ItemState, PlanOptions, State},
};
use muster_scim::{Compat, Limits, ResourceType, read_resource};
use muster_store::{
    Store, StoreSettings, accounts,
    conversion::{self, Conversion, Item, NewConversion, ReferenceRow},
    now_ms, resources,
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// One database with one account.
#[derive(Clone)]
struct Place {
    store: Store,
    applier: Applier,
    account: AccountId,
    engine: &'static str,
    url: String,
    settings: ConversionSettings,
}

/// Runs a test on every engine there is.
async fn on_each<F, T>(test: F)
where
    F: Fn(Place) -> T,
    T: Future<Output = ()>,
{
    let dir = tempfile::tempdir().expect("a scratch directory");
    test(place("sqlite", format!("sqlite://{}", dir.path().join("muster.db").display())).await).await;
    match std::env::var("MUSTER_TEST_POSTGRES") {
        Ok(admin) => {
            let name = format!("muster_{}", Uuid::now_v7().simple());
            let db = Database::connect(&admin).await.expect("MUSTER_TEST_POSTGRES can be reached");
            db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
            let (server, _) = admin.rsplit_once('/').expect("a database URL");
            test(place("postgres", format!("{server}/{name}")).await).await;
        }
        Err(_) => println!("left out: needs postgresql (run tests/run)"),
    }
}

async fn place(engine: &'static str, url: String) -> Place {
    let store = Store::connect(&StoreSettings { url: url.clone(), pool_max: 4, ..Default::default() }).await.expect("connect");
    store.migrate().await.expect("migrate");
    let account = accounts::create(&store, "acme", "Acme Ltd").await.expect("account").id;
    let settings = ConversionSettings { pace: Arc::new(|_| Box::new(ChunksOf(7))), patience: 0.0, ..ConversionSettings::default() };
    Place { applier: Applier::new(store.clone(), ApplySettings::default()), store, account, engine, url, settings }
}

/// So many rows a chunk, without pause: small, so that every test crosses the ends of chunks.
struct ChunksOf(u32);

impl Pace for ChunksOf {
    fn next(&mut self, _: Moment<'_>) -> Step {
        Step::Work { rows: self.0 }
    }

    fn done(&mut self, _: super::Chunk) {}
}

/// Seven rows a chunk, and an end of the slice after some.
struct EndsAfter {
    chunks: u32,
    stop: CancellationToken,
}

impl Pace for EndsAfter {
    fn next(&mut self, _: Moment<'_>) -> Step {
        self.chunks = self.chunks.saturating_sub(1);
        if self.chunks == 0 {
            self.stop.cancel();
        }
        Step::Work { rows: 7 }
    }

    fn done(&mut self, _: super::Chunk) {}
}

impl Place {
    fn operation(&self, id: Uuid, change: Change) -> Operation {
        Operation {
            id: OperationId::new(),
            account: self.account,
            actor: Actor::Command,
            acknowledged: false,
            trace: None,
            bulk: None,
            resource_type: ResourceType::User,
            resource_id: id,
            change,
            if_match: None,
            accepted_ms: now_ms(),
            deadline_ms: now_ms() + 60_000,
            request_id: Uuid::now_v7(),
        }
    }

    fn create(&self, body: Value) -> Operation {
        let resource = read_resource(ResourceType::User, body, &Compat::default(), &Limits::default()).expect("a valid user");
        self.operation(Uuid::now_v7(), Change::Create { resource, role: Role::User })
    }

    fn named(&self, user_id: &str, email: &str) -> Operation {
        let mut body = json!({"userName": user_id});
        if !email.is_empty() {
            body["emails"] = json!([{"value": email, "type": "work", "primary": true}]);
        }
        self.create(body)
    }

    /// Makes users and returns their ids.
    async fn users(&self, users: &[(&str, &str)]) -> Vec<Uuid> {
        let operations: Vec<Operation> = users.iter().map(|(user_id, email)| self.named(user_id, email)).collect();
        let outcomes = self.applier.apply(operations.clone()).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == 201), "{outcomes:?}");
        operations.into_iter().map(|operation| operation.resource_id).collect()
    }

    /// Makes `u1`…`uN` with addresses.
    async fn many(&self, count: usize) -> Vec<Uuid> {
        let names: Vec<(String, String)> = (1..=count).map(|n| (format!("u{n}"), format!("User.{n}@acme.test"))).collect();
        self.users(&names.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>()).await
    }

    async fn replace(&self, id: Uuid, user_id: &str, email: &str) -> u16 {
        let body = json!({"userName": user_id, "emails": [{"value": email, "type": "work", "primary": true}]});
        let resource = read_resource(ResourceType::User, body, &Compat::default(), &Limits::default()).expect("a valid user");
        self.applier.apply(vec![self.operation(id, Change::Replace { resource })]).await[0].status
    }

    async fn delete(&self, id: Uuid) {
        assert_eq!(self.applier.apply(vec![self.operation(id, Change::Delete)]).await[0].status, 204);
    }

    fn new_run(&self, options: &PlanOptions) -> NewConversion {
        NewConversion { undo_of: None, requested_by: "test".into(), options: serde_json::to_value(options).expect("JSON"), pace: json!({}) }
    }

    /// Makes a plan.
    async fn plan(&self, options: &PlanOptions) -> Conversion {
        let run = conversion::create(&self.store, self.account, self.new_run(options)).await.expect("a new run");
        let run = self.work(&run).await;
        assert_eq!(run.state, State::Planned, "{run:?}");
        run
    }

    /// Starts a planned run and works on it to its end.
    async fn run(&self, run: &Conversion) -> Conversion {
        let run = conversion::start(&self.store, run, "test", &json!({})).await.expect("started");
        let run = self.work(&run).await;
        assert_eq!(run.state, State::Finished, "{run:?}");
        run
    }

    async fn undo(&self, run: &Conversion) -> Conversion {
        let new = NewConversion { undo_of: Some(run.id), ..self.new_run(&PlanOptions::default()) };
        let undo = conversion::create(&self.store, self.account, new).await.expect("a new undo");
        let undo = self.work(&undo).await;
        assert_eq!(undo.state, State::Finished, "{undo:?}");
        undo
    }

    /// Works on a run, slice by slice, until nobody has to any more.
    async fn work(&self, run: &Conversion) -> Conversion {
        loop {
            let now = self.get(run).await;
            if !now.state.is_worked_on() {
                return now;
            }
            let end = self.slice(&now).await;
            assert!(matches!(end, SliceEnd::Finished | SliceEnd::TimeIsUp), "{}: {end:?}", self.engine);
        }
    }

    /// One slice.
    async fn slice(&self, run: &Conversion) -> SliceEnd {
        let lease = conversion::take(&self.store, run.account, run.id, "test").await.expect("a lease").expect("it is free");
        run_slice(&self.store, self.get(run).await, lease, &self.settings, CancellationToken::new()).await
    }

    /// A slice whose time is up after so many chunks.
    async fn slice_of(&self, run: &Conversion, chunks: u32) -> SliceEnd {
        let lease = conversion::take(&self.store, run.account, run.id, "test").await.expect("a lease").expect("it is free");
        let stop = CancellationToken::new();
        let ends = stop.clone();
        let pace = Arc::new(move |_| Box::new(EndsAfter { chunks, stop: ends.clone() }) as Box<dyn Pace>);
        let settings = ConversionSettings { pace, ..self.settings.clone() };
        run_slice(&self.store, self.get(run).await, lease, &settings, stop).await
    }

    async fn get(&self, run: &Conversion) -> Conversion {
        conversion::get(&self.store, run.account, run.id).await.expect("a run").expect("it is there")
    }

    async fn items(&self, run: &Conversion) -> Vec<Item> {
        conversion::items_after(&self.store, run.account, run.journal(), 0, 1_000_000).await.expect("items")
    }

    /// Of each old user id: where its item stands, and why.
    async fn codes(&self, run: &Conversion) -> BTreeMap<String, (ItemState, Code)> {
        let run = self.get(run).await;
        self.items(&run).await.into_iter().map(|item| (item.old_id.clone(), (item.state_at(run.users_n), item.code))).collect()
    }

    /// What users sign in with, by id.
    async fn ids(&self) -> BTreeMap<Uuid, String> {
        let users = conversion::read_users(&self.store, self.account, None, 1_000_000).await.expect("users");
        assert!(users.iter().all(|user| user.login_key == LoginKey::of(&user.user_id).as_str()), "a wrong comparison form");
        users.into_iter().map(|user| (user.id, user.user_id)).collect()
    }

    async fn database(&self) -> DatabaseConnection {
        Database::connect(self.url.clone()).await.expect("a second way in")
    }

    async fn user(&self, id: Uuid) -> Option<Value> {
        let user = resources::get(&self.store, self.account, ResourceType::User, id, resources::Include::default()).await.expect("read");
        user.map(Value::Object)
    }
}
