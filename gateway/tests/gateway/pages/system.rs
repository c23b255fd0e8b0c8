//! Home, notifications, the system.

use super::{Browser, sample, signed_in};
use crate::support::Gateway;
use muster_domain::{OutcomeCode, Role};
use muster_store::{
    console::audit,
    conversion, now_ms, operations,
    outbox::{self, Ending, MailStatus},
};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};
use uuid::Uuid;

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

/// The page of the only message that was set aside, and its address.
async fn set_aside(gateway: &Gateway, viewer: &Browser<'_>) -> (String, String) {
    let refused = gateway.post("/scim/Users", &json!({ "userName": "poison" })).await;
    assert_eq!(refused.status, 500);
    let mut list = String::new();
    for _ in 0..200 {
        list = viewer.page("/system/queue").await;
        if list.contains("href=\"/system/queue/") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let from = list.find("/system/queue/").unwrap_or_else(|| panic!("it is not listed: {list}"));
    let path = list[from..].split('"').next().unwrap().to_owned();
    (viewer.page(&path).await, path)
}

#[tokio::test]
async fn a_message_that_was_set_aside_is_replayed_once_and_written_down() {
    let gateway = Gateway::start().await;
    let manager = signed_in(&gateway, gateway.account, Role::UserManager).await;
    let (page, path) = set_aside(&gateway, &manager).await;
    assert!(page.contains("it is not to be had at first") && page.contains("Create user"), "{page}");
    let first = gateway.delivered.lock().unwrap().clone();
    assert_eq!(manager.submit(&path, &format!("{path}/replay"), "").await.location.as_deref(), Some("/system/queue"));
    for _ in 0..200 {
        if gateway.delivered.lock().unwrap().len() > first.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let delivered = gateway.delivered.lock().unwrap().clone();
    assert_eq!(delivered, [first.clone(), first.clone()].concat(), "the same operation, under its id");
    let recorded = operations::recorded(&gateway.store, gateway.account, &first).await.unwrap();
    assert!(recorded.is_empty(), "that it was set aside does not keep it from being applied: {recorded:?}");
    assert!(manager.page("/system/queue").await.contains("Nothing of this account was set aside"));
    assert_eq!(manager.get(&path).await.status, 404);
    let written = audit::list(&gateway.store, gateway.account, None, 10).await.unwrap();
    let entry = written.iter().find(|entry| entry.action == "message.replayed").expect("it is written down");
    assert!(entry.target.contains(&first[0].to_string()), "{entry:?}");
}

#[tokio::test]
async fn a_message_that_was_set_aside_is_discarded_for_a_reason_by_those_who_may() {
    let gateway = Gateway::start().await;
    let manager = signed_in(&gateway, gateway.account, Role::UserManager).await;
    let (_, path) = set_aside(&gateway, &manager).await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    assert!(!viewer.page(&path).await.contains("/discard"), "a viewer looks");
    let other = sample::another(&gateway).await;
    let stranger = signed_in(&gateway, other, Role::Administrator).await;
    assert_eq!(stranger.get(&path).await.status, 404);
    let back = manager.submit(&path, &format!("{path}/discard"), "reason=+").await;
    assert_eq!(back.location.as_deref(), Some(path.as_str()), "not without a reason");
    let done = manager.submit(&path, &format!("{path}/discard"), "reason=sent+again+by+the+directory").await;
    assert_eq!(done.location.as_deref(), Some("/system/queue"));
    assert_eq!(manager.get(&path).await.status, 404);
    let written = audit::list(&gateway.store, gateway.account, None, 10).await.unwrap();
    let entry = written.iter().find(|entry| entry.action == "message.discarded").expect("it is written down");
    assert_eq!(entry.detail, "sent again by the directory");
    let id = gateway.delivered.lock().unwrap()[0];
    let recorded = operations::recorded(&gateway.store, gateway.account, &[id]).await.unwrap();
    assert_eq!(recorded[0].outcome.code, OutcomeCode::SetAside, "the log still says what became of it");
}

#[tokio::test]
async fn the_api_is_described_on_a_page_that_has_every_path_of_the_document() {
    let gateway = Gateway::start().await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let page = viewer.page("/docs").await;
    let document = viewer.get("/docs/openapi.json").await;
    assert_eq!((document.status, document.kind.as_str()), (200, "application/json"));
    let document: Value = serde_json::from_str(&document.text).unwrap();
    let with_a_key = gateway.get("/scim/openapi.json").await.json();
    assert_eq!(document, with_a_key, "one document");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 30);
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys().filter(|key| !["parameters", "servers", "head"].contains(&key.as_str())) {
            let shown = format!("<code>{} {path}</code>", method.to_uppercase());
            assert_eq!(page.matches(&shown).count(), 1, "{shown}");
        }
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
    }
    let anchors: Vec<&str> = super::links(&page, "#schema-");
    assert!(anchors.len() > 50);
    for anchor in anchors {
        assert!(page.contains(&format!("id=\"{}\"", &anchor[1..])), "{anchor} leads nowhere");
    }
    let stranger = gateway.raw(b"GET /docs HTTP/1.1\r\nHost: muster.example\r\nAccept: text/html\r\n\r\n").await;
    assert_eq!(stranger.header("location"), Some("/sign-in?next=%2Fdocs"));
}

