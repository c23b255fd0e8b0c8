//! Home, notifications, the system.

use super::{Browser, sample, signed_in};
use crate::support::Gateway;
use muster_domain::Role;
use std::time::Duration;

/// The home page once it says this: what is heard of a directory is written down a moment later.
async fn eventually(viewer: &Browser<'_>, text: &str) -> String {
    for _ in 0..200 {
        let page = viewer.page("/").await;
        if page.contains(text) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("home never says {text}: {}", viewer.page("/").await);
}

#[tokio::test]
async fn home_says_how_things_are() {
    let gateway = Gateway::start().await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let page = viewer.page("/").await;
    assert!(page.contains("Nothing has come with this key yet"), "{page}");
    sample::fill(&gateway, gateway.account).await;
    // The directory's probe.
    assert_eq!(gateway.get("/scim/Users").await.status, 200);
    let page = eventually(&viewer, "1 kind of failure needs somebody").await;
    assert!(page.contains("1 kind of failure needs somebody, and 1 operation failed in the last 24 hours"), "{page}");
    assert!(page.contains("#1 user id already in use, 1 time") && page.contains("operations in 24 hours"), "{page}");
}

#[tokio::test]
async fn recipients_are_put_on_the_list_and_taken_off_it() {
    const PATH: &str = "/configuration/notifications";
    let gateway = Gateway::start().await;
    let administrator = signed_in(&gateway, gateway.account, Role::Administrator).await;
    assert!(administrator.page(PATH).await.contains("Nobody gets mail"));
    let refused = administrator.submit(PATH, &format!("{PATH}/test"), "").await;
    assert_eq!(refused.status, 303);
    for (fields, wrong) in [
        ("address=nobody&time_zone=UTC", "nobody"),
        ("address=ops%40acme.test&time_zone=Mars%2FOlympus", "Olympus"),
        ("address=ops%40acme.test&time_zone=UTC&quiet_hours=late", "late"),
    ] {
        let seen = administrator.submit(PATH, &format!("{PATH}/add"), fields).await;
        assert_eq!((seen.status, seen.location.as_deref()), (303, Some(PATH)), "{wrong}");
        assert!(administrator.page(PATH).await.contains("Nobody gets mail"), "{wrong}");
    }
    let fields = "address=Ops%40acme.test&time_zone=Europe%2FBerlin&quiet_hours=20%3A00-07%3A30";
    assert_eq!(administrator.submit(PATH, &format!("{PATH}/add"), fields).await.status, 303);
    let page = administrator.page(PATH).await;
    for shown in ["Ops@acme.test", "Europe/Berlin", "20:00-07:30", ">Gets mail<", "On the list"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert_eq!(administrator.submit(PATH, &format!("{PATH}/test"), "").await.status, 303);
    let page = administrator.page(PATH).await;
    assert!(page.contains(">Test<") && page.contains(">On its way<"), "{page}");
    assert_eq!(administrator.submit(PATH, &format!("{PATH}/remove"), "address=ops%40acme.test").await.status, 303);
    assert!(administrator.page(PATH).await.contains("Nobody gets mail"));
}

#[tokio::test]
async fn the_system_tells_of_its_queue_and_checks_itself() {
    let gateway = Gateway::start().await;
    let administrator = signed_in(&gateway, gateway.account, Role::Administrator).await;
    let queue = administrator.page("/system/queue").await;
    assert!(queue.contains("operations") && queue.contains(">Idle<") && queue.contains("Nothing of this account was set aside"), "{queue}");
    let doctor = administrator.page("/system/doctor").await;
    for shown in ["D03 database", "SQLite", "D04 migrations", "none pending", "D07 queue", "D13 public URL", "D15 secret key", "is admin"] {
        assert!(doctor.contains(shown), "{shown}: {doctor}");
    }
    assert!(!doctor.contains(">Mend it<"), "{doctor}");
}
