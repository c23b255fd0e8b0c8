//! Who gets mail, and what became of the latest mails.

use super::{
    mails::Mail,
    show::{self, State, When},
};
use crate::console::{
    flash::Tone,
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    visit::Visit,
};
use askama::Template;
use muster_domain::notify::{Content, MailAddress, MailKey, NotAnAddress, TestMail};
use muster_store::{
    StoreError, now_ms,
    outbox::{self, NewMail, NewRecipient, Recipient, Source},
};
use uuid::Uuid;

const PATH: &str = "/configuration/notifications";
/// Mails the page shows.
const MAILS: u32 = 50;

#[derive(Template)]
#[template(path = "console/pages/notifications.html")]
struct NotificationsPage {
    page: Page,
    recipients: Vec<Row>,
    /// Somebody gets mail.
    anybody: bool,
    mails: Vec<Mail>,
}

struct Row {
    address: String,
    why: &'static str,
    time_zone: String,
    quiet_hours: String,
    state: State,
    note: String,
    /// It is on the list, and can be taken off it.
    listed: bool,
}

/// `GET /configuration/notifications`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let (store, account) = (visit.store(), visit.account());
    let recipients = visit.read(outbox::list(store, account, now_ms())).await?;
    let mails = visit.read(outbox::recent(store, account, MAILS)).await?;
    visit.html(&NotificationsPage {
        page: visit.page(Entry::Notifications, "Notifications"),
        anybody: recipients.iter().any(|recipient| recipient.unsubscribed_ms.is_none()),
        recipients: recipients.into_iter().map(row).collect(),
        mails: mails.into_iter().map(Mail::from).collect(),
    })
}

/// `POST /configuration/notifications/add`, with `address`, `time_zone`, `quiet_hours`.
pub(super) async fn add(visit: &Visit<'_>) -> Answer {
    let text = |name: &str| visit.form.text(name).to_owned();
    let (time_zone, hours) = (text("time_zone"), text("quiet_hours"));
    let new = NewRecipient {
        address: address(visit)?,
        time_zone: if time_zone.is_empty() { "UTC".to_owned() } else { time_zone },
        quiet_hours: (!hours.is_empty()).then_some(hours),
    };
    let added = outbox::add(visit.store(), visit.account(), &new, now_ms()).await;
    added.map_err(|error| match error {
        StoreError::Conflict(why) => Problem::back(PATH, format!("{why}.")),
        error => Problem::Refused(error.into()),
    })?;
    visit.audit("recipient.add", new.address.as_str()).await?;
    visit.redirect_saying(PATH, Tone::Good, format!("{} gets mail about failures and conversions.", new.address))
}

/// `POST /configuration/notifications/remove`, with `address`.
pub(super) async fn remove(visit: &Visit<'_>) -> Answer {
    let address = address(visit)?;
    if !visit.read(outbox::remove(visit.store(), visit.account(), &address)).await? {
        return Err(Problem::back(PATH, format!("{address} is not on the list.")));
    }
    visit.audit("recipient.remove", address.as_str()).await?;
    visit.redirect_saying(PATH, Tone::Good, format!("{address} gets no more mail. What was waiting for it is not sent."))
}

/// `POST /configuration/notifications/test`: a mail to everybody who gets mail.
pub(super) async fn test(visit: &Visit<'_>) -> Answer {
    let now = now_ms();
    let content = Content::Test(TestMail { at_ms: now });
    let mail = NewMail { key: MailKey::test(Uuid::now_v7()), thread: None, content, attachment: None, immediate: true, trace: None };
    let written = visit.read(outbox::write(visit.store(), visit.account(), &mail, now)).await?;
    if written == 0 {
        return Err(Problem::back(PATH, "Nobody gets mail yet: put an address on the list first."));
    }
    visit.audit("mail.test", "").await?;
    let to = show::plural(i64::try_from(written).unwrap_or(i64::MAX), "recipient", "recipients");
    visit.redirect_saying(PATH, Tone::Good, format!("A test mail is on its way to {to}. Reload this page to see what became of it."))
}

/// `POST /configuration/notifications/resend`, with `mail`: one of the latest, once more to the same recipient.
pub(super) async fn resend(visit: &Visit<'_>) -> Answer {
    let id = Uuid::try_parse(visit.form.text("mail")).map_err(|_| Problem::Bad("`mail` is the id of a mail.".to_owned()))?;
    let again = match outbox::resend(visit.store(), visit.account(), id, now_ms()).await {
        Ok(again) => again,
        Err(StoreError::Conflict(why)) => return Err(Problem::back(PATH, format!("Not sent again: {why}."))),
        Err(error) => return Err(Problem::Refused(error.into())),
    };
    visit.audit("mail.resend", format!("mail {id} as {again}")).await?;
    visit.redirect_saying(
        PATH,
        Tone::Good,
        "It is on its way once more, without what was attached. Reload this page to see what became of it.",
    )
}

fn address(visit: &Visit<'_>) -> Result<MailAddress, Problem> {
    visit.form.text("address").parse().map_err(|error: NotAnAddress| Problem::back(PATH, format!("{error}.")))
}

fn row(recipient: Recipient) -> Row {
    let (state, note) = match (recipient.unsubscribed_ms, recipient.bounced_ms) {
        (Some(at), _) => (show::state("idle", "Unsubscribed"), format!("on {}", When(at).text())),
        (None, Some(at)) => {
            let said = recipient.bounce.map(|bounce| format!(": {bounce}")).unwrap_or_default();
            (show::state("bad", "Refused by its server"), format!("on {}{said}", When(at).text()))
        }
        (None, None) => (show::state("good", "Gets mail"), String::new()),
    };
    Row {
        why: match recipient.source {
            Source::List => "On the list",
            Source::Administrator => "SCIM administrator, because the list is empty",
        },
        listed: recipient.source == Source::List,
        quiet_hours: recipient.quiet_hours.unwrap_or_else(|| "none".to_owned()),
        address: recipient.address,
        time_zone: recipient.time_zone,
        state,
        note,
    }
}
