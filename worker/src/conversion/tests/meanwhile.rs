//! Users that are changed, deleted, created or locked while a run is under way.

use super::*;
use sea_orm::TransactionTrait;

/// A run that has been started and has not converted anybody yet.
async fn started(place: &Place) -> Conversion {
    let planned = place.plan(&PlanOptions::default()).await;
    conversion::start(&place.store, &planned, "test", &json!({})).await.expect("started")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_users_meanwhile_is_kept_and_reported() {
    on_each(|place| async move {
        let users = place.many(30).await;
        let run = started(&place).await;
        assert_eq!(place.replace(users[0], "renamed", "user.1@acme.test").await, 200);
        assert_eq!(place.replace(users[1], "u2", "new.address@acme.test").await, 200);
        place.delete(users[2]).await;
        // The directory has begun to send addresses.
        assert_eq!(place.replace(users[3], "User.4@acme.test", "User.4@acme.test").await, 200);
        assert_eq!(place.replace(users[4], "u5", "no address").await, 200);
        let patched = place.user(users[5]).await.expect("u6");
        let late = place.users(&[("late", "late@acme.test"), ("late2", ""), ("late3@acme.test", "late3@acme.test")]).await;
        let run = place.work(&run).await;
        assert_eq!(run.state, State::Finished);
        let (ids, codes) = (place.ids().await, place.codes(&run).await);
        assert_eq!((ids[&users[0]].as_str(), codes["renamed"]), ("user.1@acme.test", (ItemState::Done, Code::Changed)));
        assert_eq!((ids[&users[1]].as_str(), codes["u2"]), ("new.address@acme.test", (ItemState::Done, Code::Changed)));
        assert_eq!(codes["u3"], (ItemState::Left, Code::Gone));
        assert_eq!((ids[&users[3]].as_str(), codes["u4"]), ("User.4@acme.test", (ItemState::Done, Code::ScimLinked)));
        assert_eq!((ids[&users[4]].as_str(), codes["u5"]), ("u5", (ItemState::Left, Code::BadEmail)));
        assert_eq!((ids[&late[0]].as_str(), codes["late"]), ("late@acme.test", (ItemState::Done, Code::Convert)));
        assert_eq!(codes["late2"], (ItemState::Left, Code::NoEmail));
        assert_eq!(codes["late3@acme.test"], (ItemState::Left, Code::Already));
        assert_eq!(ids[&users[5]], "User.6@acme.test");
        assert_eq!(place.user(users[5]).await.expect("u6")["emails"], patched["emails"]);
        assert_eq!(codes.len(), 33);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_id_that_is_taken_meanwhile_stops_nobody_else() {
    on_each(|place| async move {
        let users = place.many(60).await;
        let run = started(&place).await;
        // Straight into the table, as the platform itself might.
        let db = place.database().await;
        let steal = "UPDATE users SET user_id = 'user.40@acme.test', login_key = 'user.40@acme.test' WHERE login_key = 'u41'";
        db.execute_unprepared(steal).await.expect("an update");
        let run = place.work(&run).await;
        let (ids, codes) = (place.ids().await, place.codes(&run).await);
        // The thief moves on to its own address, and then the owner gets in.
        assert_eq!(ids[&users[40]], "User.41@acme.test", "{}: {codes:?}", place.engine);
        assert_eq!(ids[&users[39]], "User.40@acme.test");
        assert_eq!(run.converted, 60);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_meets_an_unconverted_user_converts_it_instead_of_making_a_second_one() {
    on_each(|place| async move {
        let users = place.many(20).await;
        let planned = place.plan(&PlanOptions::default()).await;
        let create = || place.named("user.5@ACME.test", "User.5@acme.test");
        let run = conversion::start(&place.store, &planned, "test", &json!({})).await.expect("started");
        let refused = place.applier.apply(vec![create(), create()]).await;
        for outcome in refused {
            assert_eq!(outcome.status, 409);
            assert!(outcome.error.expect("an error").detail.contains(&users[4].to_string()), "the user is named");
        }
        assert_eq!(place.ids().await[&users[4]], "User.5@acme.test", "{}: at once", place.engine);
        assert_eq!(place.user(users[4]).await.expect("u5")["meta"]["version"], "W/\"2\"");
        // While it is paused nothing is converted, and nobody is made twice.
        let run = conversion::pause(&place.store, &run, "test", "lunch").await.expect("paused");
        assert_eq!(place.applier.apply(vec![place.named("user.6@acme.test", "User.6@acme.test")]).await[0].status, 409);
        assert_eq!(place.ids().await[&users[5]], "u6");
        let run = conversion::resume(&place.store, &run, "test").await.expect("resumed");
        let run = place.work(&run).await;
        assert_eq!(place.codes(&run).await["u5"], (ItemState::Done, Code::ScimLinked), "{}", place.engine);
        assert_eq!((run.converted, place.ids().await.len()), (20, 20));
        let undo = place.undo(&run).await;
        assert_eq!((undo.converted, place.ids().await[&users[4]].as_str()), (20, "u5"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_user_id_is_given_to_nobody_else_but_its_user_may_have_it_back() {
    on_each(|place| async move {
        let users = place.users(&[("jdoe", "jdoe@acme.test"), ("other", "other@acme.test")]).await;
        place.run(&place.plan(&PlanOptions::default()).await).await;
        assert_eq!(place.applier.apply(vec![place.named("JDOE", "j2@acme.test")]).await[0].status, 409);
        assert_eq!(place.replace(users[1], "jdoe", "other@acme.test").await, 409);
        assert_eq!(place.replace(users[0], "jdoe", "jdoe@acme.test").await, 200, "a directory that still sends the mailbox name");
        place.delete(users[0]).await;
        assert_eq!(place.applier.apply(vec![place.named("jdoe", "j2@acme.test")]).await[0].status, 201, "it went with its user");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_shared_since_the_plan_is_left() {
    on_each(|place| async move {
        let users = place.many(10).await;
        let run = started(&place).await;
        let late = place.users(&[("late", "user.3@acme.test")]).await;
        let run = place.work(&run).await;
        let (ids, codes) = (place.ids().await, place.codes(&run).await);
        assert_eq!(ids[&users[2]], "User.3@acme.test", "it was converted as planned");
        assert_eq!((ids[&late[0]].as_str(), codes["late"].0), ("late", ItemState::Left));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_rows_are_passed_over_and_reported_in_the_end() {
    on_each(|place| async move {
        let users = place.many(30).await;
        let run = started(&place).await;
        if place.engine == "sqlite" {
            return; // It locks the file and not rows.
        }
        let db = place.database().await;
        let held = db.begin().await.expect("begin");
        held.execute_unprepared("SELECT 1 FROM users WHERE login_key IN ('u7', 'u8') FOR UPDATE").await.expect("two rows are held");
        let run = place.work(&run).await;
        let codes = place.codes(&run).await;
        assert_eq!(codes["u7"], (ItemState::Left, Code::Locked));
        assert_eq!(run.converted, 28);
        held.rollback().await.expect("let go");
        let ids = place.ids().await;
        assert_eq!((ids[&users[6]].as_str(), ids[&users[8]].as_str()), ("u7", "User.9@acme.test"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_that_breaks_meanwhile_is_left_as_it_is() {
    on_each(|place| async move {
        let users = place
            .users(&[
                ("r1@acme.test", "r2@acme.test"),
                ("r2@acme.test", "r3@acme.test"),
                ("r3@acme.test", "r1@acme.test"),
                ("x", "x@acme.test"),
            ])
            .await;
        let run = started(&place).await;
        place.delete(users[1]).await;
        let run = place.work(&run).await;
        let codes = place.codes(&run).await;
        assert_eq!(codes["r1@acme.test"], (ItemState::Left, Code::Cycle));
        assert_eq!(place.ids().await[&users[0]], "r1@acme.test");
        assert_eq!(run.converted, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_writes_all_the_time_loses_nothing() {
    on_each(|place| async move {
        let users = place.many(300).await;
        let run = started(&place).await;
        let writer = {
            let (place, users) = (place.clone(), users.clone());
            tokio::spawn(async move {
                for round in 0..6 {
                    let writes: Vec<Operation> = users
                        .iter()
                        .step_by(3)
                        .map(|id| {
                            let body = json!({
                                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                                "Operations": [{"op": "replace", "path": "title", "value": format!("t{round}")}],
                            });
                            let patch = muster_scim::patch::read(ResourceType::User, body, &Compat::default(), &Limits::default());
                            place.operation(*id, Change::Patch { patch: patch.expect("a patch") })
                        })
                        .collect();
                    let outcomes = place.applier.apply(writes).await;
                    assert!(outcomes.iter().all(|outcome| outcome.status == 200), "{outcomes:?}");
                }
            })
        };
        let run = place.work(&run).await;
        writer.await.expect("the writer ends");
        assert_eq!(run.converted, 300, "{}: {:?}", place.engine, run);
        for (n, id) in users.iter().enumerate().step_by(3) {
            let user = place.user(*id).await.expect("a user");
            assert_eq!((&user["title"], &user["userName"]), (&json!("t5"), &json!(format!("User.{}@acme.test", n + 1))));
        }
    })
    .await;
}
