//! Versions as entity tags (RFC 7644 §3.14, RFC 9110 §8.8.3 and §13.1).
//!
//! A version is a counter and its tag is weak: `W/"3"`. A tag that is not one of ours can never match, which is the safe
//! reading both for `If-Match` (412, nothing changed) and for `If-None-Match` (a full answer).

/// The tag of a version.
#[must_use]
pub fn format(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// What an `If-Match` or `If-None-Match` header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagList {
    /// `*`: any version of a resource that exists.
    Any,
    /// These versions.
    Versions(Vec<i64>),
}

impl TagList {
    /// Reads a header's value. Weak and strong tags compare alike, as versions never differ in bytes only.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        Self::Versions(header.split(',').filter_map(version).collect())
    }

    /// Whether this version is named.
    #[must_use]
    pub fn matches(&self, current: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&current),
        }
    }

    /// The versions named; none means any.
    #[must_use]
    pub fn into_versions(self) -> Option<Vec<i64>> {
        match self {
            Self::Any => None,
            Self::Versions(versions) => Some(versions),
        }
    }
}

fn version(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").or_else(|| tag.strip_prefix("w/")).unwrap_or(tag);
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_reads_back() {
        assert_eq!(TagList::parse(&format(3)), TagList::Versions(vec![3]));
    }

    #[test]
    fn lists_weak_and_strong_tags_and_star_are_read() {
        assert_eq!(TagList::parse("W/\"1\", \"22\" ,W/\"3\""), TagList::Versions(vec![1, 22, 3]));
        assert_eq!(TagList::parse(" * "), TagList::Any);
        assert!(TagList::Any.matches(9));
        assert!(TagList::parse("\"7\"").matches(7));
    }

    #[test]
    fn what_is_not_ours_never_matches() {
        for header in ["", "3", "W/\"abc\"", "\"-3\"", "\"99999999999999999999\"", "W/3", "\"", "\"\""] {
            assert_eq!(TagList::parse(header), TagList::Versions(Vec::new()), "{header:?}");
        }
    }
}
