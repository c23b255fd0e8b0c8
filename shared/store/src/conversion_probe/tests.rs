//! Probes against real databases: SQLite always, Postgres when `MUSTER_TEST_POSTGRES` names a server to make databases on.

use super::*;
use crate::Store;
use muster_domain::conversion::throttle::Signals;
use sea_orm::TransactionTrait;
use std::time::Duration;
use uuid::Uuid;

struct World {
    settings: StoreSettings,
    store: Store,
    probe: Probe,
    account: AccountId,
}

impl World {
    async fn new(url: String) -> Self {
        let settings = StoreSettings { url, pool_max: 4, ..Default::default() };
        let store = Store::connect(&settings).await.expect("connect");
        store.migrate().await.expect("migrate");
        let account = AccountId(Uuid::now_v7());
        let probe = Probe::connect(&settings, account).await.expect("a probe");
        Self { settings, store, probe, account }
    }

    async fn postgres() -> Option<Self> {
        let Ok(admin) = std::env::var("MUSTER_TEST_POSTGRES") else {
            println!("left out: needs postgresql (run tests/run)");
            return None;
        };
        let name = format!("muster_{}", Uuid::now_v7().simple());
        let db = Database::connect(&admin).await.expect("MUSTER_TEST_POSTGRES can be reached");
        db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
        let (server, _) = admin.rsplit_once('/').expect("a database URL");
        Some(Self::new(format!("{server}/{name}")).await)
    }

    async fn sqlite(dir: &tempfile::TempDir) -> Self {
        Self::new(format!("sqlite://{}", dir.path().join("muster.db").display())).await
    }

    /// Somebody else's connection: the platform's, say.
    async fn somebody(&self) -> DatabaseConnection {
        Database::connect(&self.settings.url).await.expect("connect")
    }

    async fn add_user(&self, key: &str) {
        let sql = "INSERT INTO users (account_id, id, user_id, login_key, active, role, resource, version, created_ms, modified_ms) \
             VALUES ($1, $2, $3, $3, true, 'user', '{}', 1, 0, 0)";
        let values = [self.account.0.into(), Uuid::now_v7().into(), key.into()];
        self.store.writer().execute_raw(self.store.statement(sql, values)).await.expect("a user");
    }

