//! The viewer's own page: sessions, password, signing out.

use super::{
    cookie,
    flash::{Flash, Tone},
    nav::Entry,
    page::Page,
    password,
    problem::{Answer, Problem},
    provider,
    route::Route,
    viewer::Right,
    visit::{Visit, redirect},
};
use askama::Template;
use axum::response::Response;
use muster_domain::SessionToken;
use muster_store::{
    console::{
        passwords,
        sessions::{self, NewSession, SessionInfo},
    },
    now_ms,
};

pub(super) const ROUTES: &[Route] = &[
    Route::get("/profile", Right::Look, |visit| Box::pin(show(visit))),
    Route::post("/profile/keys", Right::Look, |visit| Box::pin(keys(visit))),
    Route::get("/profile/confirm", Right::Look, |visit| Box::pin(provider::begin_confirmation(visit))),
    Route::post("/profile/password", Right::Look, |visit| Box::pin(change_password(visit))),
    Route::post("/profile/sessions/{id}/end", Right::Look, |visit| Box::pin(end_session(visit))),
    Route::post("/profile/sign-out-everywhere", Right::Look, |visit| Box::pin(sign_out_everywhere(visit))),
    Route::post("/sign-out", Right::Look, |visit| Box::pin(sign_out(visit))),
];

#[derive(Template)]
#[template(path = "console/profile.html")]
struct Profile {
    page: Page,
    sessions: Vec<SessionInfo>,
    now_ms: i64,
}

/// `GET /profile`
async fn show(visit: &Visit<'_>) -> Answer {
    let now_ms = now_ms();
    let sessions = visit.read(sessions::list(visit.store(), visit.account(), visit.viewer.user, now_ms)).await?;
    visit.html(&Profile { page: visit.page(Entry::Profile, "Your profile"), sessions, now_ms })
}

/// `POST /profile/keys`, with `keys`: `on` or `off`. Of this browser, for a year.
async fn keys(visit: &Visit<'_>) -> Answer {
    let off = visit.form.text("keys") == cookie::KEYS_OFF;
    let text = if off { "Single keys do nothing any more in this browser." } else { "Single keys do something again: ? shows what." };
    let mut response = visit.redirect_saying("/profile", Tone::Good, text)?;
    let (value, age_s) = if off { (cookie::KEYS_OFF, 365 * 24 * 60 * 60) } else { ("", 0) };
    cookie::set(visit.app, &mut response, cookie::KEYS, value, Some(age_s));
    Ok(response)
}

/// `POST /profile/password`: every session ends, and this browser gets a new one.
async fn change_password(visit: &Visit<'_>) -> Answer {
    let (form, viewer) = (&visit.form, &visit.viewer);
    let chosen = form.get("new_password").unwrap_or_default();
    if let Some(why) = password::objection(chosen, &viewer.user_id) {
        return Err(Problem::back("/profile", why));
    }
    if form.get("new_password_again") != Some(chosen) {
        return Err(Problem::back("/profile", "The two new passwords are not the same."));
    }
    visit.check_password(form.get("password").unwrap_or_default(), "/profile").await?;
    let stored = visit.app.passwords.hash(chosen).await?;
    visit.read(passwords::set(visit.store(), viewer.account, viewer.user, &stored)).await?;
    visit.read(sessions::end_all(visit.store(), viewer.account, viewer.user)).await?;
    visit.audit("password.changed", viewer.user_id.as_str()).await?;
    let (token, peer) = (SessionToken::generate(), visit.peer.to_string());
    let new = NewSession { user: viewer.user, hash: token.hash(), peer: &peer, agent: visit.agent(), now_ms: now_ms() };
    visit.read(sessions::begin(visit.store(), viewer.account, &new)).await?;
    let mut response = redirect("/profile");
    cookie::set_session(visit.app, &mut response, &token);
    Flash { tone: Tone::Good, text: "Your password was changed, and your other sessions have ended.".to_owned() }
        .set(visit.app, &mut response);
    Ok(response)
}

/// `POST /profile/sessions/{id}/end`: one of the viewer's own.
async fn end_session(visit: &Visit<'_>) -> Answer {
    let (id, viewer) = (visit.id(0)?, &visit.viewer);
    let own = visit.read(sessions::list(visit.store(), viewer.account, viewer.user, now_ms())).await?;
    if !own.iter().any(|session| session.id == id) {
        return Err(Problem::NotFound);
    }
    visit.read(sessions::end(visit.store(), viewer.account, id)).await?;
    visit.audit("session.ended", viewer.user_id.as_str()).await?;
    visit.redirect_saying("/profile", Tone::Good, "The session has ended.")
}

/// `POST /sign-out`
async fn sign_out(visit: &Visit<'_>) -> Answer {
    visit.read(sessions::end(visit.store(), visit.account(), visit.viewer.session)).await?;
    visit.audit("sign_out", visit.viewer.user_id.as_str()).await?;
    Ok(gone(visit, "You are signed out."))
}

/// `POST /profile/sign-out-everywhere`
async fn sign_out_everywhere(visit: &Visit<'_>) -> Answer {
    let ended = visit.read(sessions::end_all(visit.store(), visit.account(), visit.viewer.user)).await?;
    visit.audit("sign_out.everywhere", visit.viewer.user_id.as_str()).await?;
    Ok(gone(visit, &format!("You are signed out everywhere ({ended} sessions).")))
}

fn gone(visit: &Visit<'_>, text: &str) -> Response {
    let mut response = redirect("/sign-in");
    cookie::clear_session(visit.app, &mut response);
    Flash { tone: Tone::Good, text: text.to_owned() }.set(visit.app, &mut response);
    response
}
