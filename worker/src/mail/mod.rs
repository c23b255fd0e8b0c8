//! Mail: from what has happened to a message in somebody's mailbox.
//!
//! ```text
//! what happened ──> plan ──> outbox rows ──> sender ──> words (muster-letter) ──> message ──> server or file
//! ```
//!
//! This is a task of its own beside the committer, with nothing in common but the database: a mail server that is slow or away costs
//! provisioning nothing. It asks the database what is due every two seconds, which is one look into a partial index, and needs no
//! message in the queue: what is due is due whether or not anybody says so.

pub(crate) mod conversions;
mod message;
mod sender;
mod transport;
mod weekly;

use muster_store::{Store, StoreError, outbox};
use std::{path::PathBuf, time::Duration};
use tokio_util::sync::CancellationToken;
pub use transport::{Obstacle, ObstacleKind, Passable};

/// Between two looks for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After the database did not answer.
const PAUSE: Duration = Duration::from_secs(5);
/// Rows of mails that have come to their end are kept this long.
const KEPT_MS: i64 = 90 * 24 * 3_600_000;
/// Between two looks for what is older, and for weeks that are over.
const TIDY_EVERY_MS: i64 = 15 * 60_000;

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `file`, or the URL of a mail server: `smtp://user:password@host:587`, `smtps://…`; after `smtp://`, `?tls=` with `required` (the
    /// default), `opportunistic` or `none`.
    pub url: String,
    /// Where `file` writes.
    pub dir: PathBuf,
    /// The sender's address; its domain is the right side of every `Message-ID`.
    pub from: String,
    /// The address of the service, for unsubscribing.
    pub public_url: String,
    /// A file with a certificate (PEM) that the mail server's is checked against, beside the public ones.
    pub ca_file: Option<PathBuf>,
}

/// Does everything that sending a mail takes, except to send one: connects, encrypts, checks the certificate, signs in, and says goodbye;
/// or sees whether the folder can be written. Changes nothing.
///
/// # Errors
/// What stands in the way of every mail.
pub async fn check(settings: &MailSettings) -> Result<Passable, Obstacle> {
    let transport = transport::Transport::new(settings).map_err(|text| Obstacle { kind: ObstacleKind::Settings, text })?;
    transport.check().await
}

/// What plans and sends mail.
pub struct Mailer<C> {
    sender: sender::Sender<C>,
    tidied_ms: i64,
}

impl<C: Fn() -> i64 + Send + Sync> Mailer<C> {
    /// One that sends with these settings; the clock says milliseconds since 1970. Nothing is connected yet.
    ///
    /// # Errors
    /// When the settings make no sense: what is wrong with them.
    pub fn new(settings: MailSettings, store: Store, clock: C) -> Result<Self, String> {
        let transport = transport::Transport::new(&settings)?;
        Ok(Self { sender: sender::Sender { settings, store, transport, clock }, tidied_ms: i64::MIN })
    }

    /// Plans and sends until `shutdown`; the mail that is being handed over then is handed over to its end. A database or mail server
    /// that is away is waited for.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let pause = match self.look(&shutdown).await {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK_EVERY,
                Err(error @ (StoreError::Unavailable(_) | StoreError::Raced(_) | StoreError::Locked(_))) => {
                    tracing::debug!(%error, "mail is put off");
                    PAUSE
                }
                Err(error) => {
                    tracing::error!(%error, "mail cannot be planned or sent");
                    PAUSE
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Plans what is due and sends it, once; says whether there may be more at once.
    ///
    /// # Errors
    /// When the database fails. What a mail server says is no error: it is recorded with the mail.
    pub async fn look(&mut self, shutdown: &CancellationToken) -> Result<bool, StoreError> {
        let now = (self.sender.clock)();
        if now.saturating_sub(self.tidied_ms) >= TIDY_EVERY_MS {
            self.tidied_ms = now;
            weekly::write(&self.sender.store, now).await?;
            outbox::prune(&self.sender.store, now - KEPT_MS).await?;
        }
        conversions::write(&self.sender.store, now).await?;
        while outbox::plan(&self.sender.store, (self.sender.clock)()).await? > 0 {}
        self.sender.round(shutdown).await
    }
}

#[cfg(test)]
mod tests;
