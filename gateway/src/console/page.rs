//! What the layout of a page needs to know.

use super::{
    assets,
    flash::Flash,
    nav::{self, Entry, Section},
    viewer::{Right, Viewer},
    visit::Visit,
};
use crate::console::cookie;
use axum::http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::borrow::Cow;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the viewer's system is.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// What the cookie says.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let word = cookie::get(headers, cookie::THEME).unwrap_or_default();
        Self::ALL.into_iter().find(|theme| theme.as_str() == word).unwrap_or_default()
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The field `page` of every template that extends `console/layout.html`.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) title: Cow<'static, str>,
    pub(crate) viewer: Viewer,
    /// Goes into each form: `<input type="hidden" name="csrf" value="{{ page.csrf }}">`.
    pub(crate) csrf: String,
    pub(crate) theme: Theme,
    /// Whether single keys do something: they can be turned off.
    pub(crate) keys: bool,
    pub(crate) flash: Option<Flash>,
    pub(crate) sections: Vec<Section>,
    /// The address of the page, for forms that come back to it.
    pub(crate) here: String,
    /// The topics of the page's stream, separated by commas; none when nothing on it is live ([`super::live`]).
    pub(crate) live: Option<Cow<'static, str>>,
}

impl Page {
    pub(super) fn new(visit: &Visit<'_>, entry: Entry, title: Cow<'static, str>) -> Self {
        let here = visit.parts.uri.path_and_query().map_or("/", |address| address.as_str());
        Self {
            title,
            csrf: visit.viewer.csrf.clone(),
            theme: Theme::of(&visit.parts.headers),
            keys: cookie::get(&visit.parts.headers, cookie::KEYS) != Some(cookie::KEYS_OFF),
            flash: Flash::of(&visit.parts.headers),
            sections: nav::sections(&visit.viewer, entry),
            here: here.to_owned(),
            live: None,
            viewer: visit.viewer.clone(),
        }
    }

    /// The page has live parts, of these topics.
    #[must_use]
    pub(crate) fn live(mut self, topics: impl Into<Cow<'static, str>>) -> Self {
        self.live = Some(topics.into());
        self
    }

    /// The address of a file of ours.
    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::href(name)
    }

    /// For templates: where the viewer says once more who it is, and comes back from to this page.
    pub(crate) fn confirm_href(&self) -> String {
        format!("/profile/confirm?back={}", utf8_percent_encode(&self.here, NON_ALPHANUMERIC))
    }

    /// For templates: whether the viewer may change users, groups and failures.
    pub(crate) fn may_manage(&self) -> bool {
        self.viewer.may(Right::Manage)
    }

    /// For templates: whether the viewer is an administrator.
    pub(crate) fn may_administer(&self) -> bool {
        self.viewer.may(Right::Administer)
    }
}
