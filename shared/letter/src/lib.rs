//! What mails say and how they look: from facts to subject, plain text and HTML.
//!
//! ```text
//! facts (Content) ──> compose: the wording ──> letter: two templates ──> text and HTML, each with all of it
//! ```
//!
//! Pure: no I/O, no clock. The worker sends what this makes, and the console shows it, with facts from [`sample`] when there are none.

mod compose;
mod letter;
pub mod sample;
#[cfg(test)]
mod tests;

pub use compose::Setting;
pub use letter::one_line;

use muster_domain::notify::Content;

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worded {
    /// The subject, the name of the account before it.
    pub subject: String,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Words a mail.
#[must_use]
pub fn word(content: &Content, setting: &Setting) -> Worded {
    let (letter, footer) = (compose::compose(content, setting), compose::footer(setting));
    Worded {
        subject: format!("[Muster][{}] {}", setting.account, letter.subject),
        severity: letter.tone.severity(),
        text: letter.text(&footer, &setting.account),
        html: letter.html(&footer, &setting.account),
    }
}

/// What a mail is about, in a line: its subject without the name of the account.
#[must_use]
pub fn subject(content: &Content, setting: &Setting) -> String {
    compose::compose(content, setting).subject
}
