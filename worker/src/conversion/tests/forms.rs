//! What a plan says of the form in which directories and sign-ins ask for users.

use super::*;
use muster_domain::conversion::{FormCount, Source, hour_of};
use muster_store::{
    conversion::{HourCount, Outlook, add_forms},
    log::{self, Retention},
};

const HOUR: i64 = 60 * 60 * 1000;

fn counted(account: AccountId, ago: i64, source: Source, (mailbox, email): (i64, i64)) -> HourCount {
    HourCount { account, hour_ms: hour_of(now_ms() - ago), source, count: FormCount { mailbox, email } }
}

impl Place {
    async fn forms(&self, run: &Conversion) -> Value {
        Outlook::of(&self.store, run).await.expect("an outlook").document(run, "acme")["forms"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_what_was_asked_for_lately_and_warns_of_the_old_form() {
    on_each(|place| async move {
        place.users(&[("already@acme.test", "already@acme.test"), ("jdoe", "jdoe@acme.test"), ("left", "")]).await;
        let run = place.plan(&PlanOptions::default()).await;
        let nothing = json!({ "mailbox": 0, "email": 0 });
        assert_eq!(place.forms(&run).await, json!({ "scim": nothing, "sso": nothing, "warnings": [] }), "{}", place.engine);
        add_forms(&place.store, &[]).await.expect("nothing to add");

        // Two gateways, each of which has counted for itself, in two hours; yesterday's yesterday; and somebody else's directory.
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        let here = place.account;
        let of = |source, count| counted(here, 0, source, count);
        let first = [of(Source::Sso, (0, 5)), of(Source::Scim, (2, 1)), counted(other, 0, Source::Scim, (70, 70))];
        let second =
            [counted(here, 23 * HOUR, Source::Scim, (1, 0)), of(Source::Scim, (4, 3)), counted(here, 26 * HOUR, Source::Sso, (9, 9))];
        for gateway in [&first[..], &second[..]] {
            add_forms(&place.store, gateway).await.expect("added");
        }
        let forms = place.forms(&run).await;
        assert_eq!((&forms["scim"], &forms["sso"]), (&json!({ "mailbox": 7, "email": 4 }), &json!({ "mailbox": 0, "email": 5 })));
        let warnings: Vec<&str> = forms["warnings"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert!(
            warnings.len() == 1 && warnings[0].contains("such as jdoe, not jdoe@acme.test (7 of 11 "),
            "{}: {warnings:?}",
            place.engine
        );

        // It is as true while it runs and when it is over; what an undo brings back is no mistake.
        let run = place.run(&run).await;
        assert_eq!(place.forms(&run).await["warnings"], forms["warnings"]);
        let undo = place.undo(&run).await;
        assert_eq!((&place.forms(&undo).await["scim"]["mailbox"], &place.forms(&undo).await["warnings"]), (&json!(7), &json!([])));
        let there = Place { account: other, ..place.clone() };
        there.users(&[("same@x.test", "same@x.test")]).await;
        let theirs = there.forms(&there.plan(&PlanOptions::default()).await).await;
        assert_eq!(theirs["scim"], json!({ "mailbox": 70, "email": 70 }));
        assert!(theirs["warnings"][0].as_str().expect("text").contains("sends mailbox names, not addresses (70 of 140"), "{theirs}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_days_ago_is_forgotten() {
    on_each(|place| async move {
        let kept = [counted(place.account, 0, Source::Scim, (1, 0)), counted(place.account, 2 * 24 * HOUR, Source::Scim, (1, 0))];
        let old = [counted(place.account, 4 * 24 * HOUR, Source::Scim, (1, 0)), counted(place.account, 9 * 24 * HOUR, Source::Sso, (1, 0))];
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        let theirs = counted(other, 9 * 24 * HOUR, Source::Sso, (1, 0));
        add_forms(&place.store, &[&kept[..], &old[..], &[theirs]].concat()).await.expect("added");
        let retention = Retention { operations_ms: 30 * 24 * HOUR, incidents_ms: 30 * 24 * HOUR };
        let discard = async || log::discard_old(&place.store, place.account, retention, now_ms()).await.expect("deleted");
        assert_eq!((discard().await, discard().await), (2, 0), "{}", place.engine);
    })
    .await;
}
