//! Configuration › AD Options › Old user IDs: those that still sign people in, for how much longer, and letting them go.

use super::{
    super::{
        export,
        listing::{self, Choice, EXPORTED, Pager, ROWS, choice, choices, searched_for},
        show::{self, State, When},
    },
    PATH as CONVERSION,
};
use crate::{
    app::App,
    console::{
        display,
        flash::Tone,
        nav::Entry,
        page::Page,
        problem::{Answer, Problem},
        visit::Visit,
    },
    refusal::Refusal,
};
use askama::Template;
use muster_domain::{
    AccountId, ConversionId,
    conversion::{ALIAS_DAYS_MOST, AliasTerms},
    csv_line,
};
use muster_scim::instant_text;
use muster_store::{
    StoreError,
    aliases::{self, Alias, AliasPlace, AliasQuery, RECENT_MS, Which},
    now_ms,
};
use std::sync::Arc;

pub(super) const PATH: &str = "/configuration/ad/aliases";
/// Parts of the list one page is looked for in; one that finds few says that there is more.
const WINDOWS: u32 = 4;

#[derive(Template)]
#[template(path = "console/convert/aliases.html")]
struct AliasesPage {
    page: Page,
    old_id: String,
    user: String,
    conversion: String,
    states: Vec<Choice>,
    plain: bool,
    rows: Vec<Row>,
    pager: Pager,
    export: String,
    conversions: &'static str,
    days_most: u32,
}

struct Row {
    old_id: String,
    /// What its user signs in with now, and the user's page; none when the user is gone.
    user: Option<(String, String)>,
    state: State,
    until: When,
    hits: String,
    last: Option<When>,
}

impl Row {
    fn new(alias: Alias) -> Self {
        Self {
            user: alias.user_id.map(|user_id| (user_id, format!("/users/{}", alias.user))),
            state: if alias.live { show::state("good", "Signs in") } else { show::state("idle", "Over") },
            until: When(alias.expires_ms),
            hits: display::number(alias.hits),
            last: alias.last_used_ms.map(When),
            old_id: alias.old_id,
        }
    }
}

/// `GET /configuration/ad/aliases`
pub(super) async fn list(visit: &Visit<'_>) -> Answer {
    let query = AliasQuery { limit: ROWS, ..query(visit)? };
    let part = visit.read(aliases::full_page(visit.store(), visit.account(), query.clone(), WINDOWS, now_ms())).await?;
    let conversion = query.conversion.map(|id| id.to_string()).unwrap_or_default();
    let (old_id, user) = (query.old_id.unwrap_or_default(), query.user_id.unwrap_or_default());
    let state = visit.query.text("state");
    let filter = [("old_id", old_id.as_str()), ("user", user.as_str()), ("conversion", conversion.as_str()), ("state", state)];
    let next = part.next.map(|place| place.to_string());
    let to_next = |after: &str| {
        let all: Vec<(&str, &str)> = filter.iter().copied().chain([("after", after)]).collect();
        listing::address(PATH, &all)
    };
    visit.html(&AliasesPage {
        page: visit.page(Entry::Convert, "Old user IDs"),
        states: choices([("", "Any"), ("live", "Sign in"), ("expired", "Over")], state),
        plain: filter.iter().all(|(_, value)| value.is_empty()),
        pager: Pager { first: query.after.map(|_| listing::address(PATH, &filter)), previous: None, next: next.as_deref().map(to_next) },
        export: listing::address("/configuration/ad/aliases.csv", &filter),
        rows: part.aliases.into_iter().map(Row::new).collect(),
        conversions: CONVERSION,
        days_most: ALIAS_DAYS_MOST,
        conversion,
        old_id,
        user,
    })
}

/// `GET /configuration/ad/aliases.csv`: everything the filter lets through.
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let query = AliasQuery { after: None, limit: EXPORTED, ..query(visit)? };
    let account = visit.account();
    let heading = csv_line(["old_user_id", "user_id", "state", "until", "reserved_until", "sign_ins", "last_used", "conversion", "user"]);
    let read = move |app, after| chunk(app, account, AliasQuery { after, ..query.clone() });
    export::csv(visit.app, "attachment; filename=\"old-user-ids.csv\"", heading, None, read)
}

async fn chunk(app: Arc<App>, account: AccountId, query: AliasQuery) -> Result<export::Chunk<Option<AliasPlace>>, Refusal> {
    let part = app.read(aliases::list(&app.store, account, &query, now_ms())).await?;
    Ok((part.aliases.iter().map(line).collect(), part.next.map(Some)))
}

