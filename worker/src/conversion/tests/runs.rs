//! Runs from start to end.

use super::*;
use muster_store::aliases::{FoundBy, sign_in_user};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_converts_the_plan_and_the_old_ids_still_sign_in() {
    on_each(|place| async move {
        let users = place.many(40).await;
        place.users(&[("none", ""), ("d1", "d@acme.test"), ("d2", "d@acme.test")]).await;
        let before = place.user(users[0]).await.expect("u1");
        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        assert_eq!((run.converted, run.planned), (40, 40), "{}", place.engine);
        let ids = place.ids().await;
        assert_eq!(ids[&users[0]], "User.1@acme.test");
        assert_eq!(ids.values().filter(|id| id.contains('@')).count(), 40);
        let after = place.user(users[0]).await.expect("u1");
        assert_eq!(after["userName"], "User.1@acme.test");
        assert_eq!(after["emails"], before["emails"], "nothing else has changed");
        assert_ne!(after["meta"]["version"], before["meta"]["version"]);
        for (presented, by) in [("U1", FoundBy::Alias), ("user.1@ACME.test", FoundBy::UserId)] {
            let found = sign_in_user(&place.store, place.account, presented).await.expect("asked").expect("found");
            assert_eq!((found.id.0, found.by, found.user_id.as_str()), (users[0], by, "User.1@acme.test"));
        }
        let untouched = sign_in_user(&place.store, place.account, "none").await.expect("asked").expect("found");
        assert_eq!(untouched.by, FoundBy::UserId);
        assert_eq!(sign_in_user(&place.store, place.account, "nobody").await.expect("asked"), None);
        let found = run.verified.expect("verified");
        assert_eq!((found["items"].clone(), found["as_written"].clone(), found["wrong_keys"].clone()), (json!(43), json!(40), json!(0)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_and_rings_are_converted_whatever_their_order_on_disk() {
    on_each(|place| async move {
        let mut users = Vec::new();
        // A chain of six whose head was made last, one whose head was made first, a ring of three, a swap.
        for n in 0..6 {
            users.push((format!("a{n}@acme.test"), format!("a{}@acme.test", n + 1)));
            users.push((format!("b{}@acme.test", 6 - n), format!("b{}@acme.test", 7 - n)));
        }
        users.extend((0..3).map(|n| (format!("r{n}@acme.test"), format!("r{}@acme.test", (n + 1) % 3))));
        users.extend([("s1@acme.test".into(), "s2@acme.test".into()), ("s2@acme.test".into(), "s1@acme.test".into())]);
        let names: Vec<(&str, &str)> = users.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let ids = place.users(&names).await;
        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        assert_eq!(run.converted, 17, "{}: {:?}", place.engine, place.codes(&run).await);
        let now = place.ids().await;
        for (id, (_, email)) in ids.iter().zip(&names) {
            assert_eq!(now[id], *email, "{}", place.engine);
        }
        // What signs in is the user who has it now, not the one who had it.
        let found = sign_in_user(&place.store, place.account, "a1@acme.test").await.expect("asked").expect("found");
        assert_eq!((found.id.0, found.by), (ids[0], FoundBy::UserId));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_stays_its_users_while_it_is_reserved_and_signs_in_while_it_lives() {
    on_each(|place| async move {
        let users = place.users(&[("jdoe", "jdoe@acme.test")]).await;
        place.run(&place.plan(&PlanOptions { alias_days: 0, ..PlanOptions::default() }).await).await;
        assert_eq!(sign_in_user(&place.store, place.account, "jdoe").await.expect("asked"), None, "it has expired");
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        assert_eq!(sign_in_user(&place.store, other, "jdoe@acme.test").await.expect("asked"), None);
        // A user whose address is somebody's alias.
        place.users(&[("new", "jdoe2@acme.test")]).await;
        assert_eq!(place.ids().await[&users[0]], "jdoe@acme.test");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_finds_nothing_to_do() {
    on_each(|place| async move {
        place.many(15).await;
        place.run(&place.plan(&PlanOptions::default()).await).await;
        let again = place.plan(&PlanOptions::default()).await;
        assert_eq!(again.planned, 0);
        assert!(place.codes(&again).await.values().all(|found| *found == (ItemState::Left, Code::Already)));
    })
    .await;
}
