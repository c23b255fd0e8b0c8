//! Whom a directory would not find: said before provisioning is switched on.

use crate::console::{display, problem::Problem, route, visit::Visit};
use muster_store::sso::{self, Glimpse};

const CONVERSION: &str = "/configuration/ad/convert";

/// Users who are known by mailbox name, in words.
pub(super) struct Preflight {
    /// `12 users are`.
    pub(super) users: String,
    /// The user ids of some.
    pub(super) examples: String,
    /// The page of the conversion, where there is one.
    pub(super) page: Option<&'static str>,
}

/// Looks; none when there is nothing to say.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(visit: &Visit<'_>) -> Result<Option<Preflight>, Problem> {
    let glimpse = visit.read(sso::glimpse(visit.store(), visit.account())).await?;
    Ok(words(&glimpse))
}

fn words(glimpse: &Glimpse) -> Option<Preflight> {
    let (found, named) = (glimpse.found.users, glimpse.found.examples.len());
    if found == 0 {
        return None;
    }
    let number = display::number(found);
    let users = match (glimpse.complete, found) {
        (true, 1) => "1 user is".to_owned(),
        (true, _) => format!("{number} users are"),
        // Not everybody was looked at.
        (false, 1) => "At least 1 user is".to_owned(),
        (false, _) => format!("At least {number} users are"),
    };
    let more = if glimpse.complete && named as i64 == found { "" } else { ", …" };
    let examples = format!("{}{more}", glimpse.found.examples.join(", "));
    Some(Preflight { users, examples, page: route::is_page(CONVERSION).then_some(CONVERSION) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_store::sso::Collisions;

    #[test]
    fn a_number_that_is_not_the_whole_one_says_so() {
        let said = |users, examples: &[&str], complete| {
            let found = Collisions { users, examples: examples.iter().map(|&id| id.to_owned()).collect() };
            words(&Glimpse { found, looked_at: 40_000, complete }).map(|words| (words.users, words.examples))
        };
        let pair = |users: &str, examples: &str| Some((users.to_owned(), examples.to_owned()));
        assert_eq!(said(0, &[], true), None);
        assert_eq!(said(0, &[], false), None);
        assert_eq!(said(1, &["ada"], true), pair("1 user is", "ada"));
        assert_eq!(said(2, &["ada", "bea"], true), pair("2 users are", "ada, bea"));
        assert_eq!(said(7, &["ada", "bea"], true), pair("7 users are", "ada, bea, …"));
        assert_eq!(said(12_345, &["ada"], false), pair("At least 12\u{202f}345 users are", "ada, …"));
        assert_eq!(said(1, &["ada"], false), pair("At least 1 user is", "ada, …"));
    }
}
