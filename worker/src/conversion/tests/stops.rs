//! Stopping: pause, cancel, take-over, the end of a slice, and a pace that says no.

use super::*;
use muster_domain::conversion::{PaceRequest, Phase};
use muster_store::conversion::ConversionError;

async fn started(place: &Place, users: usize) -> Conversion {
    place.many(users).await;
    let planned = place.plan(&PlanOptions::default()).await;
    conversion::start(&place.store, &planned, "test", &json!({})).await.expect("started")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_does_nothing_until_it_is_resumed() {
    on_each(|place| async move {
        let run = started(&place, 30).await;
        let lease = conversion::take(&place.store, run.account, run.id, "x").await.expect("a lease").expect("free");
        conversion::convert_chunk(&place.store, &lease, 0, 10).await.expect("a chunk");
        let run = conversion::pause(&place.store, &run, "ada", "an incident").await.expect("paused");
        assert_eq!(run.reason.as_deref(), Some("an incident"));
        let before = place.ids().await;
        let fenced = conversion::convert_chunk(&place.store, &lease, 10, 20).await.expect_err("paused");
        assert!(matches!(fenced, ConversionError::Fenced), "{fenced}");
        assert_eq!(place.ids().await, before, "the chunk never happened");
        assert_eq!(conversion::take(&place.store, run.account, run.id, "y").await.expect("asked"), None);
        let run = conversion::resume(&place.store, &run, "ada").await.expect("resumed");
        assert!(conversion::pause(&place.store, &place.work(&run).await, "ada", "late").await.is_err(), "it is over");
        assert_eq!(place.ids().await.values().filter(|id| id.contains('@')).count(), 30);
        let kinds: Vec<String> =
            conversion::events(&place.store, run.account, run.id).await.expect("events").into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, ["created", "planned", "started", "paused", "resumed", "finished"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_run_was_taken_over_can_write_nothing() {
    on_each(|place| async move {
        let run = started(&place, 20).await;
        let frozen = conversion::take(&place.store, run.account, run.id, "x").await.expect("a lease").expect("free");
        assert_eq!(conversion::take(&place.store, run.account, run.id, "y").await.expect("asked"), None, "it is taken");
        conversion::release(&place.store, &frozen, 5, 0).await.expect("released");
        let second = conversion::take(&place.store, run.account, run.id, "y").await.expect("a lease").expect("free");
        conversion::convert_chunk(&place.store, &second, 0, 10).await.expect("a chunk");
        let fenced = conversion::convert_chunk(&place.store, &frozen, 0, 20).await.expect_err("taken over");
        assert!(matches!(fenced, ConversionError::Fenced), "{fenced}");
        assert_eq!(conversion::waiting(&place.store, &frozen, Some("x")).await.expect("asked"), None);
        assert_eq!(place.ids().await.values().filter(|id| id.contains('@')).count(), 10, "{}", place.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_slices_of_nothing_but_one_chunk_comes_to_the_same() {
    /// One chunk, then the slice is over.
    struct One(bool);
    impl Pace for One {
        fn next(&mut self, _: Moment<'_>) -> Step {
            if std::mem::replace(&mut self.0, true) {
                std::thread::sleep(Duration::from_millis(3));
                return Step::Wait { pause: Duration::ZERO, reason: None };
            }
            Step::Work { rows: 9 }
        }
        fn done(&mut self, _: super::super::Chunk) {}
    }
    on_each(|place| async move {
        let run = started(&place, 50).await;
        let settings =
            ConversionSettings { pace: Arc::new(|_| Box::new(One(false))), slice: Duration::from_millis(60), ..place.settings.clone() };
        let slow = Place { settings, ..place.clone() };
        let mut slices = 0;
        while slow.get(&run).await.phase != muster_domain::conversion::Phase::Sweep {
            slow.slice(&run).await;
            slices += 1;
        }
        assert!(slices > 10, "{slices}");
        let run = place.work(&run).await;
        assert_eq!((run.state, run.converted), (State::Finished, 50), "{}", place.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pace_that_sees_trouble_pauses_the_run_with_its_reason() {
    struct Alarm(u32);
    impl Pace for Alarm {
        fn next(&mut self, _: Moment<'_>) -> Step {
            self.0 += 1;
            if self.0 > 2 { Step::Stop { reason: "replica lag 9 s".into() } } else { Step::Work { rows: 5 } }
        }
        fn done(&mut self, _: super::super::Chunk) {}
    }
    on_each(|place| async move {
        let run = started(&place, 50).await;
        let settings = ConversionSettings { pace: Arc::new(|_| Box::new(Alarm(0))), ..place.settings.clone() };
        let alarmed = Place { settings, ..place.clone() };
        assert!(matches!(alarmed.slice(&run).await, SliceEnd::Fenced));
        let run = place.get(&run).await;
        assert_eq!((run.state, run.reason.as_deref()), (State::Paused, Some("replica lag 9 s")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_paused_goes_on_where_it_stood() {
    /// Stops after some chunks.
    struct Alarm(u32);
    impl Pace for Alarm {
        fn next(&mut self, _: Moment<'_>) -> Step {
            self.0 = self.0.saturating_sub(1);
            if self.0 == 0 { Step::Stop { reason: "disk is full".into() } } else { Step::Work { rows: 5 } }
        }
        fn done(&mut self, _: super::super::Chunk) {}
    }
    on_each(|place| async move {
        place.many(30).await;
        let whole = place.items(&place.plan(&PlanOptions::default()).await).await;
        // Three chunks are read before the guard; ten come to the middle of the contest.
        for (chunks, phase) in [(4, Phase::Read), (11, Phase::Contest)] {
            let new = place.new_run(&PlanOptions::default());
            let run = conversion::create(&place.store, place.account, new.clone()).await.expect("a new run");
            let settings = ConversionSettings { pace: Arc::new(move |_| Box::new(Alarm(chunks))), ..place.settings.clone() };
            let alarmed = Place { settings, ..place.clone() };
            assert!(matches!(alarmed.slice(&run).await, SliceEnd::Fenced));
            let paused = place.get(&run).await;
            assert_eq!((paused.state, paused.phase, paused.reason.as_deref()), (State::Paused, phase, Some("disk is full")));
            let before = place.items(&run).await;
            assert!(!before.is_empty());
            assert_eq!(conversion::take(&place.store, run.account, run.id, "x").await.expect("asked"), None, "nobody works on it");
            let refused = conversion::start(&place.store, &run, "ada", &json!({})).await.expect_err("there is no plan yet");
            assert!(refused.to_string().contains("resume it"), "{refused}");
            let resumed = conversion::resume(&place.store, &run, "ada").await.expect("resumed");
            assert_eq!((resumed.state, resumed.phase, resumed.walk_n), (State::Planning, phase, paused.walk_n));
            let refused = conversion::start(&place.store, &run, "ada", &json!({})).await.expect_err("there is no plan yet");
            assert!(refused.to_string().contains("still being made"), "{refused}");
            conversion::pause(&place.store, &run, "ada", "lunch").await.expect("an operator may as well");
            conversion::resume(&place.store, &run, "ada").await.expect("resumed");
            assert_eq!(place.work(&run).await.state, State::Planned);
            assert_eq!(place.items(&run).await, whole, "{}: the plan is as if nothing had been", place.engine);
        }
        let new = place.new_run(&PlanOptions::default());
        let first = conversion::create(&place.store, place.account, new.clone()).await.expect("a new run");
        conversion::pause(&place.store, &first, "ada", "lunch").await.expect("paused");
        let second = conversion::create(&place.store, place.account, new).await.expect("a paused plan gives way to a new one");
        assert_eq!(place.get(&first).await.state, State::Superseded);
        let settings = ConversionSettings { pace: Arc::new(|_| Box::new(Alarm(11))), ..place.settings.clone() };
        assert!(matches!(Place { settings, ..place.clone() }.slice(&second).await, SliceEnd::Fenced));
        assert_eq!(place.items(&second).await.len(), 30);
        // Nobody has agreed to what a plan says: it promises nothing.
        place.users(&[("newcomer", "newcomer@acme.test"), ("user.1@acme.test", "")]).await;
        assert_eq!(conversion::cancel(&place.store, &second, "ada").await.expect("cancelled").state, State::Cancelled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_refused_leaves_the_pace_as_it_was() {
    on_each(|place| async move {
        place.many(10).await;
        let (before, fast) = (json!({"preset": "gentle"}), json!({"preset": "fast", "rows_per_second": 9_000}));
        let ask: PaceRequest = serde_json::from_value(json!({"preset": "fast", "max_rate": 9_000})).expect("a pace");
        let new = || NewConversion { pace: before.clone(), ..place.new_run(&PlanOptions::default()) };
        let refuse = async |run: &Conversion, start: Option<&str>, other: &str| {
            let seen = place.get(run).await;
            if let Some(word) = start {
                let refused = conversion::start(&place.store, &seen, "ada", &fast).await.expect_err("it cannot be started");
                assert!(refused.to_string().contains(word), "{}: {refused}", place.engine);
            }
            let resumed = conversion::resume_or_adjust(&place.store, &seen, "ada", &ask).await.expect_err("nothing to resume");
            let paced = conversion::set_pace(&place.store, &seen, &fast).await.expect_err("nothing that goes");
            assert!(resumed.to_string().contains(other) && paced.to_string().contains(other), "{resumed}, {paced}");
            assert_eq!(place.get(run).await, seen, "{}: it is as it was", place.engine);
        };
        let first = conversion::create(&place.store, place.account, new()).await.expect("a new run");
        refuse(&first, Some("still being made"), "planning").await;
        let second = conversion::create(&place.store, place.account, new()).await.expect("a new run");
        refuse(&first, Some("superseded"), "superseded").await;
        let planned = place.work(&second).await;
        refuse(&planned, None, "planned").await;

        // What the caller has read may be out of date: the row decides.
        let running = conversion::start(&place.store, &planned, "ada", &before).await.expect("started");
        let late = conversion::start(&place.store, &planned, "bob", &fast).await.expect_err("somebody was faster");
        assert!(late.to_string().contains("the conversion is running"), "{late}");
        assert_eq!(place.get(&running).await, running, "{}", place.engine);
        let paused = conversion::pause(&place.store, &running, "ada", "lunch").await.expect("paused");
        let late = conversion::start(&place.store, &planned, "bob", &fast).await.expect_err("somebody was faster");
        assert!(late.to_string().contains("the conversion is paused"), "{late}");
        assert_eq!(place.get(&running).await, paused, "{}", place.engine);

        // And what is not refused brings its pace along.
        let resumed = conversion::resume_or_adjust(&place.store, &paused, "ada", &ask).await.expect("resumed");
        assert_eq!((resumed.state, &resumed.pace), (State::Running, &fast));
        let run = place.work(&resumed).await;
        refuse(&run, Some("finished"), "finished").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_live_run_an_account() {
    on_each(|place| async move {
        let run = started(&place, 3).await;
        let error =
            conversion::create(&place.store, place.account, place.new_run(&PlanOptions::default())).await.expect_err("one is running");
        assert!(error.to_string().contains("under way"), "{error}");
        conversion::cancel(&place.store, &run, "test").await.expect("cancelled");
        place.plan(&PlanOptions::default()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_whose_commit_nobody_confirmed_is_not_counted_twice_and_a_lost_one_is_not_passed_over() {
    on_each(|place| async move {
        let run = started(&place, 30).await;
        let lease = conversion::take(&place.store, run.account, run.id, "x").await.expect("a lease").expect("free");
        conversion::convert_chunk(&place.store, &lease, 0, 10).await.expect("a chunk");
        // It happened, but the worker does not know: it comes again with less.
        let again = conversion::convert_chunk(&place.store, &lease, 0, 5).await.expect_err("the cursor is elsewhere");
        assert!(matches!(again, ConversionError::Fenced), "{again}");
        // It was lost, and the worker does not know: it goes on from where it believes to be.
        let beyond = conversion::convert_chunk(&place.store, &lease, 20, 30).await.expect_err("the cursor is elsewhere");
        assert!(matches!(beyond, ConversionError::Fenced), "{beyond}");
        conversion::release(&place.store, &lease, 0, 0).await.expect("released");
        let run = place.work(&run).await;
        assert_eq!((run.converted, run.state), (30, State::Finished), "{}", place.engine);
        assert!(place.codes(&run).await.values().all(|found| *found == (ItemState::Done, Code::Convert)));
    })
    .await;
}
