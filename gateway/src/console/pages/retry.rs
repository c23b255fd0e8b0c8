//! Trying the operations of a failure again.

use super::{failure::find, failures::PATH};
use crate::{
    console::{
        display,
        flash::Tone,
        problem::{Answer, Problem},
        visit::Visit,
    },
    retry,
};
use muster_store::{StoreError, incidents::RetryReport};

/// `POST /provisioning/failures/{number}/retry`: through the queue, like every other write.
pub(super) async fn retry(visit: &Visit<'_>) -> Answer {
    let incident = find(visit).await?;
    let to = format!("{PATH}/{}", incident.number);
    let report = retry::retry(visit.app, visit.context, visit.account(), incident.id, &visit.viewer.user_id).await;
    let report = match report {
        Ok(report) => report.ok_or(Problem::NotFound)?,
        Err(StoreError::Conflict(why)) => return Err(Problem::back(to, format!("{why}."))),
        Err(error) => return Err(Problem::Refused(error.into())),
    };
    visit.audit("incident.retry", format!("incident #{}", incident.number)).await?;
    let (tone, said) = said(report);
    visit.redirect_saying(&to, tone, said)
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
