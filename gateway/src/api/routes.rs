//! The table of every address of the JSON API. The router, `Allow` and the OpenAPI document are made from it, so that none of them knows
//! an address the others do not.

use axum::http::Method;

/// Where the API is.
pub(crate) const BASE: &str = "/api/v1";

/// What is done at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Operations,
    Operation,
    Timeline,
    Cycles,
    Incidents,
    Incident,
    Failures,
    Acknowledge,
    Resolve,
    Snooze,
    Retry,
    Recipients,
    PutRecipient,
    DeleteRecipient,
    Mails,
    Conversions,
    Plan,
    Conversion,
    Items,
    Report,
    Start,
    Pause,
    Resume,
    Cancel,
    Undo,
    Aliases,
    ExtendAliases,
    ReleaseAliases,
    ResolveIdentity,
    RedeemSignIn,
}

/// One method of an address. GET takes HEAD along.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) method: &'static str,
    /// What the OpenAPI document calls it.
    pub(crate) name: &'static str,
    pub(crate) action: Action,
}

/// One address, below [`BASE`].
#[derive(Debug)]
pub(crate) struct Address {
    /// Its segments; one in braces stands for any.
    pub(crate) path: &'static str,
    /// For `Allow`.
    pub(crate) allow: &'static str,
    pub(crate) methods: &'static [Taken],
}

const READ: &str = "GET, HEAD";

const fn taken(method: &'static str, name: &'static str, action: Action) -> Taken {
    Taken { method, name, action }
}

/// Every address there is.
pub(crate) const ADDRESSES: &[Address] = &[
    Address { path: "/operations", allow: READ, methods: &[taken("GET", "listOperations", Action::Operations)] },
    Address { path: "/operations/{id}", allow: READ, methods: &[taken("GET", "getOperation", Action::Operation)] },
    Address { path: "/users/{id}/operations", allow: READ, methods: &[taken("GET", "listOperationsOfUser", Action::Timeline)] },
    Address { path: "/groups/{id}/operations", allow: READ, methods: &[taken("GET", "listOperationsOfGroup", Action::Timeline)] },
    Address { path: "/cycles", allow: READ, methods: &[taken("GET", "listCycles", Action::Cycles)] },
    Address { path: "/incidents", allow: READ, methods: &[taken("GET", "listIncidents", Action::Incidents)] },
    Address { path: "/incidents/{number}", allow: READ, methods: &[taken("GET", "getIncident", Action::Incident)] },
    Address { path: "/incidents/{number}/failures", allow: READ, methods: &[taken("GET", "listFailures", Action::Failures)] },
    Address {
        path: "/incidents/{number}/acknowledge",
        allow: "POST",
        methods: &[taken("POST", "acknowledgeIncident", Action::Acknowledge)],
    },
    Address { path: "/incidents/{number}/resolve", allow: "POST", methods: &[taken("POST", "resolveIncident", Action::Resolve)] },
    Address { path: "/incidents/{number}/snooze", allow: "POST", methods: &[taken("POST", "snoozeIncident", Action::Snooze)] },
    Address { path: "/incidents/{number}/retry", allow: "POST", methods: &[taken("POST", "retryIncident", Action::Retry)] },
    Address { path: "/notifications/recipients", allow: READ, methods: &[taken("GET", "listRecipients", Action::Recipients)] },
    Address {
        path: "/notifications/recipients/{address}",
        allow: "PUT, DELETE",
        methods: &[taken("PUT", "putRecipient", Action::PutRecipient), taken("DELETE", "deleteRecipient", Action::DeleteRecipient)],
    },
    Address { path: "/notifications/mails", allow: READ, methods: &[taken("GET", "listMails", Action::Mails)] },
    Address {
        path: "/conversions",
        allow: "GET, HEAD, POST",
        methods: &[taken("GET", "listConversions", Action::Conversions), taken("POST", "planConversion", Action::Plan)],
    },
    Address { path: "/conversions/{id}", allow: READ, methods: &[taken("GET", "getConversion", Action::Conversion)] },
    Address { path: "/conversions/{id}/items", allow: READ, methods: &[taken("GET", "listConversionItems", Action::Items)] },
    Address { path: "/conversions/{id}/report", allow: READ, methods: &[taken("GET", "getConversionReport", Action::Report)] },
    Address { path: "/conversions/{id}/start", allow: "POST", methods: &[taken("POST", "startConversion", Action::Start)] },
    Address { path: "/conversions/{id}/pause", allow: "POST", methods: &[taken("POST", "pauseConversion", Action::Pause)] },
    Address { path: "/conversions/{id}/resume", allow: "POST", methods: &[taken("POST", "resumeConversion", Action::Resume)] },
    Address { path: "/conversions/{id}/cancel", allow: "POST", methods: &[taken("POST", "cancelConversion", Action::Cancel)] },
    Address { path: "/conversions/{id}/undo", allow: "POST", methods: &[taken("POST", "undoConversion", Action::Undo)] },
    Address { path: "/aliases", allow: READ, methods: &[taken("GET", "listAliases", Action::Aliases)] },
    Address { path: "/aliases/extend", allow: "POST", methods: &[taken("POST", "extendAliases", Action::ExtendAliases)] },
    Address { path: "/aliases/release", allow: "POST", methods: &[taken("POST", "releaseAliases", Action::ReleaseAliases)] },
    Address { path: "/sso/resolve", allow: "POST", methods: &[taken("POST", "resolveIdentity", Action::ResolveIdentity)] },
    Address { path: "/sso/redeem", allow: "POST", methods: &[taken("POST", "redeemSignIn", Action::RedeemSignIn)] },
];

