use super::*;
use crate::{
    log::{Cycle, CycleQuery, Retention, cycles, discard_old},
    now_ms, operations,
    testing::{World, on_each, on_postgres},
};
use muster_domain::{Operation, OperationId, Outcome, OutcomeCode, Role, UserId};
use muster_scim::{Resource, ResourceType, ScimError};

const MINUTE: i64 = MINUTE_MS;
const DAY: i64 = 24 * 60 * MINUTE;

fn operation(world: &World, key: Option<KeyId>, at_ms: i64) -> Operation {
    let now = Uuid::now_v7();
    let id = uuid::Builder::from_unix_timestamp_millis(at_ms.try_into().expect("a time"), now.as_bytes()[6..].try_into().expect("ten"));
    Operation {
        id: OperationId(id.into_uuid()),
        account: world.account,
        actor: key.map_or(Actor::Command, |key| Actor::Key { key, administrator: UserId::new() }),
        resource_type: ResourceType::User,
        resource_id: Uuid::now_v7(),
        change: Change::Create { resource: Resource::default(), role: Role::User },
        if_match: None,
        accepted_ms: at_ms,
        deadline_ms: at_ms + 60_000,
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    }
}

fn done() -> Outcome {
    Outcome::done(OutcomeCode::Applied, 201, Some(1), None)
}

fn taken() -> Outcome {
    Outcome::refused(OutcomeCode::Duplicate, ScimError::uniqueness("userName is taken"))
}

async fn log(world: &World, operations: &[Operation], outcome: &Outcome) {
    let entries: Vec<LogEntry<'_>> = operations.iter().map(|operation| LogEntry { operation, outcome, changed: &[] }).collect();
    let tx = world.store.begin().await.expect("begin");
    tx.log_operations(&entries, now_ms()).await.expect("logged");
    tx.commit().await.expect("commit");
}

async fn rows(world: &World, table: &str) -> i64 {
    let row = world.store.writer().query_one_raw(world.store.statement(format!("SELECT count(*) AS n FROM {table}"), [])).await;
    row.expect("a read").expect("a row").try_get("", "n").expect("a number")
}

/// Cycles by their definition, from the operations themselves.
fn expected(operations: &[(Operation, bool)], query: CycleQuery, now_ms: i64) -> Vec<Cycle> {
    let mut seen: Vec<(KeyId, i64, bool)> = operations
        .iter()
        .filter_map(|(operation, failed)| match operation.actor {
            Actor::Key { key, .. } => Some((key, operation.accepted_ms, *failed)),
            _ => None,
        })
        .filter(|(key, ..)| query.key.is_none_or(|wanted| wanted == *key))
        .collect();
    seen.sort_by_key(|(key, at, _)| (*key, *at));
    let mut found: Vec<Cycle> = Vec::new();
    for (key, at, failed) in seen {
        match found.last_mut() {
            Some(cycle) if cycle.key == key && at - cycle.last_ms <= 10 * MINUTE => {
                cycle.last_ms = at;
                cycle.operations += 1;
                cycle.created += 1;
                cycle.failed += i64::from(failed);
            }
            _ => found.push(Cycle {
                key,
                first_ms: at,
                last_ms: at,
                operations: 1,
                created: 1,
                replaced: 0,
                patched: 0,
                deleted: 0,
                failed: i64::from(failed),
                running: false,
            }),
        }
    }
    for cycle in &mut found {
        cycle.running = now_ms - cycle.last_ms <= 10 * MINUTE;
    }
    found.sort_by_key(|cycle| (std::cmp::Reverse(cycle.first_ms), cycle.key));
    found
}

fn sorted(mut cycles: Vec<Cycle>) -> Vec<Cycle> {
    cycles.sort_by_key(|cycle| (std::cmp::Reverse(cycle.first_ms), cycle.key));
    cycles
}

