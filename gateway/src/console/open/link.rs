//! One-time links: choosing a password, and making the first administrator of an account.

use super::sign_in;
use crate::console::{
    assets,
    page::Theme,
    password,
    problem::{Answer, Problem},
    submit::{NewUser, create_user},
    visit::{Request, html},
};
use crate::refusal::Refusal;
use askama::Template;
use axum::http::StatusCode;
use muster_domain::{LinkToken, Role, SecretKeyHash, UserId};
use muster_store::{
    console::{
        audit::{self, Entry},
        links::{self, Link},
        passwords, sessions,
    },
    now_ms,
};

#[derive(Template)]
#[template(path = "console/link.html")]
struct LinkPage<'a> {
    theme: Theme,
    link: &'a Link,
    user_id: &'a str,
    email: &'a str,
    display_name: &'a str,
    error: Option<String>,
}

impl LinkPage<'_> {
    fn asset(&self, name: &str) -> &'static str {
        assets::href(name)
    }

    fn shortest(&self) -> usize {
        password::SHORTEST
    }
}

/// `GET /welcome/{token}`. Looking uses nothing up: programs that check mail follow every link they find.
pub(crate) async fn show(request: &Request<'_>, token: &str) -> Answer {
    let (_, link) = find(request, token).await?;
    let theme = Theme::of(&request.parts.headers);
    request.html(&LinkPage { theme, link: &link, user_id: "", email: "", display_name: "", error: None })
}

/// `POST /welcome/{token}`
pub(crate) async fn submit(request: &Request<'_>, token: &str) -> Answer {
    let (hash, link) = find(request, token).await?;
    match carry_out(request, &hash, &link).await? {
        Ok((user, user_id)) => {
            let to = if link.user.is_none() { "/configuration/auth/scim" } else { "/" };
            sign_in::begin(request, link.account, (user, user_id), to, "").await
        }
        Err(why) => {
            let form = &request.form;
            let page = LinkPage {
                theme: Theme::of(&request.parts.headers),
                link: &link,
                user_id: form.text("user_id"),
                email: form.text("email"),
                display_name: form.text("display_name"),
                error: Some(why),
            };
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

async fn find(request: &Request<'_>, token: &str) -> Result<(SecretKeyHash, Link), Problem> {
    let Some(token) = LinkToken::parse(token) else { return Err(Problem::LinkOver) };
    let found = request.read(links::find(request.store(), &token.hash(), now_ms())).await?;
    found.map(|link| (token.hash(), link)).ok_or(Problem::LinkOver)
}

/// Who has a password now; or what is wrong with the form, after which the link still works.
async fn carry_out(request: &Request<'_>, hash: &SecretKeyHash, link: &Link) -> Result<Result<(UserId, String), String>, Problem> {
    let (store, form, account) = (request.store(), &request.form, link.account);
    let user_id = link.user.as_ref().map_or_else(|| form.text("user_id").to_owned(), |(_, user_id)| user_id.clone());
    let chosen = form.get("new_password").unwrap_or_default();
    if user_id.is_empty() {
        return Ok(Err("Choose the user id you will sign in with.".to_owned()));
    }
    if let Some(why) = password::objection(chosen, &user_id) {
        return Ok(Err(why));
    }
    if form.get("new_password_again") != Some(chosen) {
        return Ok(Err("The two passwords are not the same.".to_owned()));
    }
    let stored = request.app.passwords.hash(chosen).await?;
    if !request.read(links::claim(store, account, hash, now_ms())).await? {
        return Err(Problem::LinkOver);
    }
    let user = match link.user {
        Some((user, _)) => user,
        None => {
            let (email, display_name) = (form.text("email"), form.text("display_name"));
            let new = NewUser { user_id: &user_id, email, display_name, role: Role::Administrator };
            match create_user(request, account, None, &new).await {
                Ok(user) => user,
                Err(problem) => {
                    // Nothing came of it: the link is good for another attempt.
                    request.read(links::release(store, account, hash)).await?;
                    return match problem {
                        Problem::Refused(Refusal::Scim(error)) if error.status < 500 => Ok(Err(error.detail)),
                        problem => Err(problem),
                    };
                }
            }
        }
    };
    request.read(passwords::set(store, account, user, &stored)).await?;
    // Whoever had the old password is out.
    request.read(sessions::end_all(store, account, user)).await?;
    let action = if link.user.is_none() { "administrator.created" } else { "password.set" };
    let peer = request.peer.to_string();
    let entry = Entry {
        actor: Some(user),
        actor_name: user_id.clone(),
        action,
        target: user_id.clone(),
        detail: "with a one-time link".to_owned(),
        peer,
    };
    request.read(audit::append(store, account, &entry)).await?;
    Ok(Ok((user, user_id)))
}
