//! What a sign-in is for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who gets to know how a sign-in ended, and where the browser goes then. It is fixed when the sign-in begins and travels in the signed
/// cookie: nothing the browser brings back can change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// The platform, by a one-time code.
    Platform {
        /// What it gave, to be given back to it.
        back: Option<String>,
    },
    /// The console: a session.
    Console {
        /// The page of the console to go to.
        next: String,
    },
    /// Somebody who is signed in to the console says once more who it is.
    Confirm {
        /// The session that is confirmed, and no other.
        session: Uuid,
        /// The page of the console to go back to.
        back: String,
    },
}

impl Purpose {
    /// Whether the provider has to ask the person again, however short a time ago it has done so.
    pub(super) const fn asks_again(&self) -> bool {
        matches!(self, Self::Confirm { .. })
    }

    /// Whether somebody unknown may be made a user: one that is new has no role here, so the console makes nobody.
    pub(super) const fn makes_users(&self) -> bool {
        matches!(self, Self::Platform { .. })
    }
}
