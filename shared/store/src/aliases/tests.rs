//! Lists of aliases over more than a window, and by which index they are read.

use super::{Alias, AliasPlace, AliasQuery, Which, change::Scope, list, list::list_statement};
use crate::{
    batch::NewAlias,
    testing::{World, object, on_each},
};
use muster_domain::{OperationId, UserId, conversion::AliasTerms};
use sea_orm::ConnectionTrait;
use serde_json::json;

/// So many that a page of few cannot look at all.
const MANY: usize = 12_000;

/// Aliases of everybody, each tenth of which has ended; and two of one user.
async fn fill(world: &World) -> UserId {
    let ada = world.user(object(json!({"userName": "ada@x.test", "active": true})), 0, 0);
    world.insert(std::slice::from_ref(&ada), &[], &[]).await;
    let alias = |old_id: String, user, expires_ms| NewAlias {
        account: world.account,
        user,
        old_id,
        operation: OperationId::new(),
        terms: AliasTerms { expires_ms, reserved_ms: 9_000 },
    };
    let mut aliases: Vec<NewAlias> =
        (0..MANY).map(|n| alias(format!("u{n:05}"), UserId::new().0, if n % 10 == 0 { 1 } else { 8_000 })).collect();
    aliases.extend(["zoe", "Ada"].map(|old_id| alias(old_id.to_owned(), ada.id, 8_000)));
    for slice in aliases.chunks(1_000) {
        let tx = world.store.begin().await.expect("begin");
        tx.put_aliases(slice).await.expect("aliases");
        tx.commit().await.expect("commit");
    }
    if world.store.dialect() == crate::Dialect::Postgres {
        world.store.writer().execute_unprepared("ANALYZE").await.expect("statistics");
    }
    UserId(ada.id)
}

/// Every alias a query finds, and how many pages it took.
async fn all(world: &World, query: AliasQuery) -> (Vec<Alias>, usize) {
    let (mut found, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = list(&world.store, world.account, &AliasQuery { after, ..query.clone() }, 5_000).await.expect("a page");
        assert!(page.aliases.len() <= query.limit as usize);
        found.extend(page.aliases);
        pages += 1;
        after = page.next;
        if after.is_none() {
            return (found, pages);
        }
    }
}

#[tokio::test]
async fn a_page_looks_at_a_window_and_no_alias_is_missed() {
    on_each(|world| async move {
        let ada = fill(&world).await;
        let ended = AliasQuery { live: Some(false), limit: 1_000, ..AliasQuery::default() };
        let (found, pages) = all(&world, ended).await;
        assert_eq!((found.len(), pages), (MANY / 10, 3), "three windows, in each of which fewer than a page has ended");
        assert!(found.iter().all(|alias| !alias.live) && found.is_sorted_by(|a, b| a.old_id < b.old_id));
        let nobody = AliasQuery { conversion: Some(muster_domain::ConversionId::new()), limit: 10, ..AliasQuery::default() };
        assert_eq!(all(&world, nobody).await, (Vec::new(), 3), "a page can be empty and not be the last");
        let (found, pages) = all(&world, AliasQuery { live: Some(true), limit: 1_000, ..AliasQuery::default() }).await;
        assert_eq!((found.len(), pages), (MANY - MANY / 10 + 2, 11), "what many have fills each page");

        let mine = AliasQuery { user_id: Some("ADA@x.test".into()), limit: 1, ..AliasQuery::default() };
        let (found, pages) = all(&world, mine.clone()).await;
        let ids: Vec<&str> = found.iter().map(|alias| alias.old_id.as_str()).collect();
        assert_eq!((ids, pages), (vec!["Ada", "zoe"], 2));
        assert!(found.iter().all(|alias| alias.user == ada && alias.user_id.as_deref() == Some("ada@x.test")));
        let (one, _) = all(&world, AliasQuery { old_id: Some(" Zoe".into()), ..mine.clone() }).await;
        assert_eq!(one, [found[1].clone()]);
        assert_eq!(all(&world, AliasQuery { old_id: Some("u00001".into()), ..mine }).await.0, []);
    })
    .await;
}

#[tokio::test]
async fn every_list_and_every_change_enters_an_index() {
    on_each(|world| async move {
        fill(&world).await;
        let (store, account) = (&world.store, world.account);
        let all = || AliasQuery { limit: 50, ..AliasQuery::default() };
        let user = || AliasQuery { user_id: Some("ada@x.test".into()), ..all() };
        // What each engine calls the primary key, and the index of users.
        let sqlite = store.dialect() == crate::Dialect::Sqlite;
        let (key, of_user) = if sqlite {
            ("USING PRIMARY KEY (account_id=? AND old_key", "USING INDEX alias_user (user_id=?")
        } else {
            ("alias_pkey", "alias_user")
        };
        for (statement, index) in [
            (list_statement(store, account, &all(), 1), key),
            (list_statement(store, account, &AliasQuery { after: Some("dTAwMDA5".parse().expect("a place")), ..all() }, 1), key),
            (list_statement(store, account, &AliasQuery { live: Some(false), ..all() }, 1), key),
            (list_statement(store, account, &AliasQuery { old_id: Some("ada".into()), ..all() }, 1), key),
            (list_statement(store, account, &user(), 1), of_user),
            (list_statement(store, account, &AliasQuery { live: Some(true), ..user() }, 1), of_user),
            (Scope::extension_of(store, account, &Which::User("ada@x.test".into())).await, of_user),
            (Scope::extension_of(store, account, &Which::One("ada".into())).await, key),
            (Scope::extension_of(store, account, &Which::All).await, key),
        ] {
            let sql = statement.sql.clone();
            let plan = world.plan(statement).await;
            let scanned = plan.contains("Seq Scan on alias") || plan.contains("SCAN a") || plan.contains("SCAN u");
            assert!(plan.contains(index) && !scanned, "{sql}\n{plan}");
        }
    })
    .await;
}

#[test]
fn a_place_is_text_of_plain_letters_and_nothing_else_is_one() {
    for key in ["u1", "jdoe", "o'hara x", "\u{e4}\u{1}"] {
        let place = AliasPlace(muster_domain::LoginKey::of(key));
        let text = place.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')), "{text}");
        assert_eq!(text.parse(), Ok(place));
    }
    // Nothing, no base64, no UTF-8, not in comparison form.
    for text in ["", "u1 ", "!", "_w", "SkRvZQ"] {
        assert!(text.parse::<AliasPlace>().is_err(), "{text}");
    }
}
