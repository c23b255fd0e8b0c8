//! What became of mails: the latest on a page, all that are kept as a file.

use super::{
    export,
    listing::EXPORTED,
    show::{self, State, When},
};
use crate::{
    app::App,
    console::{problem::Answer, visit::Visit},
    refusal::Refusal,
};
use muster_domain::{
    AccountId, csv_line,
    notify::{Content, ConversionState, FoldReason, Stage},
};
use muster_scim::instant_text;
use muster_store::outbox::{self, MailStatus, SentMail};
use std::sync::Arc;
use uuid::Uuid;

/// A mail on the page.
pub(super) struct Mail {
    pub(super) id: Uuid,
    /// It has come to its end, and can be sent once more.
    pub(super) ended: bool,
    pub(super) written: When,
    pub(super) address: String,
    pub(super) about: String,
    pub(super) state: State,
    pub(super) note: String,
}

impl From<SentMail> for Mail {
    fn from(mail: SentMail) -> Self {
        let (state, note) = stands(&mail);
        let ended = matches!(mail.status, MailStatus::Sent | MailStatus::Unconfirmed | MailStatus::Failed);
        Self { id: mail.id, ended, written: When(mail.written_ms), address: mail.address, about: about(&mail.content), state, note }
    }
}

/// `GET /configuration/notifications/mails.csv`: every mail that is kept.
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let account = visit.account();
    let heading = csv_line(["id", "written", "recipient", "about", "state", "sent", "attempts", "reply"]);
    let read = move |app, before| chunk(app, account, before);
    export::csv(visit.app, "attachment; filename=\"mails.csv\"", heading, None, read)
}

async fn chunk(app: Arc<App>, account: AccountId, before: Option<Uuid>) -> Result<export::Chunk<Option<Uuid>>, Refusal> {
    let mails = app.read(outbox::recent_before(&app.store, account, before, EXPORTED)).await?;
    let next = mails.last().filter(|_| mails.len() == EXPORTED as usize).map(|last| Some(last.id));
    Ok((mails.iter().map(line).collect(), next))
}

fn line(mail: &SentMail) -> String {
    csv_line([
        mail.id.to_string(),
        instant_text(mail.written_ms),
        mail.address.clone(),
        about(&mail.content),
        mail.status.as_str().to_owned(),
        mail.sent_ms.map(instant_text).unwrap_or_default(),
        mail.attempts.to_string(),
        mail.reply.clone().unwrap_or_default(),
    ])
}

/// Where a mail stands, and what there is to know about it.
fn stands(mail: &SentMail) -> (State, String) {
    let said = mail.reply.as_deref().map(|reply| format!("the server said: {reply}")).unwrap_or_default();
    let due = format!("next try {}", When(mail.due_ms).text());
    match (mail.status, mail.held) {
        (MailStatus::Pending, Some(FoldReason::QuietHours)) => (show::state("idle", "Held"), format!("quiet hours; {due}")),
        (MailStatus::Pending, Some(FoldReason::Outage)) => (show::state("warning", "Waiting"), format!("the mail server was away; {due}")),
        (MailStatus::Pending, Some(FoldReason::Cap)) => (show::state("idle", "Held"), format!("more mails than anybody should get; {due}")),
        (MailStatus::Pending, None) if mail.attempts == 0 => (show::state("idle", "On its way"), String::new()),
        (MailStatus::Pending, None) => (show::state("warning", "Waiting"), [due, said].join("; ").trim_end_matches("; ").to_owned()),
        (MailStatus::Sent, _) => (show::state("good", "Sent"), mail.sent_ms.map(|at| When(at).text()).unwrap_or_default()),
        (MailStatus::Unconfirmed, _) => {
            (show::state("warning", "Unconfirmed"), "handed over, but the server never said whether it took it".to_owned())
        }
        (MailStatus::Failed, _) => (show::state("bad", "Failed"), said),
        (MailStatus::Superseded, _) => (show::state("idle", "Replaced"), "by a newer mail about the same failure".to_owned()),
        (MailStatus::Folded, _) => (show::state("idle", "In a summary"), String::new()),
        (MailStatus::Suppressed, _) => (show::state("idle", "Not sent"), "the recipient was unsubscribed or removed".to_owned()),
    }
}

/// What a mail is about, in a line.
fn about(content: &Content) -> String {
    match content {
        Content::Incident(mail) => {
            let stage = match mail.stage {
                Stage::Failed => "Failed",
                Stage::Digest => "Still failing",
                Stage::Resolved => "Over",
            };
            format!("{stage}: {} ({})", mail.title, mail.reference)
        }
        Content::Conversion(report) => {
            let state = match report.state {
                ConversionState::Started => "started",
                ConversionState::Completed => "completed",
                ConversionState::CompletedWithSkips => "completed, some users could not be converted",
                ConversionState::Paused => "paused by its guard",
                ConversionState::Failed => "stopped by an error",
                ConversionState::Cancelled => "cancelled",
                ConversionState::UndoStarted => "undo started",
                ConversionState::Undone => "undone",
            };
            format!("Conversion of user ids: {state}")
        }
        Content::Weekly(week) => format!("Summary of the week {}", week.week),
        Content::Folded(folded) => format!("Summary of {} mails that were held back", folded.count),
        Content::Test(_) => "Test".to_owned(),
    }
}
