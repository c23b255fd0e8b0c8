//! What the next page says once: "The key was voided."
//!
//! It travels in a cookie of one minute, so that any gateway can show it and none has to remember it.

use super::cookie;
use crate::app::App;
use axum::{
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// How it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
}

impl Tone {
    const ALL: [Self; 3] = [Self::Good, Self::Warning, Self::Bad];

    /// The class in style sheet and cookie.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// The word for those who see no colour.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Good => "Done",
            Self::Warning => "Note",
            Self::Bad => "Not done",
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// Longer ones are cut: a cookie has 4 KB.
const TEXT_MAX: usize = 600;

impl Flash {
    /// The one the request brings.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let (tone, text) = cookie::get(headers, cookie::FLASH)?.split_once('.')?;
        let tone = Tone::ALL.into_iter().find(|known| known.as_str() == tone)?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        Some(Self { tone, text })
    }

    /// Sends it along.
    pub(crate) fn set(&self, app: &App, response: &mut Response) {
        let text: String = self.text.chars().take(TEXT_MAX).collect();
        cookie::set(app, response, cookie::FLASH, &format!("{}.{}", self.tone.as_str(), URL_SAFE_NO_PAD.encode(text)), Some(60));
    }
}

/// Forgets the message once a page has shown it.
pub(crate) fn clear_if_shown(parts: &Parts, response: &mut Response) {
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let part = parts.headers.contains_key("hx-request");
    if parts.method == Method::GET && is_page && !part && cookie::get(&parts.headers, cookie::FLASH).is_some() {
        let gone = HeaderValue::from_static("muster-flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_read_and_what_was_made_up_is_not() {
        let of = |value: &str| {
            let cookie = HeaderValue::try_from(format!("muster-flash={value}")).expect("a header");
            Flash::of(&HeaderMap::from_iter([(header::COOKIE, cookie)]))
        };
        let text = URL_SAFE_NO_PAD.encode("Käse; <b>");
        assert_eq!(of(&format!("good.{text}")), Some(Flash { tone: Tone::Good, text: "Käse; <b>".into() }));
        for odd in ["", "good", "great.eA", "good.!!", "good._w"] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
