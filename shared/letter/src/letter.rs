//! A letter: what every mail is made of, before it is text or HTML.
//!
//! What is said is decided in `compose`, how it looks in two templates. Both templates show all of a letter, so the plain text is never
//! the poorer of the two.

use askama::Template;

/// The colour of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Bad,
    Warning,
    Good,
    Neutral,
}

impl Tone {
    /// The class in the HTML template.
    const fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Warning => "warning",
            Self::Good => "good",
            Self::Neutral => "neutral",
        }
    }

    /// The same for programs that ignore style sheets; dark enough for white text on it.
    const fn colour(self) -> &'static str {
        match self {
            Self::Bad => "#b3261e",
            Self::Warning => "#8a5300",
            Self::Good => "#1b6e3c",
            Self::Neutral => "#1f5fa8",
        }
    }

    /// The word in `X-Muster-Severity`.
    pub(crate) const fn severity(self) -> &'static str {
        match self {
            Self::Bad => "error",
            Self::Warning => "warning",
            Self::Good | Self::Neutral => "info",
        }
    }
}

/// Everything one mail says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Letter {
    /// The subject without the name of the account; about one incident, all but its first word is always the same.
    pub subject: String,
    pub tone: Tone,
    /// The state in one or two words.
    pub badge: &'static str,
    pub heading: String,
    /// What happened, in one sentence.
    pub lead: String,
    pub facts: Vec<Fact>,
    pub table: Option<Table>,
    pub sections: Vec<Section>,
    pub actions: Vec<Action>,
}

/// A figure with its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// A few rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub caption: String,
    pub columns: [&'static str; 3],
    pub rows: Vec<Row>,
    /// What is not in it.
    pub more: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub cells: [String; 3],
}

impl Row {
    /// The row as a sentence.
    fn line(&self) -> String {
        let [what, about, when] = &self.cells;
        if about.is_empty() { format!("{what} ({when})") } else { format!("{what}: {about} ({when})") }
    }
}

/// A heading with what is to be read or done under it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Section {
    pub heading: &'static str,
    pub text: Option<String>,
    pub steps: Vec<String>,
}

impl Section {
    pub(crate) fn text(heading: &'static str, text: impl Into<String>) -> Self {
        Self { heading, text: Some(text.into()), steps: Vec::new() }
    }
}

/// What to do: the page where it is done, and the command that does it. Neither holds a secret: a page asks who comes, and a command works
/// only where the service runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Action {
    pub label: &'static str,
    pub page: String,
    pub command: String,
}

/// Why the reader gets the mail, and the page and the command that show who gets any.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Footer {
    pub why: String,
    pub page: String,
    pub change: String,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    footer: &'a Footer,
    account: &'a str,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct Text<'a> {
    letter: &'a Letter,
    footer: &'a Footer,
    account: &'a str,
}

impl Letter {
    /// The HTML part.
    pub(crate) fn html(&self, footer: &Footer, account: &str) -> String {
        Html { letter: self, footer, account }.render().expect("writing into a string cannot fail")
    }

    /// The plain part.
    pub(crate) fn text(&self, footer: &Footer, account: &str) -> String {
        let text = Text { letter: self, footer, account }.render().expect("writing into a string cannot fail");
        let mut out = String::with_capacity(text.len());
        for line in text.trim().lines() {
            // The templates leave several empty lines where something optional is not there.
            if !line.trim().is_empty() || !out.ends_with("\n\n") {
                // "-- " keeps its space: it is how programs know where the signature begins.
                out.push_str(if line == "-- " { line } else { line.trim_end() });
                out.push('\n');
            }
        }
        out
    }

    /// With every text in it on one line of bounded length: names come from directories, and must neither forge a line of the mail
    /// nor make it larger than readers take.
    pub(crate) fn tidied(mut self) -> Self {
        let tidy = |text: &mut String| *text = one_line(text);
        tidy(&mut self.subject);
        tidy(&mut self.heading);
        tidy(&mut self.lead);
        self.facts.iter_mut().for_each(|fact| tidy(&mut fact.value));
        if let Some(table) = &mut self.table {
            tidy(&mut table.caption);
            table.rows.iter_mut().flat_map(|row| &mut row.cells).for_each(tidy);
        }
        for section in &mut self.sections {
            section.text.iter_mut().chain(&mut section.steps).for_each(tidy);
        }
        self
    }
}

/// Without line ends, tabs and control characters (those that change the direction of writing among them), and of bounded length.
#[must_use]
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 500;
    let direction = |char: char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separator = |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}');
    let clean: String = text.chars().filter(|char| !direction(*char)).map(|char| if separator(char) { ' ' } else { char }).collect();
    if clean.chars().count() <= LONGEST {
        return clean;
    }
    clean.chars().take(LONGEST - 1).chain(['\u{2026}']).collect()
}

/// What the templates use.
mod filters {
    const WIDTH: usize = 74;

    /// Breaks text into lines of at most 74 characters, each after the first behind `indent` spaces. Longer words (addresses) stay whole.
    #[askama::filter_fn]
    pub(super) fn wrap(text: impl std::fmt::Display, _: &dyn askama::Values, indent: usize) -> askama::Result<String> {
        let text = text.to_string();
        let mut out = String::new();
        let mut column = indent;
        for (nth, word) in text.split_whitespace().enumerate() {
            let length = word.chars().count();
            if nth > 0 && column + 1 + length > WIDTH {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if nth > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
        Ok(out)
    }
}
