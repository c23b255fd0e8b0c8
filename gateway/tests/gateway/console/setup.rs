//! Setup SCIM, from an empty account to a directory that gets through.

use super::browser::{Browser, PASSWORD};
use crate::support::{Answer, Gateway, insert_user, named};
use muster_domain::{Role, UserId};
use muster_store::{
    console::{administrators, audit},
    keys,
};
use serde_json::json;
use std::time::Duration;

const PAGE: &str = "/configuration/auth/scim";

fn key_in(page: &Answer) -> Option<String> {
    let text = page.text();
    let shown = text.split("id=\"secret-key\">").nth(1)?.split('<').next()?;
    Some(shown.to_owned())
}

async fn generate(browser: &mut Browser<'_>, administrator: &str, password: &str) -> Answer {
    browser.post("/configuration/auth/scim/key", &[("administrator", administrator), ("password", password)]).await
}

async fn directory(gateway: &Gateway, key: &str) -> Answer {
    let head =
        format!("GET /scim/Users?filter=userName%20eq%20%22x%22 HTTP/1.1\r\nHost: muster.example\r\nAuthorization: Bearer {key}\r\n");
    gateway.raw(format!("{head}User-Agent: Entra\r\nContent-Length: 0\r\n\r\n").as_bytes()).await
}

#[tokio::test]
async fn a_key_is_made_with_the_password_shown_once_and_voids_the_old_one() {
    let gateway = Gateway::start_with(|settings| settings.limits.key_age = Duration::ZERO).await;
    let mut browser = Browser::administrator(&gateway).await;
    let administrator = gateway.administrator.to_string();
    let before = keys::active(&gateway.store, gateway.account).await.unwrap().unwrap();
    for (password, words) in [("", "enter your password once more"), ("wrong", "that is not your password")] {
        let refused = generate(&mut browser, &administrator, password).await;
        refused.goes_to(PAGE);
        let page = browser.follow(&refused).await;
        page.is_page(200, words);
        assert_eq!(key_in(&page), None);
    }
    assert_eq!(keys::active(&gateway.store, gateway.account).await.unwrap().unwrap().id, before.id);

    let made = generate(&mut browser, &administrator, PASSWORD).await;
    made.goes_to("/configuration/auth/scim#key");
    let mut elsewhere = Browser::new(&gateway);
    elsewhere.sign_in("admin", PASSWORD).await.goes_to("/");
    assert_eq!(key_in(&elsewhere.get(PAGE).await), None, "shown to the session that asked, and to no other");
    let page = browser.follow(&made).await;
    page.is_page(200, "The key before it has just stopped working");
    let key = key_in(&page).unwrap();
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(key_in(&browser.get(PAGE).await), None, "shown once");
    assert_eq!(directory(&gateway, &key).await.status, 200);
    assert_eq!(directory(&gateway, &gateway.key).await.status, 401, "the old one is void");

    // For five minutes, the password need not be entered again.
    browser.get(PAGE).await;
    generate(&mut browser, &administrator, "").await.goes_to("/configuration/auth/scim#key");

    let log = audit::list(&gateway.store, gateway.account, None, 50).await.unwrap();
    let made: Vec<_> = log.iter().filter(|entry| entry.action == "secret_key.generated").collect();
    assert_eq!(made.len(), 2);
    assert_eq!((made[1].actor.as_str(), made[1].target.as_str(), made[1].peer.as_str()), ("admin", "admin", "127.0.0.1"));
    assert!(made[1].detail.contains(&key[key.len() - 4..]) && log.iter().all(|entry| !format!("{entry:?}").contains(&key[..20])));
    assert_eq!(audit::verify(&gateway.store, gateway.account).await.unwrap().broken, None);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_none_takes_its_place() {
    let gateway = Gateway::start_with(|settings| settings.limits.key_age = Duration::ZERO).await;
    let mut browser = Browser::administrator(&gateway).await;
    let path = "/configuration/auth/scim/void";
    browser.post(path, &[]).await.goes_to(PAGE);
    assert_eq!(directory(&gateway, &gateway.key).await.status, 200, "not without the password");
    let void = browser.post(path, &[("password", PASSWORD)]).await;
    browser.follow(&void).await.is_page(200, "The key is void").is_page(200, "Not set up");
    assert_eq!(directory(&gateway, &gateway.key).await.status, 401);
    let again = browser.post(path, &[]).await;
    browser.follow(&again).await.is_page(200, "There was no key");
}

#[tokio::test]
async fn only_administrators_and_user_managers_are_offered_and_accepted() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    for role in [Role::UserManager, Role::Viewer, Role::User] {
        let user_id = format!("some-{role}");
        crate::support::insert_user(&gateway.store, gateway.account, uuid::Uuid::now_v7(), role, crate::support::named(&user_id)).await;
    }
    let page = browser.get(PAGE).await;
    page.is_page(200, "some-user_manager (User Manager)");
    assert!(!page.text().contains("some-viewer") && !page.text().contains("some-user<") && !page.text().contains("some-user ("));
    let viewer = muster_store::resources::find_user_by_user_id(&gateway.store, gateway.account, "some-viewer").await.unwrap().unwrap();
    for id in [viewer.id.to_string(), uuid::Uuid::now_v7().to_string(), String::new(), "x".to_owned()] {
        let refused = generate(&mut browser, &id, PASSWORD).await;
        refused.goes_to(PAGE);
        assert_eq!(key_in(&browser.follow(&refused).await), None);
    }
}

