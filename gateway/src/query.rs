//! The query string of a SCIM request.
//!
//! Only the parameters we know are decoded; others are ignored, because feature flags of clients ride in the tenant URL
//! (`?aadOptscim062020`). A parameter we know given twice is refused: guessing which filter was meant can link a directory's
//! user to the wrong person.

use muster_scim::{ScimError, ScimType};
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// No list is longer: what JavaScript's numbers hold exactly.
const START_MAX: u64 = (1 << 53) - 1;

/// The parameters of RFC 7644 §3.4.2 and §3.9, decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query<'a> {
    pub(crate) filter: Option<Cow<'a, str>>,
    pub(crate) attributes: Option<Cow<'a, str>>,
    pub(crate) excluded: Option<Cow<'a, str>>,
    pub(crate) sort_by: Option<Cow<'a, str>>,
    pub(crate) sort_order: Option<Cow<'a, str>>,
    /// Empty asks for the first page.
    pub(crate) cursor: Option<Cow<'a, str>>,
    start_index: Option<Cow<'a, str>>,
    count: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    /// Reads a query string as HTML forms and Entra ID write it: `+` is a space, `%XX` a byte.
    ///
    /// # Errors
    /// `invalidValue`, naming a parameter that is given twice or is not UTF-8; `invalidFilter` for the filter.
    pub(crate) fn parse(raw: Option<&'a str>) -> Result<Self, ScimError> {
        let mut query = Self::default();
        for pair in raw.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some((slot, name)) = query.slot(name) else { continue };
            if slot.is_some() {
                return Err(refuse(name, "is given more than once"));
            }
            *slot = Some(decode(value).ok_or_else(|| refuse(name, "is not valid percent-encoded UTF-8"))?);
        }
        Ok(query)
    }

    fn slot(&mut self, name: &str) -> Option<(&mut Option<Cow<'a, str>>, &'static str)> {
        // A name longer than ours cannot match; most requests have no query at all.
        match name {
            _ if name.eq_ignore_ascii_case("filter") => Some((&mut self.filter, "filter")),
            _ if name.eq_ignore_ascii_case("attributes") => Some((&mut self.attributes, "attributes")),
            _ if name.eq_ignore_ascii_case("excludedAttributes") => Some((&mut self.excluded, "excludedAttributes")),
            _ if name.eq_ignore_ascii_case("sortBy") => Some((&mut self.sort_by, "sortBy")),
            _ if name.eq_ignore_ascii_case("sortOrder") => Some((&mut self.sort_order, "sortOrder")),
            _ if name.eq_ignore_ascii_case("cursor") => Some((&mut self.cursor, "cursor")),
            _ if name.eq_ignore_ascii_case("startIndex") => Some((&mut self.start_index, "startIndex")),
            _ if name.eq_ignore_ascii_case("count") => Some((&mut self.count, "count")),
            _ => None,
        }
    }

    /// The 1-based index of the first resource of the page; anything below 1 is 1.
    pub(crate) fn start_index(&self) -> Result<u64, ScimError> {
        Ok(number("startIndex", self.start_index.as_deref())?.unwrap_or(1).clamp(1, START_MAX))
    }

    /// How many resources a page by cursor may have, if the client says; anything below 0 is 0 (RFC 9865 §2.1).
    ///
    /// # Errors
    /// `invalidCount` above `max`: a page that is silently shorter than the first one asked for would look like the last.
    pub(crate) fn cursor_count(&self, max: u64) -> Result<Option<u64>, ScimError> {
        let refuse = |why: String| ScimError::bad_request(ScimType::InvalidCount, why);
        match number("count", self.count.as_deref()).map_err(|error| refuse(error.detail))? {
            Some(count) if count > max => Err(refuse(format!("count must not be more than {max} with a cursor"))),
            count => Ok(count),
        }
    }

    /// How many resources the page may have; anything below 0 is 0.
    pub(crate) fn count(&self, default: u64, max: u64) -> Result<u64, ScimError> {
        Ok(number("count", self.count.as_deref())?.unwrap_or(default).min(max))
    }
}

/// A whole number, negative ones as 0, ones too large as the largest.
fn number(name: &str, text: Option<&str>) -> Result<Option<u64>, ScimError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refuse(name, "must be a whole number"));
    }
    Ok(Some(if text.starts_with('-') { 0 } else { digits.parse().unwrap_or(u64::MAX) }))
}

fn refuse(name: &str, reason: &str) -> ScimError {
    let scim_type = if name == "filter" { ScimType::InvalidFilter } else { ScimType::InvalidValue };
    ScimError::bad_request(scim_type, format!("query parameter `{name}` {reason}"))
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    let decoded = String::from_utf8(percent_decode(&spaced).collect()).ok()?;
    Some(Cow::Owned(decoded))
}

mod body;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_percents_are_decoded() {
        let query = Query::parse(Some("aadOptscim062020&filter=userName+eq+%22o%27neil%2Btag%26co%40x.test%22&COUNT=2")).unwrap();
        assert_eq!(query.filter.as_deref(), Some("userName eq \"o'neil+tag&co@x.test\""));
        assert_eq!(query.count(100, 200), Ok(2));
        assert_eq!(query.start_index(), Ok(1));
    }

    #[test]
    fn numbers_are_clamped_and_words_refused() {
        for (text, start, count) in [
            ("0", 1, 0),
            ("-5", 1, 0),
            ("1000000000000", 1_000_000_000_000, 200),
            ("99999999999999999999999", START_MAX, 200),
            ("", 1, 100),
        ] {
            let query = format!("startIndex={text}&count={text}");
            let query = Query::parse(Some(&query)).unwrap();
            assert_eq!((query.start_index(), query.count(100, 200)), (Ok(start), Ok(count)), "{text}");
        }
        for text in ["abc", "1.5", "1e9", "0x10", "-", "--1"] {
            let raw = format!("count={text}");
            let error = Query::parse(Some(&raw)).unwrap().count(100, 200).unwrap_err();
            assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidValue)));
            assert!(error.detail.contains("count"), "{}", error.detail);
        }
    }

    #[test]
    fn what_is_ambiguous_or_broken_is_refused() {
        assert_eq!(Query::parse(Some("filter=a&filter=b")).unwrap_err().scim_type, Some(ScimType::InvalidFilter));
        assert!(Query::parse(Some("attributes=%ff")).unwrap_err().detail.contains("attributes"));
        assert_eq!(Query::parse(Some("other=%ff&&=&x")), Ok(Query::default()));
    }
}