#[tokio::test]
async fn cycles_are_what_the_log_says_folded_or_not() {
    on_each(|world| async move {
        let (one, two) = (KeyId::new(), KeyId::new());
        let now = now_ms();
        // Several in one minute, minutes that several batches count, gaps of all lengths, over more than two days.
        let mut all: Vec<(Operation, bool)> = Vec::new();
        for n in 0..160_i64 {
            let at = now - n * n * 11_000 - 1_000;
            all.push((operation(&world, Some(if n % 3 == 0 { two } else { one }), at), n % 5 == 0));
            all.push((operation(&world, Some(one), at - n % 7), false));
            all.push((operation(&world, None, at), true));
        }
        let query = |key| CycleQuery { key, from_ms: now - 7 * DAY, to_ms: now + 1, limit: 1_000 };
        let check = async |so_far: &[(Operation, bool)], when: &str| {
            for query in [query(None), query(Some(two))] {
                let found = cycles(&world.store, world.account, query, now).await.expect("cycles");
                assert_eq!(sorted(found), expected(so_far, query, now), "{when}");
            }
        };
        for (number, part) in all.chunks(60).enumerate() {
            for failed in [true, false] {
                let of: Vec<Operation> = part.iter().filter(|(_, is)| *is == failed).map(|(operation, _)| operation.clone()).collect();
                log(&world, &of, &if failed { taken() } else { done() }).await;
            }
            let so_far = &all[..(number + 1) * 60];
            check(so_far, "before").await;
            if number % 2 == 0 {
                assert!(fold_tally(&world.store).await.expect("folded") > 0);
                check(so_far, "after").await;
            }
        }
        while fold_tally(&world.store).await.expect("folded") > 0 {}
        assert_eq!(rows(&world, "operation_delta").await, 0);
        check(&all, "at the end").await;
        // Page by page, each going on before the last operation of the last one, nothing is lost and nothing comes twice.
        let (mut to, mut pages) = (now + 1, Vec::new());
        loop {
            let query = CycleQuery { to_ms: to, limit: 3, ..query(None) };
            let page = cycles(&world.store, world.account, query, now).await.expect("cycles");
            let Some(last) = page.last() else { break };
            to = last.last_ms;
            pages.extend(page);
        }
        assert_eq!(sorted(pages), expected(&all, query(None), now), "each whole, of both keys");
        // From wherever one looks, what ended since then is there, whole, and nothing else.
        for from_ms in (0..60).map(|n| now - n * n * 11_000 * 7 - 777) {
            let found = cycles(&world.store, world.account, CycleQuery { from_ms, ..query(None) }, now).await.expect("cycles");
            let since: Vec<Cycle> = expected(&all, query(None), now).into_iter().filter(|cycle| cycle.last_ms >= from_ms).collect();
            assert_eq!(sorted(found), since, "since {} s", (now - from_ms) / 1_000);
        }
        assert!(cycles(&world.store, AccountId::new(), query(None), now).await.expect("cycles").is_empty(), "another account");
    })
    .await;
}

