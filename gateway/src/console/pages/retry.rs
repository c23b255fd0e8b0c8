//! Trying the operations of a failure again.

use super::{failure::find, failures::PATH};
use crate::{
    app::App,
    console::{
        display,
        flash::Tone,
        problem::{Answer, Problem},
        visit::Visit,
    },
};
use futures::future::join_all;
use muster_domain::{Operation, Outcome, OutcomeCode};
use muster_store::{
    StoreError,
    incidents::{self, RetryReport},
};

/// Operations one request tries again; whoever presses the button again tries the next ones.
const MOST: u64 = 300;

/// `POST /provisioning/failures/{number}/retry`: through the queue, like every other write.
pub(super) async fn retry(visit: &Visit<'_>) -> Answer {
    let incident = find(visit).await?;
    let (to, app) = (format!("{PATH}/{}", incident.number), visit.app);
    let apply = |operations: Vec<Operation>| join_all(operations.into_iter().map(|operation| apply(app, operation)));
    // The deadline is set when it is sent; what the database was told as patience is not used.
    let report = incidents::retry(visit.store(), visit.account(), incident.id, &visit.viewer.user_id, (MOST, 0), apply).await;
    let report = match report {
        Ok(report) => report.ok_or(Problem::NotFound)?,
        Err(StoreError::Conflict(why)) => return Err(Problem::back(to, format!("{why}."))),
        Err(error) => return Err(Problem::Refused(error.into())),
    };
    visit.audit("incident.retry", format!("incident #{}", incident.number)).await?;
    let (tone, said) = said(report);
    visit.redirect_saying(&to, tone, said)
}

async fn apply(app: &App, mut operation: Operation) -> Outcome {
    let (settings, now_ms) = (&app.settings, app.queue.now_ms());
    operation.accepted_ms = now_ms;
    operation.deadline_ms = now_ms.saturating_add_unsigned(settings.wait_ms.saturating_sub(settings.apply_ms + 500));
    let called = app.operations.call(operation, now_ms.saturating_add_unsigned(settings.wait_ms)).await;
    called.unwrap_or_else(|_| Outcome::failed(OutcomeCode::Expired, 503))
}

fn said(report: RetryReport) -> (Tone, String) {
    let number = |n: u64| display::number(i64::try_from(n).unwrap_or(i64::MAX));
    let mut text = format!("Tried again: {} carried out, {} failed again.", number(report.applied), number(report.failed));
    if report.superseded > 0 {
        text.push_str(&format!(" {} left alone, because the user or group has been changed since.", number(report.superseded)));
    }
    if report.more {
        text.push_str(" There are more: retry again for the next ones.");
    }
    (if report.failed > 0 || report.more { Tone::Warning } else { Tone::Good }, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_retry_is_said_in_full() {
        let (tone, text) = said(RetryReport { applied: 2, failed: 0, superseded: 0, more: false });
        assert_eq!((tone, text.as_str()), (Tone::Good, "Tried again: 2 carried out, 0 failed again."));
        let (tone, text) = said(RetryReport { applied: 0, failed: 1_000, superseded: 3, more: true });
        assert!(
            tone == Tone::Warning && text.contains("1\u{202f}000 failed") && text.contains("3 left alone") && text.ends_with("next ones."),
            "{text}"
        );
    }
}
