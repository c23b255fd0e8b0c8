//! Who looks at a page: the one whose session the cookie names.
//!
//! The database is asked at each request, so whoever is disabled, demoted, deleted or signed out elsewhere is out with the next click.

use super::cookie;
use crate::app::App;
use axum::http::request::Parts;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_domain::{AccountId, Role, SessionToken, UserId};
use muster_store::{
    console::sessions::{self, Session},
    now_ms,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::problem::Problem;

/// How long it counts that somebody has said again who it is.
const CONFIRMED_MS: i64 = 5 * 60 * 1000;

/// How exactly it is known when a session was last used: a write at each request would be one too many.
const SEEN_EVERY_MS: i64 = 60 * 1000;

/// What a page or an action asks of its viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// See what there is: everybody who may sign in here.
    Look,
    /// Users, groups, failures: user managers and administrators.
    Manage,
    /// Setup SCIM, the conversion, notifications, the audit log: administrators.
    Administer,
}

impl Right {
    /// Every right, for the test of the whole table.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 3] = [Self::Look, Self::Manage, Self::Administer];

    /// Whether a user of this role has it.
    pub(crate) const fn is_of(self, role: Role) -> bool {
        match self {
            Self::Look => matches!(role, Role::Administrator | Role::UserManager | Role::Viewer),
            Self::Manage => matches!(role, Role::Administrator | Role::UserManager),
            Self::Administer => matches!(role, Role::Administrator),
        }
    }

    /// Who has it, for the page that says so to those who have not.
    pub(crate) const fn who(self) -> &'static str {
        match self {
            Self::Look => "viewers, user managers and administrators",
            Self::Manage => "user managers and administrators",
            Self::Administer => "administrators",
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    /// Everything the viewer may see.
    pub(crate) account: AccountId,
    pub(crate) account_slug: String,
    pub(crate) account_name: String,
    pub(crate) account_host: Option<String>,
    pub(crate) user: UserId,
    /// What the viewer signs in with.
    pub(crate) user_id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) role: Role,
    pub(crate) session: Uuid,
    /// What forms carry, so that no page of somebody else's can send one.
    pub(crate) csrf: String,
    /// Whether the viewer has chosen a password.
    pub(crate) has_password: bool,
    /// What the account's OpenID provider is called, when it has one.
    pub(crate) provider: Option<String>,
    /// Until when the viewer need not say again who it is.
    confirmed_until_ms: i64,
    token: SessionToken,
}

impl Viewer {
    /// The one whose session the request's cookie names, if it is one of ours and not over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of(app: &App, parts: &Parts) -> Result<Option<Self>, Problem> {
        let Some(token) = cookie::session(app, &parts.headers) else { return Ok(None) };
        let now_ms = now_ms();
        let found = app.read(sessions::find(&app.store, &token.hash(), now_ms)).await?;
        // A role may have been taken away since.
        let Some(session) = found.filter(|session| Right::Look.is_of(session.role)) else { return Ok(None) };
        if now_ms - session.seen_ms > SEEN_EVERY_MS {
            app.read(sessions::touch(&app.store, session.account, session.id, now_ms)).await?;
        }
        Ok(Some(Self::new(token, session)))
    }

    fn new(token: SessionToken, session: Session) -> Self {
        let csrf = URL_SAFE_NO_PAD.encode(Sha256::new().chain_update(b"csrf:").chain_update(token.reveal()).finalize());
        Self {
            account: session.account,
            account_slug: session.account_slug,
            account_name: session.account_name,
            account_host: session.account_host,
            user: session.user,
            user_id: session.user_id,
            display_name: session.display_name,
            role: session.role,
            session: session.id,
            csrf,
            has_password: session.has_password,
            provider: session.issuer.as_deref().map(|issuer| muster_domain::sso::issuer_name(issuer).to_owned()),
            confirmed_until_ms: session.confirmed_ms.map_or(0, |at| at + CONFIRMED_MS),
            token,
        }
    }

    /// Whether the viewer has this right.
    pub(crate) fn may(&self, right: Right) -> bool {
        right.is_of(self.role)
    }

    /// Whether the viewer has said again who it is in the last minutes.
    pub(crate) fn is_confirmed(&self) -> bool {
        now_ms() < self.confirmed_until_ms
    }

    /// The name to call the viewer by.
    pub(crate) fn name(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.user_id)
    }

    /// What only this browser and nobody who reads the database has.
    pub(super) const fn token(&self) -> &SessionToken {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_what_the_ones_below_it_have_and_users_have_nothing_here() {
        let rights = |role| Right::ALL.into_iter().filter(|right| right.is_of(role)).collect::<Vec<_>>();
        assert_eq!(rights(Role::Administrator), Right::ALL);
        assert_eq!(rights(Role::UserManager), [Right::Look, Right::Manage]);
        assert_eq!(rights(Role::Viewer), [Right::Look]);
        assert_eq!(rights(Role::User), []);
        assert!(Role::ALL.into_iter().all(|role| role.may_use_console() == Right::Look.is_of(role)));
    }
}