#[tokio::test]
async fn every_link_in_a_mail_leads_to_a_page_of_its_account() {
    let gateway = Gateway::start().await;
    let sample = sample::fill(&gateway, gateway.account).await;
    let run = conversion::create(&gateway.store, gateway.account, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let list = viewer.page("/configuration/notifications/preview").await;
    let mut followed = HashSet::new();
    for kind in super::links(&list, "/configuration/notifications/preview/") {
        let html = viewer.get(&format!("{kind}/html")).await.text;
        for link in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let path =
                link.strip_prefix("https://muster.example").unwrap_or_else(|| panic!("{kind} leads to {link}")).replace("&#38;", "&");
            // What mails are about is made up: a failure and a run that are there take its place.
            let path = match path.strip_prefix("/provisioning/failures/").and_then(|rest| rest.split_once('?')) {
                Some((_, query)) => format!("/provisioning/failures/{}?{query}", sample.incident),
                None => path,
            };
            let path = match path.strip_prefix("/configuration/ad/convert/runs/") {
                Some(rest) => format!("/configuration/ad/convert/runs/{}{}", run.id, &rest[36..]),
                None => (482..485)
                    .fold(path, |path, made_up| path.replace(&format!("incident={made_up}"), &format!("incident={}", sample.incident))),
            };
            assert_eq!(viewer.get(&path).await.status, 200, "{kind}: {path}");
            followed.insert(path);
        }
    }
    assert!(followed.len() >= 6, "{followed:?}");
    // Whoever is signed in to another account is told so, and does not see a failure of the same number.
    let other = sample::another(&gateway).await;
    let stranger = signed_in(&gateway, other, Role::Viewer).await;
    for path in &followed {
        let seen = stranger.get(path).await;
        assert!(seen.status == 404 && seen.text.contains("Of another account"), "{path}: {}", seen.text);
    }
    let out = gateway.raw(b"GET /provisioning/failures/1?account=acme HTTP/1.1\r\nHost: muster.example\r\nAccept: text/html\r\n\r\n").await;
    let sign_in = "/sign-in?account=acme&next=%2Fprovisioning%2Ffailures%2F1%3Faccount%3Dacme";
    assert_eq!(out.header("location"), Some(sign_in));
}

