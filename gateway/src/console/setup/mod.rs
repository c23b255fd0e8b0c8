//! Configuration › Authentication Settings › What's Next › Setup SCIM: a SCIM administrator, a secret key, and whether it works.

pub(super) mod connection;
mod preflight;
mod sealed;

use super::{
    flash::Tone,
    live::{Topic, nothing_shown},
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    route::Route,
    submit::{NewUser, create_user},
    viewer::Right,
    visit::Visit,
};
use crate::refusal::Refusal;
use askama::Template;
use axum::http::Method;
use connection::{Connection, Key};
use muster_domain::{Role, SecretKey, UserId};
use muster_store::{
    StoreError,
    console::administrators::{self, Candidate},
    keys,
};
use preflight::Preflight;

const PAGE: &str = "/configuration/auth/scim";
/// Where the key is shown.
const PAGE_KEY: &str = "/configuration/auth/scim#key";
/// More would not fit into a list to choose from.
const CANDIDATES: u32 = 200;

pub(super) const ROUTES: &[Route] = &[
    Route::get(PAGE, Right::Look, |visit| Box::pin(show(visit))),
    Route::post("/configuration/auth/scim/key", Right::Administer, |visit| Box::pin(generate(visit))),
    Route::post("/configuration/auth/scim/void", Right::Administer, |visit| Box::pin(void(visit))),
    Route::post("/configuration/auth/scim/administrator", Right::Administer, |visit| Box::pin(create_administrator(visit))),
];

/// The panel that waits for the directory.
pub(super) static CONNECTION: Topic =
    Topic { name: "connection", right: Right::Look, every: 1, shown: nothing_shown, render: |live| Box::pin(connection::render(live)) };

#[derive(Template)]
#[template(path = "console/setup/scim.html")]
struct Setup {
    page: Page,
    tenant_url: String,
    /// The address leads to the machine itself.
    local: bool,
    key: Option<Key>,
    /// Shown this once.
    new_key: Option<String>,
    /// Whether there was a key before the new one.
    replaced: bool,
    candidates: Vec<Candidate>,
    chosen: UserId,
    connection: Connection,
    preflight: Option<Preflight>,
}

/// `GET /configuration/auth/scim`
async fn show(visit: &Visit<'_>) -> Answer {
    let connection = connection::of(visit.app, visit.account()).await?;
    let candidates = visit.read(administrators::candidates(visit.store(), visit.account(), CANDIDATES)).await?;
    // A HEAD shows nothing to anybody.
    let left = if visit.parts.method == Method::GET { sealed::take(visit).await? } else { None };
    let key = connection.key.clone();
    let tenant_url = tenant_url(visit);
    visit.html(&Setup {
        page: visit.page(Entry::SetupScim, "Setup SCIM").live(CONNECTION.name),
        local: is_local(&tenant_url),
        tenant_url,
        chosen: key.as_ref().map_or(visit.viewer.user, |key| key.administrator_id),
        replaced: left.as_ref().is_some_and(|left| left.replaced),
        new_key: left.map(|left| left.key),
        key,
        candidates,
        connection,
        preflight: preflight::of(visit).await?,
    })
}

/// `POST /configuration/auth/scim/key`: the key is shown by the page this goes to, so that reloading it makes no other one.
async fn generate(visit: &Visit<'_>) -> Answer {
    visit.confirmed(PAGE).await?;
    let (store, account) = (visit.store(), visit.account());
    let Ok(administrator) = visit.form.text("administrator").parse::<UserId>() else {
        return Err(Problem::back(PAGE, "Choose the SCIM administrator."));
    };
    let candidates = visit.read(administrators::candidates(store, account, CANDIDATES)).await?;
    let Some(chosen) = candidates.into_iter().find(|candidate| candidate.id == administrator) else {
        return Err(Problem::back(PAGE, "This user cannot be SCIM administrator: choose an active administrator or user manager."));
    };
    let had_one = visit.read(keys::active(store, account)).await?.is_some();
    let secret = SecretKey::generate();
    let mut entry = visit.audit_entry("secret_key.generated", chosen.user_id);
    entry.detail = format!("ends in {}{}", secret.hint(), if had_one { "; the one before it is void" } else { "" });
    match keys::generate_audited(store, account, administrator, &secret, Some(&entry)).await {
        Ok(_) => {}
        Err(StoreError::Conflict(why)) => return Err(Problem::back(PAGE, why)),
        Err(error) => return Err(Refusal::from(error).into()),
    }
    sealed::leave(visit, &secret, had_one).await?;
    visit.redirect(PAGE_KEY)
}

/// `POST /configuration/auth/scim/void`: the directory is cut off.
async fn void(visit: &Visit<'_>) -> Answer {
    visit.confirmed(PAGE).await?;
    let entry = visit.audit_entry("secret_key.voided", visit.viewer.account_slug.as_str());
    let voided = visit.read(keys::void(visit.store(), visit.account(), &entry)).await?;
    let (tone, text) = if voided {
        (Tone::Good, "The key is void: no directory gets in until there is another one.")
    } else {
        (Tone::Warning, "There was no key.")
    };
    visit.redirect_saying(PAGE, tone, text)
}

/// `POST /configuration/auth/scim/administrator`
async fn create_administrator(visit: &Visit<'_>) -> Answer {
    visit.confirmed(PAGE).await?;
    let form = &visit.form;
    let role = match form.text("role").parse::<Role>() {
        Ok(role) if role.may_be_scim_administrator() => role,
        _ => return Err(Problem::back(PAGE, "Choose the role Administrator or User Manager: nobody else can be SCIM administrator.")),
    };
    let user_id = form.text("user_id");
    let new = NewUser { user_id, email: form.text("email"), display_name: form.text("display_name"), role };
    match create_user(visit, visit.account(), Some(visit.viewer.user), &new).await {
        Ok(_) => {}
        Err(Problem::Refused(Refusal::Scim(error))) if error.status < 500 => return Err(Problem::back(PAGE, error.detail)),
        Err(problem) => return Err(problem),
    }
    let mut entry = visit.audit_entry("user.created", user_id);
    entry.detail = format!("role {role}");
    visit.read(muster_store::console::audit::append(visit.store(), visit.account(), &entry)).await?;
    visit.redirect_saying(PAGE, Tone::Good, format!("{user_id} is there and can be chosen as SCIM administrator."))
}

/// The SCIM base of the viewer's account.
fn tenant_url(visit: &Visit<'_>) -> String {
    format!("{}/scim", visit.account_url())
}

/// Whether only this machine, or nobody by TLS, reaches it.
fn is_local(url: &str) -> bool {
    !url.starts_with("https://") || ["://127.", "://localhost", "://[::1]"].iter().any(|local| url.contains(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_no_directory_reaches_is_said_to_be_one() {
        assert!(is_local("http://127.0.0.1:8080/scim") && is_local("https://localhost/scim") && is_local("http://scim.acme.test/scim"));
        assert!(!is_local("https://scim.acme.test/scim"));
    }
}
