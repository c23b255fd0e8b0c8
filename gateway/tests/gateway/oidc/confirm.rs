//! Saying once more who one is, at the provider, before what cannot be taken back.

use super::{World, parameter};
use crate::{
    console::browser::{Browser, give_password},
    support::Answer,
};
use muster_domain::Role;
use muster_store::{keys, now_ms};
use serde_json::Value;

const PAGE: &str = "/configuration/auth/scim";
const CONFIRM: &str = "/profile/confirm?back=%2Fconfiguration%2Fauth%2Fscim";

impl World {
    /// An administrator without a password, signed in with the provider.
    async fn boss(&self) -> Browser<'_> {
        self.somebody("boss", Role::Administrator).await;
        let mut browser = Browser::new(&self.gateway);
        let (begun, _) = self.begin_at(&mut browser, "/sign-in/provider").await;
        self.back(&mut browser, &begun, |claims| claims["email"] = "boss@acme.com".into()).await.goes_to("/");
        browser
    }

    /// Comes back from the provider as `boss`, who was asked again.
    async fn confirm(&self, browser: &mut Browser<'_>, change: impl FnOnce(&mut Value)) -> Answer {
        let (begun, _) = self.begin_at(browser, CONFIRM).await;
        self.back(browser, &begun, |claims| {
            claims["email"] = "boss@acme.com".into();
            claims["auth_time"] = (now_ms() / 1000).into();
            change(claims);
        })
        .await
    }

    async fn revoke(&self, browser: &mut Browser<'_>) -> Answer {
        browser.get(PAGE).await;
        let answer = browser.post("/configuration/auth/scim/void", &[("password", "")]).await;
        answer.goes_to(PAGE);
        browser.follow(&answer).await
    }

    async fn has_key(&self) -> bool {
        keys::active(&self.gateway.store, self.gateway.account).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn who_has_no_password_confirms_with_the_provider_and_then_does_it() {
    let world = World::new().await;
    let mut browser = world.boss().await;
    let page = browser.get(PAGE).await;
    page.is_page(200, &format!("href=\"{CONFIRM}\""));
    assert!(!page.text().contains("name=\"password\""), "nobody is asked for a password there is not");
    world.revoke(&mut browser).await.is_page(200, "confirm first who you are");
    assert!(world.has_key().await);

    let (begun, location) = world.begin_at(&mut browser, CONFIRM).await;
    assert_eq!((parameter(&location, "prompt").as_deref(), parameter(&location, "max_age").as_deref()), (Some("login"), Some("0")));
    let answer = world
        .back(&mut browser, &begun, |claims| {
            claims["email"] = "boss@acme.com".into();
            claims["auth_time"] = (now_ms() / 1000).into();
        })
        .await;
    answer.goes_to(PAGE);
    let page = browser.follow(&answer).await;
    page.is_page(200, "You have confirmed who you are");
    assert!(!page.text().contains("/profile/confirm"));
    world.revoke(&mut browser).await.is_page(200, "The key is void");
    assert!(!world.has_key().await);
    let log = world.log().await;
    assert!(log.iter().any(|entry| entry.action == "confirmation" && entry.actor == "boss"), "{log:?}");
    assert_eq!(log[0].action, "secret_key.voided");
}

#[tokio::test]
async fn who_was_not_asked_again_or_is_somebody_else_confirms_nothing() {
    let world = World::new().await;
    world.somebody("eve", Role::Administrator).await;
    let mut browser = world.boss().await;
    let now = now_ms() / 1000;
    type Change = Box<dyn FnOnce(&mut Value)>;
    let cases: [(&str, Change); 6] = [
        ("does not say that it has", Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("auth_time")))),
        ("does not say that it has", Box::new(move |claims| claims["auth_time"] = (now - 300).into())),
        ("does not say that it has", Box::new(move |claims| claims["auth_time"] = (now + 300).into())),
        ("that you are somebody else", Box::new(|claims| claims["email"] = "eve@acme.com".into())),
        ("There is no user for you", Box::new(|claims| claims["email"] = "nobody@acme.com".into())),
        ("could not be checked", Box::new(|claims| claims["nonce"] = "another".into())),
    ];
    for (words, change) in cases {
        let answer = world.confirm(&mut browser, change).await;
        answer.is_page(403, words).is_page(403, "Request id").is_page(403, &format!("href=\"{PAGE}\""));
        assert_eq!(world.log().await[0].action, "confirmation.refused");
        assert_eq!((world.log().await[0].actor.clone(), world.log().await[0].target.clone()), ("boss".to_owned(), "boss".to_owned()));
        world.revoke(&mut browser).await.is_page(200, "confirm first who you are");
    }
    // A sign-in is no confirmation, however fresh.
    let (begun, _) = world.begin_at(&mut browser, "/sign-in/provider?next=%2Fconfiguration%2Fauth%2Fscim").await;
    let answer = world
        .back(&mut browser, &begun, |claims| {
            claims["email"] = "boss@acme.com".into();
            claims["auth_time"] = (now_ms() / 1000).into();
        })
        .await;
    answer.goes_to(PAGE);
    world.revoke(&mut browser).await.is_page(200, "confirm first who you are");
    assert!(world.has_key().await);
}

#[tokio::test]
async fn only_the_session_that_asked_is_confirmed() {
    let world = World::new().await;
    let mut browser = world.boss().await;
    let (begun, _) = world.begin_at(&mut browser, CONFIRM).await;
    let claims = |claims: &mut Value| {
        claims["email"] = "boss@acme.com".into();
        claims["auth_time"] = (now_ms() / 1000).into();
    };
    // Signed in anew meanwhile: another session, of the same person.
    let (other, _) = world.begin_at(&mut browser, "/sign-in/provider").await;
    world.back(&mut browser, &other, claims).await.goes_to("/");
    world.back(&mut browser, &begun, claims).await.is_page(403, "The session this was for is over");
    world.revoke(&mut browser).await.is_page(200, "confirm first who you are");
    // The same, and nobody is signed in.
    let (begun, _) = world.begin_at(&mut browser, CONFIRM).await;
    browser.get(PAGE).await;
    browser.post("/sign-out", &[]).await.goes_to("/sign-in");
    world.back(&mut browser, &begun, claims).await.is_page(403, "The session this was for is over");
    browser.get(CONFIRM).await.goes_to("/sign-in?next=%2Fprofile%2Fconfirm%3Fback%3D%252Fconfiguration%252Fauth%252Fscim");
    assert!(world.has_key().await);
}

#[tokio::test]
async fn who_has_a_password_may_use_either() {
    let world = World::new().await;
    let boss = world.somebody("boss", Role::Administrator).await;
    give_password(&world.gateway, boss).await;
    let mut browser = Browser::new(&world.gateway);
    browser.sign_in("boss", crate::console::browser::PASSWORD).await.goes_to("/");
    browser.get(PAGE).await.is_page(200, "name=\"password\"").is_page(200, &format!("href=\"{CONFIRM}\""));
    world.revoke(&mut browser).await.is_page(200, "enter your password once more");
    world.confirm(&mut browser, |_| ()).await.goes_to(PAGE);
    world.revoke(&mut browser).await.is_page(200, "The key is void");
}
