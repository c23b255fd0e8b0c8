//! The page of old user ids, as a browser without scripts sees it.

use super::browser::{Browser, PASSWORD};
use crate::{
    pages::signed_in,
    support::{Gateway, insert_user, named},
};
use muster_domain::{OperationId, Role, UserId, conversion::AliasTerms};
use muster_store::{
    aliases::{self, Alias, AliasQuery},
    batch::NewAlias,
    console::audit,
    now_ms,
};
use std::collections::BTreeSet;

const PATH: &str = "/configuration/ad/aliases";
const DAY: i64 = 24 * 60 * 60 * 1000;

/// A user, who had these before.
async fn user(gateway: &Gateway, user_id: &str, old: &[(&str, i64)]) {
    let id = UserId::new();
    insert_user(&gateway.store, gateway.account, id.0, Role::User, named(user_id)).await;
    for (old_id, days) in old {
        let terms = AliasTerms { expires_ms: now_ms() + days * DAY, reserved_ms: now_ms() + 365 * DAY };
        let new = NewAlias { account: gateway.account, user: id.0, old_id: (*old_id).to_owned(), operation: OperationId::new(), terms };
        let tx = gateway.store.begin().await.unwrap();
        tx.put_aliases(&[new]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn all(gateway: &Gateway) -> Vec<Alias> {
    let query = AliasQuery { limit: 1_000, ..AliasQuery::default() };
    aliases::list(&gateway.store, gateway.account, &query, now_ms()).await.unwrap().aliases
}

#[tokio::test]
async fn everybody_who_may_look_sees_who_still_uses_an_old_user_id() {
    let gateway = Gateway::start().await;
    let mut viewer = Browser::of(&gateway, Role::Viewer).await;
    viewer.get(PATH).await.is_page(200, "There are no old user ids.");
    user(&gateway, "ada@acme.test", &[("ada", 30), ("<ada>", -1)]).await;
    user(&gateway, "bo@acme.test", &[("bo", 30)]).await;
    aliases::count_hit(&gateway.store, gateway.account, "ada").await.unwrap();
    let page = viewer.get(PATH).await.text();
    for shown in [">ada</td>", "&#60;ada&#62;", ">ada@acme.test</a>", ">bo@acme.test</a>", "Signs in", "Over", "never"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("method=\"post\" action=\"/configuration"), "a viewer changes nothing");
    for (filter, rows) in [("?old_id=ADA", 1), ("?user=ada@acme.test", 2), ("?user=ada", 0), ("?state=live", 2), ("?state=expired", 1)] {
        let page = viewer.get(&format!("{PATH}{filter}")).await.text();
        assert_eq!(page.matches("data-label=\"Until\"").count(), rows, "{filter}: {page}");
    }
    for bad in ["?state=x", "?conversion=x", "?after=!", "?old_id=%00"] {
        assert_eq!(viewer.get(&format!("{PATH}{bad}")).await.status, 400, "{bad}");
    }
    let file = signed_in(&gateway, gateway.account, Role::UserManager).await.get(&format!("{PATH}.csv?state=live")).await.text;
    let lines: Vec<&str> = file.split_terminator("\r\n").collect();
    assert!(lines.len() == 3 && lines[1].starts_with("ada,ada@acme.test,live,") && lines[1].contains(",1,"), "{lines:?}");
    assert_eq!(viewer.post(&format!("{PATH}/extend"), &[("which", "all"), ("days", "9")]).await.status, 403);
}

#[tokio::test]
async fn a_long_list_is_met_once_page_by_page() {
    let gateway = Gateway::start().await;
    let old: Vec<String> = (0..120).map(|n| format!("u{n:03}")).collect();
    let old: Vec<(&str, i64)> = old.iter().map(|old_id| (old_id.as_str(), 30)).collect();
    user(&gateway, "ada@acme.test", &old).await;
    let mut viewer = Browser::of(&gateway, Role::Viewer).await;
    let (mut path, mut met, mut pages) = (format!("{PATH}?state=live"), BTreeSet::new(), 0);
    loop {
        let page = viewer.get(&path).await.text();
        for row in page.split("<td class=\"main\">").skip(1).filter_map(|rest| rest.split('<').next()) {
            assert!(met.insert(row.to_owned()), "{row} comes twice");
        }
        pages += 1;
        let next = page.split("rel=\"next\"").next().filter(|_| page.contains("rel=\"next\""));
        let Some(next) = next.and_then(|before| before.rsplit("href=\"").next()).and_then(|rest| rest.split('"').next()) else { break };
        path = next.replace("&#38;", "&").replace("&amp;", "&");
    }
    assert_eq!((met.len(), pages), (120, 3));
}

#[tokio::test]
async fn an_administrator_keeps_them_longer_and_lets_them_go() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    user(&gateway, "ada@acme.test", &[("ada", 30), ("al", 30)]).await;
    user(&gateway, "bo@acme.test", &[("bo", 30)]).await;
    aliases::count_hit(&gateway.store, gateway.account, "ada").await.unwrap();
    let (extend, release) = (format!("{PATH}/extend"), format!("{PATH}/release"));
    for (path, fields, words) in [
        (&extend, vec![("which", "all"), ("days", "0")], "from 1 to 3650"),
        (&extend, vec![("which", "one"), ("whose", "ada"), ("days", "9")], "say which"),
        (&extend, vec![("which", "old_id"), ("whose", ""), ("days", "9")], "say which"),
        (&release, vec![("which", "all")], "are not let go"),
        (&release, vec![("which", "old_id"), ("whose", "ada")], "once more"),
        (&release, vec![("which", "old_id"), ("whose", "nobody"), ("password", PASSWORD)], "no old user id"),
    ] {
        let answer = browser.post(path, &fields).await;
        browser.follow(&answer).await.is_page(200, words);
    }
    let before = all(&gateway).await;
    let done = browser.post(&extend, &[("which", "user"), ("whose", "ada@acme.test"), ("days", "90")]).await;
    browser.follow(&done).await.is_page(200, "2 old user ids live until");
    let after = all(&gateway).await;
    let longer: Vec<bool> = before.iter().zip(&after).map(|(before, after)| after.expires_ms > before.expires_ms).collect();
    assert_eq!(longer, [true, true, false], "{after:?}");
    let done = browser.post(&release, &[("which", "user"), ("whose", "ada@acme.test")]).await;
    browser.follow(&done).await.is_page(200, "1 old user id is free. 1 stays: somebody signed in with it in the last 30 days");
    let done = browser.post(&release, &[("which", "old_id"), ("whose", "ada"), ("force", "yes")]).await;
    browser.follow(&done).await.is_page(200, "1 old user id is free.");
    assert_eq!(all(&gateway).await.len(), 1);
    let written = audit::list(&gateway.store, gateway.account, None, 3).await.unwrap();
    let written: Vec<_> = written.iter().map(|one| (one.action.as_str(), one.target.as_str(), one.actor.as_str())).collect();
    let (release, extend) = ("alias.release", "alias.extend");
    let of_ada = "those of ada@acme.test";
    assert_eq!(written, [(release, "ada", "admin"), (release, of_ada, "admin"), (extend, of_ada, "admin")]);
}
