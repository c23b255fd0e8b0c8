//! What a run puts down of how fast it goes.

use super::*;
use muster_store::conversion::{Sample, samples};

/// Waits once, for longer than a sample is, and works after that.
struct WaitsFirst(bool);

impl Pace for WaitsFirst {
    fn next(&mut self, _: Moment<'_>) -> Step {
        if std::mem::replace(&mut self.0, true) {
            return Step::Work { rows: 7 };
        }
        Step::Wait { pause: Duration::from_millis(2_500), reason: Some("window: closed until ten".to_owned()) }
    }

    fn done(&mut self, _: super::super::Chunk) {}
}

async fn of(place: &Place, run: &Conversion) -> Vec<Sample> {
    samples(&place.store, place.account, run.id, 1_000).await.expect("samples")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_in_a_sample_and_a_plan_has_none() {
    on_each(|place| async move {
        place.many(40).await;
        let run = place.plan(&PlanOptions::default()).await;
        assert_eq!(of(&place, &run).await, [], "{}", place.engine);
        let run = place.run(&run).await;
        let samples = of(&place, &run).await;
        let rows: i64 = samples.iter().map(|one| one.rows).sum();
        // 40 aliases and 40 users; the verification of 40 counts for a tenth, each chunk of seven rounded up.
        assert_eq!(rows, 40 + 40 + 6, "{}: {samples:?}", place.engine);
        assert!(samples.iter().all(|one| one.length_ms > 0 && one.waiting.is_none()) && samples.is_sorted_by_key(|one| one.at_ms));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_is_put_down_with_its_name() {
    on_each(|place| async move {
        place.many(10).await;
        let run = place.plan(&PlanOptions::default()).await;
        let pace = Arc::new(|_| Box::new(WaitsFirst(false)) as Box<dyn Pace>);
        let run = Place { settings: ConversionSettings { pace, ..place.settings.clone() }, ..place.clone() }.run(&run).await;
        let samples = of(&place, &run).await;
        let first = samples.first().expect("a sample");
        assert_eq!((first.rows, first.waiting.as_deref()), (0, Some("window")), "{}: {samples:?}", place.engine);
        assert!(samples.iter().skip(1).any(|one| one.rows > 0 && one.waiting.is_none()), "{samples:?}");
    })
    .await;
}
