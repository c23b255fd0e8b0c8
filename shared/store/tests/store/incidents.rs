//! From failures to incidents.

use crate::rig::{World, on_each, taken};
use muster_domain::{
    Outcome, OutcomeCode,
    incident::{Cause, IncidentEventKind as Kind, IncidentState},
};
use muster_store::{
    incidents::{self, IncidentEvent},
    now_ms,
};

async fn fold_all(world: &World) -> usize {
    let mut folded = 0;
    loop {
        match incidents::fold(&world.store, now_ms()).await.unwrap() {
            0 => return folded,
            some => folded += some,
        }
    }
}

async fn take(world: &World) -> Vec<IncidentEvent> {
    let tx = world.store.begin().await.unwrap();
    let events = tx.take_incident_events(100).await.unwrap();
    tx.commit().await.unwrap();
    events
}

#[tokio::test]
async fn ten_thousand_failures_of_three_kinds_are_three_incidents() {
    on_each(|world| async move {
        let failed = Outcome::failed(OutcomeCode::Failed, 500);
        let late = Outcome::failed(OutcomeCode::Expired, 503);
        for round in 0..10 {
            // The same 700 people each time: their names count, not the ids they would have got.
            let mut operations: Vec<_> = (0..700).map(|n| world.create(&format!("user{n}"))).collect();
            world.log(&operations, &taken()).await;
            operations = (0..200).map(|n| world.create(&format!("r{round}n{n}"))).collect();
            world.log(&operations, &failed).await;
            operations = (0..100).map(|n| world.create(&format!("r{round}n{n}"))).collect();
            world.log(&operations, &late).await;
        }
        assert_eq!(fold_all(&world).await, 10_000, "{}", world.engine);
        let found = incidents::list(&world.store, world.account, &incidents::IncidentQuery::default()).await.unwrap().incidents;
        let mut counts: Vec<_> = found.iter().map(|incident| (incident.cause, incident.failures, incident.affected)).collect();
        counts.sort_unstable();
        assert_eq!(
            counts,
            [(Cause::DuplicateUser, 7_000, 700), (Cause::Expired, 1_000, 1_000), (Cause::DatabaseFailure, 2_000, 2_000)],
            "{}",
            world.engine
        );
        let events = take(&world).await;
        assert_eq!(events.iter().filter(|event| event.kind == Kind::Opened).count(), 3);
        assert!(events.iter().filter(|event| event.kind == Kind::Grew).count() <= 3, "growth nobody has taken is one event");
        assert!(take(&world).await.is_empty(), "an event is taken once");
    })
    .await;
}

#[tokio::test]
async fn failures_of_several_writers_are_all_counted_and_none_twice() {
    on_each(|world| async move {
        let writers = (0..4).map(|writer| {
            let world = world.clone();
            tokio::spawn(async move {
                for batch in 0..10 {
                    let operations: Vec<_> = (0..25).map(|n| world.create(&format!("w{writer}b{batch}n{n}"))).collect();
                    world.log(&operations, &taken()).await;
                }
            })
        });
        let folders = (0..3).map(|_| {
            let world = world.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    // Whoever is not alone, or meets a writer on SQLite, is told so and comes again.
                    let _ = incidents::fold(&world.store, now_ms()).await;
                    tokio::task::yield_now().await;
                }
            })
        });
        for task in writers.chain(folders).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        fold_all(&world).await;
        let found = incidents::list(&world.store, world.account, &incidents::IncidentQuery::default()).await.unwrap().incidents;
        assert_eq!(
            found.iter().map(|incident| (incident.failures, incident.affected)).collect::<Vec<_>>(),
            [(1_000, 1_000)],
            "{}",
            world.engine
        );
    })
    .await;
}

#[tokio::test]
async fn an_operation_that_succeeded_is_no_failure_and_one_that_was_logged_twice_is_one() {
    on_each(|world| async move {
        let operation = world.create("ada");
        world.log(std::slice::from_ref(&operation), &Outcome::done(OutcomeCode::Applied, 201, Some(1), None)).await;
        assert_eq!(fold_all(&world).await, 0);
        let operation = world.create("bea");
        for _ in 0..2 {
            muster_store::operations::expire(&world.store, &operation).await.unwrap();
        }
        assert_eq!(fold_all(&world).await, 1, "{}", world.engine);
    })
    .await;
}

