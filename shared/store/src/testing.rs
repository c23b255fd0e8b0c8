//! Real databases for the tests of this crate: SQLite always, Postgres when `MUSTER_TEST_POSTGRES` names a server to make
//! databases on.

use crate::{Dialect, GroupRow, Store, StoreSettings, UserRow, accounts, batch::Membership};
use muster_domain::{AccountId, Role};
use muster_scim::{Resource, ResourceType};
use sea_orm::{ConnectionTrait, Database, Statement};
use std::future::Future;
use uuid::Uuid;

/// One database, freshly migrated, with one account.
#[derive(Clone)]
pub(crate) struct World {
    pub store: Store,
    pub account: AccountId,
}

/// Runs a test on every engine there is.
pub(crate) async fn on_each<F, T>(test: F)
where
    F: Fn(World) -> T,
    T: Future<Output = ()>,
{
    let dir = tempfile::tempdir().expect("a scratch directory");
    test(world(&format!("sqlite://{}", dir.path().join("muster.db").display())).await).await;
    on_postgres(test).await;
}

/// Runs a test on Postgres only.
pub(crate) async fn on_postgres<F, T>(test: F)
where
    F: Fn(World) -> T,
    T: Future<Output = ()>,
{
    let Ok(admin) = std::env::var("MUSTER_TEST_POSTGRES") else {
        println!("left out: needs postgresql (run tests/run)");
        return;
    };
    let name = format!("muster_{}", Uuid::now_v7().simple());
    let db = Database::connect(&admin).await.expect("MUSTER_TEST_POSTGRES can be reached");
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
    let (server, _) = admin.rsplit_once('/').expect("a database URL");
    let world = world(&format!("{server}/{name}")).await;
    test(world.clone()).await;
    world.store.close().await;
    db.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("the database is gone");
}

pub(crate) async fn world(url: &str) -> World {
    let store = Store::connect(&StoreSettings { url: url.to_owned(), ..Default::default() }).await.expect("connect");
    store.migrate().await.expect("migrate");
    let account = accounts::create(&store, "acme", "Acme Ltd").await.expect("account").id;
    World { store, account }
}

impl World {
    pub(crate) fn user(&self, resource: Resource, created_ms: i64, modified_ms: i64) -> UserRow {
        UserRow { account: self.account, id: Uuid::now_v7(), role: Role::User, resource, version: 1, created_ms, modified_ms }
    }

    pub(crate) fn group(&self, resource: Resource, created_ms: i64, modified_ms: i64) -> GroupRow {
        GroupRow { account: self.account, id: Uuid::now_v7(), resource, version: 1, created_ms, modified_ms }
    }

    pub(crate) async fn insert(&self, users: &[UserRow], groups: &[GroupRow], members: &[(Uuid, Uuid)]) {
        let tx = self.store.begin().await.expect("begin");
        for users in users.chunks(1_000) {
            tx.insert_users(&mut users.iter().collect::<Vec<_>>()).await.expect("users");
        }
        for groups in groups.chunks(1_000) {
            tx.insert_groups(&mut groups.iter().collect::<Vec<_>>()).await.expect("groups");
        }
        let members: Vec<Membership> =
            members.iter().map(|(group, member)| Membership { account: self.account, group: *group, member: *member }).collect();
        for kind in ResourceType::BUILT_IN {
            tx.insert_members(kind, &members).await.expect("members");
        }
        tx.commit().await.expect("commit");
    }

    /// How the database means to carry out a statement, a step a line.
    pub(crate) async fn plan(&self, statement: Statement) -> String {
        let (explain, column) = match self.store.dialect() {
            Dialect::Postgres => ("EXPLAIN", "QUERY PLAN"),
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        };
        let values = statement.values.map(|values| values.0).unwrap_or_default();
        let explain = self.store.statement(format!("{explain} {}", statement.sql), values);
        let rows = self.store.reader().query_all_raw(explain).await.expect("a plan");
        rows.iter().map(|row| row.try_get::<String>("", column).expect("a line") + "\n").collect()
    }

    pub(crate) async fn delete_user(&self, id: Uuid) {
        let tx = self.store.begin().await.expect("begin");
        tx.leave_groups(&[(self.account, id)]).await.expect("leave");
        tx.delete_users(&[(self.account, id)]).await.expect("delete");
        tx.commit().await.expect("commit");
    }
}

impl Store {
    async fn close(&self) {
        let (read, write) = (self.reader().clone(), self.writer().clone());
        let _ = read.close().await;
        let _ = write.close().await;
    }
}

/// A resource, written as JSON.
pub(crate) fn object(json: serde_json::Value) -> Resource {
    match json {
        serde_json::Value::Object(resource) => resource,
        other => panic!("not an object: {other}"),
    }
}
