//! Signing in to the console with the account's provider.

use super::{Begun, World, parameter};
use crate::{
    console::browser::{Browser, PASSWORD},
    support::{Answer, insert_user},
};
use muster_domain::{Role, UserId};
use muster_scim::Resource;
use muster_store::{
    accounts,
    console::audit::{self, Written},
    sso,
};
use serde_json::{Value, json};

const SESSION: &str = "__Host-muster-session";

impl World {
    /// Somebody of this role, known by mailbox name, with an address at acme.com.
    pub async fn somebody(&self, name: &str, role: Role) -> UserId {
        let (id, address) = (UserId::new(), format!("{name}@acme.com"));
        let mut resource = Resource::from_iter([("userName".to_owned(), name.into()), ("active".to_owned(), true.into())]);
        resource.insert("emails".into(), json!([{"value": address, "type": "work", "primary": true}]));
        insert_user(&self.gateway.store, self.gateway.account, id.0, role, resource).await;
        id
    }

    pub async fn log(&self) -> Vec<Written> {
        audit::list(&self.gateway.store, self.gateway.account, None, 50).await.unwrap()
    }

    /// What the provider is sent by this page, as far as it matters.
    pub async fn begin_at(&self, browser: &mut Browser<'_>, path: &str) -> (Begun, String) {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let location = answer.header("location").unwrap().to_owned();
        assert!(location.starts_with(&format!("{}/authorize?", self.provider.issuer)), "{location}");
        let set = answer.header("set-cookie").unwrap();
        assert!(set.starts_with("__Host-muster_sso_") && set.contains("HttpOnly"), "{set}");
        let value = |name: &str| parameter(&location, name).unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        (Begun { cookie, state: value("state"), nonce: value("nonce"), challenge: value("code_challenge") }, location)
    }

    /// Comes back from the provider, which says this.
    pub async fn back(&self, browser: &mut Browser<'_>, begun: &Begun, change: impl FnOnce(&mut Value)) -> Answer {
        let mut claims = self.claims(begun);
        change(&mut claims);
        self.says(&claims);
        browser.get(&format!("/sso/acme/callback?code=c0de&state={}", begun.state)).await
    }
}

fn is(address: &'static str) -> impl FnOnce(&mut Value) {
    move |claims| claims["email"] = address.into()
}

#[tokio::test]
async fn whoever_may_use_the_console_signs_in_with_the_provider_and_gets_a_session_of_its_own() {
    let world = World::new().await;
    let ada = world.somebody("ada", Role::Viewer).await;
    let mut browser = Browser::new(&world.gateway);
    let host = world.provider.issuer.strip_prefix("http://").unwrap();
    let page = browser.get("/sign-in?next=%2Fusers%3Fq%3Da%26x").await;
    page.is_page(200, &format!("Sign in with {host}")).is_page(200, "name=\"password\"");
    let link = page.text().split("href=\"/sign-in/provider").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    // Somebody has put a session into this browser, and an address of elsewhere into the answer.
    browser.cookies.insert(SESSION.to_owned(), "mustersession_prepared".to_owned());
    let (begun, location) = world.begin_at(&mut browser, &format!("/sign-in/provider{link}")).await;
    assert!(!location.contains("prompt=") && !location.contains("max_age="), "{location}");
    let answer = world.back(&mut browser, &begun, is("ada@acme.com")).await;
    answer.goes_to("/users?q=a&x");
    let session = browser.cookies[SESSION].clone();
    assert!(session.starts_with("mustersession_") && session != "mustersession_prepared");
    assert!(
        answer
            .headers
            .iter()
            .any(|(name, value)| name == "set-cookie" && value.starts_with(&begun.cookie[..12]) && value.contains("Max-Age=0"))
    );
    browser.get("/profile").await.is_page(200, "Viewer").is_page(200, "You have no password here");
    let entry = &world.log().await[0];
    assert_eq!((entry.action.as_str(), entry.actor.as_str(), entry.actor_id), ("sign_in", "ada", Some(ada.0)));
    assert_eq!(entry.detail, format!("with the provider {host}"));

    // A sign-in is worth one session, and a new one ends the one before.
    let mut again = Browser::new(&world.gateway);
    let (name, value) = begun.cookie.split_once('=').unwrap();
    again.cookies.insert(name.to_owned(), value.to_owned());
    world.back(&mut again, &begun, is("ada@acme.com")).await.is_page(400, "used already").is_page(400, "Request id");
    assert!(!again.cookies.contains_key(SESSION));
    let (begun, _) = world.begin_at(&mut browser, "/sign-in/provider").await;
    world.back(&mut browser, &begun, is("ada@acme.com")).await.goes_to("/");
    assert_ne!(browser.cookies[SESSION], session);
    again.cookies.insert(SESSION.to_owned(), session);
    again.get("/").await.goes_to("/sign-in");
    let out = browser.get("/profile").await;
    assert!(out.text().contains("Sign out everywhere"));
    browser.post("/profile/sign-out-everywhere", &[]).await.goes_to("/sign-in");
    browser.get("/").await.goes_to("/sign-in");
}

