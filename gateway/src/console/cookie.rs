//! Cookies of the console.
//!
//! Where the service is reached by TLS, the session's has the prefix `__Host-`: a browser then takes it from this very host only, and
//! never sends it in clear.

use crate::app::App;
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use muster_domain::SessionToken;

/// Light or dark.
pub(crate) const THEME: &str = "muster-theme";
/// Whether single keys do something.
pub(crate) const KEYS: &str = "muster-keys";
/// They do not.
pub(crate) const KEYS_OFF: &str = "off";
/// What the next page says once.
pub(crate) const FLASH: &str = "muster-flash";
const SESSION: &str = "muster-session";
const SESSION_TLS: &str = "__Host-muster-session";

/// The value of a cookie. One that is there twice counts as absent: somebody has put a second one beside ours.
pub(crate) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(found, _)| *found == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// The session's token, if it is one of ours.
pub(crate) fn session(app: &App, headers: &HeaderMap) -> Option<SessionToken> {
    SessionToken::parse(get(headers, session_name(app))?)
}

/// Keeps the session in the browser until it is closed; how long it lasts at most is for the database to say.
pub(crate) fn set_session(app: &App, response: &mut Response, token: &SessionToken) {
    set(app, response, session_name(app), token.reveal(), None);
}

/// Forgets the session.
pub(crate) fn clear_session(app: &App, response: &mut Response) {
    set(app, response, session_name(app), "", Some(0));
}

/// Adds a cookie that scripts cannot read and other sites cannot have sent with their forms.
pub(crate) fn set(app: &App, response: &mut Response, name: &str, value: &str, max_age_s: Option<u32>) {
    let secure = if is_tls(app) { "; Secure" } else { "" };
    let age = max_age_s.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
    if let Ok(cookie) = HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Whether browsers reach the service by TLS.
pub(crate) fn is_tls(app: &App) -> bool {
    app.settings.public_url.starts_with("https://")
}

fn session_name(app: &App) -> &'static str {
    if is_tls(app) { SESSION_TLS } else { SESSION }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_not_when_it_is_there_twice() {
        let headers = |text: &'static str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
        assert_eq!(get(&headers("a=1; muster-theme=dark;b=2"), THEME), Some("dark"));
        assert_eq!(get(&headers("xmuster-theme=dark"), THEME), None);
        assert_eq!(get(&headers("muster-theme=dark; muster-theme=light"), THEME), None);
    }
}
