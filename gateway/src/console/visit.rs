//! One request to the console, as its page sees it.

use super::{
    fields::Fields,
    flash::{Flash, Tone},
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    viewer::Viewer,
};
use crate::{app::App, context::Context, refusal::Refusal, reply};
use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use muster_domain::{AccountId, account_url};
use muster_store::{
    Store,
    console::audit::{self, Author, Entry as AuditEntry},
};
use std::{borrow::Cow, net::IpAddr, ops::Deref, sync::Arc};
use uuid::Uuid;

/// What is known of a request before anybody is known.
pub(crate) struct Request<'a> {
    pub(crate) app: &'a Arc<App>,
    pub(crate) parts: &'a Parts,
    pub(crate) context: &'a Context,
    pub(crate) peer: IpAddr,
    /// The query of the address, decoded.
    pub(crate) query: Fields,
    /// The form of a POST, decoded; it came from a page of ours.
    pub(crate) form: Fields,
    /// What stands in the place of the braces of the route's path.
    pub(crate) names: Vec<&'a str>,
}

/// A request of somebody who is signed in and may be here.
pub(crate) struct Visit<'a> {
    pub(crate) request: Request<'a>,
    pub(crate) viewer: Viewer,
}

impl<'a> Deref for Visit<'a> {
    type Target = Request<'a>;

    fn deref(&self) -> &Request<'a> {
        &self.request
    }
}

impl Request<'_> {
    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    /// A read of the database, with an end. Every error becomes the page that says so.
    ///
    /// # Errors
    /// When the database does not answer, or refuses.
    pub(crate) async fn read<T, E: Into<Refusal>>(&self, query: impl Future<Output = Result<T, E>>) -> Result<T, Problem> {
        Ok(self.app.read(query).await?)
    }

    /// What stands in the place of the `nth` braces of the route's path, as it stands in the address.
    pub(crate) fn name(&self, nth: usize) -> &str {
        self.names.get(nth).copied().unwrap_or_default()
    }

    /// The same as an id.
    ///
    /// # Errors
    /// 404: what is no id names nothing.
    pub(crate) fn id(&self, nth: usize) -> Result<Uuid, Problem> {
        Uuid::try_parse(self.name(nth)).map_err(|_| Problem::NotFound)
    }

    /// What the browser calls itself.
    pub(crate) fn agent(&self) -> &str {
        self.parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
    }

    /// A page, or a part of one.
    ///
    /// # Errors
    /// When the template cannot be rendered: a fault of ours.
    pub(crate) fn html(&self, template: &impl Template) -> Answer {
        html(StatusCode::OK, template)
    }
}

impl Visit<'_> {
    /// The account everything is about.
    pub(crate) fn account(&self) -> AccountId {
        self.viewer.account
    }

    /// What the layout needs to know; every template that extends it has it as its field `page`.
    pub(crate) fn page(&self, entry: Entry, title: impl Into<Cow<'static, str>>) -> Page {
        Page::new(self, entry, title.into())
    }

    /// To another page, after a form: 303, so that going back or reloading sends nothing again.
    pub(crate) fn redirect(&self, to: &str) -> Answer {
        Ok(redirect(to))
    }

    /// The same, with something that page shows once.
    pub(crate) fn redirect_saying(&self, to: &str, tone: Tone, text: impl Into<String>) -> Answer {
        let mut response = redirect(to);
        Flash { tone, text: text.into() }.set(self.app, &mut response);
        Ok(response)
    }

    /// The address of the viewer's account, without a slash at the end.
    pub(crate) fn account_url(&self) -> String {
        account_url(&self.app.settings.public_url, self.viewer.account_host.as_deref())
    }

    /// An entry of the audit log: who does what to whom, from where.
    pub(crate) fn audit_entry(&self, action: &'static str, target: impl Into<String>) -> AuditEntry {
        self.author().entry(action, target, "")
    }

    /// Who acts, for the audit log.
    pub(crate) fn author(&self) -> Author {
        Author { user: Some(self.viewer.user), name: self.viewer.user_id.clone(), peer: self.peer.to_string() }
    }

    /// Writes down that it was done.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn audit(&self, action: &'static str, target: impl Into<String>) -> Result<(), Problem> {
        let entry = self.audit_entry(action, target);
        self.read(audit::append(self.store(), self.account(), &entry)).await
    }
}

/// A page of this status.
///
/// # Errors
/// When the template cannot be rendered.
pub(crate) fn html(status: StatusCode, template: &impl Template) -> Answer {
    let text = template.render().map_err(|error| Problem::from(Refusal::internal(error)))?;
    let mut response = reply::empty(status);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    *response.body_mut() = Body::from(text);
    Ok(response)
}

/// 303 to an address of ours.
pub(crate) fn redirect(to: &str) -> Response {
    let mut response = reply::empty(StatusCode::SEE_OTHER);
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}
