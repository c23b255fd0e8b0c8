//! Getting in and out.

use super::browser::{Browser, PASSWORD, give_password};
use crate::support::{Gateway, insert_user, named};
use muster_domain::{AccountId, LinkToken, Role, UserId};
use muster_store::{Store, accounts, console::links, now_ms};

const SESSION: &str = "__Host-muster-session";

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_back() {
    let gateway = Gateway::start().await;
    give_password(&gateway, gateway.administrator).await;
    let mut browser = Browser::new(&gateway);
    browser.get("/").await.goes_to("/sign-in");
    browser.get("/profile?a=1").await.goes_to("/sign-in?next=%2Fprofile%3Fa%3D1");
    browser.get("/sign-in?next=%2Fprofile%3Fa%3D1").await.is_page(200, "value=\"/profile?a=1\"");
    let fields = [("user_id", " ADMIN "), ("password", PASSWORD), ("next", "/profile?a=1")];
    browser.post("/sign-in", &fields).await.goes_to("/profile?a=1");
    browser.get("/profile").await.is_page(200, "Administrator");
    browser.get("/sign-in?next=/profile").await.goes_to("/profile");
    let mut elsewhere = Browser::new(&gateway);
    let fields = [("user_id", "admin"), ("password", PASSWORD), ("next", "//evil.test")];
    elsewhere.post("/sign-in", &fields).await.goes_to("/");
}

#[tokio::test]
async fn the_cookie_is_for_this_host_and_for_nobodys_script_and_new_at_each_sign_in() {
    let gateway = Gateway::start().await;
    give_password(&gateway, gateway.administrator).await;
    let mut browser = Browser::new(&gateway);
    let answer = browser.sign_in("admin", PASSWORD).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-muster-session=mustersession_"), "{cookie}");
    for flag in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(flag), "{flag}: {cookie}");
    }
    let first = browser.cookies[SESSION].clone();
    browser.sign_in("admin", PASSWORD).await.goes_to("/");
    assert_ne!(browser.cookies[SESSION], first);
    let mut old = Browser::new(&gateway);
    old.cookies.insert(SESSION.to_owned(), first);
    old.get("/").await.goes_to("/sign-in");
    let mut guessed = Browser::new(&gateway);
    guessed.cookies.insert(SESSION.to_owned(), "mustersession_x".to_owned());
    guessed.get("/").await.goes_to("/sign-in");
}

