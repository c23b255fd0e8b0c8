//! Old user ids by the JSON API: filters, pages, rights, and what a change does.

use crate::{
    described::fits,
    support::{Answer, Gateway, insert_user, named},
};
use muster_domain::{AccountId, ApiToken, OperationId, Role, UserId, conversion::AliasTerms};
use muster_store::{accounts, aliases, api_tokens, batch::NewAlias, conversion, now_ms};
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn token(gateway: &Gateway, owner: UserId, role: Role) -> String {
    let token = ApiToken::generate();
    api_tokens::create(&gateway.store, gateway.account, (owner, role), "test", &token, now_ms() + 60_000).await.unwrap();
    token.reveal().to_owned()
}

async fn send(gateway: &Gateway, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!("{method} /api/v1/aliases{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{kind}");
    gateway.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await
}

/// An old user id of a user, made by an operation, or by a conversion in its place.
async fn alias(gateway: &Gateway, account: AccountId, user: UserId, old_id: &str, ends: i64) -> String {
    let operation = OperationId::new();
    let terms = AliasTerms { expires_ms: now_ms() + ends, reserved_ms: now_ms() + 365 * DAY };
    let tx = gateway.store.begin().await.unwrap();
    tx.put_aliases(&[NewAlias { account, user: user.0, old_id: old_id.to_owned(), operation, terms }]).await.unwrap();
    tx.commit().await.unwrap();
    operation.to_string()
}

/// `ada@acme.test`, who was `ada`, `Ada.L` and, until yesterday, `al`; and what took `ada` away.
async fn ada(gateway: &Gateway) -> (UserId, String) {
    let ada = UserId::new();
    insert_user(&gateway.store, gateway.account, ada.0, Role::User, named("ada@acme.test")).await;
    alias(gateway, gateway.account, ada, "Ada.L", DAY).await;
    alias(gateway, gateway.account, ada, "al", -DAY).await;
    (ada, alias(gateway, gateway.account, ada, "ada", DAY).await)
}

#[tokio::test]
async fn old_user_ids_are_listed_by_what_is_asked_for_a_page_at_a_time() {
    let gateway = Gateway::start().await;
    let token = token(&gateway, gateway.administrator, Role::Administrator).await;
    let (ada, taken_by) = ada(&gateway).await;
    alias(&gateway, gateway.account, UserId::new(), "bob", DAY).await;
    let list = async |query: &str| {
        let answer = send(&gateway, &token, "GET", query, &Value::Null).await;
        fits("GET", "/api/v1/aliases", answer.status, &answer.json());
        answer.json()
    };
    let ids = |page: &Value| page["aliases"].as_array().unwrap().iter().map(|alias| alias["old_id"].clone()).collect::<Vec<_>>();
    let all = list("").await;
    assert_eq!((ids(&all), &all["next"]), (vec!["ada".into(), "Ada.L".into(), "al".into(), "bob".into()], &Value::Null));
    let first = &all["aliases"][0];
    assert_eq!((&first["user"], &first["user_id"], &first["live"]), (&json!(ada), &json!("ada@acme.test"), &json!(true)), "{first}");
    assert_eq!(all["aliases"][3]["user_id"], Value::Null, "its user is gone");
    for (query, found) in [
        ("?user=ADA%40acme.test", vec!["ada", "Ada.L", "al"]),
        ("?user=ada%40acme.test&state=live", vec!["ada", "Ada.L"]),
        ("?state=expired", vec!["al"]),
        ("?old_id=ADA", vec!["ada"]),
        ("?user=ada%40acme.test&old_id=bob", vec![]),
        ("?user=nobody", vec![]),
        (&format!("?conversion={taken_by}"), vec!["ada"]),
    ] {
        assert_eq!(ids(&list(query).await), found, "{query}");
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("?limit=2{after}")).await;
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, ids(&all));
    for bad in ["?after=ada", "?after=", "?state=gone", "?conversion=7", "?colour=red", "?limit=0", "?user=a&user=b"] {
        send(&gateway, &token, "GET", bad, &Value::Null).await.is_error(400, Some("invalidValue"));
    }
}

#[tokio::test]
async fn old_user_ids_live_longer_and_saying_it_twice_changes_nothing() {
    let gateway = Gateway::start().await;
    let token = token(&gateway, gateway.administrator, Role::Administrator).await;
    ada(&gateway).await;
    let extend = async |body: Value| {
        let answer = send(&gateway, &token, "POST", "/extend", &body).await;
        fits("POST", "/api/v1/aliases/extend", answer.status, &answer.json());
        answer.json()
    };
    let until = "2100-01-31T18:00:00Z";
    let one = extend(json!({ "old_id": "ADA", "until": until })).await;
    assert_eq!(one, json!({ "extended": 1, "until_ms": 4_105_101_600_000_i64 }));
    assert_eq!(extend(json!({ "user": "ada@acme.test", "until": until })).await["extended"], 2, "the other two");
    assert_eq!(extend(json!({ "all": true, "days": 90 })).await["extended"], 0, "nothing is made shorter");
    let again = json!({ "all": true, "until": "2100-02-28T00:00:00Z" });
    assert_eq!((extend(again.clone()).await["extended"].clone(), extend(again).await["extended"].clone()), (json!(3), json!(0)));
    let day = extend(json!({ "old_id": "ada", "until": "2100-03-31" })).await;
    assert_eq!((&day["extended"], &day["until_ms"]), (&json!(1), &json!(4_110_220_800_000_i64)), "to the end of the day");
    let found = aliases::sign_in_user(&gateway.store, gateway.account, "al").await.unwrap();
    assert_eq!(found.expect("what had ended signs in again").user_id, "ada@acme.test");
    for (body, word) in [
        (json!({}), "until and days"),
        (json!({ "old_id": "ada" }), "until and days"),
        (json!({ "old_id": "ada", "days": 9, "until": until }), "until and days"),
        (json!({ "days": 9 }), "old_id, user, conversion and all"),
        (json!({ "old_id": "ada", "all": true, "days": 9 }), "old_id, user, conversion and all"),
        (json!({ "all": true, "days": 0 }), "days"),
        (json!({ "all": true, "days": 3651 }), "3650"),
        (json!({ "all": true, "until": "soon" }), "until"),
        (json!({ "all": true, "until": "2100-01-31T18:00:00" }), "until"),
        (json!({ "all": true, "until": "2020-01-31T00:00:00Z" }), "over already"),
        (json!({ "all": true, "days": 9, "colour": "red" }), "colour"),
        (json!({ "conversion": "7", "days": 9 }), "body"),
        (json!([]), "object"),
    ] {
        let answer = send(&gateway, &token, "POST", "/extend", &body).await;
        assert!(answer.is_error(400, Some("invalidValue")).detail().contains(word), "{body}: {}", answer.detail());
    }
}

