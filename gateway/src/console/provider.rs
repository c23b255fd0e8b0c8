//! Signing in with the account's OpenID provider, and saying once more who one is.
//!
//! Both go to the provider and come back to its one redirect address (`sso::oidc`), which finds out who it is and calls [`end`]. What the
//! sign-in is for, and which page comes then, was fixed when it began.

use super::{
    flash::{Flash, Tone},
    open::{self, sign_in, within},
    problem::{Answer, Problem},
    viewer::{Right, Viewer},
    visit::{Request, Visit, redirect},
};
use crate::{
    app::App,
    refusal::Refusal,
    sso::oidc::{self, NEXT_MAX, Purpose},
};
use axum::http::{StatusCode, header};
use muster_domain::{
    SecretKeyHash, UserId,
    sso::{Match, Provider},
};
use muster_store::{
    accounts::{self, Account},
    console::{
        audit::{self, Entry},
        sessions,
    },
    now_ms, resources, sso,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// A sign-in for the console that has come back from the provider.
pub(crate) struct Ended<'e> {
    pub(crate) account: &'e Account,
    pub(crate) provider: &'e Provider,
    pub(crate) purpose: &'e Purpose,
    /// What names it in the database.
    pub(crate) flow: SecretKeyHash,
    /// What the provider calls whoever it is; empty when it says nothing that is believed.
    pub(crate) identity: &'e str,
    /// Who it is here.
    pub(crate) who: Result<Match, oidc::Problem>,
}

/// More of a stranger's name is not written down.
const IDENTITY_MAX: usize = 200;

/// `GET /sign-in/provider`: to the provider of the account. A link and not a form: the policy of our pages lets no form lead elsewhere.
pub(crate) async fn begin_sign_in(request: &Request<'_>) -> Answer {
    let next = page_of_ours(request.query.text("next"));
    request.app.sign_ins.from(request.peer).map_err(Problem::TooMany)?;
    let accounts = request.read(accounts::list(request.store())).await?;
    let Some(account) = open::account(&accounts, &request.parts.headers, request.query.text("account")) else {
        return Err(Problem::back("/sign-in", "Say which account you want to sign in to."));
    };
    // Another site cannot begin it for whoever sits here, who would find themselves signed in as somebody else: they are asked first.
    let site = request.parts.headers.get("sec-fetch-site").map(|site| site.as_bytes().to_ascii_lowercase());
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return Ok(redirect(&sign_in_page(account, next)));
    }
    if let Some(home) = elsewhere(request, account, next) {
        return Ok(redirect(&home));
    }
    let Some(provider) = request.read(sso::provider(request.store(), account.id)).await? else {
        return Err(Problem::back(
            sign_in_page(account, next),
            "This account has no provider to sign in with: use your user id and password.",
        ));
    };
    let again = sign_in_page(account, next);
    to_provider(request, account, &provider, Purpose::Console { next: next.to_owned() }, &again).await
}

/// `GET /profile/confirm`: the viewer says once more who it is, and comes back to the page `back`.
pub(super) async fn begin_confirmation(visit: &Visit<'_>) -> Answer {
    let back = page_of_ours(visit.query.text("back"));
    visit.app.sign_ins.from(visit.peer).map_err(Problem::TooMany)?;
    let account = visit.read(accounts::find(visit.store(), &visit.viewer.account_slug)).await?.ok_or(Problem::NotFound)?;
    let Some(provider) = visit.read(sso::provider(visit.store(), account.id)).await? else {
        return Err(Problem::back(back, "This account has no provider to confirm with: use your password."));
    };
    let purpose = Purpose::Confirm { session: visit.viewer.session, back: back.to_owned() };
    to_provider(visit, &account, &provider, purpose, back).await
}

async fn to_provider(request: &Request<'_>, account: &Account, provider: &Provider, purpose: Purpose, again: &str) -> Answer {
    request.app.sign_ins.to(account.id).map_err(Problem::TooMany)?;
    oidc::begin(request.app, account, provider, purpose).await?.map_err(|problem| not_in(problem, again))
}

/// Ends it: a session, or one that is confirmed, for exactly whom it is due; for anybody else a page that says why not.
pub(super) async fn end(request: &Request<'_>, ended: Ended<'_>) -> Answer {
    match ended.purpose {
        Purpose::Console { next } => sign_in(request, &ended, next).await,
        Purpose::Confirm { session, back } => confirm(request, &ended, *session, back).await,
        Purpose::Platform { .. } => Err(Refusal::internal("a sign-in of the platform came to the console").into()),
    }
}

async fn sign_in(request: &Request<'_>, ended: &Ended<'_>, next: &str) -> Answer {
    let (store, account) = (request.store(), ended.account);
    let again = sign_in_page(account, next);
    let person = match &ended.who {
        Ok(found) => &found.person,
        Err(problem) => {
            // Anybody can come back with nothing; only whom the provider vouches for is written down.
            if matches!(problem, oidc::Problem::Refused(_)) {
                ended.write_down(request, "sign_in.refused", None, reason(*problem)).await?;
            }
            return Err(not_in(*problem, &again));
        }
    };
    let user = request.read(resources::summary(store, account.id, person.id)).await?;
    let Some(user) = user.filter(|user| user.active && user.role.may_use_console()) else {
        ended.write_down(request, "sign_in.refused", Some((person.id, &person.user_id)), "its role may not use the console").await?;
        return Err(Problem::Provider {
            status: StatusCode::FORBIDDEN,
            title: "Not for you",
            text: format!("The console is for {}. Ask one of the administrators.", Right::Look.who()),
            onward: again,
        });
    };
    if !request.read(sso::use_up(store, account.id, user.id, &ended.flow)).await? {
        return Err(not_in(oidc::Problem::Used, &again));
    }
    sign_in::begin(request, account.id, (user.id, user.user_id), next, &format!("with the provider {}", ended.provider.name())).await
}

