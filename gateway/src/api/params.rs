//! The parameters of a request to the JSON API.

use muster_scim::{ScimError, instant_ms};
use percent_encoding::percent_decode;
use std::{
    collections::HashMap,
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The most entries in one page.
const LIMIT_MAX: u32 = 1_000;
const LIMIT_DEFAULT: u32 = 50;

/// The decoded parameters, taken out one by one; what is left at the end is unknown.
pub(super) struct Params(Mutex<HashMap<String, Vec<String>>>);

impl Params {
    /// Reads a query string as HTML forms write it: `+` is a space, `%XX` a byte.
    pub(super) fn parse(raw: Option<&str>) -> Result<Self, ScimError> {
        let mut found: HashMap<String, Vec<String>> = HashMap::new();
        for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            found.entry(name).or_default().push(value);
        }
        Ok(Self(found.into()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every value of a parameter that may be given more than once, read by `read`, which says what is expected otherwise.
    pub(super) fn all<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>, expected: &str) -> Result<Vec<T>, ScimError> {
        let values = self.lock().remove(name).unwrap_or_default();
        values
            .iter()
            .map(|text| read(text).ok_or_else(|| ScimError::invalid_value(format!("query parameter `{name}` must be {expected}"))))
            .collect()
    }

    /// The value of a parameter that may be given once.
    pub(super) fn one<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>, expected: &str) -> Result<Option<T>, ScimError> {
        let mut values = self.all(name, read, expected)?;
        if values.len() > 1 {
            return Err(ScimError::invalid_value(format!("query parameter `{name}` is given more than once")));
        }
        Ok(values.pop())
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, ScimError> {
        self.one(name, |text| text.parse().ok(), expected)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, ScimError> {
        Ok(self.one(name, |text| matches!(text, "true" | "false").then_some(text == "true"), "true or false")?.unwrap_or(false))
    }

    /// A moment, in milliseconds since 1970.
    pub(super) fn moment(&self, name: &str) -> Result<Option<i64>, ScimError> {
        self.one(name, instant_ms, "a moment, such as 2026-01-31T09:00:00Z")
    }

    pub(super) fn limit(&self) -> Result<u32, ScimError> {
        let fits = |text: &str| text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        Ok(self.one("limit", fits, "a number from 1 to 1000")?.unwrap_or(LIMIT_DEFAULT))
    }

    /// Whether the answer is CSV.
    pub(super) fn csv(&self) -> Result<bool, ScimError> {
        Ok(self.one("format", |text| matches!(text, "json" | "csv").then_some(text == "csv"), "json or csv")?.unwrap_or(false))
    }

    /// That nothing is left.
    pub(super) fn done(&self) -> Result<(), ScimError> {
        match self.lock().keys().min() {
            Some(name) => Err(ScimError::invalid_value(format!("there is no query parameter `{name}` here"))),
            None => Ok(()),
        }
    }
}

fn decode(text: &str) -> Result<String, ScimError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8();
    let refuse = || ScimError::invalid_value("the query string is not valid percent-encoded UTF-8 without control characters");
    decoded.ok().filter(|text| !text.contains(char::is_control)).map(std::borrow::Cow::into_owned).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_once_and_none_is_passed_over() {
        let params = Params::parse(Some("limit=7&since=2026-01-31T09%3A00%3A00Z&failed=true&code=a&code=b&odd=1")).unwrap();
        assert_eq!(params.limit().unwrap(), 7);
        assert_eq!(params.moment("since").unwrap(), Some(1_769_850_000_000));
        assert!(params.flag("failed").unwrap());
        assert_eq!(params.all("code", |text| Some(text.to_owned()), "").unwrap(), ["a", "b"]);
        assert!(params.done().unwrap_err().detail.contains("`odd`"));
        for bad in ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2"] {
            assert!(Params::parse(Some(bad)).unwrap().limit().is_err(), "{bad}");
        }
        assert!(Params::parse(Some("a=%FF")).is_err());
        assert!(Params::parse(Some("a=%0d%0a")).is_err());
        assert!(Params::parse(None).unwrap().done().is_ok());
    }
}
