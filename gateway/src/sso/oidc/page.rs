//! Pages for somebody who does not get in: what is the matter, and what to do. They load nothing.

use crate::{context::Context, reply};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::sso::Refusal;
use std::time::Duration;

/// Why somebody does not get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// There is no account, or it has no provider.
    Nowhere,
    /// The browser did not begin this sign-in, or did so too long ago.
    NotBegun,
    /// This sign-in has ended already.
    Used,
    /// The provider let nobody in.
    Denied,
    /// What the provider says cannot be believed.
    NotBelieved,
    /// The provider cannot be spoken to.
    Away,
    /// The provider does not say that it has asked the person again.
    NotAskedAgain,
    /// There were too many sign-ins.
    TooMany,
    /// Nobody may sign in with this identity.
    Refused(Refusal),
}

/// The page.
pub(super) fn problem(problem: Problem, context: &Context) -> Response {
    let (status, title, text) = words(problem);
    let request = context.request_id;
    // Every text here is ours: nothing of a request or a token is ever shown.
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1><p>{text}</p><p>If you ask somebody for help, name this request: <code>{request}</code></p></main></body></html>"
    );
    let mut response = reply::empty(status);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"),
    );
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    *response.body_mut() = Body::from(html);
    response
}

/// The same for somebody who comes too often.
pub(super) fn too_many(wait: Duration, context: &Context) -> Response {
    let mut response = problem(Problem::TooMany, context);
    // Rounded up: whoever comes back early is refused again.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// Its status, its title, and what to do.
pub(crate) const fn words(problem: Problem) -> (StatusCode, &'static str, &'static str) {
    match problem {
        Problem::Nowhere => {
            (StatusCode::NOT_FOUND, "Nothing here", "There is no sign-in at this address. Begin at the platform you want to use.")
        }
        Problem::NotBegun => (
            StatusCode::BAD_REQUEST,
            "Please begin again",
            "This sign-in was not begun in this browser, or too long ago. Begin again where you wanted to sign in.",
        ),
        Problem::Used => {
            (StatusCode::BAD_REQUEST, "Already used", "This sign-in has been used already. Begin again where you wanted to sign in.")
        }
        Problem::Denied => (
            StatusCode::FORBIDDEN,
            "Not signed in",
            "The sign-in was ended where you were to say who you are. Begin again, or ask your administrator whether you are assigned to this \
             application.",
        ),
        Problem::NotBelieved => (
            StatusCode::FORBIDDEN,
            "Not signed in",
            "What was said about you could not be checked. Begin again; if that does not help, your administrator should look at the sign-in \
             settings of this account.",
        ),
        Problem::Away => (
            StatusCode::BAD_GATEWAY,
            "Not now",
            "The service that says who you are does not answer. Try again in a moment; if that does not help, your administrator should look at the \
             sign-in settings of this account.",
        ),
        Problem::NotAskedAgain => (
            StatusCode::FORBIDDEN,
            "Not confirmed",
            "The service that says who you are was to ask you again just now, and does not say that it has (auth_time). Try once more; if that does not \
             help, ask for a one-time link and choose a password, which confirms as well.",
        ),
        Problem::TooMany => (
            StatusCode::TOO_MANY_REQUESTS,
            "Not now",
            "There are too many sign-ins at this moment, from where you are or to this account. Wait a minute, then begin again.",
        ),
        Problem::Refused(refusal) => (StatusCode::FORBIDDEN, "Not signed in", for_people(refusal)),
    }
}

/// A refusal, for the one it is about.
const fn for_people(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Unknown | Refusal::ForeignDomain => "There is no user for you here yet. Ask your administrator to make one.",
        Refusal::Disabled => "Your user is disabled. Ask your administrator.",
        Refusal::Ambiguous => "More than one user could be you, and nobody guesses. Your administrator has been told and can settle it.",
        Refusal::AnotherAddress | Refusal::NoAddress => {
            "The user who might be you has another e-mail address, or none. Your administrator has been told and can settle it."
        }
        Refusal::UnverifiedAddress => "Your e-mail address has not been verified where you signed in. Verify it there, then begin again.",
        Refusal::NoIdentity => {
            "You were signed in, but nothing says who you are here. Your administrator should look at the sign-in settings."
        }
    }
}
