//! Sending: what is due goes out, one recipient after the other, a few at a time.

use super::{
    MailSettings,
    message::{Source, message},
    transport::{Answer, Transport},
};
use crate::{measure, spans};
use futures::StreamExt;
use jiff::tz::TimeZone;
use muster_domain::{
    AccountId, account_url,
    notify::{Caps, Content, FoldReason, Folded, FoldedLine, arrange},
};
use muster_letter::Setting;
use muster_store::{
    Store, StoreError,
    outbox::{self, Ending, Envelope, Lease, WaitingMail},
};
use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Recipients served at once.
const AT_ONCE: usize = 4;
/// Recipients looked for at once.
const RECIPIENTS: u32 = 64;
/// How long a recipient is leased. Whoever is killed keeps its mails for so long; whoever lives prolongs the lease while it works.
const LEASE_MS: i64 = 20_000;
/// Between two prolongations.
const PROLONG_EVERY: Duration = Duration::from_secs(5);
/// Lines of a summary.
const LINES: usize = 50;

/// Sends what is due.
pub(super) struct Sender<C> {
    pub(super) settings: MailSettings,
    pub(super) store: Store,
    pub(super) transport: Transport,
    /// Milliseconds since 1970.
    pub(super) clock: C,
}

impl<C: Fn() -> i64 + Send + Sync> Sender<C> {
    /// Sends what is due now, as far as the server takes it; says whether there may be more at once.
    pub(crate) async fn round(&self, shutdown: &CancellationToken) -> Result<bool, StoreError> {
        let due = outbox::due_recipients(&self.store, (self.clock)(), RECIPIENTS).await?;
        let full = due.len() == RECIPIENTS as usize;
        // When the server is away, one who has waited for it is enough.
        let away = AtomicBool::new(false);
        let away = &away;
        let results = futures::stream::iter(due)
            .map(|(account, key)| async move {
                if shutdown.is_cancelled() || away.load(Ordering::Relaxed) {
                    return Ok(());
                }
                self.recipient(account, key, away, shutdown).await
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<Result<(), StoreError>>>()
            .await;
        results.into_iter().collect::<Result<(), StoreError>>()?;
        Ok(full && !away.load(Ordering::Relaxed))
    }

    async fn recipient(&self, account: AccountId, key: String, away: &AtomicBool, shutdown: &CancellationToken) -> Result<(), StoreError> {
        let now = (self.clock)();
        let Some(lease) = outbox::lease(&self.store, account, &key, now, now + LEASE_MS).await? else { return Ok(()) };
        let result = self.leased(&lease, away, shutdown).await;
        outbox::release(&self.store, &lease).await?;
        result
    }

    /// Arranges what waits, and sends it.
    async fn leased(&self, lease: &Lease, away: &AtomicBool, shutdown: &CancellationToken) -> Result<(), StoreError> {
        let now = (self.clock)();
        let waiting = outbox::waiting(&self.store, lease, now).await?;
        // What the server has kept waiting goes out in one mail when it is back, and not in one for each time it was asked.
        if waiting.iter().any(|mail| mail.held == Some(FoldReason::Outage))
            && let Err(obstacle) = self.holding(lease, None, Box::pin(self.transport.ready())).await
        {
            tracing::warn!(error = %obstacle, waiting = waiting.len(), "the mail server is away");
            away.store(true, Ordering::Relaxed);
            return outbox::defer(&self.store, lease, &obstacle.text, (self.clock)()).await;
        }
        let used = outbox::used(&self.store, lease, now).await?;
        let arranged = arrange(&waiting.iter().map(|mail| mail.waiting).collect::<Vec<_>>(), Caps::default().room(used));
        let mut ids: Vec<Uuid> = arranged.send.iter().map(|position| waiting[*position].id).collect();
        let folded: Vec<&WaitingMail> = arranged.fold.iter().map(|position| &waiting[*position]).collect();
        if !folded.is_empty() {
            let reason = reason(&folded, arranged.capped);
            let setting = self.setting(lease);
            let fold: Vec<Uuid> = folded.iter().map(|mail| mail.id).collect();
            let summary = outbox::fold(&self.store, lease, &fold, now, |mails| summary(reason, mails, &setting)).await?;
            ids.extend(summary);
        }
        for id in ids {
            if shutdown.is_cancelled() || away.load(Ordering::Relaxed) {
                break;
            }
            let now = (self.clock)();
            let Some(envelope) = outbox::mark(&self.store, lease, id, now, now + LEASE_MS).await? else { continue };
            let span = spans::mail(&envelope, lease);
            let ending = span.around(self.attempt(lease, &envelope)).await?;
            spans::mailed(&span, &ending);
            if ending == Ending::Away {
                away.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// One attempt at a mail, and how it ended.
    async fn attempt(&self, lease: &Lease, envelope: &Envelope) -> Result<Ending, StoreError> {
        let answer = self.holding(lease, Some(envelope), Box::pin(self.send(lease, envelope))).await;
        let status = outbox::end(&self.store, lease, envelope, &answer.ending, &answer.text, (self.clock)()).await?;
        measure::mail(&answer.ending);
        let (id, key, attempt) = (envelope.id, &envelope.key, envelope.attempts);
        // The address is personal data and stays out of the log; the id finds it.
        match answer.ending {
            Ending::Taken => tracing::info!(mail.id = %id, mail.key = key, attempt, "mail sent"),
            _ => tracing::warn!(mail.id = %id, mail.key = key, attempt, status = status.as_str(), reply = answer.text, "mail not sent"),
        }
        Ok(answer.ending)
    }

    /// Keeps the lease, and the mark of the mail in hand, while something takes its time.
    async fn holding<T>(&self, lease: &Lease, mail: Option<&Envelope>, mut work: Pin<Box<impl Future<Output = T>>>) -> T {
        let mut ticks = tokio::time::interval_at(Instant::now() + PROLONG_EVERY, PROLONG_EVERY);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticks.tick() => {
                    // If it fails, the lease ends, and what may happen then is what happens after a crash: the mail is sent again.
                    if let Err(error) = outbox::prolong(&self.store, lease, mail, (self.clock)() + LEASE_MS).await {
                        tracing::debug!(%error, "a lease was not prolonged");
                    }
                }
            }
        }
    }

    async fn send(&self, lease: &Lease, envelope: &Envelope) -> Answer {
        // What comes back to where it came from would be the beginning of a circle.
        if lease.address.eq_ignore_ascii_case(&self.settings.from) {
            return Answer { ending: Ending::Refused, text: "this is the address mail comes from (mail.from): it gets none".to_owned() };
        }
        let source = Source {
            content: &envelope.content,
            key: &envelope.key,
            thread: envelope.thread.as_deref(),
            to: &lease.address,
            unsubscribe_token: &lease.token,
            written_ms: envelope.written_ms,
            attachment: envelope.attachment.as_deref(),
        };
        match message(&source, &self.settings.from, &self.setting(lease)) {
            Ok(message) => self.transport.send(&message, &format!("{}.{}", envelope.key, lease.address_key)).await,
            Err(error) => Answer { ending: Ending::Refused, text: error.to_string() },
        }
    }

    fn setting(&self, lease: &Lease) -> Setting {
        Setting {
            account: lease.account_slug.clone(),
            public_url: self.settings.public_url.clone(),
            console_url: account_url(&self.settings.public_url, lease.account_host.as_deref()),
            zone: TimeZone::get(&lease.time_zone).unwrap_or(TimeZone::UTC),
            by_default: lease.by_default,
        }
    }
}

/// Why these are told together.
fn reason(folded: &[&WaitingMail], capped: bool) -> FoldReason {
    if capped {
        FoldReason::Cap
    } else if folded.iter().any(|mail| mail.held == Some(FoldReason::Outage)) {
        FoldReason::Outage
    } else {
        FoldReason::QuietHours
    }
}

/// What several mails become, oldest first.
fn summary(reason: FoldReason, mails: &[(Content, i64)], setting: &Setting) -> Content {
    let line = |(content, at_ms): &(Content, i64)| FoldedLine {
        subject: muster_letter::subject(content, setting),
        incident: content.incident(),
        at_ms: *at_ms,
    };
    Content::Folded(Folded { reason, count: mails.len() as u64, lines: mails.iter().rev().take(LINES).map(line).collect() })
}
