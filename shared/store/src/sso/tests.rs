//! On every engine there is.

use super::*;
use crate::{
    StoreError, accounts, incidents, now_ms,
    testing::{World, object, on_each},
};
use muster_domain::{
    AccountId, SecretKey, UserId,
    incident::Cause,
    sso::{Evidence, Jit, Linking, MatchedBy, Provider, Refusal, Rule, SignInCode, SsoSettings},
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

async fn user(world: &World, account: AccountId, user_id: &str, email: Option<&str>, active: bool) -> Uuid {
    let mut resource = object(json!({"userName": user_id, "active": active}));
    if let Some(email) = email {
        resource.insert("emails".into(), json!([{"value": email, "type": "work", "primary": true}]));
    }
    let row = crate::UserRow { account, ..world.user(resource, 1, 1) };
    world.insert(std::slice::from_ref(&row), &[], &[]).await;
    row.id
}

async fn alias(world: &World, account: AccountId, old: &str, owner: Uuid, expires_ms: i64) {
    let sql = "INSERT INTO alias (account_id, old_key, user_id, old_id, conversion_id, expires_ms, reserved_ms, hits) \
         VALUES ($1, $2, $3, $2, $1, $4, $4, 0) ON CONFLICT DO NOTHING";
    let values = [account.0.into(), old.into(), owner.into(), expires_ms.into()];
    world.store.writer().execute_raw(world.store.statement(sql, values)).await.expect("an alias");
}

async fn ask(world: &World, account: AccountId, presented: &str, evidence: Evidence) -> Result<(Uuid, MatchedBy), Refusal> {
    let settings = settings(&world.store, account).await.expect("settings");
    let found = resolve(&world.store, account, presented, evidence, &settings).await.expect("asked");
    found.map(|found| (found.person.id.0, found.by))
}

const FOREVER: i64 = i64::MAX / 2;

#[tokio::test]
async fn what_is_chosen_is_kept_and_the_rest_stays() {
    on_each(|world| async move {
        let (store, account) = (&world.store, world.account);
        assert_eq!(settings(store, account).await.expect("settings"), SsoSettings::default());
        let domain = "acme.com".parse().expect("a domain");
        assert!(add_domain(store, account, &domain).await.expect("added"));
        assert!(!add_domain(store, account, &domain).await.expect("twice is once"));
        choose(store, account, Chosen { rule: Some(Rule::Mailbox), ..Chosen::default() }).await.expect("chosen");
        let now = choose(store, account, Chosen { jit: Some(Jit::UntilScim), linking: Some(Linking::LinkVerified), ..Chosen::default() });
        let expected = SsoSettings {
            rule: Rule::Mailbox,
            jit: Jit::UntilScim,
            linking: Linking::LinkVerified,
            domains: [domain.clone()].into(),
            ..SsoSettings::default()
        };
        assert_eq!(now.await.expect("chosen"), expected);
        let other = accounts::create(store, "other", "Other").await.expect("account").id;
        assert_eq!(settings(store, other).await.expect("settings"), SsoSettings::default(), "nobody else's");
        assert!(!remove_domain(store, other, &domain).await.expect("not its"));
        assert!(remove_domain(store, account, &domain).await.expect("removed"));
        assert!(settings(store, account).await.expect("settings").domains.is_empty());
        for n in 0..DOMAINS_MAX {
            assert!(add_domain(store, account, &format!("d{n}.test").parse().expect("a domain")).await.expect("added"));
        }
        assert!(matches!(add_domain(store, account, &domain).await, Err(StoreError::Conflict(_))));
    })
    .await;
}

#[tokio::test]
async fn the_use_of_aliases_is_counted_and_ended_ones_mean_nobody() {
    on_each(|world| async move {
        let account = world.account;
        add_domain(&world.store, account, &"acme.com".parse().expect("a domain")).await.expect("added");
        let jdoe = user(&world, account, "john@acme.com", Some("jdoe@acme.com"), true).await;
        alias(&world, account, "jdoe", jdoe, FOREVER).await;
        alias(&world, account, "old", jdoe, now_ms() - 1).await;
        assert_eq!(ask(&world, account, "JDoe", Evidence::Password).await, Ok((jdoe, MatchedBy::Alias)));
        assert_eq!(ask(&world, account, "jdoe@acme.com", Evidence::Assertion).await, Ok((jdoe, MatchedBy::Mailbox)), "through the alias");
        assert_eq!(ask(&world, account, "old", Evidence::Assertion).await, Err(Refusal::Unknown));
        let usage = alias_usage(&world.store, account).await.expect("usage");
        assert_eq!((usage.alive, usage.used_lately, usage.hits), (1, 1, 2));
        assert!(usage.last_used_ms.is_some_and(|at| at <= now_ms()));
        let other = accounts::create(&world.store, "other", "Other").await.expect("account").id;
        assert_eq!(alias_usage(&world.store, other).await.expect("usage"), AliasUsage::default());
    })
    .await;
}

#[tokio::test]
async fn what_only_a_person_can_settle_becomes_one_incident_a_reason() {
    on_each(|world| async move {
        let account = world.account;
        add_domain(&world.store, account, &"acme.com".parse().expect("a domain")).await.expect("added");
        user(&world, account, "jdoe", Some("jdoe@acme.com"), true).await;
        user(&world, account, "john", Some("jdoe@acme.com"), true).await;
        user(&world, account, "ada", Some("ada@acme.test"), true).await;
        user(&world, account, "gone", None, false).await;
        for _ in 0..3 {
            assert_eq!(ask(&world, account, "jdoe@acme.com", Evidence::Assertion).await, Err(Refusal::Ambiguous));
        }
        assert_eq!(ask(&world, account, "ada@acme.com", Evidence::Assertion).await, Err(Refusal::AnotherAddress));
        assert_eq!(ask(&world, account, "gone", Evidence::Assertion).await, Err(Refusal::Disabled));
        assert_eq!(ask(&world, account, "nobody@acme.com", Evidence::Assertion).await, Err(Refusal::Unknown));
        assert_eq!(ask(&world, account, "jdoe@evil.test", Evidence::Assertion).await, Err(Refusal::ForeignDomain));
        while incidents::fold(&world.store, now_ms()).await.expect("fold") > 0 {}
        let page = incidents::list(&world.store, account, &incidents::IncidentQuery::default()).await.expect("list");
        let mut counts: Vec<_> = page.incidents.iter().map(|incident| (incident.cause, incident.failures)).collect();
        counts.sort_unstable();
        assert_eq!(counts, [(Cause::AmbiguousSignIn, 1), (Cause::AmbiguousSignIn, 3)]);
    })
    .await;
}

/// Two accounts with the same few names, addresses and aliases, made at random: whatever is asked, who is found belongs to the account
/// that was asked, and a password finds nobody by anything but its own user id or alias.
#[tokio::test]
async fn nothing_crosses_accounts_whatever_the_users_are() {
    on_each(|world| async move {
        let other = accounts::create(&world.store, "other", "Other").await.expect("account").id;
        let names = ["a", "b", "a@acme.com", "b@acme.com", "a@acme.de", "b@evil.test"];
        let random = &mut fastrand::Rng::with_seed(7);
        let mut owners: HashMap<Uuid, AccountId> = HashMap::new();
        for account in [world.account, other] {
            choose(&world.store, account, Chosen { rule: Some(Rule::Mailbox), ..Chosen::default() }).await.expect("chosen");
        }
        add_domain(&world.store, world.account, &"acme.com".parse().expect("a domain")).await.expect("added");
        for _ in 0..25 {
            for (id, account) in owners.drain() {
                let sql = "DELETE FROM users WHERE account_id = $1 AND id = $2";
                world.store.writer().execute_raw(world.store.statement(sql, [account.0.into(), id.into()])).await.expect("deleted");
            }
            world.store.writer().execute_unprepared("DELETE FROM alias").await.expect("deleted");
            for account in [world.account, other] {
                let mut user_ids = names.to_vec();
                random.shuffle(&mut user_ids);
                for user_id in &user_ids[..random.usize(0..4)] {
                    let email = random.bool().then(|| names[random.usize(2..names.len())]);
                    let id = user(&world, account, user_id, email, random.u8(0..5) > 0).await;
                    owners.insert(id, account);
                    if random.bool() {
                        alias(&world, account, names[random.usize(..names.len())], id, FOREVER).await;
                    }
                }
            }
            for account in [world.account, other] {
                for presented in names.iter().copied().chain(["x", "A@ACME.com", ""]) {
                    for evidence in [Evidence::Assertion, Evidence::Password] {
                        let Ok((id, by)) = ask(&world, account, presented, evidence).await else { continue };
                        assert_eq!(owners.get(&id), Some(&account), "{presented} of another account");
                        let exact = matches!(by, MatchedBy::UserId | MatchedBy::Alias);
                        assert!(exact || (evidence == Evidence::Assertion && account == world.account), "{presented}: {by:?}");
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_is_good_once_for_one_account_and_a_sign_in_for_one_code() {
    on_each(|world| async move {
        let (store, account) = (&world.store, world.account);
        let jdoe = UserId(user(&world, account, "jdoe", None, true).await);
        let other = accounts::create(store, "other", "Other").await.expect("account").id;
        let (code, flow) = (SignInCode::generate(), SecretKey::generate().hash());
        assert!(put_code(store, account, jdoe, &code, &flow).await.expect("kept"));
        assert!(!put_code(store, account, jdoe, &SignInCode::generate(), &flow).await.expect("asked"), "one sign-in, one code");
        assert_eq!(redeem_code(store, other, &code).await.expect("asked"), None, "another account's");
        let (a, b) = tokio::join!(redeem_code(store, account, &code), redeem_code(store, account, &code));
        let found: Vec<_> = [a, b].into_iter().filter_map(|found| found.expect("asked")).collect();
        assert!(found.len() == 1 && found[0].id == jdoe && found[0].active, "{found:?}");
        assert_eq!(redeem_code(store, account, &code).await.expect("asked"), None);
        let late = SignInCode::generate();
        assert!(put_code(store, account, jdoe, &late, &SecretKey::generate().hash()).await.expect("kept"));
        // A sign-in that is used up without a code is worth none any more, and one that had a code cannot be used up.
        let (used, had) = (SecretKey::generate().hash(), SecretKey::generate().hash());
        assert!(use_up(store, account, jdoe, &used).await.expect("used"));
        assert!(!use_up(store, account, jdoe, &used).await.expect("asked"), "once");
        assert!(!put_code(store, account, jdoe, &SignInCode::generate(), &used).await.expect("asked"));
        assert!(put_code(store, account, jdoe, &SignInCode::generate(), &had).await.expect("kept"));
        assert!(!use_up(store, account, jdoe, &had).await.expect("asked"));
        store.writer().execute_unprepared("UPDATE sso_code SET expires_ms = 1").await.expect("aged");
        assert_eq!(redeem_code(store, account, &late).await.expect("asked"), None, "too late");
        let provider = Provider {
            issuer: "https://login.acme.test".into(),
            client_id: "muster".into(),
            secret_file: None,
            scopes: "openid".into(),
            return_to: "https://app.acme.test/in".into(),
        };
        set_provider(store, account, &provider).await.expect("set");
        assert_eq!(super::provider(store, account).await.expect("read").as_ref(), Some(&provider));
        assert_eq!(super::provider(store, other).await.expect("read"), None);
        let bad = Provider { issuer: "http://login.acme.test".into(), ..provider };
        assert!(matches!(set_provider(store, account, &bad).await, Err(StoreError::Conflict(_))));
        assert!(remove_provider(store, account).await.expect("gone") && !remove_provider(store, account).await.expect("gone"));
    })
    .await;
}

#[tokio::test]
async fn those_who_would_collide_are_counted_and_nobody_else() {
    on_each(|world| async move {
        let account = world.account;
        for (user_id, email) in [
            ("jdoe", Some("JDoe@acme.com")),
            ("ada", Some("ada@acme.test")),
            ("a_b", Some("axb@acme.com")),
            ("%", Some("x@acme.com")),
            ("bea@acme.com", Some("bea@acme.com")),
            ("cy", None),
            ("jd", Some("jdoe@acme.com")),
        ] {
            user(&world, account, user_id, email, true).await;
        }
        let other = accounts::create(&world.store, "other", "Other").await.expect("account").id;
        user(&world, other, "dan", Some("dan@acme.com"), true).await;
        let mut found = collisions(&world.store, account).await.expect("counted");
        found.examples.sort_unstable();
        assert_eq!(found, Collisions { users: 2, examples: vec!["ada".into(), "jdoe".into()] });
        assert_eq!(collisions(&world.store, AccountId::new()).await.expect("counted"), Collisions::default());

        // A page sees the same, as far as it looks.
        let seen = glimpse(&world.store, account).await.expect("seen");
        assert_eq!((seen.found.users, seen.looked_at, seen.complete), (2, 7, true));
        let part = super::collisions::count(&world.store, account, 2, 4, 100).await.expect("seen");
        assert!(part.looked_at == 4 && !part.complete && part.found.users <= 2, "{part:?}");
        let first = super::collisions::count(&world.store, account, 1, 100, 1).await.expect("seen");
        assert!(first.found.users == 1 && first.found.examples.len() == 1 && !first.complete, "{first:?}");
        let all = super::collisions::count(&world.store, account, 2, 100, 100).await.expect("seen");
        assert_eq!((all.found.users, all.looked_at, all.complete), (2, 7, true), "in slices");
    })
    .await;
}
