//! One connection to a mail server (RFC 5321), step by step, each with an end.
//!
//! The steps are told apart because an error means another thing in each: before the recipient is named it is about the server, at the
//! recipient about the recipient, and after the last byte of the mail nobody knows.

use super::{
    Answer,
    obstacle::{Obstacle, ObstacleKind},
    server::{Encryption, Server},
};
use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Noop, Rcpt},
        extension::{ClientId, Extension, MailParameter},
        response::Response,
    },
};
use muster_store::outbox::Ending;
use std::{fmt, io, time::Duration};

/// The longest one step may take.
pub(crate) const STEP: Duration = Duration::from_secs(15);
/// How a password is sent, on encrypted connections only.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// An open connection, ready for a mail.
pub(crate) struct Session {
    connection: AsyncSmtpConnection,
}

/// Why a step failed.
enum Trouble {
    /// The server said no: now (4xx), or for good (5xx).
    Refused { for_good: bool, text: String },
    /// The connection broke, or nothing came in time.
    Broken(String),
    /// The connection could not be encrypted.
    Unsafe(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { text, .. } | Self::Broken(text) | Self::Unsafe(text) => f.write_str(text),
        }
    }
}

impl Trouble {
    /// As what stands in the way of every mail.
    fn obstacle(self) -> Obstacle {
        let kind = match &self {
            Self::Refused { .. } => ObstacleKind::Refused,
            Self::Broken(_) => ObstacleKind::Unreachable,
            // rustls' words: "invalid peer certificate: UnknownIssuer".
            Self::Unsafe(text) if text.contains("certificate") => ObstacleKind::Certificate,
            Self::Unsafe(_) => ObstacleKind::Encryption,
        };
        Obstacle::new(kind, self)
    }
}

/// Waits for a step, at most [`STEP`].
async fn step<T>(what: &str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match tokio::time::timeout(STEP, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            // lettre's Display says "permanent error (550)" and keeps the server's words as the source.
            let words = std::error::Error::source(&error).map(ToString::to_string);
            let text = match (error.status(), words) {
                (Some(code), Some(words)) => format!("{what}: {code} {words}"),
                (Some(code), None) => format!("{what}: {code}"),
                (None, Some(words)) => format!("{what}: {words}"),
                (None, None) => format!("{what}: {error}"),
            };
            Err(match error.status() {
                Some(_) => Trouble::Refused { for_good: error.is_permanent(), text },
                None if is_tls(&error) => Trouble::Unsafe(text),
                None => Trouble::Broken(text),
            })
        }
        Err(_) => Err(Trouble::Broken(format!("{what}: no answer within {} s", STEP.as_secs()))),
    }
}

/// Whether it is about encryption: rustls' errors come as invalid data of the connection, and sockets have no such error.
fn is_tls(error: &Error) -> bool {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    error.is_tls() || causes.any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData))
}

impl Session {
    /// Connects, encrypts, signs in.
    ///
    /// # Errors
    /// What went wrong. All of it is about the server, none about a mail.
    pub(crate) async fn open(server: &Server, tls: &TlsParameters) -> Result<Self, Obstacle> {
        let hello = ClientId::default();
        let implicit = (server.encryption == Encryption::Implicit).then(|| tls.clone());
        let connect = AsyncSmtpConnection::connect_tokio1((server.host.as_str(), server.port), Some(STEP), &hello, implicit, None);
        let mut connection = step("connecting", connect).await.map_err(Trouble::obstacle)?;
        match server.encryption {
            Encryption::Required if !connection.can_starttls() => {
                return Err(Obstacle::new(
                    ObstacleKind::NoEncryption,
                    "the server offers no STARTTLS, and encryption is required (append ?tls=none to mail.url if it has none)",
                ));
            }
            Encryption::Required | Encryption::Opportunistic if connection.can_starttls() => {
                step("STARTTLS", connection.starttls(tls.clone(), &hello)).await.map_err(Trouble::obstacle)?;
            }
            _ => {}
        }
        if let Some((user, password)) = &server.login {
            if !connection.is_encrypted() {
                return Err(Obstacle::new(
                    ObstacleKind::NoEncryption,
                    "the server offers no STARTTLS, and a password is never sent without encryption",
                ));
            }
            let credentials = Credentials::new(user.clone(), password.clone());
            let offered = connection.server_info().get_auth_mechanism(&MECHANISMS).is_some();
            let signing_in = connection.auth(&MECHANISMS, &credentials);
            // What it says to a password, or that it takes none, is about signing in; a connection that breaks is not.
            step("signing in", signing_in).await.map_err(|trouble| match trouble.obstacle() {
                Obstacle { kind: ObstacleKind::Refused, text } => Obstacle { kind: ObstacleKind::SignIn, text },
                obstacle if !offered => Obstacle { kind: ObstacleKind::SignIn, ..obstacle },
                obstacle => obstacle,
            })?;
        }
        Ok(Self { connection })
    }

    /// Asks for nothing but an answer.
    ///
    /// # Errors
    /// When there is none, or not the one it should be.
    pub(crate) async fn nothing(&mut self) -> Result<(), Obstacle> {
        step("NOOP", self.connection.command(Noop)).await.map(|_| ()).map_err(Trouble::obstacle)
    }

    /// Whether nobody between can read along.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.connection.is_encrypted()
    }

    /// Hands one mail over, and says whether the connection can be used for another. None when the connection turned out to be dead
    /// before anything was said: a new one may be tried.
    pub(crate) async fn send(&mut self, message: &Message) -> Option<(Answer, bool)> {
        let envelope = message.envelope();
        let mut options = Vec::new();
        if envelope.to().iter().any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Some((Answer::new(Ending::Refused, "the server takes no addresses with letters beyond ASCII (SMTPUTF8)"), true));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let refused = |trouble: Trouble, for_good: Ending| match trouble {
            Trouble::Refused { for_good: true, text } => Some((Answer::new(for_good, text), false)),
            Trouble::Refused { text, .. } => Some((Answer::new(Ending::NotNow, text), false)),
            Trouble::Broken(text) | Trouble::Unsafe(text) => Some((Answer::new(Ending::Away, text), false)),
        };
        // A sender that is refused is the installation's to mend, and no fault of the mail.
        match step("MAIL FROM", self.connection.command(Mail::new(envelope.from().cloned(), options))).await {
            Ok(_) => {}
            Err(Trouble::Broken(_) | Trouble::Unsafe(_)) => return None,
            Err(trouble) => return refused(trouble, Ending::Away),
        }
        for recipient in envelope.to() {
            if let Err(trouble) = step("RCPT TO", self.connection.command(Rcpt::new(recipient.clone(), Vec::new()))).await {
                return refused(trouble, Ending::Refused);
            }
        }
        if let Err(trouble) = step("DATA", self.connection.command(Data)).await {
            return refused(trouble, Ending::Refused);
        }
        match step("the mail", self.connection.message(&message.formatted())).await {
            Ok(response) => Some((Answer::new(Ending::Taken, said(&response)), true)),
            // It may have it. Whoever sends it again sends the same Message-ID.
            Err(Trouble::Broken(text) | Trouble::Unsafe(text)) => Some((Answer::new(Ending::Unanswered, text), false)),
            Err(trouble) => refused(trouble, Ending::Refused),
        }
    }

    /// Says goodbye.
    pub(crate) async fn close(mut self) {
        // Whatever it answers, the connection ends.
        let _ = step("QUIT", self.connection.quit()).await;
    }
}

fn said(response: &Response) -> String {
    let words: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), words.join(" "))
}
