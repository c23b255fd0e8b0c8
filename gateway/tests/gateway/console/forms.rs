//! Forms that did not come from a page of the console.

use super::browser::Browser;
use crate::support::Gateway;
use muster_store::keys;

#[tokio::test]
async fn a_form_of_another_site_or_of_nobody_changes_nothing() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let before = keys::active(&gateway.store, gateway.account).await.unwrap().unwrap().id;
    let administrator = gateway.administrator.to_string();
    let token = browser.csrf.clone();
    let fields = |csrf: &str| {
        vec![("administrator", administrator.clone()), ("password", super::browser::PASSWORD.to_owned()), ("csrf", csrf.to_owned())]
    };
    let other = Browser::of(&gateway, muster_domain::Role::UserManager).await.csrf;
    let path = "/configuration/auth/scim/key";
    for (csrf, headers) in [
        (token.as_str(), &[][..]),
        (token.as_str(), &["Sec-Fetch-Site: cross-site"]),
        (token.as_str(), &["Sec-Fetch-Site: same-site", "Origin: https://muster.example"]),
        (token.as_str(), &["Origin: https://evil.test"]),
        (token.as_str(), &["Origin: null"]),
        (token.as_str(), &["Origin: https://muster.example.evil.test"]),
        ("", &["Sec-Fetch-Site: same-origin"]),
        ("wrong", &["Sec-Fetch-Site: same-origin"]),
        (other.as_str(), &["Sec-Fetch-Site: same-origin"]),
    ] {
        let form = fields(csrf);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post_with(path, &form, headers).await.is_page(403, "Form not accepted");
    }
    assert_eq!(keys::active(&gateway.store, gateway.account).await.unwrap().unwrap().id, before);
    let form = fields(&token);
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post_with(path, &form, &["Origin: https://muster.example"]).await.goes_to("/configuration/auth/scim#key");
    assert_ne!(keys::active(&gateway.store, gateway.account).await.unwrap().unwrap().id, before);
}

#[tokio::test]
async fn signing_in_and_out_cannot_be_done_from_elsewhere() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let fields = [("user_id", "admin"), ("password", super::browser::PASSWORD)];
    browser.post_with("/sign-in", &fields, &["Sec-Fetch-Site: cross-site"]).await.is_page(403, "Form not accepted");
    browser.post_with("/sign-out", &[], &["Sec-Fetch-Site: cross-site"]).await.is_page(403, "Form not accepted");
    browser.get("/").await.is_page(200, "Home");
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let same = "Sec-Fetch-Site: same-origin";
    browser.send("POST", "/sign-out", &[same, "Content-Type: text/plain"], "csrf=x").await.is_page(400, "takes a form");
    browser.send("POST", "/sign-out", &[same, "Content-Type: application/json"], "{}").await.is_page(400, "takes a form");
    let long = "a=".to_owned() + &"x".repeat(70_000);
    let form = "Content-Type: application/x-www-form-urlencoded";
    browser.send("POST", "/sign-out", &[same, form], &long).await.is_page(413, "larger");
    assert_eq!(browser.send("PUT", "/profile", &[same], "").await.header("allow"), Some("GET"));
    assert_eq!(browser.send("POST", "/profile", &[same, form], "").await.header("allow"), Some("GET"));
    assert_eq!(browser.get("/sign-out").await.header("allow"), Some("POST"));
    browser.get("/profile").await.is_page(200, "Your profile");
}
