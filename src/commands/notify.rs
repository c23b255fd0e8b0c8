//! `muster notify add|list|remove|test|mails`: who gets mail, and what became of it.

use super::stdout_failure;
use crate::{
    cli::{AddRecipient, NotifyCommand},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::notify::{Content, MailAddress, MailKey, TestMail};
use muster_store::{
    Store,
    accounts::Account,
    now_ms,
    outbox::{self, MailStatus, NewMail, NewRecipient, Recipient, SentMail, Source},
};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Between two looks whether a test has been sent.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub async fn run(context: &Context, command: NotifyCommand) -> CommandResult {
    let store = context.open_store().await?;
    match command {
        NotifyCommand::Add(new) => {
            let account = context.account(&store, &new.account).await?;
            add(context, &store, &account, new).await
        }
        NotifyCommand::List { account } => {
            let account = context.account(&store, &account).await?;
            list(context, &store, &account).await
        }
        NotifyCommand::Remove { account, address } => {
            let account = context.account(&store, &account).await?;
            if !outbox::remove(&store, account.id, &address).await? {
                return Err(Failure::new(Exit::NotFound, format!("`{address}` is not on the list of the account `{}`", account.slug)));
            }
            list(context, &store, &account).await
        }
        NotifyCommand::Test { account, wait } => {
            let account = context.account(&store, &account).await?;
            test(context, &store, &account, Duration::from_secs(wait)).await
        }
        NotifyCommand::Mails { account, limit } => {
            let account = context.account(&store, &account).await?;
            let mails = outbox::recent(&store, account.id, limit).await?;
            print(context, &mails)
        }
    }
}

async fn add(context: &Context, store: &Store, account: &Account, new: AddRecipient) -> CommandResult {
    // What comes back to where it came from would be the beginning of a circle.
    if context.config.mail.from.parse::<MailAddress>().is_ok_and(|from| from.key() == new.address.key()) {
        let message = format!("`{}` is the address mail comes from (mail.from): it cannot get any", new.address);
        return Err(Failure::new(Exit::Refused, message));
    }
    let new = NewRecipient { address: new.address, time_zone: new.time_zone, quiet_hours: new.quiet_hours };
    outbox::add(store, account.id, &new, now_ms()).await.map_err(|error| match error {
        muster_store::StoreError::Conflict(message) => Failure::new(Exit::Usage, message),
        error => error.into(),
    })?;
    list(context, store, account).await
}

async fn list(context: &Context, store: &Store, account: &Account) -> CommandResult {
    let recipients = outbox::list(store, account.id, now_ms()).await?;
    let printed = if context.json() {
        output::json(&recipients)
    } else {
        let rows: Vec<[String; 5]> = recipients.iter().map(row).collect();
        output::table(["ADDRESS", "WHY", "TIME ZONE", "QUIET HOURS", "STATE"], &rows)
    };
    printed.map_err(stdout_failure)?;
    if !recipients.iter().any(|recipient| recipient.unsubscribed_ms.is_none()) {
        eprintln!("Nobody gets mail about `{}`: put an address on the list with `muster notify add`.", account.slug);
    }
    Ok(Exit::Ok)
}

fn row(recipient: &Recipient) -> [String; 5] {
    let why = match recipient.source {
        Source::List => "on the list",
        Source::Administrator => "SCIM administrator, the list is empty",
    };
    let state = match (recipient.unsubscribed_ms, &recipient.bounce) {
        (Some(at), _) => format!("unsubscribed {}", output::time(at)),
        (None, Some(bounce)) => format!("refused: {bounce}"),
        (None, None) => "gets mail".to_owned(),
    };
    let quiet = recipient.quiet_hours.clone().unwrap_or_else(|| "-".to_owned());
    [recipient.address.clone(), why.to_owned(), recipient.time_zone.clone(), quiet, state]
}

async fn test(context: &Context, store: &Store, account: &Account, wait: Duration) -> CommandResult {
    let (key, now) = (MailKey::test(Uuid::now_v7()), now_ms());
    let content = Content::Test(TestMail { at_ms: now });
    let mail = NewMail { key: key.clone(), thread: None, content, attachment: None, immediate: true, trace: None };
    let written = outbox::write(store, account.id, &mail, now).await?;
    if written == 0 {
        let message = format!("nobody gets mail about `{}`: put an address on the list with `muster notify add`", account.slug);
        return Err(Failure::new(Exit::NotFound, message));
    }
    let since = Instant::now();
    let mails = loop {
        let mut mails = outbox::recent(store, account.id, 1_000).await?;
        mails.retain(|mail| mail.key == key.as_str());
        if mails.iter().all(|mail| mail.status != MailStatus::Pending) || since.elapsed() >= wait {
            break mails;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    print(context, &mails)?;
    if mails.iter().all(|mail| mail.status == MailStatus::Sent) {
        return Ok(Exit::Ok);
    }
    if mails.iter().any(|mail| mail.status == MailStatus::Pending && mail.attempts == 0 && mail.reply.is_none()) {
        eprintln!("Not tried yet: is a worker running (`muster serve` or `muster worker`)?");
    }
    Ok(Exit::Partial)
}

fn print(context: &Context, mails: &[SentMail]) -> CommandResult {
    let printed = if context.json() {
        output::json(&mails)
    } else {
        let rows: Vec<[String; 6]> = mails
            .iter()
            .map(|mail| {
                let status = match mail.held {
                    Some(_) if mail.status == MailStatus::Pending => "held",
                    _ => mail.status.as_str(),
                };
                let reply = mail.reply.clone().unwrap_or_default();
                [output::time(mail.written_ms), mail.address.clone(), mail.key.clone(), status.to_owned(), mail.attempts.to_string(), reply]
            })
            .collect();
        output::table(["WRITTEN", "ADDRESS", "MAIL", "STATUS", "TRIED", "THE SERVER SAID"], &rows)
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}
