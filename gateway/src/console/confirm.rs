//! Who are you, once more, before what cannot be taken back.
//!
//! As long as the viewer has not said so in the last minutes, the form of such an action has a password field, and a link to the account's
//! OpenID provider where there is one (`console/confirm_field.html`); the action's function begins with [`Visit::confirmed`]. Whoever has no
//! password goes to the provider ([`super::provider`]), comes back to the page, and then does it.

use super::{problem::Problem, visit::Visit};
use muster_store::{
    console::{passwords, sessions},
    now_ms,
};

impl Visit<'_> {
    /// Goes on when the viewer has said again who it is in the last minutes, or has entered the password in this form.
    ///
    /// # Errors
    /// Back to `page`, saying what is missing or that the password is wrong; 429 after too many.
    pub(crate) async fn confirmed(&self, page: &str) -> Result<(), Problem> {
        if self.viewer.is_confirmed() {
            return Ok(());
        }
        let password = self.form.get("password").unwrap_or_default();
        if password.is_empty() || !self.viewer.has_password {
            let what = match (&self.viewer.provider, self.viewer.has_password) {
                (_, true) => "enter your password once more for this.".to_owned(),
                (Some(provider), false) => format!("confirm first who you are, with {provider}."),
                (None, false) => "this asks for your password, and you have none. Whoever runs the service makes a one-time link for you, \
                                  with which you choose one."
                    .to_owned(),
            };
            return Err(Problem::back(page, format!("Nothing was done: {what}")));
        }
        self.check_password(password, page).await?;
        let viewer = &self.viewer;
        self.read(sessions::confirm(self.store(), viewer.account, viewer.session, now_ms())).await
    }

    /// Checks the viewer's own password.
    ///
    /// # Errors
    /// Back to `page` when it is wrong; 429 after too many.
    pub(super) async fn check_password(&self, password: &str, page: &str) -> Result<(), Problem> {
        let (app, viewer) = (self.app, &self.viewer);
        let attempt = app.throttle.attempt(viewer.account, &viewer.user_id, self.peer).map_err(Problem::TooMany)?;
        let stored = self.read(passwords::hash(self.store(), viewer.account, viewer.user)).await?;
        if !app.passwords.is_right(password, stored.as_deref()).await? {
            self.audit("password.refused", viewer.user_id.as_str()).await?;
            return Err(Problem::back(page, "Nothing was done: that is not your password."));
        }
        app.throttle.succeeded(&attempt);
        Ok(())
    }
}
