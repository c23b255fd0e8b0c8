//! Looking after the aliases a run has left.

use super::*;
use muster_domain::ConversionId;
use muster_store::{
    StoreError,
    aliases::{self, AliasPage, AliasQuery, RECENT_MS, Released, Which, count_hit, sign_in_user},
    console::audit::{self, Author},
};

const DAY: i64 = 24 * 60 * 60 * 1000;

fn by() -> Author {
    Author::command()
}

impl Place {
    async fn aliases(&self, query: AliasQuery) -> AliasPage {
        aliases::list(&self.store, self.account, &AliasQuery { limit: query.limit.max(1), ..query }, now_ms()).await.expect("a list")
    }

    /// When each alias ends, in the order of the old user ids.
    async fn ends(&self) -> Vec<(i64, i64)> {
        let page = self.aliases(AliasQuery { limit: 1_000, ..AliasQuery::default() }).await;
        page.aliases.into_iter().map(|alias| (alias.expires_ms, alias.reserved_ms)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_listed_in_pages_and_by_what_is_asked_for() {
    on_each(|place| async move {
        let users = place.many(5).await;
        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        let (mut after, mut seen, mut pages) = (None, Vec::new(), 0);
        loop {
            let page = place.aliases(AliasQuery { after, limit: 2, ..AliasQuery::default() }).await;
            pages += 1;
            seen.extend(page.aliases);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let ids: Vec<&str> = seen.iter().map(|alias| alias.old_id.as_str()).collect();
        assert_eq!((pages, ids), (3, vec!["u1", "u2", "u3", "u4", "u5"]), "{}", place.engine);
        assert!(seen.iter().all(|alias| alias.live && alias.hits == 0 && alias.last_used_ms.is_none() && alias.conversion == run.id));
        let exactly = place.aliases(AliasQuery { limit: 5, ..AliasQuery::default() }).await;
        assert_eq!((exactly.aliases.len(), exactly.next), (5, None));

        count_hit(&place.store, place.account, "U2").await.expect("counted");
        count_hit(&place.store, place.account, "u2").await.expect("counted");
        let mine = place.aliases(AliasQuery { user_id: Some("USER.2@acme.test".into()), ..AliasQuery::default() }).await.aliases;
        assert_eq!((mine.len(), mine[0].user.0, mine[0].hits, mine[0].user_id.as_deref()), (1, users[1], 2, Some("User.2@acme.test")));
        assert!(mine[0].last_used_ms.is_some());
        let one = place.aliases(AliasQuery { old_id: Some("U3".into()), ..AliasQuery::default() }).await.aliases;
        assert_eq!((one.len(), one[0].user.0), (1, users[2]));

        place.database().await.execute_unprepared("UPDATE alias SET expires_ms = 1 WHERE old_key = 'u4'").await.expect("an update");
        place.delete(users[4]).await;
        let expired = place.aliases(AliasQuery { live: Some(false), limit: 9, ..AliasQuery::default() }).await.aliases;
        assert_eq!((expired.len(), expired[0].old_id.as_str(), expired[0].live), (1, "u4", false));
        let live = place.aliases(AliasQuery { live: Some(true), limit: 9, ..AliasQuery::default() }).await.aliases;
        assert_eq!(live.iter().map(|alias| alias.old_id.as_str()).filter(|id| *id != "u5").collect::<Vec<_>>(), ["u1", "u2", "u3"]);
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        assert!(Place { account: other, ..place.clone() }.aliases(AliasQuery::default()).await.aliases.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_live_longer_when_they_are_told_to() {
    on_each(|place| async move {
        place.many(3).await;
        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        let (before, now) = (place.ends().await, now_ms());
        let extend = async |which: Which, until| aliases::extend(&place.store, place.account, &which, until, &by()).await.expect("asked");
        let until = now + 1_000 * DAY;
        assert_eq!(extend(Which::One("U1".into()), until).await, Some(1), "{}", place.engine);
        assert_eq!(place.ends().await, [(until, until), before[1], before[2]], "reserved for as long as it lives");
        assert_eq!(extend(Which::All, now + DAY).await, Some(0), "nothing is made shorter");
        let longer = before[1].0 + DAY;
        for extended in [Some(1), Some(0)] {
            assert_eq!(extend(Which::User("user.2@acme.test".into()), longer).await, extended, "the second time there is nothing to do");
        }
        assert_eq!(place.ends().await, [(until, until), (longer, before[1].1), before[2]], "it was reserved for longer anyway");
        assert_eq!(extend(Which::Conversion(run.id), longer).await, Some(1));
        for missing in [Which::One("u9".into()), Which::User("u1".into()), Which::Conversion(ConversionId::new())] {
            assert_eq!(extend(missing.clone(), until).await, None, "{missing:?}");
        }

        place.database().await.execute_unprepared("UPDATE alias SET expires_ms = 1 WHERE old_key = 'u3'").await.expect("an update");
        assert_eq!(sign_in_user(&place.store, place.account, "u3").await.expect("asked"), None);
        assert_eq!(extend(Which::One("u3".into()), now + DAY).await, Some(1), "what has ended goes on");
        assert!(sign_in_user(&place.store, place.account, "u3").await.expect("asked").is_some());
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        let there = async |which: Which| aliases::extend(&place.store, other, &which, until + DAY, &by()).await.expect("asked");
        assert_eq!(there(Which::All).await, Some(0));
        for missing in [Which::One("u1".into()), Which::User("User.1@acme.test".into()), Which::Conversion(run.id)] {
            assert_eq!(there(missing.clone()).await, None, "{missing:?} is of another account");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_user_id_that_nobody_uses_can_be_given_away() {
    on_each(|place| async move {
        place.many(3).await;
        place.run(&place.plan(&PlanOptions::default()).await).await;
        let newcomer = || vec![place.named("u1", "newcomer@acme.test")];
        assert_eq!(place.applier.apply(newcomer()).await[0].status, 409, "it is reserved");
        let recent = now_ms() - RECENT_MS;
        let free = Some(Released { released: 1, ..Released::default() });
        let release = async |id: &str, since| {
            aliases::release(&place.store, place.account, &Which::One(id.to_owned()), since, &by()).await.expect("asked")
        };
        assert_eq!(release("U1", Some(recent)).await, free, "{}", place.engine);
        assert_eq!(release("u1", Some(recent)).await, None);
        assert_eq!(sign_in_user(&place.store, place.account, "u1").await.expect("asked"), None);
        assert_eq!(place.applier.apply(newcomer()).await[0].status, 201);

        count_hit(&place.store, place.account, "u2").await.expect("counted");
        let kept = release("u2", Some(recent)).await.expect("it is there");
        assert!((kept.released, kept.kept) == (0, 1) && kept.last_used_ms > Some(recent), "{kept:?}");
        assert!(sign_in_user(&place.store, place.account, "u2").await.expect("asked").is_some(), "it is as it was");
        assert_eq!(release("u2", None).await, free, "somebody insists");
        let long_ago = format!("UPDATE alias SET hits = 9, last_used_ms = {} WHERE old_key = 'u3'", recent - 1);
        place.database().await.execute_unprepared(&long_ago).await.expect("an update");
        assert_eq!(release("u3", Some(recent)).await, free);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_user_ids_of_a_user_or_a_conversion_go_together_but_for_those_in_use() {
    on_each(|place| async move {
        place.many(5).await;
        let planned = place.plan(&PlanOptions::default()).await;
        let release = async |which: Which, since| aliases::release(&place.store, place.account, &which, since, &by()).await;
        let started = conversion::start(&place.store, &planned, "test", &json!({})).await.expect("started");
        let early = release(Which::Conversion(started.id), None).await.expect_err("it makes them");
        assert!(matches!(&early, StoreError::Conflict(why) if why.contains("when it is over")), "{early}");
        let run = place.work(&started).await;
        let recent = Some(now_ms() - RECENT_MS);
        let done = |released, kept| Released { released, kept, ..Released::default() };
        let told = |all: Option<Released>| Released { last_used_ms: None, ..all.expect("it is there") };

        assert_eq!(told(release(Which::User("USER.5@acme.test".into()), recent).await.expect("asked")), done(1, 0), "{}", place.engine);
        assert_eq!(told(release(Which::User("User.5@acme.test".into()), recent).await.expect("asked")), done(0, 0), "it has none any more");
        count_hit(&place.store, place.account, "u2").await.expect("counted");
        let all = release(Which::Conversion(run.id), recent).await.expect("asked");
        assert_eq!(told(all), done(3, 1));
        assert!(all.and_then(|all| all.kept_because()).is_some_and(|why| why.contains("1 stays: somebody")), "{all:?}");
        let unfinished = |finished: &str| format!("UPDATE conversion SET finished_ms = {finished}");
        let database = place.database().await;
        database.execute_unprepared(&unfinished("NULL")).await.expect("an update");
        for (which, insisting) in [(Which::One("u2".into()), None), (Which::User("User.2@acme.test".into()), recent), (Which::All, None)] {
            let stays = release(which.clone(), insisting).await.expect("asked").expect("it is there");
            assert_eq!(stays, Released { under_way: 1, ..Released::default() }, "{which:?}: its conversion is not over");
            assert_eq!((stays.kept_because(), stays.under_way_because().is_some()), (None, true));
        }
        database.execute_unprepared(&unfinished("1")).await.expect("an update");
        let again = release(Which::Conversion(run.id), recent).await.expect("asked");
        assert_eq!(told(again), done(0, 1), "it can be repeated");
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        assert_eq!(aliases::release(&place.store, other, &Which::Conversion(run.id), None, &by()).await.expect("asked"), None);
        assert_eq!(told(release(Which::Conversion(run.id), None).await.expect("asked")), done(1, 0), "somebody insists");
        let noted = audit::list(&place.store, place.account, None, 100).await.expect("asked");
        let noted: Vec<_> = noted.iter().map(|one| (one.action.as_str(), one.actor.as_str(), one.target.clone())).collect();
        let all = ("alias.release", "command", format!("those of the conversion {}", run.id));
        assert_eq!((noted.len(), noted.first()), (8, Some(&all)), "what was refused is not there: {noted:?}");
    })
    .await;
}