#[tokio::test]
async fn every_kind_of_mail_can_be_looked_at_and_does_nothing() {
    let gateway = Gateway::start().await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let list = viewer.page("/configuration/notifications/preview").await;
    let kinds = super::links(&list, "/configuration/notifications/preview/");
    assert_eq!(kinds.len(), muster_letter::sample::every_kind().len());
    for kind in kinds {
        let page = viewer.page(kind).await;
        assert!(page.contains("[Muster][acme] ") && page.contains("muster "), "{kind}: {page}");
        let html = gateway.raw(viewer.text(&format!("{kind}/html")).as_bytes()).await;
        assert_eq!((html.status, html.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = html.header("content-security-policy").unwrap();
        for rule in ["default-src 'none'", "sandbox", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("script-src"), "{policy}");
    }
    assert_eq!(viewer.get("/configuration/notifications/preview/nonsense").await.status, 404);
}

#[tokio::test]
async fn a_mail_that_was_sent_is_sent_again_and_written_down() {
    const PATH: &str = "/configuration/notifications";
    let gateway = Gateway::start().await;
    let administrator = signed_in(&gateway, gateway.account, Role::Administrator).await;
    administrator.submit(PATH, &format!("{PATH}/add"), "address=ops%40acme.test&time_zone=UTC&quiet_hours=00%3A00-23%3A59").await;
    administrator.submit(PATH, &format!("{PATH}/test"), "").await;
    let (store, account) = (&gateway.store, gateway.account);
    let first = outbox::recent(store, account, 5).await.unwrap().remove(0);
    let resend = async |id: Uuid| administrator.submit(PATH, &format!("{PATH}/resend"), &format!("mail={id}")).await;
    assert!(!administrator.page(PATH).await.contains("Send again"), "it is still on its way");
    resend(first.id).await;
    assert_eq!(outbox::recent(store, account, 5).await.unwrap().len(), 1);
    // What the worker does.
    let lease = outbox::lease(store, account, "ops@acme.test", now_ms(), now_ms() + 60_000).await.unwrap().unwrap();
    let envelope = outbox::mark(store, &lease, first.id, now_ms(), now_ms() + 60_000).await.unwrap().unwrap();
    outbox::end(store, &lease, &envelope, &Ending::Taken, "250 kept", now_ms()).await.unwrap();
    assert!(administrator.page(PATH).await.contains("Send again"));
    assert_eq!(resend(first.id).await.location.as_deref(), Some(PATH));
    let mails = outbox::recent(store, account, 5).await.unwrap();
    assert_eq!(mails.len(), 2);
    assert_eq!((mails[0].status, mails[0].held, &mails[0].address), (MailStatus::Pending, None, &first.address));
    assert_ne!(mails[0].key, first.key, "another message to mail programs");
    assert_eq!(mails[0].content, first.content);
    let written = audit::list(store, account, None, 10).await.unwrap();
    assert!(written.iter().any(|entry| entry.action == "mail.resend" && entry.target.contains(&first.id.to_string())), "{written:?}");
    let file = administrator.get(&format!("{PATH}/mails.csv")).await;
    let lines: Vec<&str> = file.text.split_terminator("\r\n").collect();
    assert_eq!((file.status, file.kind.as_str(), lines.len()), (200, "text/csv; charset=utf-8", 3), "{lines:?}");
    assert!(lines[1].contains(",ops@acme.test,Test,pending,,0,") && lines[2].ends_with(",1,250 kept"), "{lines:?}");
    let older = outbox::recent_before(store, account, Some(mails[0].id), 5).await.unwrap();
    assert_eq!(older.iter().map(|mail| mail.id).collect::<Vec<_>>(), [first.id]);
    // Whoever has unsubscribed, or belongs to somebody else, is not written to.
    let other = sample::another(&gateway).await;
    let stranger = signed_in(&gateway, other, Role::Administrator).await;
    stranger.submit("/users", &format!("{PATH}/resend"), &format!("mail={}", first.id)).await;
    assert!(outbox::unsubscribe(store, &lease.token, now_ms()).await.unwrap());
    resend(first.id).await;
    assert_eq!(outbox::recent(store, account, 5).await.unwrap().len(), 2);
}
