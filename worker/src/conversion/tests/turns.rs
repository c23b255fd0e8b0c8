//! Runs of several accounts on one worker: each gets its turn, and one that has to wait holds nobody back.

use super::*;
use crate::conversion::{PaceFactory, run_conversions};

/// Its window opens in an hour.
struct Closed;

impl Pace for Closed {
    fn next(&mut self, _: Moment<'_>) -> Step {
        Step::Wait { pause: Duration::from_secs(3_600), reason: Some("window: closed".into()) }
    }

    fn done(&mut self, _: super::super::Chunk) {}
}

impl Place {
    /// The same database, and a run of another account that was started.
    async fn beside(&self, slug: &str) -> (Self, Conversion) {
        let account = accounts::create(&self.store, slug, "Another one").await.expect("account").id;
        let other = Self { account, ..self.clone() };
        let run = other.started().await;
        (other, run)
    }

    async fn started(&self) -> Conversion {
        self.many(20).await;
        let planned = self.plan(&PlanOptions::default()).await;
        conversion::start(&self.store, &planned, "test", &json!({})).await.expect("started")
    }

    async fn next(&self) -> Option<muster_domain::ConversionId> {
        conversion::next_runnable(&self.store).await.expect("asked").map(|run| run.id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_does_not_hold_back_another() {
    on_each(|place| async move {
        let waits = place.started().await;
        let (other, works) = place.beside("other").await;
        let closed = place.account;
        let pace: PaceFactory =
            Arc::new(move |account| if account == closed { Box::new(Closed) as Box<dyn Pace> } else { Box::new(ChunksOf(7)) });
        // A slice that outlasts the test: only who gives way lets another work.
        let (slice, poll) = (Duration::from_secs(600), Duration::from_millis(20));
        let settings = ConversionSettings { pace, slice, poll, ..place.settings.clone() };
        let stop = CancellationToken::new();
        let worker = tokio::spawn(run_conversions(settings, place.store.clone(), stop.clone()));
        let mut looks = 0;
        while place.get(&works).await.state != State::Finished && looks < 600 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            looks += 1;
        }
        assert_eq!(place.get(&works).await.state, State::Finished, "{}", place.engine);
        stop.cancel();
        worker.await.expect("it ended");
        assert!(other.ids().await.values().all(|id| id.contains('@')));
        let waits = place.get(&waits).await;
        assert_eq!((waits.state, waits.converted), (State::Running, 0));
        assert_eq!(waits.reason.as_deref(), Some("window: closed"), "one can see why");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_take_turns_however_long_each_takes() {
    on_each(|place| async move {
        let first = place.started().await;
        let (_, second) = place.beside("other").await;
        let take = async |run: &Conversion| conversion::take(&place.store, run.account, run.id, "x").await.expect("asked").expect("free");
        let mut turns = Vec::new();
        for _ in 0..6 {
            let run = place.next().await.expect("there is one");
            let run = if run == first.id { &first } else { &second };
            let lease = take(run).await;
            // Whether it has done something makes no difference.
            conversion::waiting(&place.store, &lease, Some("x")).await.expect("alive");
            conversion::release(&place.store, &lease, 0, 0).await.expect("released");
            turns.push(run.id);
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        assert!(turns.windows(2).all(|pair| pair[0] != pair[1]), "{}: {turns:?}", place.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_gave_way_is_left_alone_until_it_gets_an_order() {
    on_each(|place| async move {
        let run = place.started().await;
        let lease = conversion::take(&place.store, run.account, run.id, "x").await.expect("asked").expect("free");
        assert!(!conversion::another_is_runnable(&place.store, run.id).await.expect("asked"));
        conversion::release(&place.store, &lease, 0, 60_000).await.expect("released");
        assert_eq!(place.next().await, None, "{}", place.engine);
        let (_, second) = place.beside("other").await;
        assert!(conversion::another_is_runnable(&place.store, run.id).await.expect("asked"));
        assert!(!conversion::another_is_runnable(&place.store, second.id).await.expect("asked"), "it was just left alone");
        conversion::set_pace(&place.store, &run, &json!({"preset": "fast"})).await.expect("set");
        assert_eq!(place.next().await, Some(run.id));
        conversion::take(&place.store, run.account, run.id, "x").await.expect("asked").expect("free");
        conversion::set_pace(&place.store, &run, &json!({})).await.expect("set");
        assert_eq!(place.next().await, Some(second.id), "an order takes nobody's lease");
    })
    .await;
}
