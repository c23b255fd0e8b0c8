//! The log as it is read, and its end.

use crate::rig::{World, on_each, taken};
use muster_domain::{Actor, KeyId, Operation, Outcome, OutcomeCode, UserId};
use muster_store::{
    incidents,
    log::{self, CycleQuery, OperationQuery, Retention},
    now_ms,
};
use uuid::Uuid;

const MINUTE: i64 = 60_000;

fn done() -> Outcome {
    Outcome::done(OutcomeCode::Applied, 201, Some(1), None)
}

/// An operation as if it had been accepted at another time.
fn at(world: &World, user_id: &str, key: KeyId, ms: i64) -> Operation {
    let id = uuid::Builder::from_unix_timestamp_millis(ms.try_into().unwrap(), Uuid::now_v7().as_bytes()[6..].try_into().unwrap());
    Operation {
        id: muster_domain::OperationId(id.into_uuid()),
        accepted_ms: ms,
        actor: Actor::Key { key, administrator: UserId::new() },
        ..world.create(user_id)
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    on_each(|world| async move {
        let operations: Vec<Operation> = (0..23).map(|n| world.create(&format!("u{n}"))).collect();
        world.log(&operations, &done()).await;
        let mut seen = Vec::new();
        let mut query = OperationQuery { limit: 5, ..Default::default() };
        loop {
            let page = log::list(&world.store, world.account, &query).await.unwrap();
            assert!(page.operations.len() <= 5);
            seen.extend(page.operations.iter().map(|operation| operation.id));
            query.after = page.next;
            if page.next.is_none() {
                break;
            }
        }
        let expected: Vec<_> = operations.iter().rev().map(|operation| operation.id).collect();
        assert_eq!(seen, expected, "{}", world.engine);
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_and_a_failed_operation_names_its_incident() {
    on_each(|world| async move {
        let (good, bad) = (world.create("ada"), world.create("jdoe@acme.com"));
        world.log(std::slice::from_ref(&good), &done()).await;
        world.log(std::slice::from_ref(&bad), &taken()).await;
        incidents::fold(&world.store, now_ms()).await.unwrap();
        let of = async |query: OperationQuery| {
            let page = log::list(&world.store, world.account, &query).await.unwrap();
            page.operations.iter().map(|operation| operation.id).collect::<Vec<_>>()
        };
        let incident = incidents::by_number(&world.store, world.account, 1).await.unwrap().unwrap();
        let default = OperationQuery::default;
        assert_eq!(of(OperationQuery { failed: true, ..default() }).await, [bad.id]);
        assert_eq!(of(OperationQuery { codes: vec![OutcomeCode::Applied], ..default() }).await, [good.id]);
        assert_eq!(of(OperationQuery { incident: Some(incident.id), ..default() }).await, [bad.id]);
        assert_eq!(of(OperationQuery { resource: Some(good.resource_id), ..default() }).await, [good.id]);
        assert_eq!(of(OperationQuery { request: Some(bad.request_id), ..default() }).await, [bad.id]);
        assert_eq!(of(OperationQuery { change: Some("delete".into()), ..default() }).await, []);
        assert_eq!(of(OperationQuery { from_ms: Some(now_ms() + MINUTE), ..default() }).await, []);
        assert_eq!(of(OperationQuery { from_ms: Some(good.accepted_ms), to_ms: Some(now_ms() + 1), ..default() }).await.len(), 2);

        let shown = log::get(&world.store, world.account, bad.id).await.unwrap().unwrap();
        assert_eq!((shown.code.as_str(), shown.incident_number), ("duplicate", Some(1)), "{}", world.engine);
        let error = shown.error.unwrap();
        assert!(error.detail.contains("`j***`") && !error.detail.contains("jdoe"), "{}", error.detail);
        let detail = shown.detail.unwrap();
        assert_eq!((detail.request["userName"].as_str(), detail.batch_size), (Some("j***@acme.com"), 1));
        let other = muster_domain::AccountId::new();
        assert!(log::get(&world.store, other, bad.id).await.unwrap().is_none());
        assert!(log::list(&world.store, other, &default()).await.unwrap().operations.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_silence_of_more_than_ten_minutes_ends_a_cycle() {
    on_each(|world| async move {
        let (one, two) = (KeyId::new(), KeyId::new());
        let now = now_ms();
        let day = 24 * 60 * MINUTE;
        // Across the end of a day; with gaps of exactly ten minutes, which end nothing.
        let first: Vec<i64> = (0..6).map(|n| now - day - 25 * MINUTE + n * 10 * MINUTE).collect();
        let second = [now - 61 * MINUTE, now - 60 * MINUTE];
        let third = [now - 5 * MINUTE];
        for ms in first.iter().chain(&second).chain(&third) {
            world.log(&[at(&world, "a", one, *ms)], &done()).await;
        }
        world.log(&[at(&world, "b", two, now - 60 * MINUTE)], &taken()).await;
        let query = CycleQuery { key: None, from_ms: now - 7 * day, to_ms: now + 1, limit: 50 };
        let cycles = log::cycles(&world.store, world.account, query, now).await.unwrap();
        let seen: Vec<_> = cycles.iter().map(|c| (c.key, c.first_ms, c.last_ms, c.operations, c.failed, c.running)).collect();
        assert_eq!(
            seen,
            [
                (one, third[0], third[0], 1, 0, true),
                (two, now - 60 * MINUTE, now - 60 * MINUTE, 1, 1, false),
                (one, second[0], second[1], 2, 0, false),
                (one, first[0], first[5], 6, 0, false),
            ],
            "{}",
            world.engine
        );
        let only = log::cycles(&world.store, world.account, CycleQuery { key: Some(two), ..query }, now).await.unwrap();
        assert_eq!(only.len(), 1);
        // One that began before the time in question is told whole; what was over by then is not told.
        for from_ms in [second[1], second[1] - 1, first[5], first[3], first[1] + 30_000] {
            let cycles = log::cycles(&world.store, world.account, CycleQuery { key: Some(one), from_ms, ..query }, now).await.unwrap();
            let seen: Vec<_> = cycles.iter().map(|c| (c.first_ms, c.operations)).collect();
            let all = [(third[0], 1), (second[0], 2), (first[0], 6)];
            let met = if from_ms > first[5] { 2 } else { 3 };
            assert_eq!(seen, all[..met], "{}, from {} minutes ago", world.engine, (now - from_ms) / MINUTE);
        }
    })
    .await;
}

#[tokio::test]
async fn retention_deletes_what_is_old_and_nothing_newer() {
    on_each(|world| async move {
        let now = now_ms();
        let day = 24 * 60 * MINUTE;
        let old: Vec<Operation> = (0..1_200).map(|n| at(&world, &format!("u{n}"), KeyId::new(), now - 40 * day)).collect();
        let new: Vec<Operation> = (0..10).map(|n| at(&world, &format!("n{n}"), KeyId::new(), now - 29 * day)).collect();
        for (operations, ms) in [(&old, now - 40 * day), (&new, now - 29 * day)] {
            let outcome = taken();
            let entries: Vec<_> =
                operations.iter().map(|operation| muster_store::batch::LogEntry { operation, outcome: &outcome, changed: &[] }).collect();
            let tx = world.store.begin().await.unwrap();
            tx.log_operations(&entries, ms).await.unwrap();
            tx.commit().await.unwrap();
        }
        let retention = Retention { operations_ms: 30 * day, incidents_ms: 365 * day };
        let discard = async || {
            let mut deleted = 0;
            loop {
                match log::discard_old(&world.store, world.account, retention, now).await.unwrap() {
                    0 => return deleted,
                    some => deleted += some,
                }
            }
        };
        assert_eq!(discard().await, 1_200, "{}: failures nobody has counted stay", world.engine);
        while incidents::fold(&world.store, now).await.unwrap() > 0 {}
        assert_eq!(discard().await, 1_200, "{}: the failures", world.engine);
        let left = log::list(&world.store, world.account, &OperationQuery::default()).await.unwrap().operations;
        assert_eq!(left.len(), 10);

        let incident = incidents::by_number(&world.store, world.account, 1).await.unwrap().unwrap();
        assert_eq!(incident.failures, 1_210, "what was counted stays counted");
        incidents::resolve(&world.store, world.account, incident.id, "ada").await.unwrap();
        let later = now + 400 * day;
        for _ in 0..20 {
            log::discard_old(&world.store, world.account, retention, later).await.unwrap();
        }
        let kept = incidents::get(&world.store, world.account, incident.id).await.unwrap();
        assert!(kept.is_some(), "its events are still to be told");
        let tx = world.store.begin().await.unwrap();
        tx.take_incident_events(100).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..3 {
            log::discard_old(&world.store, world.account, retention, later).await.unwrap();
        }
        assert!(incidents::get(&world.store, world.account, incident.id).await.unwrap().is_none(), "{}", world.engine);
    })
    .await;
}

#[tokio::test]
async fn a_bounded_search_ends_its_pages_early_and_still_finds_all() {
    on_each(|world| async move {
        let operations: Vec<Operation> = (0..40).map(|n| world.create(&format!("u{n}"))).collect();
        let (few, many): (Vec<_>, Vec<_>) = operations.iter().cloned().enumerate().partition(|(n, _)| n % 13 == 0);
        let of = |part: Vec<(usize, Operation)>| part.into_iter().map(|(_, operation)| operation).collect::<Vec<_>>();
        let (few, many) = (of(few), of(many));
        world.log(&many, &done()).await;
        world.log(&few, &taken()).await;
        let unchanged = Outcome::done(OutcomeCode::Unchanged, 200, Some(1), None);
        let last = world.create("unchanged");
        world.log(std::slice::from_ref(&last), &unchanged).await;
        let of = async |query: OperationQuery, window: u32| {
            let (mut seen, mut pages, mut query) = (Vec::new(), 0, query);
            loop {
                let page = log::list_within(&world.store, world.account, &query, window).await.unwrap();
                assert!(page.operations.len() <= query.limit as usize);
                seen.extend(page.operations.iter().map(|operation| operation.id));
                pages += 1;
                query.after = page.next;
                if page.next.is_none() {
                    break (seen, pages);
                }
            }
        };
        let default = || OperationQuery { limit: 3, ..OperationQuery::default() };
        let newest = |part: &[Operation]| part.iter().rev().map(|operation| operation.id).collect::<Vec<_>>();
        let (all, _) = of(default(), 10).await;
        assert_eq!(all.len(), 41, "{}", world.engine);
        assert!(all.is_sorted_by(|a, b| a > b));
        // Failures have an index of their own, so that nothing else is looked at.
        let (failed, pages) = of(OperationQuery { failed: true, limit: 50, ..default() }, 10).await;
        assert_eq!((failed, pages), (newest(&few), 1), "{}", world.engine);
        let (duplicates, pages) = of(OperationQuery { codes: vec![OutcomeCode::Duplicate], limit: 50, ..default() }, 10).await;
        assert_eq!((duplicates, pages), (newest(&few), 1));
        // A success has none: each page looks at ten.
        let (rare, pages) = of(OperationQuery { codes: vec![OutcomeCode::Unchanged], ..default() }, 10).await;
        assert_eq!((rare, pages), (vec![last.id], 5), "{}", world.engine);
        let (mixed, _) = of(OperationQuery { codes: vec![OutcomeCode::Unchanged, OutcomeCode::Duplicate], ..default() }, 10).await;
        assert_eq!(mixed.len(), few.len() + 1);
        let resource = OperationQuery { resource: Some(few[0].resource_id), ..default() };
        assert_eq!(of(resource, 10).await.0, [few[0].id]);
        assert!(of(OperationQuery { failed: true, from_ms: Some(now_ms() + MINUTE), ..default() }, 10).await.0.is_empty());
        assert!(log::any_before(&world.store, world.account, now_ms() + MINUTE).await.unwrap());
        assert!(!log::any_before(&world.store, world.account, now_ms() - MINUTE).await.unwrap());
        assert!(!log::any_before(&world.store, muster_domain::AccountId::new(), now_ms() + MINUTE).await.unwrap());
    })
    .await;
}
