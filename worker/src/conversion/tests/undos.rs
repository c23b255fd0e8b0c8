//! Undo: everything back to the byte, nobody else's user id taken.

use super::*;
use muster_store::aliases::sign_in_user;

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_restores_every_id_to_the_byte() {
    on_each(|place| async move {
        place.many(30).await;
        place
            .users(&[
                ("JDoe\u{130}", "jdoe@acme.test"),
                ("a@acme.test", "b@acme.test"),
                ("b@acme.test", "c@acme.test"),
                ("c@acme.test", "d@acme.test"),
                ("s1@acme.test", "s2@acme.test"),
                ("s2@acme.test", "s1@acme.test"),
                ("none", ""),
            ])
            .await;
        let before = place.ids().await;
        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        assert_eq!(run.converted, 36);
        let undo = place.undo(&run).await;
        assert_eq!((undo.converted, undo.planned), (36, 36), "{}: {:?}", place.engine, place.codes(&run).await);
        assert_eq!(place.ids().await, before, "{}", place.engine);
        assert_eq!(undo.verified.expect("verified")["as_before"], json!(36));
        assert_eq!(sign_in_user(&place.store, place.account, "user.1@acme.test").await.expect("asked"), None);
        // And forward again.
        let again = place.run(&place.plan(&PlanOptions::default()).await).await;
        assert_eq!(again.converted, 36);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_leaves_who_was_changed_since_and_takes_no_id_from_anybody() {
    on_each(|place| async move {
        let users = place.many(12).await;
        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        assert_eq!(place.replace(users[0], "renamed@acme.test", "user.1@acme.test").await, 200);
        place.delete(users[1]).await;
        // u3's old user id is an alias nobody else gets, but the platform may have given it away by itself.
        let db = place.database().await;
        let move_in = "UPDATE users SET user_id = 'u3', login_key = 'u3' WHERE login_key = 'user.4@acme.test'";
        db.execute_unprepared(move_in).await.expect("an update");
        let newcomer = place.users(&[("later", "later@acme.test")]).await[0];
        let undo = place.undo(&run).await;
        assert_eq!(undo.converted, 8, "{}", place.engine);
        let codes = place.codes(&run).await;
        assert_eq!(codes["u1"], (ItemState::Done, Code::UndoChanged));
        assert_eq!(codes["u2"], (ItemState::Done, Code::Gone));
        assert_eq!(codes["u3"], (ItemState::Done, Code::UndoTaken));
        assert_eq!(codes["u4"], (ItemState::Done, Code::UndoChanged));
        assert_eq!(codes["u5"].0, ItemState::Undone);
        let ids = place.ids().await;
        assert_eq!((ids[&users[0]].as_str(), ids[&newcomer].as_str()), ("renamed@acme.test", "later"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_can_be_undone_and_only_what_it_did() {
    on_each(|place| async move {
        place.many(40).await;
        let before = place.ids().await;
        let planned = place.plan(&PlanOptions::default()).await;
        let run = conversion::start(&place.store, &planned, "test", &json!({})).await.expect("started");
        let hurried = Place { settings: ConversionSettings { slice: Duration::ZERO, ..place.settings.clone() }, ..place.clone() };
        assert!(matches!(hurried.slice(&run).await, SliceEnd::TimeIsUp));
        let lease = conversion::take(&place.store, run.account, run.id, "x").await.expect("a lease").expect("free");
        let done = conversion::convert_chunk(&place.store, &lease, 0, 25).await.expect("a chunk");
        assert_eq!((done.converted, done.again), (25, 0));
        let error = conversion::create(
            &place.store,
            place.account,
            NewConversion { undo_of: Some(run.id), ..place.new_run(&PlanOptions::default()) },
        );
        assert!(error.await.expect_err("still running").to_string().contains("cancel it first"));
        let run = conversion::cancel(&place.store, &run, "test").await.expect("cancelled");
        let undo = place.undo(&run).await;
        assert_eq!((undo.converted, place.ids().await), (25, before), "{}", place.engine);
    })
    .await;
}