fn line(alias: &Alias) -> String {
    csv_line([
        alias.old_id.clone(),
        alias.user_id.clone().unwrap_or_default(),
        if alias.live { "live" } else { "expired" }.to_owned(),
        instant_text(alias.expires_ms),
        instant_text(alias.reserved_ms),
        alias.hits.to_string(),
        alias.last_used_ms.map(instant_text).unwrap_or_default(),
        alias.conversion.to_string(),
        alias.user.to_string(),
    ])
}

/// `POST /configuration/ad/aliases/extend`, with what is meant and `days`.
pub(super) async fn extend(visit: &Visit<'_>) -> Answer {
    let which = meant(visit)?;
    let days = visit.form.text("days").parse().ok().filter(|days| (1..=ALIAS_DAYS_MOST).contains(days));
    let days =
        days.ok_or_else(|| Problem::back(PATH, format!("Nothing was changed: say for how many days, from 1 to {ALIAS_DAYS_MOST}.")))?;
    visit.confirmed(PATH).await?;
    let until = AliasTerms::end_of_day_in(now_ms(), days);
    let extended = aliases::extend(visit.store(), visit.account(), &which, until, &visit.author()).await.map_err(refused)?;
    let extended = extended.ok_or_else(|| missing(&which))?;
    let many = show::plural(i64::try_from(extended).unwrap_or(i64::MAX), "old user id lives", "old user ids live");
    let said = match extended {
        0 => "They live that long already.".to_owned(),
        _ => format!("{many} until {} now.", When(until).text()),
    };
    visit.redirect_saying(PATH, Tone::Good, said)
}

/// `POST /configuration/ad/aliases/release`, with what is meant, and `force` for those somebody uses.
pub(super) async fn release(visit: &Visit<'_>) -> Answer {
    let which = meant(visit)?;
    if which == Which::All {
        let why = "Nothing was changed: say whose old user ids, or of which conversion. All of an account at once are not let go.";
        return Err(Problem::back(PATH, why));
    }
    visit.confirmed(PATH).await?;
    let unless = visit.form.text("force").is_empty().then(|| now_ms() - RECENT_MS);
    let done = aliases::release(visit.store(), visit.account(), &which, unless, &visit.author()).await.map_err(refused)?;
    let done = done.ok_or_else(|| missing(&which))?;
    let gone = show::plural(i64::try_from(done.released).unwrap_or(i64::MAX), "old user id is free", "old user ids are free");
    let stays: Vec<String> = [done.kept_because(), done.under_way_because()].into_iter().flatten().collect();
    let tone = if stays.is_empty() { Tone::Good } else { Tone::Bad };
    let said: String = std::iter::once(gone).chain(stays).map(|sentence| format!("{sentence}. ")).collect();
    visit.redirect_saying(PATH, tone, said.trim_end())
}

fn query(visit: &Visit<'_>) -> Result<AliasQuery, Problem> {
    let live = |word: &str| matches!(word, "live" | "expired").then_some(word == "live");
    Ok(AliasQuery {
        old_id: searched_for(visit.query.text("old_id"))?,
        user_id: searched_for(visit.query.text("user"))?,
        conversion: choice(visit, "conversion", |text| text.parse().ok())?,
        live: choice(visit, "state", live)?,
        after: choice(visit, "after", |text| text.parse().ok())?,
        limit: 0,
    })
}

/// Which the form is about.
fn meant(visit: &Visit<'_>) -> Result<Which, Problem> {
    let text = searched_for(visit.form.text("whose"))?;
    let which = match (visit.form.text("which"), text) {
        ("old_id", Some(old_id)) => Some(Which::One(old_id)),
        ("user", Some(user_id)) => Some(Which::User(user_id)),
        ("conversion", Some(id)) => id.parse::<ConversionId>().ok().map(Which::Conversion),
        ("all", _) => Some(Which::All),
        _ => None,
    };
    which.ok_or_else(|| {
        Problem::back(PATH, "Nothing was changed: say which old user ids, and write which one, whose, or the conversion's id.")
    })
}

fn missing(which: &Which) -> Problem {
    Problem::back(PATH, format!("Nothing was changed: {}.", which.missing()))
}

fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict(why) => Problem::back(PATH, format!("Nothing was changed: {why}.")),
        error => Problem::Refused(Refusal::from(error)),
    }
}
