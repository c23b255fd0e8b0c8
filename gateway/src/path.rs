//! What a request is aimed at, decided once.
//!
//! Services have been broken into because one part decoded a path and another did not: the check saw one path, the router
//! another. Here a path is looked at in one place, before anything else. Whatever *could* be meant as a path under `/scim`,
//! however it is spelled, needs a secret key first; what is then served is only the plain spelling. Nothing is ever decoded
//! twice, and dot segments are never resolved.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The two spellings of the SCIM base. Locations in an answer use the one the request used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// `/scim`
    Plain,
    /// `/scim/v2`
    V2,
}

impl Base {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "/scim",
            Self::V2 => "/scim/v2",
        }
    }
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// Somewhere under the SCIM base: behind the secret key.
    Scim(Base, Segments<'a>),
    /// Probes, and what is not there.
    Other,
}

/// The segments after the base, empty ones (`//Users`, `/Users/`) left out. No path of ours has more than [`Segments::MAX`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segments<'a> {
    list: [&'a str; Segments::MAX],
    len: usize,
    /// The path is under the base and leads nowhere.
    nowhere: bool,
}

impl<'a> Segments<'a> {
    const MAX: usize = 2;
    /// A path that is under the base and leads nowhere.
    const NOWHERE: Self = Self { list: [""; Self::MAX], len: 0, nowhere: true };

    fn collect(segments: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self { nowhere: false, ..Self::NOWHERE };
        for segment in segments {
            if found.len == Self::MAX {
                return Self::NOWHERE;
            }
            found.list[found.len] = segment;
            found.len += 1;
        }
        found
    }

    /// None when they lead nowhere; of the base itself, there are none.
    pub(crate) fn as_slice(&self) -> Option<&[&'a str]> {
        (!self.nowhere).then(|| &self.list[..self.len])
    }
}

/// Sorts a path, as it stands in the request line.
pub(crate) fn classify(path: &str) -> Target<'_> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    match segments.next() {
        Some("scim") => {}
        Some(first) if resembles_base(first) => return Target::Scim(Base::Plain, Segments::NOWHERE),
        _ => return Target::Other,
    }
    let base = if segments.next_if_eq(&"v2").is_some() { Base::V2 } else { Base::Plain };
    Target::Scim(base, Segments::collect(segments))
}

/// `SCIM`, `%73cim`, `scim;x`: somebody is trying the door.
fn resembles_base(segment: &str) -> bool {
    let decoded: Cow<'_, str> = percent_decode_str(segment).decode_utf8_lossy();
    let name = decoded.split([';', '/', '\\', '\0', '.']).next().unwrap_or_default();
    name.eq_ignore_ascii_case("scim")
}

/// A segment that names a resource, decoded once. None when it holds what no name of ours can hold.
pub(crate) fn decode_name(segment: &str) -> Option<Cow<'_, str>> {
    let name = percent_decode_str(segment).decode_utf8().ok()?;
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | '%' | ';' | '?' | '#');
    (!name.contains(odd)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scim(path: &str) -> Option<(Base, Vec<&str>)> {
        match classify(path) {
            Target::Scim(base, segments) => Some((base, segments.as_slice().map_or_else(|| vec!["nowhere"], <[&str]>::to_vec))),
            Target::Other => None,
        }
    }

    #[test]
    fn both_bases_and_stray_slashes_lead_to_the_same_place() {
        for path in ["/scim/Users/1", "/scim//Users/1", "/scim/Users/1/", "//scim/Users//1//"] {
            assert_eq!(scim(path), Some((Base::Plain, vec!["Users", "1"])), "{path}");
        }
        assert_eq!(scim("/scim/"), Some((Base::Plain, vec![])));
        assert_eq!(scim("/scim/v2"), Some((Base::V2, vec![])));
        assert_eq!(scim("/scim/v2/Groups"), Some((Base::V2, vec!["Groups"])));
        assert_eq!(scim("/scim/V2/Groups"), Some((Base::Plain, vec!["V2", "Groups"])));
    }

    #[test]
    fn odd_spellings_of_the_base_need_a_key_and_lead_nowhere() {
        for path in ["/SCIM/Users", "/%73cim/Users", "/scim;x=1/Users", "/scim%2FUsers", "/scim%5cUsers", "/scim%00/Users", "/scim./Users"]
        {
            assert_eq!(scim(path), Some((Base::Plain, vec!["nowhere"])), "{path}");
        }
    }

    #[test]
    fn dot_segments_are_not_resolved() {
        assert_eq!(scim("/scim/Users/../Groups"), Some((Base::Plain, vec!["nowhere"])));
        assert_eq!(scim("/scim/.."), Some((Base::Plain, vec![".."])));
        assert_eq!(scim("/livez/../scim/Users"), None);
        assert_eq!(scim("/"), None);
        assert_eq!(scim("*"), None);
    }

    #[test]
    fn names_are_decoded_once() {
        assert_eq!(decode_name("urn%3Aietf").as_deref(), Some("urn:ietf"));
        for odd in ["a%2Fb", "a%252Fb", "a%00", "%C0%AF", "a;b", "a%0d"] {
            assert_eq!(decode_name(odd), None, "{odd}");
        }
    }
}
