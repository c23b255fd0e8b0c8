//! A message that was set aside: what is in it, and the two ways out.

use super::{
    operations,
    queue::{PATH, WAIT},
    show::{self, When},
};
use crate::{
    console::{
        flash::Tone,
        nav::Entry,
        page::Page,
        problem::{Answer, Problem},
        visit::Visit,
    },
    refusal::Refusal,
};
use askama::Template;
use muster_domain::Operation;
use muster_queue::{DeadLetter, OPERATIONS, QueueError};
use muster_store::{StoreError, console::audit};

/// How long a worker has to start what is replayed, milliseconds. Nobody waits for it, and the workers may be busy.
const PATIENCE_MS: i64 = 60_000;
/// The longest reason that is kept, characters.
const REASON_MAX: usize = 200;

#[derive(Template)]
#[template(path = "console/pages/letter.html")]
struct LetterPage {
    page: Page,
    id: String,
    at: When,
    reason: String,
    deliveries: u32,
    /// What each does, and its page.
    operations: Vec<(String, String)>,
}

/// `GET /system/queue/{id}`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let (letter, operations) = find(visit).await?;
    let operations = operations.iter().map(named).collect();
    visit.html(&LetterPage {
        page: visit.page(Entry::Queue, "Message that was set aside"),
        at: When(letter.at_ms),
        reason: letter.reason,
        deliveries: letter.deliveries,
        id: letter.id,
        operations,
    })
}

/// `POST /system/queue/{id}/replay`: once more, under the ids they have. That they were set aside is taken back first: killed in between, the
/// message is still here.
pub(super) async fn replay(visit: &Visit<'_>) -> Answer {
    let (letter, operations) = find(visit).await?;
    match muster_store::operations::reopen(visit.store(), &operations).await {
        Ok(_) => {}
        Err(StoreError::Conflict(why)) => return Err(Problem::back(format!("{PATH}/{}", letter.id), format!("Not replayed: {why}."))),
        Err(error) => return Err(Problem::Refused(error.into())),
    }
    // Written down first: on its way, it may be applied although this request fails.
    note(visit, "message.replayed", &letter, &operations, String::new()).await?;
    if !timely(visit.app.queue.replay(OPERATIONS, &letter.id, PATIENCE_MS)).await? {
        return Err(gone());
    }
    let text =
        format!("{} on the way again, applied to what is there now. What became of each is among the operations.", count(&operations));
    visit.redirect_saying(PATH, Tone::Good, text)
}

/// `POST /system/queue/{id}/discard`
pub(super) async fn discard(visit: &Visit<'_>) -> Answer {
    let (letter, operations) = find(visit).await?;
    let reason = visit.form.get("reason").unwrap_or_default().trim();
    if reason.is_empty() {
        let why = "Nothing was discarded: say why, so that whoever reads the audit log understands it.";
        return Err(Problem::back(format!("{PATH}/{}", letter.id), why));
    }
    // Written down first: what is gone cannot be told any more.
    note(visit, "message.discarded", &letter, &operations, reason.chars().take(REASON_MAX).collect()).await?;
    if !timely(visit.app.queue.discard(OPERATIONS, &letter.id)).await? {
        return Err(gone());
    }
    // What was promised is enqueued again until it has an outcome. Not before: somebody may have replayed it meanwhile.
    visit.read(muster_store::operations::give_up(visit.store(), &operations)).await?;
    visit.redirect_saying(PATH, Tone::Good, format!("Discarded: {} will not be carried out.", count(&operations)))
}

/// What an operation does, and its page.
pub(super) fn named(operation: &Operation) -> (String, String) {
    let text = format!("{} {}", show::change(operation.change.as_str()), operation.resource_type.name().to_lowercase());
    (text, format!("{}/{}", operations::PATH, operation.id))
}

/// The message of the address, if all of it is the account's. What is in no layout this version reads is nobody's: `muster queue` has it.
async fn find(visit: &Visit<'_>) -> Result<(DeadLetter, Vec<Operation>), Problem> {
    let letter = timely(visit.app.queue.dead_letter(OPERATIONS, visit.name(0))).await?.ok_or(Problem::NotFound)?;
    let operations = letter.operations().ok_or(Problem::NotFound)?;
    if operations.iter().any(|operation| operation.account != visit.account()) {
        return Err(Problem::NotFound);
    }
    Ok((letter, operations))
}

async fn timely<T>(asked: impl Future<Output = Result<T, QueueError>>) -> Result<T, Problem> {
    match tokio::time::timeout(WAIT, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Problem::Refused(Refusal::unavailable(error))),
        Err(_) => Err(Problem::Refused(Refusal::unavailable("the queue took too long"))),
    }
}

fn gone() -> Problem {
    Problem::back(PATH, "The message is not there any more: somebody else was first.")
}

async fn note(
    visit: &Visit<'_>,
    action: &'static str,
    letter: &DeadLetter,
    operations: &[Operation],
    reason: String,
) -> Result<(), Problem> {
    let ids = operations.iter().take(3).map(|operation| operation.id.to_string()).collect::<Vec<_>>().join(", ");
    let mut entry = visit.audit_entry(action, format!("message {} ({}: {ids})", letter.id, count(operations)));
    entry.detail = reason;
    visit.read(audit::append(visit.store(), visit.account(), &entry)).await.map(drop)
}

fn count(operations: &[Operation]) -> String {
    show::plural(i64::try_from(operations.len()).unwrap_or(i64::MAX), "operation", "operations")
}