async fn confirm(request: &Request<'_>, ended: &Ended<'_>, session: Uuid, back: &str) -> Answer {
    let (store, account) = (request.store(), ended.account.id);
    // The session that asked for it, in this browser, and still there.
    let viewer = Viewer::of(request.app, request.parts).await?.filter(|viewer| viewer.session == session && viewer.account == account);
    let Some(viewer) = viewer else {
        return Err(Problem::Provider {
            status: StatusCode::FORBIDDEN,
            title: "Not confirmed",
            text: "The session this was for is over: you were signed out, or signed in anew. Sign in, then do it again.".to_owned(),
            onward: "/sign-in".to_owned(),
        });
    };
    let by = Some((viewer.user, viewer.user_id.as_str()));
    match &ended.who {
        Ok(found) if found.person.id == viewer.user => {}
        Ok(_) => {
            ended.write_down(request, "confirmation.refused", by, "the provider says it is somebody else").await?;
            return Err(Problem::Provider {
                status: StatusCode::FORBIDDEN,
                title: "Not confirmed",
                text: format!("You are signed in here as {}, and said at the provider that you are somebody else.", viewer.user_id),
                onward: back.to_owned(),
            });
        }
        Err(problem) => {
            ended.write_down(request, "confirmation.refused", by, reason(*problem)).await?;
            return Err(not_in(*problem, back));
        }
    }
    if !request.read(sso::use_up(store, account, viewer.user, &ended.flow)).await? {
        return Err(not_in(oidc::Problem::Used, back));
    }
    request.read(sessions::confirm(store, account, session, now_ms())).await?;
    ended.write_down(request, "confirmation", by, "").await?;
    let mut response = redirect(back);
    Flash { tone: Tone::Good, text: "You have confirmed who you are. It counts for five minutes.".to_owned() }
        .set(request.app, &mut response);
    Ok(response)
}

impl Ended<'_> {
    /// An entry of the audit log. `by`: who it is, where that is known.
    async fn write_down(&self, request: &Request<'_>, action: &'static str, by: Option<(UserId, &str)>, why: &str) -> Result<(), Problem> {
        let name = self.provider.name();
        let named = self.identity.chars().filter(|c| !c.is_control()).take(IDENTITY_MAX).collect::<String>();
        let entry = Entry {
            actor: by.map(|(user, _)| user),
            actor_name: by.map_or("somebody", |(_, user_id)| user_id).to_owned(),
            action,
            target: by.map_or(named, |(_, user_id)| user_id.to_owned()),
            detail: if why.is_empty() { format!("with the provider {name}") } else { format!("{why}; with the provider {name}") },
            peer: request.peer.to_string(),
        };
        request.read(audit::append(request.store(), self.account.id, &entry)).await
    }
}

/// What the audit log says of it.
const fn reason(problem: oidc::Problem) -> &'static str {
    match problem {
        oidc::Problem::Refused(refusal) => refusal.as_str(),
        oidc::Problem::Denied => "ended at the provider",
        oidc::Problem::NotAskedAgain => "the provider does not say that it has asked again",
        oidc::Problem::NotBelieved => "the provider's answer is not believed",
        oidc::Problem::Away => "the provider does not answer",
        _ => "the sign-in was not begun here, or is used",
    }
}

fn not_in(problem: oidc::Problem, onward: &str) -> Problem {
    let (status, title, text) = oidc::words(problem);
    Problem::Provider { status, title, text: text.to_owned(), onward: onward.to_owned() }
}

fn sign_in_page(account: &Account, next: &str) -> String {
    format!("/sign-in?account={}&next={}", account.slug, utf8_percent_encode(next, NON_ALPHANUMERIC))
}

/// A page to come back to that fits into the cookie of a sign-in; the home page if it does not.
fn page_of_ours(address: &str) -> &str {
    if address.len() <= NEXT_MAX { within(address) } else { "/" }
}

/// The provider comes back to the address the service is known by. Whoever begins at another host of it, an account's own, has to begin there,
/// or the cookies would be of the wrong host. Once only: a proxy may put another host in the place of ours.
fn elsewhere(request: &Request<'_>, account: &Account, next: &str) -> Option<String> {
    let public = public_url(request.app);
    let (_, authority) = public.split_once("://")?;
    let host = request.parts.headers.get(header::HOST).and_then(|host| host.to_str().ok())?;
    let moved = !host.eq_ignore_ascii_case(authority) && account.host.is_some() && request.query.get("moved").is_none();
    let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
    moved.then(|| format!("{public}/sign-in/provider?account={}&next={next}&moved=1", account.slug))
}

fn public_url(app: &App) -> &str {
    app.settings.public_url.trim_end_matches('/')
}