    /// Asks until the answer is as expected; ends with a failure only when it never is.
    async fn signals_until(&self, what: &str, expected: impl Fn(&Signals) -> bool) -> Signals {
        for _ in 0..200 {
            let signals = self.probe.signals().await.expect("signals");
            if expected(&signals) {
                return signals;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never: {what}");
    }
}

async fn looks_up_with_and_without_users(world: &World) {
    let mut keys = CanaryKeys::default();
    world.probe.look_up(keys.turn()).await.expect("a look-up of nobody");
    assert_eq!(world.probe.any_key().await.expect("an answer"), None);
    world.add_user("zzzzz@acme.test").await;
    for _ in 0..KEYS + 5 {
        keys.add(world.probe.any_key().await.expect("an answer").expect("a key"));
        world.probe.look_up(keys.turn()).await.expect("a look-up");
    }
    assert_eq!(keys.keys.len(), KEYS);
    assert!(keys.keys.iter().all(|key| key == "zzzzz@acme.test"), "of this account alone");
}

async fn a_status_reads_back(world: &World) {
    use muster_domain::conversion::pace::PaceStatus;
    assert_eq!(status(&world.store, world.account).await.expect("no status"), None);
    let mut written = PaceStatus {
        allowed: Some(812.5),
        rate: 800.0,
        rate_range: (700.0, 900.0),
        during_p99_ms: Some(3.5),
        between_p99_ms: None,
        waiting: None,
        text: "runs".to_owned(),
    };
    for text in ["runs", "waits"] {
        text.clone_into(&mut written.text);
        put_status(&world.store, world.account, &written).await.expect("written");
        let (read, at) = status(&world.store, world.account).await.expect("read").expect("a status");
        assert_eq!(read, written);
        assert!(at > 0);
    }
}

#[tokio::test]
async fn on_sqlite_the_look_up_is_all_there_is() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let world = World::sqlite(&dir).await;
    looks_up_with_and_without_users(&world).await;
    a_status_reads_back(&world).await;
    assert!(!world.probe.write().await.expect("nothing to write"));
    assert_eq!(world.probe.signals().await.expect("signals"), Signals::default());
}

#[tokio::test]
async fn the_canary_looks_up_and_writes() {
    let Some(world) = World::postgres().await else { return };
    looks_up_with_and_without_users(&world).await;
    a_status_reads_back(&world).await;
    for _ in 0..3 {
        assert!(world.probe.write().await.expect("a write"));
    }
    let sql = "SELECT beat FROM conversion_pace WHERE account_id = $1";
    let row = world.store.reader().query_one_raw(world.store.statement(sql, [world.account.0.into()])).await.expect("a row");
    assert_eq!(row.expect("the row").try_get::<i64>("", "beat").expect("a number"), 3);
}

#[tokio::test]
async fn a_quiet_server_has_a_log_and_nothing_to_report() {
    let Some(world) = World::postgres().await else { return };
    let before = world.signals_until("nothing is open", |signals| signals.oldest_transaction.is_none()).await;
    assert_eq!(before.blocked_by_us, Some(0));
    assert_eq!(before.backlog, None, "the queue knows it");
    world.add_user("jdoe").await;
    let after = world.probe.signals().await.expect("signals");
    assert!(after.wal_position > before.wal_position);
}

#[tokio::test]
async fn an_open_transaction_of_others_is_seen_and_ours_is_not() {
    let Some(world) = World::postgres().await else { return };
    let ours = world.store.begin().await.expect("begin");
    ours.inner
        .execute_unprepared("INSERT INTO account (id, slug, name, created_ms) VALUES (gen_random_uuid(), 'a', 'a', 0)")
        .await
        .expect("a row");
    world.signals_until("ours does not count", |signals| signals.oldest_transaction.is_none()).await;
    let somebody = world.somebody().await;
    let open = somebody.begin().await.expect("begin");
    open.execute_unprepared("INSERT INTO account (id, slug, name, created_ms) VALUES (gen_random_uuid(), 'b', 'b', 0)")
        .await
        .expect("a row");
    world.signals_until("it is seen", |signals| signals.oldest_transaction.is_some()).await;
    open.rollback().await.expect("rollback");
    world.signals_until("it is over", |signals| signals.oldest_transaction.is_none()).await;
}

#[tokio::test]
async fn who_waits_for_us_is_counted_and_who_waits_for_others_is_not() {
    let Some(world) = World::postgres().await else { return };
    world.add_user("jdoe").await;
    world.add_user("mroe").await;
    let ours = world.store.begin().await.expect("begin");
    ours.inner.execute_unprepared("UPDATE users SET version = 2 WHERE login_key = 'jdoe'").await.expect("our lock");
    let somebody = world.somebody().await;
    let theirs = somebody.begin().await.expect("begin");
    theirs.execute_unprepared("UPDATE users SET version = 2 WHERE login_key = 'mroe'").await.expect("their lock");
    let wait_for = |key: &'static str| {
        let url = world.settings.url.clone();
        tokio::spawn(async move {
            let platform = Database::connect(&url).await.expect("connect");
            platform.execute_unprepared(&format!("UPDATE users SET version = 3 WHERE login_key = '{key}'")).await.expect("an update");
        })
    };
    let (one, two, three) = (wait_for("jdoe"), wait_for("jdoe"), wait_for("mroe"));
    world.signals_until("the second waits behind the first, which waits for us", |signals| signals.blocked_by_us >= Some(1)).await;
    ours.rollback().await.expect("rollback");
    world.signals_until("nobody waits for us", |signals| signals.blocked_by_us == Some(0)).await;
    theirs.rollback().await.expect("rollback");
    for waiting in [one, two, three] {
        waiting.await.expect("it went on");
    }
}

#[tokio::test]
async fn a_probe_that_cannot_go_on_gives_up() {
    let Some(world) = World::postgres().await else { return };
    let somebody = world.somebody().await;
    let locked = somebody.begin().await.expect("begin");
    locked
        .execute_unprepared("LOCK TABLE users IN ACCESS EXCLUSIVE MODE; LOCK TABLE conversion_pace IN ACCESS EXCLUSIVE MODE")
        .await
        .expect("locks");
    world.probe.look_up("jdoe".to_owned()).await.expect_err("it gives up");
    world.probe.write().await.expect_err("it gives up");
    world.probe.signals().await.expect("the gauges need no table of ours");
    locked.rollback().await.expect("rollback");
    world.probe.look_up("jdoe".to_owned()).await.expect("and works again");
}