impl Address {
    /// The address of a path, and what its segments in braces are.
    pub(super) fn find(path: &str) -> Option<(&'static Self, Vec<&str>)> {
        let below = path.strip_prefix(BASE)?.strip_prefix('/')?;
        ADDRESSES.iter().find_map(|address| Some((address, address.names(below)?)))
    }

    fn names<'a>(&self, path: &'a str) -> Option<Vec<&'a str>> {
        let (mut wanted, mut names) = (self.path.split('/').skip(1), Vec::new());
        for segment in path.split('/') {
            match wanted.next()? {
                name if name.starts_with('{') && !segment.is_empty() => names.push(segment),
                word if word == segment => {}
                _ => return None,
            }
        }
        wanted.next().is_none().then_some(names)
    }

    /// What a request of this method does there.
    pub(super) fn action(&self, method: &Method) -> Option<Action> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        self.methods.iter().find(|taken| taken.method == method).map(|taken| taken.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_address_is_found_once_and_allows_what_it_takes() {
        let mut names = BTreeSet::new();
        for address in ADDRESSES {
            let path = format!("{BASE}{}", address.path);
            let (found, values) = Address::find(&path).expect("found");
            assert_eq!(found.path, address.path);
            assert_eq!(values.len(), address.path.matches('{').count());
            let mut takes: Vec<&str> = address.methods.iter().map(|taken| taken.method).collect();
            if takes.first() == Some(&"GET") {
                takes.insert(1, "HEAD");
            }
            assert_eq!(takes.join(", "), address.allow, "{path}");
            for taken in address.methods {
                assert!(names.insert(taken.name), "{} is there twice", taken.name);
                assert_eq!(found.action(&taken.method.parse().expect("a method")), Some(taken.action));
            }
        }
    }

    #[test]
    fn what_is_nearly_an_address_is_none() {
        for path in [
            "/api/v1",
            "/api/v1/",
            "/api/v1/operations/",
            "/api/v1/operations/x/y",
            "/api/v2/operations",
            "/api/v1operations",
            "/api/v1/users//operations",
        ] {
            assert!(Address::find(path).is_none(), "{path}");
        }
        let (address, names) = Address::find("/api/v1/incidents/7/snooze").expect("an address");
        assert_eq!((address.action(&Method::POST), names), (Some(Action::Snooze), vec!["7"]));
        assert_eq!(address.action(&Method::HEAD), None);
    }
}
