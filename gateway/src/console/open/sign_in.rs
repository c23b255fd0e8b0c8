//! Signing in with a password.

use super::{account, decided, within};
use crate::console::{
    assets, cookie,
    flash::Flash,
    page::Theme,
    problem::{Answer, Problem},
    viewer::Viewer,
    visit::{Request, html, redirect},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use muster_domain::{AccountId, SessionToken, UserId, conversion::Source};
use muster_store::{
    accounts::{self, Account},
    aliases::{self, FoundBy},
    console::{
        audit::{self, Entry},
        passwords,
        sessions::{self, NewSession},
    },
    now_ms, resources, sso,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignIn<'a> {
    theme: Theme,
    flash: Option<Flash>,
    next: &'a str,
    /// Asked for when nothing else decides it.
    asks_account: bool,
    account: &'a str,
    user_id: &'a str,
    error: Option<&'static str>,
    /// The name of the account's provider.
    provider: Option<String>,
}

impl SignIn<'_> {
    fn asset(&self, name: &str) -> &'static str {
        assets::href(name)
    }

    /// Where one signs in with the provider.
    fn provider_href(&self) -> String {
        let next = utf8_percent_encode(self.next, NON_ALPHANUMERIC);
        format!("/sign-in/provider?account={}&next={next}", utf8_percent_encode(self.account, NON_ALPHANUMERIC))
    }
}

/// One sentence for every reason: which one it is helps only who should not be helped.
const WRONG: &str = "User id and password do not belong together, or this user may not use the console.";

/// `GET /sign-in`
pub(crate) async fn show(request: &Request<'_>) -> Answer {
    if Viewer::of(request.app, request.parts).await?.is_some() {
        return Ok(redirect(within(request.query.text("next"))));
    }
    let (accounts, headers) = (request.read(accounts::list(request.store())).await?, &request.parts.headers);
    let slug = request.query.text("account");
    let page = SignIn {
        theme: Theme::of(headers),
        flash: Flash::of(headers),
        next: request.query.text("next"),
        asks_account: decided(&accounts, headers).is_none(),
        account: slug,
        user_id: "",
        error: None,
        provider: provider_of(request, account(&accounts, headers, slug)).await?,
    };
    request.html(&page)
}

/// The longest user id that is looked at, bytes.
const USER_ID_MAX: usize = 1024;

/// `POST /sign-in`
pub(crate) async fn submit(request: &Request<'_>) -> Answer {
    let form = &request.form;
    let (user_id, slug) = (form.text("user_id"), form.text("account"));
    let accounts = request.read(accounts::list(request.store())).await?;
    let asks_account = decided(&accounts, &request.parts.headers).is_none();
    let account = account(&accounts, &request.parts.headers, slug);
    // An account that is not there takes as long, and counts as much, as a user that is not there.
    let id = account.map_or(AccountId(uuid::Uuid::nil()), |account| account.id);
    // Nobody has such a long one, and what was tried is remembered for a while.
    let user_id = if user_id.len() > USER_ID_MAX { "" } else { user_id };
    let attempt = request.app.throttle.attempt(id, user_id, request.peer).map_err(Problem::TooMany)?;
    if let Some(user) = known(request, id, user_id, form.get("password").unwrap_or_default()).await? {
        request.app.throttle.succeeded(&attempt);
        return begin(request, id, user, within(form.text("next")), "").await;
    }
    let page = SignIn {
        theme: Theme::of(&request.parts.headers),
        flash: None,
        next: form.text("next"),
        asks_account,
        account: slug,
        user_id,
        error: Some(WRONG),
        provider: provider_of(request, account).await?,
    };
    html(StatusCode::FORBIDDEN, &page)
}

/// What the account's provider is called, if it has one.
async fn provider_of(request: &Request<'_>, account: Option<&Account>) -> Result<Option<String>, Problem> {
    let Some(account) = account else { return Ok(None) };
    Ok(request.read(sso::provider(request.store(), account.id)).await?.map(|provider| provider.name().to_owned()))
}

/// The user with this user id, or one it had before, if the password is right and the user may be here.
async fn known(request: &Request<'_>, account: AccountId, user_id: &str, password: &str) -> Result<Option<(UserId, String)>, Problem> {
    let store = request.store();
    let user = request.read(aliases::sign_in_user(store, account, user_id)).await?;
    let stored = match &user {
        Some(user) => request.read(passwords::hash(store, account, user.id)).await?,
        None => None,
    };
    let right = request.app.passwords.is_right(password, stored.as_deref()).await?;
    let Some(user) = user else { return Ok(None) };
    let role = request.read(resources::find_user_by_user_id(store, account, &user.user_id)).await?.map(|user| user.role);
    let welcome = right && user.active && role.is_some_and(muster_domain::Role::may_use_console);
    if !welcome && stored.is_some() {
        let entry = Entry { action: "sign_in.refused", ..entry(request, user.id, &user.user_id) };
        request.read(audit::append(store, account, &entry)).await?;
    }
    if welcome {
        request.app.forms.note(account, Source::Sso, user_id);
    }
    if welcome && user.by == FoundBy::Alias {
        request.read(aliases::count_hit(store, account, user_id)).await?;
    }
    Ok(welcome.then_some((user.id, user.user_id)))
}

/// Begins a session and goes to a page of ours. Whatever session the browser had is over: nobody can have prepared it. `how` goes into the
/// audit log.
pub(crate) async fn begin(request: &Request<'_>, account: AccountId, (user, user_id): (UserId, String), to: &str, how: &str) -> Answer {
    let store = request.store();
    if let Some(old) = Viewer::of(request.app, request.parts).await? {
        request.read(sessions::end(store, old.account, old.session)).await?;
    }
    let token = SessionToken::generate();
    let peer = request.peer.to_string();
    let new = NewSession { user, hash: token.hash(), peer: &peer, agent: request.agent(), now_ms: now_ms() };
    request.read(sessions::begin(store, account, &new)).await?;
    let entry = Entry { detail: how.to_owned(), ..entry(request, user, &user_id) };
    request.read(audit::append(store, account, &entry)).await?;
    let mut response: Response = redirect(to);
    cookie::set_session(request.app, &mut response, &token);
    Ok(response)
}

fn entry(request: &Request<'_>, user: UserId, user_id: &str) -> Entry {
    Entry {
        actor: Some(user),
        actor_name: user_id.to_owned(),
        action: "sign_in",
        target: user_id.to_owned(),
        detail: String::new(),
        peer: request.peer.to_string(),
    }
}