#[tokio::test]
async fn signing_out_is_the_end_here_or_everywhere() {
    let gateway = Gateway::start().await;
    let mut one = Browser::administrator(&gateway).await;
    let mut two = Browser::new(&gateway);
    two.sign_in("admin", PASSWORD).await.goes_to("/");
    let cookie = one.cookies[SESSION].clone();
    let out = one.post("/sign-out", &[]).await;
    out.goes_to("/sign-in");
    one.follow(&out).await.is_page(200, "You are signed out.");
    assert!(!one.cookies.contains_key(SESSION));
    one.cookies.insert(SESSION.to_owned(), cookie);
    one.get("/").await.goes_to("/sign-in");
    two.get("/profile").await.is_page(200, "Testbrowser");

    let mut three = Browser::new(&gateway);
    three.sign_in("admin", PASSWORD).await.goes_to("/");
    let page = two.get("/profile").await.text();
    let end = page.split("action=\"").find(|rest| rest.starts_with("/profile/sessions/")).unwrap().split('"').next().unwrap();
    let mut other = Browser::of(&gateway, Role::Viewer).await;
    other.get("/profile").await;
    other.post(end, &[]).await.is_page(404, "no page");
    three.get("/").await.is_page(200, "Home");
    let ended = two.post(end, &[]).await;
    two.follow(&ended).await.is_page(200, "The session has ended.");
    three.get("/").await.goes_to("/sign-in");
    three.sign_in("admin", PASSWORD).await.goes_to("/");
    two.post("/profile/sign-out-everywhere", &[]).await.goes_to("/sign-in");
    three.get("/").await.goes_to("/sign-in");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_the_old_one_opens_nothing() {
    let gateway = Gateway::start().await;
    let mut one = Browser::administrator(&gateway).await;
    let mut two = Browser::new(&gateway);
    two.sign_in("admin", PASSWORD).await.goes_to("/");
    let new = "another horse altogether";
    let change = |old| [("password", old), ("new_password", new), ("new_password_again", new)];
    let refused = one.post("/profile/password", &change("wrong")).await;
    one.follow(&refused).await.is_page(200, "that is not your password");
    two.get("/").await.is_page(200, "Home");
    let changed = one.post("/profile/password", &change(PASSWORD)).await;
    one.follow(&changed).await.is_page(200, "Your password was changed");
    two.get("/").await.goes_to("/sign-in");
    two.sign_in("admin", PASSWORD).await.is_page(403, "do not belong together");
    two.sign_in("admin", new).await.goes_to("/");
}

/// Makes the change to a user that a directory would make.
async fn rewrite(gateway: &Gateway, id: UserId, role: Role, active: bool) {
    let transaction = gateway.store.begin().await.unwrap();
    transaction.delete_users(&[(gateway.account, id.0)]).await.unwrap();
    transaction.commit().await.unwrap();
    let mut resource = named("eve");
    resource.insert("active".to_owned(), active.into());
    insert_user(&gateway.store, gateway.account, id.0, role, resource).await;
}

#[tokio::test]
async fn whoever_is_disabled_or_demoted_or_deleted_is_out_with_the_next_click() {
    let gateway = Gateway::start().await;
    let eve = UserId::new();
    insert_user(&gateway.store, gateway.account, eve.0, Role::UserManager, named("eve")).await;
    give_password(&gateway, eve).await;
    let mut browser = Browser::new(&gateway);
    browser.sign_in("eve", PASSWORD).await.goes_to("/");
    browser.get("/").await.is_page(200, "User Manager");
    rewrite(&gateway, eve, Role::Viewer, true).await;
    browser.get("/").await.is_page(200, "Viewer");
    rewrite(&gateway, eve, Role::User, true).await;
    browser.get("/").await.goes_to("/sign-in");
    browser.sign_in("eve", PASSWORD).await.is_page(403, "do not belong together");
    rewrite(&gateway, eve, Role::Administrator, false).await;
    browser.get("/").await.goes_to("/sign-in");
    browser.sign_in("eve", PASSWORD).await.is_page(403, "do not belong together");
}

async fn link(store: &Store, account: AccountId, user: Option<UserId>, made_ms: i64) -> String {
    let token = LinkToken::generate();
    links::create(store, account, user, &token.hash(), made_ms).await.unwrap();
    format!("/welcome/{}", token.reveal())
}

#[tokio::test]
async fn a_link_works_once_for_a_day_and_looking_does_not_use_it_up() {
    let gateway = Gateway::start().await;
    let user = Some(gateway.administrator);
    let form = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    let mut browser = Browser::new(&gateway);
    let old = link(&gateway.store, gateway.account, user, now_ms() - links::LIFE_MS).await;
    browser.get(&old).await.is_page(410, "does not work");
    let replaced = link(&gateway.store, gateway.account, user, now_ms()).await;
    let good = link(&gateway.store, gateway.account, user, now_ms()).await;
    browser.get(&replaced).await.is_page(410, "does not work");
    browser.get(&good).await.is_page(200, "admin");
    browser.post(&good, &[("new_password", "short"), ("new_password_again", "short")]).await.is_page(422, "at least 12");
    browser.post(&good, &[("new_password", PASSWORD), ("new_password_again", "x")]).await.is_page(422, "not the same");
    let (mut one, mut two) = (Browser::new(&gateway), Browser::new(&gateway));
    let (one, two) = tokio::join!(one.post(&good, &form), two.post(&good, &form));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410], "two at once");
    browser.get(&good).await.is_page(410, "does not work");
    browser.get("/welcome/musterlink_nonsense").await.is_page(410, "does not work");
}

#[tokio::test]
async fn the_first_administrator_comes_with_a_link_and_only_the_first() {
    let gateway = Gateway::start().await;
    let account = accounts::create(&gateway.store, "beta", "Beta Ltd").await.unwrap().id;
    let first = link(&gateway.store, account, None, now_ms()).await;
    let mut browser = Browser::new(&gateway);
    browser.get(&first).await.is_page(200, "first administrator");
    let form = |user_id| [("user_id", user_id), ("email", "ada@beta.test"), ("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    browser.post(&first, &form("taken")).await.is_page(422, "userName is taken");
    browser.post(&first, &form("ada")).await.goes_to("/configuration/auth/scim");
    browser.get("/profile").await.is_page(200, "Beta Ltd").is_page(200, "Administrator");
    assert_eq!(gateway.delivered.lock().unwrap().len(), 2, "a user is made by an operation");
    let second = link(&gateway.store, account, None, now_ms()).await;
    browser.get(&second).await.is_page(410, "does not work");
    browser.post(&second, &form("eve")).await.is_page(410, "does not work");

    // With two accounts, somebody has to say which.
    let mut elsewhere = Browser::new(&gateway);
    elsewhere.get("/sign-in").await.is_page(200, "name=\"account\"");
    elsewhere.sign_in("ada", PASSWORD).await.is_page(403, "do not belong together");
    let fields = |account| [("user_id", "ada"), ("password", PASSWORD), ("account", account)];
    elsewhere.post("/sign-in", &fields("acme")).await.is_page(403, "do not belong together");
    elsewhere.post("/sign-in", &fields("beta")).await.goes_to("/");
}