#[tokio::test]
async fn a_failure_after_the_end_is_a_new_incident() {
    on_each(|world| async move {
        world.fail(Cause::BadRequest, 3, now_ms()).await;
        fold_all(&world).await;
        let first = incidents::by_number(&world.store, world.account, 1).await.unwrap().unwrap();
        assert_eq!((first.state, first.failures), (IncidentState::Open, 3));
        incidents::resolve(&world.store, world.account, first.id, "ada").await.unwrap();
        world.fail(Cause::BadRequest, 1, now_ms()).await;
        fold_all(&world).await;
        let second = incidents::by_number(&world.store, world.account, 2).await.unwrap().unwrap();
        assert_eq!((second.state, second.failures), (IncidentState::Open, 1), "{}", world.engine);
        let kinds: Vec<Kind> = take(&world).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [Kind::Opened, Kind::Resolved, Kind::Opened]);
    })
    .await;
}

#[tokio::test]
async fn silence_ends_an_incident_and_each_return_asks_for_a_longer_one() {
    on_each(|world| async move {
        let minute = 60_000;
        let start = now_ms() - 24 * 60 * minute;
        world.fail(Cause::Expired, 1, start).await;
        incidents::fold(&world.store, start).await.unwrap();
        assert_eq!(incidents::settle(&world.store, start + 29 * minute).await.unwrap(), 0);
        assert_eq!(incidents::settle(&world.store, start + 30 * minute).await.unwrap(), 1);
        // The directory tries again every 40 minutes: that is the same incident, and 30 quiet minutes prove nothing any more.
        let again = start + 40 * minute;
        world.fail(Cause::Expired, 1, again).await;
        incidents::fold(&world.store, again).await.unwrap();
        assert_eq!(incidents::settle(&world.store, again + 59 * minute).await.unwrap(), 0);
        let incident = incidents::by_number(&world.store, world.account, 1).await.unwrap().unwrap();
        assert_eq!((incident.state, incident.failures, incident.reopened), (IncidentState::Open, 2, 1), "{}", world.engine);
        assert_eq!(incidents::settle(&world.store, again + 60 * minute).await.unwrap(), 1);
        let kinds: Vec<Kind> = take(&world).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [Kind::Opened, Kind::Resolved, Kind::Reopened, Kind::Resolved]);
    })
    .await;
}

#[tokio::test]
async fn a_snoozed_incident_wakes_when_it_still_fails() {
    on_each(|world| async move {
        let start = now_ms();
        world.fail(Cause::BadRequest, 1, start).await;
        fold_all(&world).await;
        let id = incidents::by_number(&world.store, world.account, 1).await.unwrap().unwrap().id;
        incidents::snooze(&world.store, world.account, id, start + 10_000, "ada").await.unwrap();
        assert_eq!(incidents::wake(&world.store, start + 9_999).await.unwrap(), 0);
        assert_eq!(incidents::wake(&world.store, start + 10_000).await.unwrap(), 1);
        let incident = incidents::get(&world.store, world.account, id).await.unwrap().unwrap();
        assert_eq!((incident.state, incident.snoozed_until_ms), (IncidentState::Open, None), "{}", world.engine);
        let kinds: Vec<Kind> =
            incidents::events(&world.store, world.account, id).await.unwrap().into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [Kind::Opened, Kind::Snoozed, Kind::Woke]);
    })
    .await;
}

#[tokio::test]
async fn what_is_resolved_cannot_be_acknowledged_and_another_accounts_is_not_there() {
    on_each(|world| async move {
        world.fail(Cause::BadRequest, 1, now_ms()).await;
        fold_all(&world).await;
        let id = incidents::by_number(&world.store, world.account, 1).await.unwrap().unwrap().id;
        let other = muster_domain::AccountId::new();
        assert!(incidents::acknowledge(&world.store, other, id, "eve").await.unwrap().is_none());
        assert!(incidents::get(&world.store, other, id).await.unwrap().is_none());
        incidents::resolve(&world.store, world.account, id, "ada").await.unwrap().unwrap();
        assert!(incidents::acknowledge(&world.store, world.account, id, "ada").await.is_err(), "{}", world.engine);
        assert!(incidents::resolve(&world.store, world.account, id, "ada").await.is_ok(), "twice is once");
    })
    .await;
}