#[tokio::test]
async fn a_scim_administrator_is_created_by_an_operation() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let path = "/configuration/auth/scim/administrator";
    let form = |user_id, role| {
        [("user_id", user_id), ("email", "sync@acme.test"), ("display_name", "Entra"), ("role", role), ("password", PASSWORD)]
    };
    for (user_id, role, words) in [
        ("sync", "user", "nobody else can be"),
        ("sync", "viewer", "nobody else can be"),
        ("", "administrator", "userName"),
        ("taken", "user_manager", "taken"),
    ] {
        let refused = browser.post(path, &form(user_id, role)).await;
        browser.follow(&refused).await.is_page(200, words);
    }
    let made = browser.post(path, &form("sync", "user_manager")).await;
    browser.follow(&made).await.is_page(200, "sync – Entra (User Manager)");
    let candidates = administrators::candidates(&gateway.store, gateway.account, 10).await.unwrap();
    assert!(candidates.iter().any(|user| user.user_id == "sync" && user.role == Role::UserManager));
}

#[tokio::test]
async fn the_panel_says_what_the_directory_does_and_what_is_wrong() {
    let gateway = Gateway::start_with(|settings| settings.limits.key_age = Duration::ZERO).await;
    let mut browser = Browser::administrator(&gateway).await;
    browser.get(PAGE).await.is_page(200, "Waiting").is_page(200, "https://muster.example/scim");
    // The gateway writes down what it hears once a second.
    let until = async |browser: &mut Browser<'_>, words: &str| {
        for _ in 0..100 {
            if browser.get(PAGE).await.text().contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{words} is missing in {}", browser.get(PAGE).await.text());
    };
    assert_eq!(directory(&gateway, muster_domain::SecretKey::generate().reveal()).await.status, 401);
    until(&mut browser, "none of ours").await;
    assert_eq!(gateway.get("/Users?filter=x").await.status, 404, "the Tenant URL without its end");
    until(&mut browser, "not the Tenant URL").await;
    assert_eq!(directory(&gateway, &gateway.key).await.status, 200);
    until(&mut browser, "Connected").await;
    let page = browser.get(PAGE).await;
    page.is_page(200, "GET /scim/Users").is_page(200, "Entra");
    assert!(!page.text().contains("userName eq"), "filters hold names");
    let administrator = gateway.administrator.to_string();
    generate(&mut browser, &administrator, PASSWORD).await.goes_to("/configuration/auth/scim#key");
    browser.get(PAGE).await.is_page(200, "Waiting");
    assert_eq!(directory(&gateway, &gateway.key).await.status, 401);
    until(&mut browser, "replaced by a newer one").await;
}

#[tokio::test]
async fn whom_a_directory_would_not_find_is_said_before_it_is_switched_on() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    assert!(!browser.get(PAGE).await.text().contains("id=\"preflight\""), "there is nothing to say");
    for (name, address) in [("ada", "ada@acme.test"), ("bea", "bea@acme.test"), ("cy@acme.test", "cy@acme.test")] {
        let mut resource = named(name);
        resource.insert("emails".to_owned(), json!([{ "value": address, "type": "work", "primary": true }]));
        insert_user(&gateway.store, gateway.account, UserId::new().0, Role::User, resource).await;
    }
    let page = browser.get(PAGE).await;
    page.is_page(200, "2 users are known by mailbox name").is_page(200, "ada, bea");
    let text = page.text();
    assert!(text.contains("href=\"/configuration/ad/convert\"") || text.contains("muster convert plan --account acme"), "{text}");
}
