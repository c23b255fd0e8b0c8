//! Where messages go: to a mail server, or into files.

mod files;
mod obstacle;
mod server;
mod session;
mod smtp;

use super::MailSettings;
use lettre::Message;
use muster_store::outbox::Ending;
pub use obstacle::{Obstacle, ObstacleKind, Passable};
use server::Server;
use std::fmt;

/// How an attempt ended, and what was said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub ending: Ending,
    pub text: String,
}

impl Answer {
    fn new(ending: Ending, text: impl fmt::Display) -> Self {
        Self { ending, text: text.to_string() }
    }
}

/// Where messages go.
pub(crate) enum Transport {
    Files(files::Files),
    Smtp(smtp::Smtp),
}

impl Transport {
    /// Prepares it; nothing is connected or made yet.
    ///
    /// # Errors
    /// When the settings make no sense: what is wrong with them.
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, String> {
        if settings.url == "file" {
            return Ok(Self::Files(files::Files::new(settings.dir.clone())));
        }
        let server = Server::parse(&settings.url)?;
        Ok(Self::Smtp(smtp::Smtp::new(server, settings.ca_file.as_deref())?))
    }

    /// Whether there is somebody to hand a message over to.
    ///
    /// # Errors
    /// Why not.
    pub(crate) async fn ready(&self) -> Result<(), Obstacle> {
        match self {
            Self::Files(_) => Ok(()),
            Self::Smtp(smtp) => smtp.ready().await,
        }
    }

    /// Whether a message could be handed over, tried with everything but a message.
    ///
    /// # Errors
    /// Why not.
    pub(crate) async fn check(&self) -> Result<Passable, Obstacle> {
        match self {
            Self::Files(files) => files.check().await,
            Self::Smtp(smtp) => smtp.check().await,
        }
    }

    /// Hands a message over.
    pub(crate) async fn send(&self, message: &Message, name: &str) -> Answer {
        match self {
            Self::Files(files) => files.send(message, name).await,
            Self::Smtp(smtp) => smtp.send(message).await,
        }
    }
}
