//! Pages for whoever comes: signing in, one-time links, light and dark.

pub(super) mod link;
pub(super) mod sign_in;

use super::{
    cookie,
    page::Theme,
    problem::{Answer, Problem},
    provider,
    visit::{Request, redirect},
};
use axum::http::{HeaderMap, Method, header};
use muster_store::accounts::Account;

/// What comes before the token of a one-time link.
pub(crate) const LINK_PREFIX: &str = "/welcome/";

/// One of these pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open<'p> {
    SignIn,
    /// With the account's provider.
    Provider,
    /// With its token.
    Link(&'p str),
    Theme,
}

/// The open page at this address.
pub(crate) fn find(path: &str) -> Option<Open<'_>> {
    match path {
        "/sign-in" => Some(Open::SignIn),
        "/sign-in/provider" => Some(Open::Provider),
        "/theme" => Some(Open::Theme),
        _ => path.strip_prefix(LINK_PREFIX).filter(|token| !token.is_empty() && !token.contains('/')).map(Open::Link),
    }
}

/// Answers.
pub(crate) async fn answer(page: Open<'_>, request: &Request<'_>) -> Answer {
    let is_post = request.parts.method == Method::POST;
    match page {
        Open::SignIn if is_post => sign_in::submit(request).await,
        Open::SignIn => sign_in::show(request).await,
        Open::Provider if is_post => Err(Problem::MethodNotAllowed("GET".to_owned())),
        Open::Provider => provider::begin_sign_in(request).await,
        Open::Link(token) if is_post => link::submit(request, token).await,
        Open::Link(token) => link::show(request, token).await,
        Open::Theme if is_post => Ok(theme(request)),
        Open::Theme => Err(Problem::MethodNotAllowed("POST".to_owned())),
    }
}

/// Keeps the choice for a year, and goes back.
fn theme(request: &Request<'_>) -> axum::response::Response {
    let wanted = request.form.text("theme");
    let theme = Theme::ALL.into_iter().find(|theme| theme.as_str() == wanted).unwrap_or_default();
    let mut response = redirect(within(request.form.text("back")));
    cookie::set(request.app, &mut response, cookie::THEME, theme.as_str(), Some(365 * 24 * 60 * 60));
    response
}

/// The account somebody wants to sign in to: the one nothing has to be said for, or the one with this slug.
pub(super) fn account<'a>(accounts: &'a [Account], headers: &HeaderMap, slug: &str) -> Option<&'a Account> {
    decided(accounts, headers).or_else(|| accounts.iter().find(|account| account.slug == slug))
}

/// The account, when there is no choice: the one whose host this is, or the only one.
fn decided<'a>(accounts: &'a [Account], headers: &HeaderMap) -> Option<&'a Account> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let of_host = accounts
        .iter()
        .find(|account| account.host.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(host) || own.eq_ignore_ascii_case(name)));
    of_host.or(if let [only] = accounts { Some(only) } else { None })
}

/// An address somebody sent, if it is one of ours; the home page if it is not. `//evil` and `/\evil` are other hosts to a browser.
pub(super) fn within(address: &str) -> &str {
    let odd = |c: char| c.is_control() || c == '\\' || c.is_whitespace();
    let ours = address.starts_with('/') && !address.starts_with("//") && !address.contains(odd) && address.len() < 2_000;
    if ours { address } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ours_are_gone_back_to() {
        for ours in ["/", "/users?after=1", "/configuration/auth/scim#key"] {
            assert_eq!(within(ours), ours);
        }
        for other in
            ["", "users", "//evil.test", "/\\evil.test", "https://evil.test", "/\tevil", "/ /evil", "javascript:alert(1)", "/a\r\nb"]
        {
            assert_eq!(within(other), "/", "{other:?}");
        }
    }

    #[test]
    fn the_open_pages_are_these() {
        assert_eq!(find("/welcome/abc"), Some(Open::Link("abc")));
        for none in ["/welcome", "/welcome/", "/welcome/a/b", "/", "/sign-in/"] {
            assert_eq!(find(none), None, "{none}");
        }
    }
}
