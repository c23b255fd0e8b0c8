//! Who may see what, and do what; and that nothing of another account is there.

use super::{sample, signed_in};
use crate::support::Gateway;
use muster_domain::{Role, incident::IncidentState};
use muster_store::{incidents, now_ms, outbox};

const PAGES: [&str; 12] = [
    "/",
    "/users",
    "/configuration/groups",
    "/configuration/ad/convert",
    "/configuration/ad/aliases",
    "/configuration/notifications",
    "/configuration/notifications/preview",
    "/provisioning/cycles",
    "/provisioning/operations",
    "/provisioning/failures",
    "/system/queue",
    "/docs",
];

#[tokio::test]
async fn a_viewer_sees_everything_and_acts_on_nothing() {
    let gateway = Gateway::start().await;
    let sample = sample::fill(&gateway, gateway.account).await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let failure = format!("/provisioning/failures/{}", sample.incident);
    for path in PAGES.into_iter().chain([failure.as_str()]) {
        let page = viewer.page(path).await;
        let forms: Vec<&str> = page.split("<form method=\"post\" action=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(forms.iter().all(|action| matches!(*action, "/theme" | "/sign-out")), "{path} offers what it refuses: {forms:?}");
    }
    assert_eq!(viewer.get("/system/doctor").await.status, 403);
    for action in ["acknowledge", "snooze", "resolve", "retry"] {
        let seen = viewer.submit("/users", &format!("{failure}/{action}"), "hours=4").await;
        assert_eq!(seen.status, 403, "{action}");
    }
    let incident = incidents::by_number(&gateway.store, sample.account, sample.incident).await.unwrap().unwrap();
    assert_eq!(incident.state, IncidentState::Open);
    assert!(gateway.delivered.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_administrators_say_who_gets_mail() {
    let gateway = Gateway::start().await;
    for role in [Role::Viewer, Role::UserManager] {
        let browser = signed_in(&gateway, gateway.account, role).await;
        for (action, fields) in [
            ("add", "address=eve%40acme.test&time_zone=UTC"),
            ("remove", "address=ops%40acme.test"),
            ("test", ""),
            ("resend", "mail=00000000-0000-0000-0000-000000000000"),
        ] {
            let seen = browser.submit("/users", &format!("/configuration/notifications/{action}"), fields).await;
            assert_eq!(seen.status, 403, "{role} {action}");
        }
    }
    assert!(outbox::list(&gateway.store, gateway.account, now_ms()).await.unwrap().is_empty());
    assert!(outbox::recent(&gateway.store, gateway.account, 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_is_let_in_without_a_session_or_with_the_role_user() {
    let gateway = Gateway::start().await;
    let nobody = signed_in(&gateway, gateway.account, Role::User).await;
    for path in PAGES.into_iter().chain(["/users.csv", "/provisioning/operations.csv", "/system/doctor"]) {
        let seen = nobody.get(path).await;
        assert_eq!(seen.status, 303, "{path}");
        assert!(seen.location.is_some_and(|location| location.starts_with("/sign-in")), "{path}");
    }
}

#[tokio::test]
async fn what_another_account_has_is_not_there() {
    let gateway = Gateway::start().await;
    let foreign = sample::another(&gateway).await;
    let theirs = sample::fill(&gateway, foreign).await;
    let ours = signed_in(&gateway, gateway.account, Role::Administrator).await;
    for path in [
        format!("/users/{}", theirs.user.id),
        format!("/configuration/groups/{}", theirs.group),
        format!("/configuration/groups/{}/members.csv", theirs.group),
        format!("/provisioning/operations/{}", theirs.applied),
        format!("/provisioning/operations?incident={}", theirs.incident),
        format!("/provisioning/failures/{}", theirs.incident),
    ] {
        assert_eq!(ours.get(&path).await.status, 404, "{path}");
    }
    // The examples on the page about the API are nobody's.
    for path in PAGES.into_iter().filter(|path| *path != "/docs").chain([
        "/users.csv",
        "/configuration/groups.csv",
        "/provisioning/operations.csv",
        "/provisioning/failures.csv?state=all",
        "/provisioning/cycles.csv",
        "/configuration/notifications/mails.csv",
    ]) {
        let seen = ours.get(path).await;
        assert_eq!(seen.status, 200, "{path}");
        for secret in ["ada@acme.test", "Analysts", "Lovelace", "jdoe", "Globex"] {
            assert!(!seen.text.contains(secret), "{path} shows {secret}");
        }
    }
    for action in ["acknowledge", "snooze", "resolve", "retry"] {
        let seen = ours.submit("/users", &format!("/provisioning/failures/{}/{action}", theirs.incident), "hours=4").await;
        assert_eq!(seen.status, 404, "{action}");
    }
    let incident = incidents::by_number(&gateway.store, foreign, theirs.incident).await.unwrap().unwrap();
    assert_eq!(incident.state, IncidentState::Open);
}
