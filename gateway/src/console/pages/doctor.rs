//! Diagnostics: the checks of `muster doctor` that a running gateway can make, under the same codes.

use super::{
    checks,
    show::{self, State},
};
use crate::console::{nav::Entry, page::Page, problem::Answer, visit::Visit};
use askama::Template;

#[derive(Template)]
#[template(path = "console/pages/doctor.html")]
struct DoctorPage {
    page: Page,
    version: &'static str,
    worst: State,
    checks: Vec<Check>,
}

/// How one check came out; later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) verdict: Verdict,
    /// What was found.
    pub(super) fact: String,
    /// What to do about it; empty when it is well.
    pub(super) remedy: String,
}

impl Verdict {
    /// As the page shows it.
    pub(super) const fn state(self) -> State {
        match self {
            Self::Ok => show::state("good", "Well"),
            Self::Warn => show::state("warning", "Look at it"),
            Self::Fail => show::state("bad", "Mend it"),
        }
    }
}

impl Check {
    pub(super) fn ok(code: &'static str, name: &'static str, fact: impl Into<String>) -> Self {
        Self { code, name, verdict: Verdict::Ok, fact: fact.into(), remedy: String::new() }
    }

    pub(super) fn warn(code: &'static str, name: &'static str, fact: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, name, verdict: Verdict::Warn, fact: fact.into(), remedy: remedy.into() }
    }

    pub(super) fn fail(code: &'static str, name: &'static str, fact: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, name, verdict: Verdict::Fail, fact: fact.into(), remedy: remedy.into() }
    }
}

/// `GET /system/doctor`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let (app, account) = (visit.app, visit.account());
    let (database, queue, key) = tokio::join!(checks::database(app), checks::queue(app), checks::key(app, account));
    let mut all = database;
    all.extend(queue);
    all.push(checks::public_url(&app.settings.public_url));
    all.push(key);
    all.sort_by_key(|check| check.code);
    visit.html(&DoctorPage {
        page: visit.page(Entry::Doctor, "Diagnostics"),
        version: app.settings.version,
        worst: all.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Ok).state(),
        checks: all,
    })
}
