//! The way through the console: what stands in the navigation on the left.
//!
//! A link is shown when there is a page at its address and the viewer may see it, so the navigation never leads nowhere.

use super::{
    route,
    viewer::{Right, Viewer},
};

/// A page of the navigation; each page says which it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Home,
    Users,
    SetupScim,
    Groups,
    Convert,
    Notifications,
    Cycles,
    Operations,
    Failures,
    Queue,
    Doctor,
    Audit,
    Docs,
    Profile,
}

/// One link.
pub(crate) struct Link {
    entry: Entry,
    text: &'static str,
    href: &'static str,
    right: Right,
}

const fn link(entry: Entry, text: &'static str, href: &'static str, right: Right) -> Link {
    Link { entry, text, href, right }
}

/// The navigation, with the names of the page map.
const SECTIONS: &[(&str, &[Link])] = &[
    ("", &[link(Entry::Home, "Home", "/", Right::Look), link(Entry::Users, "Users", "/users", Right::Look)]),
    (
        "Configuration",
        &[
            link(Entry::SetupScim, "Setup SCIM", "/configuration/auth/scim", Right::Look),
            link(Entry::Groups, "User Groups", "/configuration/groups", Right::Look),
            link(Entry::Convert, "AD Options", "/configuration/ad/convert", Right::Look),
            link(Entry::Notifications, "Notifications", "/configuration/notifications", Right::Look),
        ],
    ),
    (
        "Provisioning",
        &[
            link(Entry::Cycles, "Cycles", "/provisioning/cycles", Right::Look),
            link(Entry::Operations, "Operations", "/provisioning/operations", Right::Look),
            link(Entry::Failures, "Failures", "/provisioning/failures", Right::Look),
        ],
    ),
    (
        "System",
        &[
            link(Entry::Queue, "Queue & workers", "/system/queue", Right::Look),
            link(Entry::Doctor, "Diagnostics", "/system/doctor", Right::Administer),
            link(Entry::Audit, "Audit log", "/audit", Right::Administer),
            link(Entry::Docs, "API", "/docs", Right::Look),
        ],
    ),
];

/// A section as a viewer sees it.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) links: Vec<Shown>,
}

/// A link as a viewer sees it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) text: &'static str,
    pub(crate) href: &'static str,
    /// Whether it is the page that is looked at.
    pub(crate) here: bool,
}

/// The navigation of this viewer on this page.
pub(crate) fn sections(viewer: &Viewer, at: Entry) -> Vec<Section> {
    let shown = |links: &[Link]| -> Vec<Shown> {
        let links = links.iter().filter(|link| viewer.may(link.right) && route::is_page(link.href));
        links.map(|link| Shown { text: link.text, href: link.href, here: link.entry == at }).collect()
    };
    let sections = SECTIONS.iter().map(|(title, links)| Section { title, links: shown(links) });
    sections.filter(|section| !section.links.is_empty()).collect()
}
