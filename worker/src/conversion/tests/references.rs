//! Columns of the platform that hold user ids as text.

use super::*;
use muster_domain::conversion::{Phase, Reference};
use sea_orm::Statement;

const COLUMNS: &str = "documents.owner rewrite key=id account=account_id; notes.author rewrite key=ref account=tenant; history.actor keep; \
    missing.who rewrite";

async fn with_tables(place: &Place) -> (Place, DatabaseConnection) {
    let db = place.database().await;
    let (uuid, serial) = if place.engine == "sqlite" { ("BLOB", "INTEGER PRIMARY KEY") } else { ("uuid", "bigint PRIMARY KEY") };
    for sql in [
        format!("CREATE TABLE documents (id {serial}, account_id {uuid} NOT NULL, owner text)"),
        format!("CREATE TABLE notes (ref {uuid} PRIMARY KEY, tenant text NOT NULL, author text)"),
        format!("CREATE TABLE history (id {serial}, account_id {uuid} NOT NULL, actor text)"),
    ] {
        db.execute_unprepared(&sql).await.expect("a table");
    }
    let references = Reference::list(COLUMNS).expect("columns");
    (Place { settings: ConversionSettings { references, ..place.settings.clone() }, ..place.clone() }, db)
}

async fn insert(place: &Place, db: &DatabaseConnection, table: &str, key: sea_orm::Value, account: sea_orm::Value, text: &str) {
    let values = [key, account, text.into()];
    let backend = db.get_database_backend();
    let sql = format!("INSERT INTO {table} VALUES ($1, $2, $3)");
    db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.unwrap_or_else(|error| panic!("{}: {error}", place.engine));
}

