//! Looking after the aliases a run has left.

use super::*;
use muster_domain::ConversionId;
use muster_store::aliases::{self, AliasPage, AliasQuery, Longer, RECENT_MS, Released, Which, count_hit, sign_in_user};

const DAY: i64 = 24 * 60 * 60 * 1000;

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
        let extend =
            async |which: Which, longer| aliases::extend(&place.store, place.account, &which, longer, now).await.expect("extended");
        let until = now + 1_000 * DAY;
        assert_eq!(extend(Which::One("U1".into()), Longer::Until(until)).await, 1, "{}", place.engine);
        assert_eq!(place.ends().await, [(until, until), before[1], before[2]], "reserved for as long as it lives");
        assert_eq!(extend(Which::All, Longer::Until(now + DAY)).await, 0, "nothing is made shorter");
        assert_eq!(extend(Which::Conversion(ConversionId::new()), Longer::By(DAY)).await, 0, "of another conversion");
        assert_eq!(extend(Which::Conversion(run.id), Longer::By(DAY)).await, 3);
        let ends = place.ends().await;
        assert_eq!((ends[0], ends[1].0), ((until + DAY, until + DAY), before[1].0 + DAY));
        assert_eq!(ends[1].1, before[1].1, "it was reserved for longer anyway");

        place.database().await.execute_unprepared("UPDATE alias SET expires_ms = 1 WHERE old_key = 'u3'").await.expect("an update");
        assert_eq!(sign_in_user(&place.store, place.account, "u3").await.expect("asked"), None);
        assert_eq!(extend(Which::One("u3".into()), Longer::By(DAY)).await, 1);
        assert_eq!(place.ends().await[2].0, now + DAY, "what has ended goes on from now");
        assert!(sign_in_user(&place.store, place.account, "u3").await.expect("asked").is_some());
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        assert_eq!(aliases::extend(&place.store, other, &Which::All, Longer::By(DAY), now).await.expect("extended"), 0);
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
        let release = async |id: &str, since| aliases::release(&place.store, place.account, id, since).await.expect("asked");
        assert_eq!(release("U1", Some(recent)).await, Released::Free, "{}", place.engine);
        assert_eq!(release("u1", Some(recent)).await, Released::Missing);
        assert_eq!(sign_in_user(&place.store, place.account, "u1").await.expect("asked"), None);
        assert_eq!(place.applier.apply(newcomer()).await[0].status, 201);

        count_hit(&place.store, place.account, "u2").await.expect("counted");
        assert!(matches!(release("u2", Some(recent)).await, Released::UsedAt(at) if at > recent));
        assert!(sign_in_user(&place.store, place.account, "u2").await.expect("asked").is_some(), "it is as it was");
        assert_eq!(release("u2", None).await, Released::Free, "somebody insists");
        let long_ago = format!("UPDATE alias SET hits = 9, last_used_ms = {} WHERE old_key = 'u3'", recent - 1);
        place.database().await.execute_unprepared(&long_ago).await.expect("an update");
        assert_eq!(release("u3", Some(recent)).await, Released::Free);
    })
    .await;
}
