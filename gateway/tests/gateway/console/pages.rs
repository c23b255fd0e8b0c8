//! What every page has.

use super::browser::Browser;
use crate::support::{Answer, Gateway};

fn check_headers(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    for part in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("strict-transport-security").is_some(), "the service is reached by TLS");
    assert!(answer.header("x-request-id").is_some());
}

/// Whatever the policy would stop must not be on a page in the first place.
fn check_markup(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<html lang=\"en\""), "{page}");
    for (at, _) in page.match_indices("<script") {
        assert!(page[at..].starts_with("<script src=\"/assets/"), "{}", &page[at..at + 60]);
    }
    for inline in ["<style", " style=", "javascript:", " onclick=", " onload=", " onsubmit=", "hx-on", "http-equiv"] {
        assert!(!page.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn every_page_loads_what_is_ours_and_nothing_else() {
    let gateway = Gateway::start().await;
    let mut guest = Browser::new(&gateway);
    let mut browser = Browser::administrator(&gateway).await;
    let pages = [
        guest.get("/sign-in").await,
        guest.get("/nothing").await,
        guest.get("/welcome/x").await,
        browser.get("/").await,
        browser.get("/profile").await,
        browser.get("/configuration/auth/scim").await,
        browser.get("/configuration/ad/convert").await,
        browser.get("/nothing").await,
    ];
    for page in &pages {
        check_headers(page);
        check_markup(&page.text());
    }
    check_headers(&guest.get("/").await);
}

#[tokio::test]
async fn the_files_a_page_names_are_there_and_kept() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let page = browser.get("/").await.text();
    let files: Vec<&str> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let answer = browser.send("GET", file, &["Accept-Encoding: gzip, br"], "").await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("br")), "{file}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    }
    assert_eq!(browser.send("GET", "/assets/../Cargo.toml", &[], "").await.status, 404);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_a_scim_error_for_machines() {
    let gateway = Gateway::start().await;
    Browser::new(&gateway).get("/nothing").await.is_page(404, "There is no page");
    gateway.get("/nothing").await.is_error(404, None);
    gateway.request("GET", "/scim/nothing", &["Accept: text/html"], "").await.is_error(404, None);
    assert_eq!(gateway.request("GET", "/livez", &["Accept: text/html"], "").await.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn light_and_dark_are_kept_in_a_cookie() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::new(&gateway);
    browser.get("/sign-in").await.is_page(200, "data-theme=\"auto\"");
    browser.post("/theme", &[("theme", "dark"), ("back", "/sign-in")]).await.goes_to("/sign-in");
    browser.get("/sign-in").await.is_page(200, "data-theme=\"dark\"");
    browser.post("/theme", &[("theme", "\"><b>"), ("back", "https://evil.test")]).await.goes_to("/");
    browser.get("/sign-in").await.is_page(200, "data-theme=\"auto\"");
}

#[tokio::test]
async fn names_are_text_wherever_they_come_from() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let evil = "<img src=x onerror=alert(1)>";
    let mut resource = crate::support::named(evil);
    resource.insert("displayName".to_owned(), "\"><script>alert(1)</script>".into());
    let id = uuid::Uuid::now_v7();
    crate::support::insert_user(&gateway.store, gateway.account, id, muster_domain::Role::UserManager, resource).await;
    let page = browser.get("/configuration/auth/scim").await.text();
    assert!(page.contains("&#60;img src=x") || page.contains("&lt;img src=x"), "{page}");
    assert!(!page.contains("<img src=x") && !page.contains("<script>"));
    let shown = browser.sign_in(evil, "x").await.text();
    assert!(!shown.contains("<img src=x"), "{shown}");
}
