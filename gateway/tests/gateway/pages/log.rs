//! Operations, cycles, failures.

use super::{links, sample, signed_in, walk};
use crate::support::Gateway;
use muster_domain::{Operation, Role, incident::IncidentState};
use muster_store::incidents;
use std::collections::HashSet;
use uuid::Uuid;

#[tokio::test]
async fn operations_are_listed_filtered_and_shown_one_by_one() {
    let gateway = Gateway::start().await;
    let sample = sample::fill(&gateway, gateway.account).await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let (applied, failed) = (format!("/provisioning/operations/{}", sample.applied), format!("/provisioning/operations/{}", sample.failed));
    for (filter, shown) in [
        ("", vec![&failed, &applied]),
        ("?outcome=failed_all", vec![&failed]),
        ("?outcome=duplicate", vec![&failed]),
        ("?outcome=applied", vec![&applied]),
        ("?change=create", vec![&failed]),
        ("?user=ADA%40acme.test", vec![&applied]),
        ("?user=nobody", vec![]),
        ("?type=Group", vec![]),
        ("?incident=1", vec![&failed]),
        ("?since=2020-01-01T00%3A00&until=2020-01-02T00%3A00", vec![]),
    ] {
        let page = viewer.page(&format!("/provisioning/operations{filter}")).await;
        assert_eq!(links(&page, "/provisioning/operations/"), shown, "{filter}: {page}");
    }
    for bad in ["?outcome=x", "?change=x", "?since=yesterday", "?after=1", "?key=x"] {
        assert_eq!(viewer.get(&format!("/provisioning/operations{bad}")).await.status, 400, "{bad}");
    }
    let page = viewer.page(&failed).await;
    for shown in ["Create user", ">Duplicate<", "uniqueness", "j***@acme.test", "Waited in the queue", "/provisioning/failures/1"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("jdoe@acme.test"), "what the log masks stays masked: {page}");
    let file = viewer.get("/provisioning/operations.csv?outcome=failed_all").await;
    assert_eq!((file.status, file.text.split_terminator("\r\n").count()), (200, 2));
}

#[tokio::test]
async fn paging_meets_every_operation_once_and_a_cycle_leads_to_them() {
    let gateway = Gateway::start().await;
    let mut operations: Vec<Operation> =
        (0..130).map(|n| sample::operation(gateway.account, Uuid::now_v7(), sample::creation(&format!("u{n}")))).collect();
    let actor = operations[0].actor.clone();
    operations.iter_mut().for_each(|operation| operation.actor = actor.clone());
    sample::log(&gateway, &operations, &sample::done()).await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let met = walk(&viewer, "/provisioning/operations", "/provisioning/operations/").await;
    assert_eq!((met.len(), met.iter().collect::<HashSet<_>>().len()), (130, 130));
    let cycles = viewer.page("/provisioning/cycles").await;
    assert!(cycles.contains(">130<") && cycles.contains(">Running<"), "{cycles}");
    let cycle = links(&cycles, "/provisioning/operations?")[0].replace("&#38;", "&").replace("&amp;", "&");
    assert_eq!(walk(&viewer, &cycle, "/provisioning/operations/").await, met, "{cycle}");
    assert!(viewer.page("/provisioning/cycles?until=2020-01-01T00:00:00Z").await.contains("No cycle"));
    let file = viewer.get("/provisioning/cycles.csv").await;
    let lines: Vec<&str> = file.text.split_terminator("\r\n").collect();
    assert_eq!((file.status, file.kind.as_str(), lines.len()), (200, "text/csv; charset=utf-8", 2), "{lines:?}");
    assert!(lines[0].starts_with("began,ended,running") && lines[1].contains(",true,130,130,"), "{lines:?}");
}

#[tokio::test]
async fn a_failure_says_why_and_what_to_do_and_is_acted_on() {
    let gateway = Gateway::start().await;
    let sample = sample::fill(&gateway, gateway.account).await;
    let manager = signed_in(&gateway, gateway.account, Role::UserManager).await;
    let path = format!("/provisioning/failures/{}", sample.incident);
    let list = manager.page("/provisioning/failures").await;
    assert!(list.contains("user id already in use") && links(&list, "/provisioning/failures/1") == [path.as_str()], "{list}");
    let page = manager.page(&path).await;
    for shown in ["Likely cause", "What to do", "j***@acme.test", "First failure", "can be tried again"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let state = async || incidents::by_number(&gateway.store, sample.account, sample.incident).await.unwrap().unwrap();
    for (action, fields, expected) in [
        ("acknowledge", "", IncidentState::Acknowledged),
        ("snooze", "hours=4", IncidentState::Snoozed),
        ("resolve", "", IncidentState::Resolved),
    ] {
        let seen = manager.submit(&path, &format!("{path}/{action}"), fields).await;
        assert_eq!((seen.status, seen.location.as_deref()), (303, Some(path.as_str())), "{action}: {}", seen.text);
        let now = state().await;
        assert_eq!((now.state, now.state_by.as_deref()), (expected, Some(manager.user_id.as_str())), "{action}");
    }
    let over = manager.page(&path).await;
    assert!(over.contains("declared over by the-user_manager") && !over.contains(">Snooze<"), "{over}");
    assert!(manager.page("/provisioning/failures").await.contains("Nothing fails"));
    assert!(manager.page("/provisioning/failures?state=all").await.contains("user id already in use"));
    assert_eq!(manager.get("/provisioning/failures?state=odd").await.status, 400);
}

#[tokio::test]
async fn a_retry_goes_through_the_queue() {
    let gateway = Gateway::start().await;
    let sample = sample::fill(&gateway, gateway.account).await;
    let manager = signed_in(&gateway, gateway.account, Role::UserManager).await;
    let path = format!("/provisioning/failures/{}", sample.incident);
    let seen = manager.submit(&path, &format!("{path}/retry"), "").await;
    assert_eq!((seen.status, seen.location.as_deref()), (303, Some(path.as_str())), "{}", seen.text);
    assert_eq!(gateway.delivered.lock().unwrap().len(), 1, "it came to the worker");
    let page = manager.page(&path).await;
    assert!(page.contains("settled") && page.contains("Tried again by the-user_manager"), "{page}");
}
