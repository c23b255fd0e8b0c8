//! The password once more, before what cannot be taken back.
//!
//! The form of such an action has a password field as long as the viewer has not entered one in the last minutes
//! (`console/confirm_field.html`); the action's function begins with [`Visit::confirmed`].

use super::{problem::Problem, visit::Visit};
use muster_store::{
    console::{passwords, sessions},
    now_ms,
};

impl Visit<'_> {
    /// Goes on when the viewer has entered the password in the last minutes, or has entered it in this form.
    ///
    /// # Errors
    /// Back to `page`, saying that the password is missing or wrong; 429 after too many.
    pub(crate) async fn confirmed(&self, page: &str) -> Result<(), Problem> {
        if self.viewer.is_confirmed() {
            return Ok(());
        }
        let password = self.form.get("password").unwrap_or_default();
        if password.is_empty() {
            return Err(Problem::back(page, "Nothing was done: enter your password once more for this."));
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
