//! What goes wrong with a page, and the page that says so.

use super::{
    assets,
    fields::Fields,
    flash::{Flash, Tone},
    page::Theme,
    viewer::Right,
    visit::{html, redirect},
};
use crate::{app::App, context::Context, media, refusal::Refusal};
use askama::Template;
use axum::{
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// What a page's function returns.
pub(crate) type Answer = Result<Response, Problem>;

/// Why a page is not shown, or a form not carried out.
#[derive(Debug)]
pub(crate) enum Problem {
    /// Nobody is signed in: to the page where one does, and back.
    SignedOut {
        next: String,
    },
    /// The same for a stream, which cannot be sent elsewhere.
    StreamOver,
    /// The viewer lacks this right.
    Forbidden(Right),
    /// The form does not come from a page of ours.
    Forged,
    NotFound,
    /// The link is about another account than the viewer's.
    OtherAccount {
        asked: String,
        own: String,
    },
    /// A one-time link that was used, is too old, or never was one.
    LinkOver,
    /// The methods that are.
    MethodNotAllowed(String),
    /// The form cannot be understood; what is wrong with it.
    Bad(String),
    /// Too many attempts.
    TooMany(Duration),
    /// The account's provider lets nobody in: what is the matter, what to do, and the page to do it on.
    Provider {
        status: StatusCode,
        title: &'static str,
        text: String,
        onward: String,
    },
    /// To this page, which says why.
    Back {
        to: String,
        why: String,
    },
    /// Everything else.
    Refused(Refusal),
}

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage {
    theme: Theme,
    title: &'static str,
    text: String,
    request_id: Option<String>,
    /// Where it goes on.
    onward: String,
}

impl ProblemPage {
    fn asset(&self, name: &str) -> &'static str {
        assets::href(name)
    }
}

impl Problem {
    /// Nobody is signed in. Only a page can be come back to; a form is gone.
    pub(crate) fn signed_out(parts: &Parts) -> Self {
        if media::named(&parts.headers, &["text/event-stream"]) {
            return Self::StreamOver;
        }
        let at = parts.uri.path_and_query().map_or("/", |address| address.as_str());
        Self::SignedOut { next: if parts.method == Method::GET && at != "/" { at.to_owned() } else { String::new() } }
    }

    /// Back to a page, which says why.
    pub(crate) fn back(to: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Back { to: to.into(), why: why.into() }
    }

    /// The response.
    pub(crate) fn into_response(self, app: &App, parts: &Parts, context: &Context) -> Response {
        let (status, title, text): (_, _, String) = match self {
            Self::SignedOut { next } if next.is_empty() => return redirect("/sign-in"),
            Self::SignedOut { next } => return redirect(&sign_in(&next, parts)),
            Self::StreamOver => return crate::reply::empty(StatusCode::UNAUTHORIZED),
            Self::Back { to, why } => {
                let mut response = redirect(&to);
                Flash { tone: Tone::Bad, text: why }.set(app, &mut response);
                return response;
            }
            Self::Forbidden(right) => {
                (StatusCode::FORBIDDEN, "Not for you", format!("This is for {}. Ask one of the administrators.", right.who()))
            }
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "Form not accepted",
                "The form did not come from a page of this console, or the page was too old. Go back, reload the page and try again.".to_owned(),
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "Nothing here", "There is no page at this address.".to_owned()),
            Self::OtherAccount { asked, own } => (
                StatusCode::NOT_FOUND,
                "Of another account",
                format!(
                    "This link is about the account {asked}, and you are signed in to {own}. Sign out there first (Your profile), then \
                     follow the link again."
                ),
            ),
            Self::LinkOver => (
                StatusCode::GONE,
                "This link does not work",
                "It was used, or a newer one was made, or it is older than a day. If you have a password, sign in. If not, whoever runs the \
                 service makes a new link with `muster console link`."
                    .to_owned(),
            ),
            Self::MethodNotAllowed(allow) => {
                let mut response = page(StatusCode::METHOD_NOT_ALLOWED, "Not like this", format!("This address takes {allow}."), parts, None);
                if let Ok(allow) = HeaderValue::try_from(allow) {
                    response.headers_mut().insert(header::ALLOW, allow);
                }
                return response;
            }
            Self::Bad(why) => (StatusCode::BAD_REQUEST, "Form not understood", why),
            Self::TooMany(wait) => {
                let seconds = wait.as_secs().max(1);
                let text = format!("There were too many attempts. Try again in {} minutes.", seconds.div_ceil(60));
                let mut response = page(StatusCode::TOO_MANY_REQUESTS, "Too many attempts", text, parts, None);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                return response;
            }
            Self::Provider { status, title, text, onward } => {
                let request_id = Some(context.request_id.to_string());
                return page_leading(status, title, text, parts, request_id, onward);
            }
            Self::Refused(refusal) => return refused(refusal, parts, context),
        };
        page(status, title, text, parts, None)
    }
}

/// Where one signs in to come to a page; to the account the page's link names, if it names one.
fn sign_in(next: &str, parts: &Parts) -> String {
    let query = Fields::parse(parts.uri.query().unwrap_or_default());
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    match query.text("account") {
        "" => format!("/sign-in?next={}", encoded(next)),
        account => format!("/sign-in?account={}&next={}", encoded(account), encoded(next)),
    }
}

/// What the rest of the gateway refuses: the cause goes to its log there, and its words for the client onto a page here.
fn refused(refusal: Refusal, parts: &Parts, context: &Context) -> Response {
    let reason = match &refusal {
        Refusal::Scim(error) if error.status < 500 => Some(error.detail.clone()),
        _ => None,
    };
    let plain = refusal.into_response(context);
    let (title, text) = match (reason, plain.status()) {
        (Some(reason), _) => ("Not possible", reason),
        (None, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => {
            ("Not at this moment", "The service cannot do this now. Nothing was changed; try again in a few seconds.".to_owned())
        }
        (None, _) => ("Something went wrong", "The fault is ours. The log has the cause under this request id.".to_owned()),
    };
    let status = plain.status();
    let mut response = page(status, title, text, parts, status.is_server_error().then(|| context.request_id.to_string()));
    if let Some(wait) = plain.headers().get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

fn page(status: StatusCode, title: &'static str, text: String, parts: &Parts, request_id: Option<String>) -> Response {
    page_leading(status, title, text, parts, request_id, "/".to_owned())
}

fn page_leading(
    status: StatusCode,
    title: &'static str,
    text: String,
    parts: &Parts,
    request_id: Option<String>,
    onward: String,
) -> Response {
    let page = ProblemPage { theme: Theme::of(&parts.headers), title, text, request_id, onward };
    // The template has no part that can fail; if it did, the status alone would have to do.
    html(status, &page).unwrap_or_else(|_| crate::reply::empty(status))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<muster_scim::ScimError> for Problem {
    fn from(error: muster_scim::ScimError) -> Self {
        Self::Refused(error.into())
    }
}
