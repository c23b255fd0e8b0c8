//! That a form comes from a page of ours, sent by whoever looks at it.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`), which stops every other site; the token in each form is known to
//! the viewer's own pages only. The session's cookie is not sent along with forms of other sites in the first place.

use super::{fields::Fields, problem::Problem, viewer::Viewer};
use crate::app::App;
use axum::http::{HeaderMap, header};
use muster_domain::equal_in_constant_time;

/// The field of each form, and the header of a script's request.
pub(crate) const FIELD: &str = "csrf";
const HEADER: &str = "x-csrf-token";

/// Refuses what another site's page sends, and what does not say where it comes from.
///
/// # Errors
/// [`Problem::Forged`].
pub(crate) fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return if matches!(site, "same-origin" | "none") { Ok(()) } else { Err(Problem::Forged) };
    }
    let origin = text(header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    // A proxy in front may have put another host in the place of ours, but not into the address we are known by.
    let ours = [text(header::HOST.as_str()), app.settings.public_url.split_once("://").map(|(_, rest)| rest.trim_end_matches('/'))];
    match origin {
        Some(origin) if ours.into_iter().flatten().any(|ours| ours.eq_ignore_ascii_case(origin)) => Ok(()),
        _ => Err(Problem::Forged),
    }
}

/// Refuses a form that does not carry the viewer's token.
///
/// # Errors
/// [`Problem::Forged`].
pub(crate) fn check_token(viewer: &Viewer, form: &Fields, headers: &HeaderMap) -> Result<(), Problem> {
    let sent = form.get(FIELD).or_else(|| headers.get(HEADER).and_then(|value| value.to_str().ok())).unwrap_or_default();
    if equal_in_constant_time(sent, &viewer.csrf) { Ok(()) } else { Err(Problem::Forged) }
}
