//! Mails as they look, before anything has happened: the real words and templates, with facts made up.

use crate::console::{
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    visit::Visit,
};
use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
};
use muster_domain::notify::Content;
use muster_letter::{Setting, Worded, sample, word};

/// The HTML part is a document of its own: style sheet inline, as mail has it, and nothing else. In a sandbox, so that whatever a mail could
/// hold does nothing here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox";

#[derive(Template)]
#[template(path = "console/pages/mail_previews.html")]
struct Previews {
    page: Page,
    /// Names and subjects.
    mails: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "console/pages/mail_preview.html")]
struct Preview {
    page: Page,
    name: &'static str,
    mail: Worded,
}

/// `GET /configuration/notifications/preview`
pub(super) async fn list(visit: &Visit<'_>) -> Answer {
    let setting = setting(visit);
    let mails = sample::every_kind().into_iter().map(|(name, content)| (name, word(&content, &setting).subject)).collect();
    visit.html(&Previews { page: visit.page(Entry::Notifications, "Mails as they look"), mails })
}

/// `GET /configuration/notifications/preview/{name}`
pub(super) async fn show(visit: &Visit<'_>) -> Answer {
    let (name, content) = find(visit.name(0))?;
    let mail = word(&content, &setting(visit));
    visit.html(&Preview { page: visit.page(Entry::Notifications, "Mail as it looks"), name, mail })
}

/// `GET /configuration/notifications/preview/{name}/html`
pub(super) async fn html(visit: &Visit<'_>) -> Answer {
    let (_, content) = find(visit.name(0))?;
    let mut response = crate::reply::empty(StatusCode::OK);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    *response.body_mut() = Body::from(word(&content, &setting(visit)).html);
    Ok(response)
}

fn find(name: &str) -> Result<(&'static str, Content), Problem> {
    sample::every_kind().into_iter().find(|(known, _)| *known == name).ok_or(Problem::NotFound)
}

/// As somebody on the account's list would read it.
fn setting(visit: &Visit<'_>) -> Setting {
    Setting {
        account: visit.viewer.account_slug.clone(),
        public_url: visit.app.settings.public_url.trim_end_matches('/').to_owned(),
        console_url: visit.account_url(),
        zone: jiff::tz::TimeZone::UTC,
        by_default: false,
    }
}
