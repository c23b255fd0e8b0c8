//! What administrators tell a conversion to do.

use super::{PATH, address, find, pace, plan_form};
use crate::{
    console::{
        flash::Tone,
        problem::{Answer, Problem},
        visit::Visit,
    },
    refusal::Refusal,
};
use jiff::Timestamp;
use muster_domain::conversion::PaceRequest;
use muster_store::{
    StoreError,
    console::audit,
    conversion::{self, Conversion},
};

/// No reason is longer.
const REASON_MAX: usize = 200;

/// `POST /configuration/ad/convert/plan`
pub(super) async fn plan(visit: &Visit<'_>) -> Answer {
    let options = plan_form::read(&visit.form).map_err(|why| Problem::back(PATH, format!("No plan was made: {why}")))?;
    let new = conversion::new_plan(&options, &visit.viewer.user_id);
    let made = conversion::create(visit.store(), visit.account(), new).await.map_err(|error| refused(PATH, error))?;
    noted(visit, "conversion.plan", &made, String::new()).await?;
    visit.redirect_saying(PATH, Tone::Good, "The plan is being made. It changes nobody.")
}

/// `POST /configuration/ad/convert/runs/{id}/start`
pub(super) async fn start(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let page = address(run.id);
    visit.confirmed(&page).await?;
    let wanted = asked(visit, &page)?.onto(Some(&run.pace));
    let moved = conversion::start(visit.store(), &run, &visit.viewer.user_id, &wanted).await.map_err(|error| refused(&page, error))?;
    noted(visit, "conversion.start", &moved, pace::text(&moved.pace)).await?;
    visit.redirect_saying(&page, Tone::Good, format!("Started. {}", pace::begins(&moved.pace, Timestamp::now())))
}

/// `POST /configuration/ad/convert/runs/{id}/pause`, with `reason`.
pub(super) async fn pause(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let page = address(run.id);
    let reason: String = visit.form.text("reason").chars().filter(|letter| !letter.is_control()).take(REASON_MAX).collect();
    let by = &visit.viewer.user_id;
    let reason = if reason.is_empty() { format!("{by} paused it") } else { reason };
    let moved = conversion::pause(visit.store(), &run, by, &reason).await.map_err(|error| refused(&page, error))?;
    noted(visit, "conversion.pause", &moved, reason).await?;
    visit.redirect_saying(&page, Tone::Good, "Paused. What is converted stays so, the others sign in as before.")
}

/// `POST /configuration/ad/convert/runs/{id}/resume`, which changes how fast it goes as well.
pub(super) async fn resume(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let page = address(run.id);
    let (by, wanted) = (&visit.viewer.user_id, asked(visit, &page)?);
    let moved = conversion::resume_or_adjust(visit.store(), &run, by, &wanted).await.map_err(|error| refused(&page, error))?;
    noted(visit, "conversion.resume", &moved, pace::text(&moved.pace)).await?;
    visit.redirect_saying(
        &page,
        Tone::Good,
        format!("It goes on: {}. {}", pace::text(&moved.pace), pace::begins(&moved.pace, Timestamp::now())),
    )
}

/// `POST /configuration/ad/convert/runs/{id}/cancel`
pub(super) async fn cancel(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let page = address(run.id);
    let moved = conversion::cancel_and_tidy(visit.store(), &run, &visit.viewer.user_id).await.map_err(|error| refused(&page, error))?;
    noted(visit, "conversion.cancel", &moved, String::new()).await?;
    let said = match moved.started_ms {
        Some(_) => "Cancelled. What is converted stays so; it can be taken back below.",
        None => "Thrown away. It had changed nobody.",
    };
    visit.redirect_saying(&page, Tone::Good, said)
}

/// `POST /configuration/ad/convert/runs/{id}/undo`: a run of its own, to whose page this goes.
pub(super) async fn undo(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let page = address(run.id);
    visit.confirmed(&page).await?;
    let wanted = asked(visit, &page)?;
    let made = conversion::undo(visit.store(), &run, &visit.viewer.user_id, &wanted).await.map_err(|error| refused(&page, error))?;
    noted(visit, "conversion.undo", &run, format!("by the run {}; {}", made.id, pace::text(&made.pace))).await?;
    visit.redirect_saying(&address(made.id), Tone::Good, format!("The undo has begun. {}", pace::begins(&made.pace, Timestamp::now())))
}

/// How fast and when, as the form says.
fn asked(visit: &Visit<'_>, page: &str) -> Result<PaceRequest, Problem> {
    pace::read(&visit.form).map_err(|why| Problem::back(page, format!("Nothing was changed: {why}")))
}

async fn noted(visit: &Visit<'_>, action: &'static str, run: &Conversion, detail: String) -> Result<(), Problem> {
    let mut entry = visit.audit_entry(action, run.id.to_string());
    entry.detail = detail;
    visit.read(audit::append(visit.store(), visit.account(), &entry)).await
}

/// What stands in the way, on the page it was asked from.
fn refused(page: &str, error: StoreError) -> Problem {
    match error {
        StoreError::Conflict(why) => Problem::back(page, format!("Nothing was changed: {why}.")),
        error => Problem::Refused(Refusal::from(error)),
    }
}
