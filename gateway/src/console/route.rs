//! Which page is at which address, and who may see it: one table.
//!
//! A page that is not in it does not exist, and a line cannot leave the right out. Addresses are compared as they stand: nothing is decoded, so
//! there is one spelling of each.

use super::{audit_log, docs, live, pages, problem::Answer, profile, setup, viewer::Right, visit::Visit};
use axum::http::Method;
use futures::future::BoxFuture;

/// What answers at an address. Written in a table as `|visit| Box::pin(list(visit))`.
pub(crate) type Handler = for<'v> fn(&'v Visit<'v>) -> BoxFuture<'v, Answer>;

/// One line of the table.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As in `/users/{id}`; what stands in braces matches one segment ([`super::visit::Request::name`]).
    pub(crate) path: &'static str,
    /// What the viewer needs.
    pub(crate) right: Right,
    pub(crate) handler: Handler,
}

impl Route {
    /// A page.
    pub(crate) const fn get(path: &'static str, right: Right, handler: Handler) -> Self {
        Self { method: Method::GET, path, right, handler }
    }

    /// What a form of a page does.
    pub(crate) const fn post(path: &'static str, right: Right, handler: Handler) -> Self {
        Self { method: Method::POST, path, right, handler }
    }
}

/// Every page. Each folder of pages has a table of its own.
pub(crate) static TABLES: &[&[Route]] =
    &[pages::ROUTES, pages::CONVERSION, profile::ROUTES, setup::ROUTES, audit_log::ROUTES, docs::ROUTES, live::ROUTES];

/// What is at an address.
pub(crate) enum Found<'p> {
    /// This, with what stands in the place of the braces.
    Route(&'static Route, Vec<&'p str>),
    /// Something, with these methods.
    OtherMethods(String),
    Nothing,
}

/// Looks an address up. HEAD is GET without the body.
pub(crate) fn find<'p>(method: &Method, path: &'p str) -> Found<'p> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut others = Vec::new();
    for route in TABLES.iter().copied().flatten() {
        let Some(names) = matches(route.path, path) else { continue };
        if route.method == *method {
            return Found::Route(route, names);
        }
        others.push(route.method.as_str());
    }
    if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others.join(", ")) }
}

/// Whether there is a page at this address; for links that must lead somewhere.
pub(crate) fn is_page(path: &str) -> bool {
    matches!(find(&Method::GET, path), Found::Route(..))
}

fn matches<'p>(pattern: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let (mut wanted, mut given, mut names) = (pattern.split('/'), path.split('/'), Vec::new());
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(names),
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => names.push(segment),
            (Some(word), Some(segment)) if word == segment => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn an_address_is_matched_segment_by_segment() {
        assert_eq!(matches("/users/{id}", "/users/1"), Some(vec!["1"]));
        assert_eq!(matches("/", "/"), Some(vec![]));
        for other in ["/users", "/users/", "/users/1/", "/users/1/2", "/Users/1", "users/1"] {
            assert_eq!(matches("/users/{id}", other), None, "{other}");
        }
    }

    #[test]
    fn no_address_is_in_the_table_twice() {
        let mut seen = HashSet::new();
        for route in TABLES.iter().copied().flatten() {
            let shape: Vec<&str> = route.path.split('/').map(|word| if word.starts_with('{') { "{}" } else { word }).collect();
            assert!(seen.insert((route.method.clone(), shape.join("/"))), "{} {}", route.method, route.path);
        }
    }
}
