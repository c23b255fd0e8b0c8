//! Media types: what a request may be written in, and what its answer is written in.
//!
//! Accepting is generous (a missing type is fine: the probes of some clients send none), answering is strict: everything is
//! `application/scim+json`, errors included, unless the client asked for `application/json` and nothing else. `Accept` is never
//! a reason to refuse.

use crate::refusal::Refusal;
use axum::http::{HeaderMap, HeaderValue, header};
use muster_scim::ScimError;

/// What an answer is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    ScimJson,
    Json,
}

impl Media {
    /// What the client asked for.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let mut json = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',') {
                match essence(range) {
                    range if range.eq_ignore_ascii_case("application/json") => json = true,
                    "*/*" => return Self::ScimJson,
                    range if range.eq_ignore_ascii_case("application/scim+json") || range.eq_ignore_ascii_case("application/*") => {
                        return Self::ScimJson;
                    }
                    _ => {}
                }
            }
        }
        if json { Self::Json } else { Self::ScimJson }
    }

    pub(crate) const fn header(self) -> HeaderValue {
        match self {
            Self::ScimJson => HeaderValue::from_static("application/scim+json"),
            Self::Json => HeaderValue::from_static("application/json"),
        }
    }
}

/// The forms of ours.
pub(crate) const JSON: [&str; 2] = ["application/scim+json", "application/json"];

/// Whether the client names one of these forms as one that it wants its answer in. `*/*` is what libraries send unasked.
pub(crate) fn named(headers: &HeaderMap, forms: &[&str]) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().flat_map(|value| value.to_str().unwrap_or_default().split(','));
    ranges.map(essence).any(|range| forms.iter().any(|form| range.eq_ignore_ascii_case(form)))
}

/// Whether the body can be read at all.
///
/// # Errors
/// 415, saying what to send.
pub(crate) fn check_request(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if !encodings.all(|value| value.to_str().is_ok_and(|text| text.trim().is_empty() || text.trim().eq_ignore_ascii_case("identity"))) {
        return Err(unsupported("compressed bodies are not accepted: send the body without Content-Encoding"));
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("?");
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if !(essence.is_empty() || essence.eq_ignore_ascii_case("application/scim+json") || essence.eq_ignore_ascii_case("application/json")) {
        return Err(unsupported("send Content-Type: application/scim+json (or application/json)"));
    }
    let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    match charset.map(|(_, value)| value.trim().trim_matches('"')) {
        Some(name) if !name.eq_ignore_ascii_case("utf-8") && !name.eq_ignore_ascii_case("utf8") => {
            Err(unsupported("send the body in UTF-8: Content-Type: application/scim+json; charset=utf-8"))
        }
        _ => Ok(()),
    }
}

fn essence(range: &str) -> &str {
    range.split(';').next().unwrap_or_default().trim()
}

fn unsupported(detail: &str) -> Refusal {
    Refusal::Scim(ScimError { status: 415, scim_type: None, detail: detail.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &'static str) -> Media {
        Media::wanted(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
    }

    fn accepts(content_type: &'static str) -> bool {
        check_request(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))])).is_ok()
    }

    #[test]
    fn json_is_answered_only_to_those_who_want_nothing_else() {
        assert_eq!(wanted("application/json"), Media::Json);
        assert_eq!(wanted("Application/JSON; charset=utf-8, text/plain"), Media::Json);
        for accept in ["*/*", "application/json, */*;q=0.1", "application/scim+json, application/json", "text/html", "", "nonsense"] {
            assert_eq!(wanted(accept), Media::ScimJson, "{accept}");
        }
        assert_eq!(Media::wanted(&HeaderMap::new()), Media::ScimJson);
    }

    #[test]
    fn only_a_form_of_ours_counts_as_named() {
        let named = |accept| named(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]), &JSON);
        for accept in ["application/json", "Application/SCIM+JSON; charset=utf-8", "text/html, application/json;q=0.1"] {
            assert!(named(accept), "{accept}");
        }
        for accept in ["*/*", "application/*", "text/html", "", "application/jsonp"] {
            assert!(!named(accept), "{accept}");
        }
        assert!(!super::named(&HeaderMap::new(), &JSON));
    }

    #[test]
    fn json_in_utf8_is_accepted_and_nothing_else() {
        for good in [
            "application/scim+json",
            "application/json;charset=UTF-8",
            "Application/SCIM+JSON; charset=\"utf-8\"",
            "application/json; odata=verbose",
            "",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["text/plain", "application/xml", "application/json; charset=utf-16", "application/x-www-form-urlencoded"] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(check_request(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn compressed_bodies_are_refused() {
        let with = |encoding| check_request(&HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static(encoding))]));
        assert!(with("gzip").is_err());
        assert!(with("identity").is_ok());
    }
}
