//! What operators are told of a run, and that they are told once.

use super::*;
use crate::mail::conversions;
use muster_domain::notify::{Content, ConversionReport, ConversionState};
use muster_store::outbox::{self, NewRecipient};

impl Place {
    /// The reports that are written, the oldest first.
    async fn reports(&self) -> Vec<ConversionReport> {
        conversions::write(&self.store, now_ms()).await.expect("written");
        let mut mails = outbox::recent(&self.store, self.account, 100).await.expect("mails");
        mails.reverse();
        mails
            .into_iter()
            .map(|mail| match mail.content {
                Content::Conversion(report) => report,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    async fn states(&self) -> Vec<ConversionState> {
        self.reports().await.into_iter().map(|report| report.state).collect()
    }

    async fn operator(&self) {
        let address = "ops@acme.test".parse().expect("an address");
        let new = NewRecipient { address, time_zone: "UTC".into(), quiet_hours: None };
        outbox::add(&self.store, self.account, &new, now_ms()).await.expect("a recipient");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversion_and_its_undo_are_reported_with_their_figures() {
    on_each(|place| async move {
        place.operator().await;
        place.many(20).await;
        place.users(&[("none", ""), ("x@acme.test", "x@acme.test"), ("p", "same@acme.test"), ("q", "same@acme.test")]).await;
        let plan = place.plan(&PlanOptions::default()).await;
        assert!(place.reports().await.is_empty(), "a plan changes nobody and is no news");
        let run = place.run(&plan).await;
        let reports = place.reports().await;
        let states: Vec<_> = reports.iter().map(|report| report.state).collect();
        assert_eq!(states, [ConversionState::Started, ConversionState::CompletedWithSkips], "{}", place.engine);
        let report = &reports[1];
        assert_eq!((report.total, report.converted, report.unchanged, report.skipped), (24, 20, 1, 3), "{}", place.engine);
        assert_eq!(report.items.len(), 3);
        assert!(report.items.iter().any(|item| item.who == "n***" && item.what == "has no e-mail address"), "{:?}", report.items);
        assert_eq!(report.conversion, run.id.0);

        place.undo(&run).await;
        let reports = place.reports().await;
        let states: Vec<_> = reports[2..].iter().map(|report| report.state).collect();
        assert_eq!(states, [ConversionState::UndoStarted, ConversionState::Undone], "{}", place.engine);
        let undone = &reports[3];
        assert_eq!((undone.total, undone.converted, undone.unchanged, undone.skipped), (20, 20, 0, 0), "{}", place.engine);
        assert!(undone.items.is_empty(), "whom the conversion left is no news to its undo: {:?}", undone.items);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_s_pause_is_news_and_a_person_s_is_not() {
    on_each(|place| async move {
        place.operator().await;
        place.many(5).await;
        let run = place.plan(&PlanOptions::default()).await;
        let run = conversion::start(&place.store, &run, "test", &json!({})).await.expect("started");
        let run = conversion::pause(&place.store, &run, "ada", "lunch").await.expect("paused");
        let run = conversion::resume(&place.store, &run, "ada").await.expect("resumed");
        assert_eq!(place.states().await, [ConversionState::Started], "{}", place.engine);
        for reason in ["the disk of the log fills up", "error: column \"owner\" does not exist"] {
            let run = conversion::pause(&place.store, &run, "guard", reason).await.expect("paused");
            conversion::resume(&place.store, &run, "ada").await.expect("resumed");
        }
        // Several workers look at once.
        let now = now_ms();
        let (a, b, c) = tokio::join!(
            conversions::write(&place.store, now),
            conversions::write(&place.store, now),
            conversions::write(&place.store, now)
        );
        assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{}: {a:?} {b:?} {c:?}", place.engine);
        let reports = place.reports().await;
        assert_eq!(reports.len(), 3, "{}: each is told once", place.engine);
        assert_eq!(reports[1].state, ConversionState::Paused);
        assert_eq!(reports[1].reason.as_deref(), Some("the disk of the log fills up"));
        assert_eq!(reports[2].state, ConversionState::Failed);
        assert_eq!(reports[2].reason.as_deref(), Some("column \"owner\" does not exist"));
        conversion::cancel(&place.store, &run, "ada").await.expect("cancelled");
        assert_eq!(place.states().await.last(), Some(&ConversionState::Cancelled), "{}", place.engine);
    })
    .await;
}
