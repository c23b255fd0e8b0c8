//! Plans, seen on a real Postgres (`MUSTER_TEST_POSTGRES`): those made while a table was empty must not outlive its growth.

use super::*;
use crate::batch::Membership;
use muster_domain::AccountId;
use uuid::Uuid;

const GROWN: i64 = 20_000;

/// A store of one connection on a database of its own, or nothing where there is no server.
async fn new_store() -> Option<Store> {
    let Ok(admin) = std::env::var("MUSTER_TEST_POSTGRES") else {
        println!("left out: needs postgresql (run tests/run)");
        return None;
    };
    let name = format!("muster_{}", Uuid::now_v7().simple());
    let db = Database::connect(&admin).await.expect("MUSTER_TEST_POSTGRES can be reached");
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
    let (server, _) = admin.rsplit_once('/').expect("a database URL");
    let settings = StoreSettings { url: format!("{server}/{name}"), pool_max: 1, ..Default::default() };
    let store = Store::connect(&settings).await.expect("connect");
    store.migrate().await.expect("migrate");
    Some(store)
}

/// How many rows and index entries of a table this connection has read so far.
async fn read_by(tx: &WriteTransaction, store: &Store, table: &str) -> i64 {
    let sql = "SELECT CAST(pg_stat_get_xact_tuples_returned($1::regclass) + (SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) \
         FROM pg_index WHERE indrelid = $1::regclass) AS bigint) AS n";
    let row = tx.inner.query_one_raw(store.statement(sql, [table.into()])).await.expect("statistics").expect("a row");
    row.try_get("", "n").expect("a number")
}

async fn entries_to_look_up(store: &Store, membership: Membership) -> i64 {
    let tx = store.begin().await.expect("begin");
    let before = read_by(&tx, store, "group_member").await;
    tx.existing_memberships(&[membership]).await.expect("a look-up");
    read_by(&tx, store, "group_member").await - before
}

async fn entries_to_touch(store: &Store, account: AccountId) -> i64 {
    let tx = store.begin().await.expect("begin");
    let before = read_by(&tx, store, "user_group").await;
    tx.touch_groups(&[(account, Uuid::now_v7())], 1).await.expect("an update");
    read_by(&tx, store, "user_group").await - before
}

/// The table is known to be empty, and nobody will look at it again.
async fn leave_unanalysed(store: &Store, table: &str) {
    store.writer().execute_unprepared(&format!("ALTER TABLE {table} SET (autovacuum_enabled = off)")).await.expect("autovacuum off");
    store.writer().execute_unprepared(&format!("VACUUM ANALYZE {table}")).await.expect("statistics");
}

#[tokio::test]
async fn a_look_up_planned_on_an_empty_table_is_planned_again_when_the_table_has_grown() {
    let Some(store) = new_store().await else { return };
    let (account, group, member) = (AccountId(Uuid::now_v7()), Uuid::now_v7(), Uuid::now_v7());
    let membership = Membership { account, group, member };
    leave_unanalysed(&store, "group_member").await;
    entries_to_look_up(&store, membership).await;
    let sql = "INSERT INTO group_member SELECT $1, $2, gen_random_uuid(), false FROM generate_series(1, $3)";
    store.writer().execute_raw(store.statement(sql, [account.0.into(), group.into(), GROWN.into()])).await.expect("growth");
    let mut read = GROWN;
    for _ in 0..130 {
        read = entries_to_look_up(&store, membership).await;
    }
    assert!(read < 10, "a look-up of one membership still reads {read} of {GROWN} entries");
}

#[tokio::test]
async fn an_update_planned_on_an_empty_table_is_planned_again_when_the_table_has_grown() {
    let Some(store) = new_store().await else { return };
    let account = AccountId(Uuid::now_v7());
    leave_unanalysed(&store, "user_group").await;
    entries_to_touch(&store, account).await;
    let sql = "INSERT INTO user_group SELECT $1, gen_random_uuid(), n::text, n::text, NULL, '{}', 1, 0, 0 FROM generate_series(1, $2) n";
    store.writer().execute_raw(store.statement(sql, [account.0.into(), GROWN.into()])).await.expect("growth");
    let mut read = GROWN;
    for _ in 0..130 {
        read = entries_to_touch(&store, account).await;
    }
    assert!(read < 10, "an update of one group still reads {read} of {GROWN} entries");
}

#[test]
fn plans_are_forgotten_often_at_first_and_then_seldom() {
    assert_eq!((1..100).filter(|nth| is_time_to_plan_again(*nth)).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64]);
    assert_eq!((200_000..212_700).filter(|nth| is_time_to_plan_again(*nth)).count(), 100);
}

impl Store {
    /// Counts the statements that are sent to read, from now on.
    pub(crate) fn count_reads(&mut self) -> Arc<AtomicU32> {
        let sent = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&sent);
        self.read.set_metric_callback(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        sent
    }
}