async fn texts(db: &DatabaseConnection, table: &str, column: &str, order: &str) -> Vec<String> {
    let sql = format!("SELECT {column} AS v FROM {table} ORDER BY {order}");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("rows");
    rows.iter().map(|row| row.try_get("", "v").expect("a text")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn references_follow_their_users_there_and_back() {
    on_each(|place| async move {
        let (place, db) = with_tables(&place).await;
        place.many(9).await;
        place.users(&[("a@acme.test", "b@acme.test"), ("b@acme.test", "c@acme.test")]).await;
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        for n in 1..=100i64 {
            let account = if n % 10 == 0 { other } else { place.account };
            let text = match n % 5 {
                0 => "u1".to_owned(),
                1 => "U2".to_owned(),
                2 => "b@acme.test".to_owned(),
                3 => "stranger".to_owned(),
                _ => "User.4@acme.test".to_owned(),
            };
            insert(&place, &db, "documents", n.into(), account.0.into(), &text).await;
        }
        for n in 0..20 {
            insert(&place, &db, "notes", Uuid::now_v7().into(), if n % 2 == 0 { "acme" } else { "other" }.into(), "u3").await;
        }
        insert(&place, &db, "history", 1i64.into(), place.account.0.into(), "u1").await;
        let before = (texts(&db, "documents", "owner", "id").await, texts(&db, "notes", "author", "ref").await);

        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        let documents = texts(&db, "documents", "owner", "id").await;
        assert_eq!(documents[0], "User.2@acme.test", "n = 1, written in other letters");
        assert_eq!(documents[1], "b@acme.test", "n = 2 could mean either of two users");
        assert_eq!(documents[2], "stranger");
        assert_eq!(documents[4], "User.1@acme.test", "n = 5");
        assert_eq!(documents[9], "u1", "n = 10 belongs to another account");
        let notes = texts(&db, "notes", "author", "ref").await;
        assert_eq!((notes[0].as_str(), notes[1].as_str()), ("User.3@acme.test", "u3"));
        assert_eq!(texts(&db, "history", "actor", "id").await, ["u1"], "history says what was true");
        let targets = conversion::targets(&place.store, place.account, run.id).await.expect("targets");
        let shown: Vec<_> =
            targets.iter().map(|one| (one.name.as_str(), one.state.as_str(), one.scanned, one.rewritten, one.ambiguous)).collect();
        assert_eq!(shown[0], ("documents.owner", "done", 100, 30, 20), "{}", place.engine);
        assert_eq!(shown[1], ("notes.author", "done", 20, 10, 0));
        assert_eq!(shown[2], ("history.actor", "done", 0, 0, 0));
        assert!(shown[3].1.contains("there is no column"), "{shown:?}");

        // n = 4, 9, 14 … were written in the new form from the start; they go back with their user.
        place.undo(&run).await;
        let after = (texts(&db, "documents", "owner", "id").await, texts(&db, "notes", "author", "ref").await);
        for (n, (was, is)) in before.0.iter().zip(&after.0).enumerate() {
            let expected = match was.as_str() {
                "U2" => "u2",
                "User.4@acme.test" => "u4",
                other => other,
            };
            let expected = if (n + 1) % 10 == 0 { was } else { expected };
            assert_eq!(is, expected, "{}: n = {}", place.engine, n + 1);
        }
        assert_eq!(before.1, after.1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_reads_each_row_once_whatever_the_key() {
    on_each(|place| async move {
        let (place, db) = with_tables(&place).await;
        place.many(1).await;
        for _ in 0..25 {
            insert(&place, &db, "notes", Uuid::from_u128(Uuid::now_v7().as_u128().reverse_bits()).into(), "acme".into(), "u1").await;
        }
        let reference = Reference::list(COLUMNS).expect("columns")[1].clone();
        let column = conversion::ReferenceColumn::find(&place.store, &reference).await.expect("a column");
        let (mut last, mut read): (Option<String>, Vec<ReferenceRow>) = (None, Vec::new());
        loop {
            let rows = conversion::read_references(&place.store, &column, last.as_deref(), 4).await.expect("rows");
            let Some(end) = rows.last() else { break };
            last = Some(end.key.clone());
            read.extend(rows);
        }
        let keys: std::collections::BTreeSet<_> = read.iter().map(|row| row.key.clone()).collect();
        assert_eq!((read.len(), keys.len()), (25, 25), "{}", place.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_counts_the_rows_of_columns_until_they_are_read() {
    on_each(|place| async move {
        let (place, db) = with_tables(&place).await;
        place.many(9).await;
        for n in 1..=40i64 {
            insert(&place, &db, "documents", n.into(), place.account.0.into(), "u1").await;
        }
        for _ in 0..20 {
            insert(&place, &db, "notes", Uuid::now_v7().into(), "acme".into(), "u2").await;
        }
        db.execute_unprepared("ANALYZE").await.expect("looked at");
        let planned = place.plan(&PlanOptions::default()).await;
        let left = async |run: &Conversion| conversion::remaining(&place.store, run).await.expect("asked");
        assert_eq!(left(&planned).await, None, "it is not started");
        let run = conversion::start(&place.store, &planned, "test", &json!({})).await.expect("started");
        place.slice_of(&run, 1).await;
        let now = place.get(&run).await;
        let users = u64::try_from(2 * now.total - now.walk_n).expect("a count");
        assert_eq!((now.phase, left(&now).await), (Phase::Aliases, Some(users + 60)), "{}: aliases, users, rows", place.engine);

        let (mut seen, mut before) = (Vec::new(), u64::MAX);
        while place.get(&run).await.phase != Phase::Done {
            place.slice_of(&run, 2).await;
            let now = place.get(&run).await;
            if now.phase == Phase::References {
                let targets = conversion::targets(&place.store, place.account, run.id).await.expect("targets");
                let open = |one: &&conversion::TargetProgress| matches!(one.state.as_str(), "waiting" | "walking");
                let rows = |name: &str| {
                    if name.starts_with("documents") {
                        40
                    } else if name.starts_with("notes") {
                        20
                    } else {
                        0
                    }
                };
                let rest: i64 = targets.iter().filter(open).map(|one| rows(&one.name) - one.scanned).sum();
                let rest = u64::try_from(rest).expect("a count");
                assert_eq!(left(&now).await, Some(rest), "{}: {targets:?}", place.engine);
                assert!(rest <= before, "it never grows");
                seen.push(rest);
                before = rest;
            }
        }
        assert!(seen.iter().any(|rest| (1..60).contains(rest)), "{}: half way, {seen:?}", place.engine);
        assert_eq!(left(&place.get(&run).await).await, None, "nothing is left to tell of");
    })
    .await;
}
