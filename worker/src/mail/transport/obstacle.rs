//! Why no mail can be handed over: the server or the folder, never a mail.

use std::fmt;

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObstacleKind {
    /// The settings make no sense, or a file they name cannot be used.
    Settings,
    /// Nobody is there, or nobody answers in time.
    Unreachable,
    /// The server answers, but not this client: not now, or not at all.
    Refused,
    /// The server offers no STARTTLS, and the settings ask for it: by demanding encryption, or by naming a password.
    NoEncryption,
    /// Nobody vouches for the server's certificate, it is for another name, or its time is over.
    Certificate,
    /// Encryption was begun and failed for another reason than the certificate.
    Encryption,
    /// The server does not take the user and password.
    SignIn,
    /// The folder for mail as files cannot be written.
    Folder,
}

/// Why no mail can be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What stands in the way.
    pub kind: ObstacleKind,
    /// What happened, without a password.
    pub text: String,
}

impl Obstacle {
    pub(super) fn new(kind: ObstacleKind, text: impl fmt::Display) -> Self {
        Self { kind, text: text.to_string() }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What was found when nothing stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passable {
    /// What was found.
    pub fact: String,
    /// Mail travels to another machine without encryption.
    pub in_clear: bool,
}
