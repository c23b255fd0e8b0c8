//! Somebody who tries passwords.

use super::browser::{Browser, PASSWORD, give_password};
use crate::support::Gateway;
use muster_store::console::audit;

#[tokio::test]
async fn the_eleventh_wrong_password_is_not_even_looked_at() {
    let gateway = Gateway::start().await;
    give_password(&gateway, gateway.administrator).await;
    let mut browser = Browser::new(&gateway);
    for _ in 0..10 {
        browser.sign_in("admin", "wrong").await.is_page(403, "do not belong together");
    }
    let late = browser.sign_in("Admin", PASSWORD).await;
    late.is_page(429, "too many attempts");
    assert!(late.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok_and(|wait| (1..=900).contains(&wait))));
    assert!(late.header("set-cookie").is_none());
    let log = audit::list(&gateway.store, gateway.account, None, 50).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "sign_in.refused").count(), 10);
}

#[tokio::test]
async fn an_unknown_user_is_told_what_a_known_one_is() {
    let gateway = Gateway::start().await;
    give_password(&gateway, gateway.administrator).await;
    let mut browser = Browser::new(&gateway);
    let known = browser.sign_in("admin", "wrong").await;
    let unknown = browser.sign_in("nobody", "wrong").await;
    assert_eq!((known.status, known.text().replace("admin", "nobody")), (unknown.status, unknown.text()));
}
