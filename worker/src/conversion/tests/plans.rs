//! Plans: what they say of whom, and that they change nobody.

use super::*;
use muster_domain::conversion::Duplicates;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_gives_every_user_a_verdict_and_changes_nobody() {
    on_each(|place| async move {
        place.many(20).await;
        place
            .users(&[
                ("dup1", "same@acme.test"),
                ("dup2", "Same@acme.test"),
                ("done@acme.test", "done@acme.test"),
                ("Case@acme.test", "case@acme.test"),
                ("none", ""),
                ("bad", "not an address"),
                ("wants", "owned@acme.test"),
                ("owned@acme.test", "owned2@"),
                ("info", "info@acme.test"),
                ("head", "head@acme.test"),
                ("link@acme.test", "head"),
                ("c1", "c2@acme.test"),
                ("c2@acme.test", "c3@acme.test"),
                ("c3@acme.test", "end@acme.test"),
                ("r1@acme.test", "r2@acme.test"),
                ("r2@acme.test", "r1@acme.test"),
                ("plus", "user.1+x@acme.test"),
                ("uni", "\u{fc}ber@acme.test"),
            ])
            .await;
        let before = place.ids().await;
        let run = place.plan(&PlanOptions::default()).await;
        assert_eq!(place.ids().await, before, "a plan changes nobody");
        let codes = place.codes(&run).await;
        let todo = |code| (ItemState::Todo, code);
        let left = |code| (ItemState::Left, code);
        for (user_id, expected) in [
            ("u1", todo(Code::Convert)),
            ("dup1", left(Code::DupEmail)),
            ("dup2", left(Code::DupEmail)),
            ("done@acme.test", left(Code::Already)),
            ("Case@acme.test", left(Code::CaseOnly)),
            ("none", left(Code::NoEmail)),
            ("bad", left(Code::BadEmail)),
            ("wants", left(Code::Taken)),
            ("owned@acme.test", left(Code::BadEmail)),
            ("info", left(Code::Excluded)),
            ("head", todo(Code::Convert)),
            ("c1", todo(Code::Chain)),
            ("c2@acme.test", todo(Code::Chain)),
            ("c3@acme.test", todo(Code::Convert)),
            ("r1@acme.test", todo(Code::Cycle)),
            ("r2@acme.test", todo(Code::Cycle)),
            ("plus", todo(Code::NearDup)),
            ("uni", left(Code::UnicodeReview)),
        ] {
            assert_eq!(codes[user_id], expected, "{}: {user_id}", place.engine);
        }
        assert_eq!((run.total, run.planned), (38, 27), "{}", place.engine);
        let items = place.items(&run).await;
        assert!(items.iter().map(|item| item.n).eq(1..=38), "numbered without a gap");
        let depth = |user_id: &str| items.iter().find(|item| item.old_id == user_id).expect("an item").depth;
        assert_eq!((depth("c1"), depth("c2@acme.test"), depth("c3@acme.test")), (2, 1, 0));
        assert!(items.iter().find(|item| item.old_id == "wants").is_some_and(|item| item.other.is_some()), "the other user is named");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_decide_about_duplicates_rings_and_domains() {
    on_each(|place| async move {
        place.users(&[("on", "same@acme.test"), ("r1@acme.test", "r2@acme.test"), ("r2@acme.test", "r1@acme.test")]).await;
        let off = place.create(json!({"userName": "off", "active": false, "emails": [{"value": "same@acme.test"}]}));
        assert_eq!(place.applier.apply(vec![off]).await[0].status, 201);
        place.users(&[("far", "far@gmail.test")]).await;
        let options = PlanOptions {
            duplicates: Duplicates::ActiveWins,
            turn_cycles: false,
            domains: ["acme.test".to_owned()].into(),
            ..PlanOptions::default()
        };
        let codes = place.codes(&place.plan(&options).await).await;
        assert_eq!(codes["on"], (ItemState::Todo, Code::Convert));
        assert_eq!(codes["off"], (ItemState::Left, Code::DupEmail));
        assert_eq!(codes["r1@acme.test"], (ItemState::Left, Code::Cycle));
        assert_eq!(codes["far"], (ItemState::Todo, Code::ForeignDomain));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_plan_takes_the_place_of_one_that_was_not_started() {
    on_each(|place| async move {
        place.many(10).await;
        let first = place.plan(&PlanOptions::default()).await;
        let second = place.plan(&PlanOptions::default()).await;
        assert_eq!(place.get(&first).await.state, State::Superseded);
        while conversion::discard_items(&place.store, place.account, 3).await.expect("deleted") {}
        assert!(place.items(&first).await.is_empty());
        assert_eq!(place.items(&second).await.len(), 10);
        let error = conversion::start(&place.store, &first, "test", &json!({})).await.expect_err("it is over");
        assert!(error.to_string().contains("superseded"), "{error}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_do_not_see_each_other() {
    on_each(|place| async move {
        place.users(&[("jdoe", "jdoe@acme.test")]).await;
        let other = accounts::create(&place.store, "other", "Other").await.expect("account").id;
        let there = Place { account: other, ..place.clone() };
        let theirs = there.users(&[("jdoe", "jdoe@acme.test"), ("jdoe@acme.test", "x@acme.test")]).await;
        let run = place.run(&place.plan(&PlanOptions::default()).await).await;
        assert_eq!(run.converted, 1);
        assert_eq!(there.ids().await[&theirs[0]], "jdoe");
        let codes = there.codes(&there.plan(&PlanOptions::default()).await).await;
        assert_eq!(codes["jdoe"].1, Code::Chain, "within the other account it has to wait");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_found_by_its_keys_and_not_by_reading_the_plan() {
    on_each(|place| async move {
        // Postgres is told by statistics, and reads a table of one page whatever its indexes are.
        if place.engine != "sqlite" {
            return;
        }
        let db = place.database().await;
        for (column, index) in
            [("old_key", "conversion_item_old_key"), ("new_key", "conversion_item_new_key"), ("user_id", "conversion_item_user")]
        {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT i.n, o.state FROM conversion_item i \
                 JOIN conversion_item o ON o.conversion_id = i.conversion_id AND o.{column} = i.{column} AND o.n <> i.n \
                 WHERE i.conversion_id = x'00' AND i.n > 0 AND i.n <= 10"
            );
            let steps = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.expect("a plan");
            let steps: Vec<String> = steps.iter().map(|row| row.try_get("", "detail").expect("a step")).collect();
            assert!(steps.iter().any(|step| step.contains(&format!("{index} (conversion_id=? AND {column}=?)"))), "{steps:?}");
        }
        // Who is left for a reason, as pages and reports ask for the first of them: in order, without sorting.
        let sql = "EXPLAIN QUERY PLAN SELECT i.old_id FROM conversion_item i WHERE i.account_id = x'00' AND i.conversion_id = x'00' \
             AND i.code = 'no_email' AND i.code <> 'convert' ORDER BY i.conversion_id, i.n LIMIT 3";
        let steps = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.expect("a plan");
        let steps: Vec<String> = steps.iter().map(|row| row.try_get("", "detail").expect("a step")).collect();
        assert!(steps.len() == 1 && steps[0].contains("conversion_item_code (conversion_id=? AND code=?)"), "{steps:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_takes_many_slices_comes_to_the_same() {
    on_each(|place| async move {
        place.many(20).await;
        place
            .users(&[
                ("dup1", "same@acme.test"),
                ("dup2", "same@acme.test"),
                ("wants", "owned@acme.test"),
                ("owned@acme.test", "owned2@"),
                ("behind", "wants"),
                ("c1", "c2@acme.test"),
                ("c2@acme.test", "c3@acme.test"),
                ("c3@acme.test", "c4@acme.test"),
                ("c4@acme.test", "end@acme.test"),
                ("r1@acme.test", "r2@acme.test"),
                ("r2@acme.test", "r3@acme.test"),
                ("r3@acme.test", "r1@acme.test"),
                ("s1", "s2@acme.test"),
                ("s2@acme.test", "s3@acme.test"),
                ("s3@acme.test", "owned@acme.test"),
            ])
            .await;
        for turn_cycles in [true, false] {
            let options = PlanOptions { turn_cycles, ..PlanOptions::default() };
            let whole = place.items(&place.plan(&options).await).await;
            for chunks in [1, 2, 3] {
                let run = conversion::create(&place.store, place.account, place.new_run(&options)).await.expect("a new run");
                let mut slices = 0;
                while place.get(&run).await.state.is_worked_on() {
                    slices += 1;
                    assert!(slices < 100, "{}: a plan that is interrupted after {chunks} chunks does not end", place.engine);
                    place.slice_of(&run, chunks).await;
                }
                assert!(slices > 3, "it was interrupted");
                assert_eq!(place.items(&run).await, whole, "{}: {chunks} chunks a slice", place.engine);
            }
        }
    })
    .await;
}
