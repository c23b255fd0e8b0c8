//! What the lists of the console have in common: their whole state is in the address.

use crate::console::{problem::Problem, visit::Visit};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_store::console_pages::Place;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};

/// Rows on one page.
pub(super) const ROWS: u32 = 50;
/// Rows an export reads at a time.
pub(super) const EXPORTED: u32 = 1_000;
/// No search is longer.
const SEARCH_MAX: usize = 512;

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An address of ours with a query; what is empty is left out.
pub(super) fn address(path: &str, query: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(if address.len() == path.len() { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.extend(utf8_percent_encode(value, ENCODED));
    }
    address
}

/// The ways on from a part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pager {
    pub(super) first: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

impl Pager {
    /// Of a list at this address, with this state. `at` is the place this part was read from.
    pub(super) fn new<P: Serialize>(
        path: &str,
        query: &[(&str, &str)],
        at: Option<&Place<P>>,
        previous: Option<&Place<P>>,
        next: Option<&Place<P>>,
    ) -> Self {
        let to = |place: &Place<P>| {
            let place = write_place(place);
            let query: Vec<(&str, &str)> = query.iter().copied().chain([("at", place.as_str())]).collect();
            address(path, &query)
        };
        Self { first: at.map(|_| address(path, query)), previous: previous.map(to), next: next.map(to) }
    }

    /// Whether there is anywhere to go.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One value of a filter, as a form offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
    pub(super) chosen: bool,
}

/// The values of a filter, with their words; one of them may be chosen.
pub(super) fn choices(values: impl IntoIterator<Item = (&'static str, &'static str)>, chosen: &str) -> Vec<Choice> {
    values.into_iter().map(|(value, text)| Choice { value, text, chosen: value == chosen }).collect()
}

fn write_place<P: Serialize>(place: &Place<P>) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

/// The place the address says; none at the beginning of the list. What it says is an order and a key of a list of the viewer's own account: there
/// is nothing in it to be guarded by a signature.
///
/// # Errors
/// 400 when it is none of ours.
pub(super) fn place<P: DeserializeOwned>(visit: &Visit<'_>) -> Result<Option<Place<P>>, Problem> {
    read_place(visit.query.text("at"))
        .map_err(|()| Problem::Bad("The place in this list cannot be read. Go to the list itself, and on from its beginning.".to_owned()))
}

fn read_place<P: DeserializeOwned>(text: &str) -> Result<Option<Place<P>>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| ())?;
    // No stored text holds NUL, and Postgres does not take one as a parameter.
    if json.windows(6).any(|six| six == br"\u0000") {
        return Err(());
    }
    serde_json::from_slice(&json).map(Some).map_err(|_| ())
}

/// What is searched for; none when nothing is.
///
/// # Errors
/// 400 when it is too long or nothing anybody can be called.
pub(super) fn search(visit: &Visit<'_>) -> Result<Option<String>, Problem> {
    searched_for(visit.query.text("q"))
}

/// The same of any text somebody looks for.
///
/// # Errors
/// 400 when it is too long or nothing anybody can be called.
pub(super) fn searched_for(text: &str) -> Result<Option<String>, Problem> {
    if text.len() > SEARCH_MAX || text.contains(char::is_control) {
        return Err(Problem::Bad(format!("Search for at most {SEARCH_MAX} letters, without control characters.")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// One of the values a filter may have; none when it is not used. A filter that is passed over would show everything.
///
/// # Errors
/// 400 when it has another value.
pub(super) fn choice<T>(visit: &Visit<'_>, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    let text = visit.query.text(name);
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).ok_or_else(|| Problem::Bad(format!("The filter “{name}” cannot be “{text}”.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_set_and_nothing_else() {
        assert_eq!(address("/users", &[("q", ""), ("role", "")]), "/users");
        assert_eq!(address("/users", &[("q", "a b&c=ü"), ("role", "user"), ("at", "")]), "/users?q=a%20b%26c%3D%C3%BC&role=user");
    }

    #[test]
    fn a_place_reads_back_and_nothing_else_is_one() {
        let place = Place { at: "ada@acme.test".to_owned(), backwards: true };
        assert_eq!(read_place(&write_place(&place)), Ok(Some(place)));
        assert_eq!(read_place::<String>(""), Ok(None));
        let nul = URL_SAFE_NO_PAD.encode(r#"{"p":"a\u0000b"}"#);
        for bad in ["x", "!!", nul.as_str(), "eyJwIjoxfQ"] {
            assert_eq!(read_place::<String>(bad), Err(()), "{bad}");
        }
    }

    #[test]
    fn a_pager_keeps_the_state_of_the_list() {
        let place = |backwards| Place { at: "x".to_owned(), backwards };
        let pager = Pager::new("/users", &[("role", "user")], None, None, Some(&place(false)));
        assert_eq!((pager.first.clone(), pager.previous.clone(), pager.is_empty()), (None, None, false));
        assert!(pager.next.is_some_and(|next| next.starts_with("/users?role=user&at=")));
        let pager = Pager::new("/users", &[], Some(&place(true)), None, None);
        assert_eq!(pager.first.as_deref(), Some("/users"));
        assert!(Pager::new::<String>("/users", &[], None, None, None).is_empty());
    }
}
