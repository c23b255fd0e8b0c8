//! Runs under a governor: the real canary beside the real run. How fast it goes is not asserted, only that it goes, or why not.

use super::*;
use crate::conversion::Governors;
use muster_queue::{ClientSettings, Queue, QueueSettings};
use muster_store::conversion_probe;

impl Place {
    /// The same place, its runs held by governors; the slices are short, so that a test can look on.
    fn governed(&self, queue: Option<Queue>) -> (Self, Arc<Governors>) {
        let connection = StoreSettings { url: self.url.clone(), ..Default::default() };
        let governors = Governors::new(connection, self.store.clone(), queue);
        let settings = ConversionSettings { pace: governors.factory(), slice: Duration::from_millis(300), ..self.settings.clone() };
        (Self { settings, ..self.clone() }, governors)
    }

    async fn started_at(&self, users: usize, pace: Value) -> Conversion {
        self.many(users).await;
        let planned = self.plan(&PlanOptions::default()).await;
        conversion::start(&self.store, &planned, "test", &pace).await.expect("started")
    }

    /// Slice after slice, until the run says that it waits for this.
    async fn work_until_it_waits_for(&self, run: &Conversion, reason: &str) -> String {
        for _ in 0..100 {
            self.slice(run).await;
            if let Some(text) = self.get(run).await.reason.filter(|text| text.starts_with(reason)) {
                return text;
            }
        }
        panic!("{}: never waited for {reason}: {:?}", self.engine, self.get(run).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_through_beside_its_canary() {
    on_each(|place| async move {
        let (place, governors) = place.governed(None);
        let run = place.started_at(120, json!({"preset": "fast"})).await;
        let run = place.work(&run).await;
        assert_eq!((run.state, run.converted), (State::Finished, 120), "{}", place.engine);
        assert!(!governors.of(place.account).status().text.is_empty());
        let status = conversion_probe::status(&place.store, place.account).await.expect("read");
        assert!(status.is_some(), "others can see where it stands");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_holds_the_run_but_not_the_plan_and_the_operator_may_say_now() {
    on_each(|place| async move {
        let (place, _governors) = place.governed(None);
        let closed = json!({"windows": {"blackout": ["2020-01-01.."]}});
        let run = place.started_at(20, closed.clone()).await;
        let text = place.work_until_it_waits_for(&run, "window: ").await;
        assert_eq!(text, "window: no window opens again within ten years");
        assert!(place.ids().await.values().all(|id| !id.contains('@')), "{}", place.engine);
        let mut now = closed;
        now["ignore_windows_until"] = json!("2999-01-01T00:00:00Z");
        conversion::set_pace(&place.store, &run, &now).await.expect("set");
        assert_eq!(place.work(&run).await.state, State::Finished, "{}", place.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_given_while_it_waits_holds_in_the_same_slice() {
    on_each(|place| async move {
        let run = place.started_at(20, json!({"paused": true})).await;
        let (place, _governors) = place.governed(None);
        // A slice that outlasts every wait: only the order can end it.
        let settings = ConversionSettings { slice: Duration::from_secs(600), ..place.settings.clone() };
        let long = Place { settings, ..place.clone() };
        let slice = tokio::spawn({
            let run = run.clone();
            async move { long.slice(&run).await }
        });
        while place.get(&run).await.reason.is_none_or(|reason| !reason.starts_with("paused: ")) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        conversion::set_pace(&place.store, &run, &json!({"preset": "fast"})).await.expect("set");
        assert!(matches!(slice.await.expect("it ended"), SliceEnd::Finished), "{}", place.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn provisioning_that_waits_stops_the_run() {
    on_each(|place| async move {
        let queue = Queue::connect(QueueSettings { url: "local".into(), ..Default::default() }).await.expect("a queue");
        let client = queue.operation_client(ClientSettings::default());
        // There is no worker: the operation waits and grows old.
        let operation = place.named("late", "late@acme.test");
        let waiting = tokio::spawn(async move { client.call(operation, now_ms() + 120_000).await });
        while queue.status().await.expect("status").queues[0].oldest_age_ms.unwrap_or(0) < 1_500 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let run = place.started_at(20, json!({})).await;
        let (place, _governors) = place.governed(Some(queue));
        let text = place.work_until_it_waits_for(&run, "provisioning_backlog: ").await;
        assert!(text.ends_with(", resumes below 0.5 s"), "{text}");
        waiting.abort();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_governor_outlives_a_slice_and_accounts_have_their_own() {
    on_each(|place| async move {
        let (place, governors) = place.governed(None);
        assert!(Arc::ptr_eq(&governors.of(place.account), &governors.of(place.account)));
        let other = accounts::create(&place.store, "other", "Other Ltd").await.expect("account").id;
        assert!(!Arc::ptr_eq(&governors.of(place.account), &governors.of(other)));
    })
    .await;
}