#[tokio::test]
async fn nobody_else_gets_a_session_and_a_page_says_why() {
    let world = World::new().await;
    world.somebody("ada", Role::Administrator).await;
    let mut browser = Browser::new(&world.gateway);
    for (change, status, words, logged) in [
        (Box::new(is("jdoe@acme.com")) as Box<dyn FnOnce(&mut Value)>, 403, "The console is for", Some("jdoe")),
        (Box::new(is("nobody@acme.com")), 403, "There is no user for you here yet", Some("nobody@acme.com")),
        (Box::new(is("ada@evil.test")), 403, "There is no user for you here yet", Some("ada@evil.test")),
        (Box::new(|claims: &mut Value| claims["email_verified"] = false.into()), 403, "has not been verified", Some("")),
        (Box::new(|claims: &mut Value| claims["nonce"] = "another".into()), 403, "could not be checked", None),
    ] {
        let before = world.log().await.len();
        let (begun, _) = world.begin_at(&mut browser, "/sign-in/provider?next=/users").await;
        let answer = world.back(&mut browser, &begun, change).await;
        answer.is_page(status, words).is_page(status, "Request id").is_page(status, "href=\"/sign-in?account=acme&#38;next=%2Fusers\"");
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert!(!browser.cookies.contains_key(SESSION), "{words}");
        let log = world.log().await;
        match logged {
            Some(target) => assert_eq!((log[0].action.as_str(), log[0].target.as_str()), ("sign_in.refused", target)),
            None => assert_eq!(log.len(), before, "strangers do not fill the log"),
        }
    }
    assert!(world.gateway.delivered.lock().unwrap().is_empty(), "nobody is made by signing in to the console");
    let (begun, _) = world.begin_at(&mut browser, "/sign-in/provider").await;
    let denied = browser.get(&format!("/sso/acme/callback?error=access_denied&state={}", begun.state)).await;
    denied.is_page(403, "ended where you were to say who you are");
    let other = Browser::new(&world.gateway).get(&format!("/sso/acme/callback?code=c0de&state={}", begun.state)).await;
    other.is_page(400, "not begun in this browser");
}

#[tokio::test]
async fn where_it_goes_is_fixed_when_it_begins_and_is_always_here() {
    let world = World::new().await;
    world.somebody("ada", Role::Viewer).await;
    for (next, to) in [
        ("https%3A%2F%2Fevil.test", "/"),
        ("%2F%2Fevil.test", "/"),
        ("%2Fusers", "/users"),
        (format!("%2F{}", "x".repeat(1_500)).leak(), "/"),
    ] {
        let mut browser = Browser::new(&world.gateway);
        let (begun, _) = world.begin_at(&mut browser, &format!("/sign-in/provider?next={next}")).await;
        let mut claims = world.claims(&begun);
        claims["email"] = "ada@acme.com".into();
        world.says(&claims);
        let path =
            format!("/sso/acme/callback?code=c0de&state={}&next=https%3A%2F%2Fevil.test&return_to=https%3A%2F%2Fevil.test", begun.state);
        browser.get(&path).await.goes_to(to);
    }
    // One that the platform began makes no session, and one of the console no code for the platform.
    let begun = world.begin("").await;
    let mut browser = Browser::new(&world.gateway);
    let (name, value) = begun.cookie.split_once('=').unwrap();
    browser.cookies.insert(name.to_owned(), value.to_owned());
    let answer = world.back(&mut browser, &begun, is("ada@acme.com")).await;
    assert!(answer.header("location").unwrap().starts_with("https://app.example/in") && !browser.cookies.contains_key(SESSION));
}

#[tokio::test]
async fn a_provider_that_is_away_or_none_leaves_the_password() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.gateway);
    world.provider.set(|script| {
        script.instead = Some(("/.well-known/openid-configuration", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec()));
    });
    browser.get("/sign-in/provider").await.is_page(502, "does not answer").is_page(502, "Request id");
    sso::remove_provider(&world.gateway.store, world.gateway.account).await.unwrap();
    assert!(!browser.get("/sign-in").await.text().contains("/sign-in/provider"));
    let none = browser.get("/sign-in/provider").await;
    browser.follow(&none).await.is_page(200, "no provider to sign in with").is_page(200, "name=\"password\"");
    Browser::administrator(&world.gateway).await.get("/").await.is_page(200, "Home");
}

#[tokio::test]
async fn with_more_than_one_account_somebody_says_which_first() {
    let world = World::new().await;
    accounts::create(&world.gateway.store, "other", "Other").await.unwrap();
    let mut browser = Browser::new(&world.gateway);
    let page = browser.get("/sign-in").await;
    page.is_page(200, "Sign in with your company");
    assert!(!page.text().contains("/sign-in/provider"));
    browser.get("/sign-in?account=other").await.is_page(200, "no provider to sign in with at “other”");
    browser.get("/sign-in?account=acme").await.is_page(200, "/sign-in/provider?account=acme");
    browser.get("/sign-in/provider").await.goes_to("/sign-in");
    let (begun, _) = world.begin_at(&mut browser, "/sign-in/provider?account=acme").await;
    world.somebody("ada", Role::Viewer).await;
    world.back(&mut browser, &begun, is("ada@acme.com")).await.goes_to("/");
    let wrong = Browser::new(&world.gateway).post("/sign-in", &[("user_id", "ada"), ("password", PASSWORD), ("account", "acme")]).await;
    wrong.is_page(403, "do not belong together").is_page(403, "/sign-in/provider?account=acme");
}

#[tokio::test]
async fn another_site_cannot_sign_anybody_in() {
    let world = World::new().await;
    world.somebody("ada", Role::Viewer).await;
    let mut browser = Browser::new(&world.gateway);
    for (site, to_provider) in [("cross-site", false), ("same-site", false), ("same-origin", true), ("none", true)] {
        let site = format!("Sec-Fetch-Site: {site}");
        let answer = browser.send("GET", "/sign-in/provider?next=%2Fusers", &["Accept: text/html", &site], "").await;
        let location = answer.header("location").unwrap_or_default().to_owned();
        assert_eq!((answer.status, location.starts_with(&world.provider.issuer)), (303, to_provider), "{site}: {location}");
        assert!(to_provider || location.starts_with("/sign-in?account=acme&next=%2Fusers"), "{location}");
    }
}