#[tokio::test]
async fn an_operation_is_counted_once_whoever_records_it() {
    on_each(|world| async move {
        let now = now_ms();
        let (given_up, applied, never) = (operation(&world, None, now), operation(&world, None, now), operation(&world, None, now));
        let counted = || async { counted_since(&world.store, world.account, now - DAY).await.expect("counted") };
        operations::expire(&world.store, &given_up).await.expect("expired");
        assert_eq!(counted().await, (1, 1));
        log(&world, std::slice::from_ref(&applied), &done()).await;
        // It has an outcome, and so has one of these: only the other is new.
        assert!(operations::expire(&world.store, &applied).await.expect("known").is_some());
        operations::expire_all(&world.store, &[applied.clone(), given_up, operation(&world, None, now)]).await.expect("expired");
        assert_eq!(counted().await, (3, 2));
        // What was set aside and is delivered once more counts once.
        let aside = Outcome::failed(OutcomeCode::SetAside, 500);
        let again = operation(&world, Some(KeyId::new()), now - 2 * MINUTE);
        log(&world, std::slice::from_ref(&again), &aside).await;
        assert_eq!(counted().await, (4, 3));
        assert_eq!(operations::reopen(&world.store, &[again.clone(), applied.clone()]).await.expect("reopened"), 1);
        let query = CycleQuery { key: None, from_ms: now - DAY, to_ms: now + 1, limit: 9 };
        let seen = cycles(&world.store, world.account, query, now).await.expect("cycles");
        assert_eq!((counted().await, seen.len()), ((3, 2), 0));
        log(&world, std::slice::from_ref(&again), &done()).await;
        assert_eq!(counted().await, (4, 2));
        // What was not committed did not happen.
        let (tx, outcome) = (world.store.begin().await.expect("begin"), done());
        tx.log_operations(&[LogEntry { operation: &never, outcome: &outcome, changed: &[] }], now).await.expect("logged");
        tx.rollback().await.expect("rolled back");
        assert_eq!(counted().await, (4, 2));
        while fold_tally(&world.store).await.expect("folded") > 0 {}
        assert_eq!((counted().await, rows(&world, "operation_delta").await), ((4, 2), 0));
        assert_eq!(counted_since(&world.store, world.account, now + MINUTE).await.expect("counted"), (0, 0));
        assert_eq!(counted_since(&world.store, AccountId::new(), 0).await.expect("counted"), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn several_may_fold_at_once_while_others_count_and_nobody_sees_a_wrong_sum() {
    on_each(|world| async move {
        let now = now_ms();
        let (batches, size) = (40_i64, 5_i64);
        let writer = async {
            for n in 0..batches {
                let operations: Vec<Operation> = (0..size).map(|i| operation(&world, None, now - (n + i) % 3 * MINUTE)).collect();
                log(&world, &operations, &done()).await;
            }
        };
        let folder = async || {
            for _ in 0..60 {
                // Two writers may be too many for SQLite at a moment; the next time will do.
                let _ = fold_tally(&world.store).await;
                tokio::task::yield_now().await;
            }
        };
        let reader = async {
            let mut before = 0;
            for _ in 0..60 {
                let (counted, _) = counted_since(&world.store, world.account, now - DAY).await.expect("counted");
                assert!(counted >= before && counted % size == 0 && counted <= batches * size, "{counted} after {before}");
                before = counted;
            }
        };
        tokio::join!(writer, folder(), folder(), folder(), reader);
        while fold_tally(&world.store).await.expect("folded") > 0 {}
        assert_eq!(counted_since(&world.store, world.account, now - DAY).await.expect("counted"), (batches * size, 0));
        assert_eq!((rows(&world, "operation_delta").await, rows(&world, "operation_minute").await), (0, 3));
    })
    .await;
}

#[tokio::test]
async fn a_history_has_every_stretch_and_old_minutes_go() {
    on_each(|world| async move {
        let now = 1_800_000_000_000 + 17 * MINUTE + 5;
        let half = 30 * MINUTE;
        for (ago, outcome) in [(0, done()), (1, taken()), (40, done()), (23 * 60, done()), (24 * 60, done())] {
            log(&world, &[operation(&world, Some(KeyId::new()), now - ago * MINUTE)], &outcome).await;
        }
        let check = async |when: &str| {
            let found = history(&world.store, world.account, half, 48, now).await.expect("a history");
            assert_eq!(found.len(), 48);
            assert!(found.windows(2).all(|pair| pair[1].from_ms - pair[0].from_ms == half), "{found:?}");
            assert_eq!(found[47], Stretch { from_ms: 1_800_000_000_000, operations: 2, failed: 1 }, "{when}");
            assert_eq!(found.iter().map(|stretch| stretch.operations).sum::<i64>(), 4, "{when}: the fifth is too old");
            assert_eq!(found[46].operations, 1);
        };
        check("before").await;
        fold_tally(&world.store).await.expect("folded");
        check("after").await;
        let retention = Retention { operations_ms: DAY - MINUTE, incidents_ms: 365 * DAY };
        while discard_old(&world.store, world.account, retention, now).await.expect("discarded") > 0 {}
        assert_eq!(rows(&world, "operation_minute").await, 4, "one minute was old");
    })
    .await;
}

#[tokio::test]
async fn what_was_in_the_log_before_is_counted_by_the_migration() {
    on_each(|world| async move {
        let key = KeyId::new();
        let at = now_ms() / MINUTE * MINUTE - DAY;
        let operations = [operation(&world, Some(key), at + 1), operation(&world, Some(key), at + 2), operation(&world, None, at + 3)];
        log(&world, &operations, &done()).await;
        log(&world, &[operation(&world, Some(key), at + 4)], &taken()).await;
        // As it was before.
        for sql in [
            "DROP TABLE operation_minute",
            "DROP TABLE operation_delta",
            "DELETE FROM seaql_migrations WHERE version = 'm20261129_000030_operation_tally'",
        ] {
            world.store.writer().execute_unprepared(sql).await.expect("undone");
        }
        world.store.migrate().await.expect("migrated");
        assert_eq!(counted_since(&world.store, world.account, at).await.expect("counted"), (4, 1));
        let query = CycleQuery { key: None, from_ms: at, to_ms: at + MINUTE, limit: 9 };
        let found = cycles(&world.store, world.account, query, now_ms()).await.expect("cycles");
        let seen: Vec<_> = found.iter().map(|cycle| (cycle.key, cycle.first_ms, cycle.last_ms, cycle.operations, cycle.failed)).collect();
        assert_eq!(seen, [(key, at + 1, at + 4, 3, 1)]);
    })
    .await;
}

#[tokio::test]
async fn sums_are_read_by_the_key_of_their_tables() {
    on_postgres(|world| async move {
        let now = now_ms();
        let fill = format!(
            "INSERT INTO operation_minute SELECT md5((m % 50)::text)::uuid, m / 50, md5('k')::uuid, m, m, 1, 1, 0, 0, 0, 0 \
             FROM generate_series({}, {}) m",
            now / MINUTE * 50 - 200_000,
            now / MINUTE * 50
        );
        world.store.writer().execute_unprepared(&fill).await.expect("rows");
        world.store.writer().execute_unprepared("ANALYZE").await.expect("statistics");
        for statement in [
            minutes_statement(&world.store, world.account, now - DAY, now),
            history_statement(&world.store, world.account, 30, now / MINUTE - 1_440, now / MINUTE),
        ] {
            let values = statement.values.clone().map(|values| values.0).unwrap_or_default();
            let explain = world.store.statement(format!("EXPLAIN {}", statement.sql), values);
            let rows = world.store.reader().query_all_raw(explain).await.expect("a plan");
            let plan: String = rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a line") + "\n").collect();
            assert!(plan.contains("operation_minute_pkey") && !plan.contains("Seq Scan on operation_minute"), "{plan}");
        }
    })
    .await;
}
