//! How fast conversions went: read in order, and not kept for ever.

use crate::rig::on_each;
use muster_domain::ConversionId;
use muster_store::{
    accounts,
    conversion::{Sample, add_sample, samples},
    log::{self, Retention},
};

const DAY: i64 = 24 * 60 * 60 * 1000;

fn sample(at_ms: i64) -> Sample {
    Sample { at_ms, length_ms: 10_000, rows: 5_000, allowed: Some(1_000.0), waiting: Some("latency".to_owned()), ..Sample::default() }
}

#[tokio::test]
async fn samples_are_read_by_run_and_go_with_the_log() {
    on_each(|world| async move {
        let (run, other) = (ConversionId::new(), ConversionId::new());
        let stranger = accounts::create(&world.store, "stranger", "Stranger").await.unwrap().id;
        for at_ms in [3 * DAY, DAY, 2 * DAY] {
            add_sample(&world.store, world.account, run, &sample(at_ms)).await.unwrap();
        }
        // What is there stays as it is.
        add_sample(&world.store, world.account, run, &Sample { rows: 1, ..sample(DAY) }).await.unwrap();
        add_sample(&world.store, world.account, other, &sample(DAY)).await.unwrap();
        add_sample(&world.store, stranger, run, &sample(DAY)).await.unwrap();
        let read = async |account, run, most| samples(&world.store, account, run, most).await.unwrap();
        assert_eq!(read(world.account, run, 10).await, [sample(DAY), sample(2 * DAY), sample(3 * DAY)], "{}", world.engine);
        assert_eq!(read(world.account, run, 2).await, [sample(2 * DAY), sample(3 * DAY)], "the newest");
        assert!((sample(DAY).rate() - 500.0).abs() < 1e-9 && Sample::default().rate() == 0.0);

        let retention = Retention { operations_ms: 30 * DAY, incidents_ms: 365 * DAY };
        assert_eq!(log::discard_old(&world.store, world.account, retention, 33 * DAY).await.unwrap(), 3, "{}", world.engine);
        assert_eq!(read(world.account, run, 10).await, [sample(3 * DAY)]);
        assert!(read(world.account, other, 10).await.is_empty());
        assert_eq!(read(stranger, run, 10).await.len(), 1, "nothing of another account");
    })
    .await;
}
