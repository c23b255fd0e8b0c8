//! In which form directories and sign-ins ask for users. A directory that goes on sending mailbox names after a conversion would ask for
//! users by names they do not have any more: whoever plans one is told beforehand.

use super::Kind;
use serde::Serialize;
use uuid::Uuid;

/// For how long what was asked counts, hours.
pub const FORM_HOURS: i64 = 24;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// What a user id looks like, to see which form a directory sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The name of a mailbox: `jdoe`.
    Mailbox,
    /// An address: `jdoe@acme.com`.
    Email,
}

/// Which form a user id has.
#[must_use]
pub fn form_of(user_id: &str) -> Form {
    if user_id.contains('@') { Form::Email } else { Form::Mailbox }
}

/// Which form is asked for; none for what is nobody's user id: connection tests look for a random UUID, or for nothing.
#[must_use]
pub fn form_asked(user_id: &str) -> Option<Form> {
    let user_id = user_id.trim();
    (!user_id.is_empty() && Uuid::try_parse(user_id).is_err()).then(|| form_of(user_id))
}

/// The hour of a moment: when it began, milliseconds since 1970.
#[must_use]
pub const fn hour_of(ms: i64) -> i64 {
    ms.div_euclid(HOUR_MS) * HOUR_MS
}

/// How often each form was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FormCount {
    /// As the name of a mailbox.
    pub mailbox: i64,
    /// As an address.
    pub email: i64,
}

impl FormCount {
    /// One more.
    pub const fn add(&mut self, form: Form) {
        match form {
            Form::Mailbox => self.mailbox = self.mailbox.saturating_add(1),
            Form::Email => self.email = self.email.saturating_add(1),
        }
    }

    /// What was counted elsewhere as well.
    pub const fn merge(&mut self, other: Self) {
        self.mailbox = self.mailbox.saturating_add(other.mailbox);
        self.email = self.email.saturating_add(other.email);
    }

    /// As a person reads it.
    #[must_use]
    pub fn text(self) -> String {
        match (self.mailbox, self.email) {
            (0, 0) => format!("nothing in the last {FORM_HOURS} hours"),
            (mailbox, email) => format!("{mailbox} as mailbox names, {email} as addresses in the last {FORM_HOURS} hours"),
        }
    }
}

/// What was asked in the last [`FORM_HOURS`], and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forms {
    /// By directories.
    pub scim: FormCount,
    /// By sign-ins.
    pub sso: FormCount,
    /// What to do before the conversion, or after it, for people.
    pub warnings: Vec<String>,
}

impl Forms {
    /// Says what there is to be warned of when these user ids become those addresses. An undo brings back what is asked for.
    #[must_use]
    pub fn warn(mut self, kind: Kind, example: Option<(&str, &str)>) -> Self {
        if kind == Kind::Undo {
            return self;
        }
        let (old, new) = example.map_or_else(
            || ("mailbox names".to_owned(), "addresses".to_owned()),
            |(old, new)| (format!("user ids such as {old}"), new.to_owned()),
        );
        let share = |count: FormCount| format!("{} of {} in the last {FORM_HOURS} hours", count.mailbox, count.mailbox + count.email);
        if self.scim.mailbox > 0 {
            let share = share(self.scim);
            self.warnings
                .push(format!("your directory still sends {old}, not {new} ({share}): change the attribute mapping of userName first"));
        }
        if self.sso.mailbox > 0 {
            let share = share(self.sso);
            self.warnings.push(format!(
                "sign-ins still ask for {old}, not {new} ({share}): they go on working for as long as aliases live; let the identity provider send the address"
            ));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nobodys_user_id_has_no_form() {
        for nothing in ["", "  ", "5b6e4d3c-0a11-4f5e-9a7b-0f1e2d3c4b5a", "5B6E4D3C0A114F5E9A7B0F1E2D3C4B5A"] {
            assert_eq!(form_asked(nothing), None, "{nothing}");
        }
        assert_eq!(form_asked(" jdoe "), Some(Form::Mailbox));
        assert_eq!(form_asked("jdoe@acme.test"), Some(Form::Email));
    }

    #[test]
    fn hours_begin_on_the_hour() {
        assert_eq!([0, 1, HOUR_MS - 1, HOUR_MS, -1].map(hour_of), [0, 0, 0, HOUR_MS, -HOUR_MS]);
    }

    #[test]
    fn only_who_still_sends_the_old_form_is_warned() {
        let count = |mailbox, email| FormCount { mailbox, email };
        let forms = |scim, sso| Forms { scim, sso, warnings: Vec::new() };
        let example = Some(("jdoe", "jdoe@acme.com"));
        assert!(forms(count(0, 9), count(0, 9)).warn(Kind::Convert, example).warnings.is_empty());
        let warned = forms(count(3, 1), count(2, 0)).warn(Kind::Convert, example).warnings;
        assert!(warned[0].contains("your directory still sends user ids such as jdoe, not jdoe@acme.com (3 of 4 "), "{warned:?}");
        assert!(warned[0].contains("change the attribute mapping"), "{warned:?}");
        assert!(warned[1].contains("sign-ins still ask for user ids such as jdoe") && warned[1].contains("(2 of 2 "), "{warned:?}");
        assert_eq!(warned.len(), 2);
        assert_eq!(forms(count(0, 1), count(1, 0)).warn(Kind::Convert, None).warnings.len(), 1, "each for itself");
        assert!(forms(count(3, 1), count(2, 0)).warn(Kind::Undo, example).warnings.is_empty());
    }
}