#[tokio::test]
async fn old_user_ids_go_early_unless_somebody_uses_them() {
    let gateway = Gateway::start().await;
    let token = token(&gateway, gateway.administrator, Role::Administrator).await;
    ada(&gateway).await;
    aliases::count_hit(&gateway.store, gateway.account, "ada").await.unwrap();
    let release = async |body: Value| {
        let answer = send(&gateway, &token, "POST", "/release", &body).await;
        if answer.status == 200 {
            fits("POST", "/api/v1/aliases/release", 200, &answer.json());
        }
        answer
    };
    let kept = release(json!({ "old_id": "Ada" })).await;
    assert!(kept.is_error(409, None).detail().contains("`force`"), "{}", kept.detail());
    let some = release(json!({ "user": "ada@acme.test" })).await.json();
    assert_eq!((&some["released"], &some["kept"], some["last_used_ms"].is_i64()), (&json!(2), &json!(1), true));
    assert!(aliases::sign_in_user(&gateway.store, gateway.account, "ada.l").await.unwrap().is_none());
    let all = release(json!({ "old_id": "ada", "force": true })).await.json();
    assert_eq!(all, json!({ "released": 1, "kept": 0, "last_used_ms": null, "under_way": 0 }));
    release(json!({ "old_id": "ada" })).await.is_error(404, None);
    let run = conversion::create(&gateway.store, gateway.account, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    assert!(release(json!({ "conversion": run.id })).await.is_error(409, None).detail().contains("when it is over"));
    conversion::cancel(&gateway.store, &run, "test").await.unwrap();
    assert_eq!(release(json!({ "conversion": run.id })).await.json()["released"], 0);
    for body in [json!({}), json!({ "all": true }), json!({ "old_id": "a", "user": "b" }), json!({ "old_id": "a", "force": "yes" })] {
        release(body).await.is_error(400, Some("invalidValue"));
    }
}

#[tokio::test]
async fn user_managers_look_administrators_change_and_nobody_meets_another_account() {
    let gateway = Gateway::start().await;
    let administrator = token(&gateway, gateway.administrator, Role::Administrator).await;
    let mia = UserId::new();
    insert_user(&gateway.store, gateway.account, mia.0, Role::UserManager, named("mia")).await;
    let manager = token(&gateway, mia, Role::UserManager).await;
    ada(&gateway).await;
    assert_eq!(send(&gateway, &manager, "GET", "", &Value::Null).await.json()["aliases"].as_array().unwrap().len(), 3);
    for (path, body) in [("/extend", json!({ "all": true, "days": 9 })), ("/release", json!({ "old_id": "ada" }))] {
        let refused = send(&gateway, &manager, "POST", path, &body).await;
        assert!(refused.is_error(403, None).detail().contains("administrators"), "{}", refused.detail());
        send(&gateway, "nonsense", "POST", path, &body).await.is_error(401, None);
    }
    send(&gateway, &administrator, "DELETE", "", &Value::Null).await.is_error(405, None);
    send(&gateway, &administrator, "GET", "/ada", &Value::Null).await.is_error(404, None);

    let other = accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    let theirs = UserId::new();
    insert_user(&gateway.store, other, theirs.0, Role::User, named("zoe@other.test")).await;
    alias(&gateway, other, theirs, "zoe", DAY).await;
    let run = conversion::create(&gateway.store, other, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    for query in ["?old_id=zoe", "?user=zoe%40other.test", &format!("?conversion={}", run.id)] {
        assert_eq!(send(&gateway, &administrator, "GET", query, &Value::Null).await.json()["aliases"], json!([]), "{query}");
    }
    for named in [json!({ "old_id": "zoe" }), json!({ "user": "zoe@other.test" }), json!({ "conversion": run.id })] {
        let mut longer = named.clone();
        longer["days"] = 9.into();
        send(&gateway, &administrator, "POST", "/extend", &longer).await.is_error(404, None);
        send(&gateway, &administrator, "POST", "/release", &named).await.is_error(404, None);
    }
    let all = send(&gateway, &administrator, "POST", "/extend", &json!({ "all": true, "until": "2100-01-31T18:00:00Z" })).await.json();
    assert_eq!(all["extended"], 3, "of this account");
    let zoe = aliases::list(&gateway.store, other, &aliases::AliasQuery { limit: 9, ..Default::default() }, now_ms()).await.unwrap();
    assert!(zoe.aliases[0].expires_ms < now_ms() + 2 * DAY, "as it was");
}
