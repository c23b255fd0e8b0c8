//! A mail server, with the connections that are open to it.

use super::{
    Answer,
    obstacle::{Obstacle, Passable},
    server::Server,
    session::Session,
};
use lettre::{
    Message,
    transport::smtp::client::{Certificate, CertificateStore, TlsParameters},
};
use muster_store::outbox::Ending;
use std::{
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Servers close what is idle after a few minutes; a connection that has been idle for longer than this is not used again.
const IDLE: Duration = Duration::from_secs(30);
/// Connections kept open.
const KEPT: usize = 4;

pub(crate) struct Smtp {
    server: Server,
    tls: TlsParameters,
    idle: Mutex<Vec<(Session, Instant)>>,
}

impl Smtp {
    pub(crate) fn new(server: Server, ca_file: Option<&Path>) -> Result<Self, String> {
        let mut tls = TlsParameters::builder(server.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
        if let Some(file) = ca_file {
            let unusable = |error: &dyn std::fmt::Display| format!("mail.ca_file: {} cannot be used: {error}", file.display());
            let pem = std::fs::read(file).map_err(|error| unusable(&error))?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unusable(&error))?);
        }
        let tls = tls.build_rustls().map_err(|error| error.to_string())?;
        Ok(Self { server, tls, idle: Mutex::new(Vec::new()) })
    }

    /// Opens a connection, for the next mail to use.
    pub(crate) async fn ready(&self) -> Result<(), Obstacle> {
        let session = Session::open(&self.server, &self.tls).await?;
        if let Some(surplus) = self.keep(session) {
            surplus.close().await;
        }
        Ok(())
    }

    /// Does everything that sending a mail takes, except to send one.
    pub(crate) async fn check(&self) -> Result<Passable, Obstacle> {
        let mut session = Session::open(&self.server, &self.tls).await?;
        let answered = session.nothing().await;
        let encrypted = session.is_encrypted();
        session.close().await;
        answered?;
        let Server { host, port, login, .. } = &self.server;
        let encryption = if encrypted { "encrypted, certificate checked" } else { "not encrypted" };
        let login = if login.is_some() { "signed in" } else { "no password asked for" };
        Ok(Passable { fact: format!("{host}:{port} answers; {encryption}, {login}"), in_clear: !encrypted && !self.server.is_local() })
    }

    /// Hands a message over, on a connection that is open already if there is one.
    pub(crate) async fn send(&self, message: &Message) -> Answer {
        while let Some(mut session) = self.take() {
            if let Some((answer, usable)) = session.send(message).await {
                return self.done(session, answer, usable).await;
            }
            // The server had closed it meanwhile.
        }
        let mut session = match Session::open(&self.server, &self.tls).await {
            Ok(session) => session,
            Err(error) => return Answer::new(Ending::Away, error),
        };
        match session.send(message).await {
            Some((answer, usable)) => self.done(session, answer, usable).await,
            None => Answer::new(Ending::Away, "the server closed the connection"),
        }
    }

    async fn done(&self, session: Session, answer: Answer, usable: bool) -> Answer {
        if usable && let Some(surplus) = self.keep(session) {
            surplus.close().await;
        }
        answer
    }

    fn take(&self) -> Option<Session> {
        let mut idle = self.idle.lock().ok()?;
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(session, _)| session)
    }

    /// Keeps a connection for the next mail; gives it back when there are enough.
    fn keep(&self, session: Session) -> Option<Session> {
        let Ok(mut idle) = self.idle.lock() else { return Some(session) };
        if idle.len() >= KEPT {
            return Some(session);
        }
        idle.push((session, Instant::now()));
        None
    }
}
