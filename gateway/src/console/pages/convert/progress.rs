//! How far a run is: the part of its page that is live.

use super::{
    super::{
        render,
        show::{self, State, When},
    },
    address, pace, words,
};
use crate::{
    app::App,
    console::{
        display,
        live::{Live, Topic, nothing_shown},
        problem::Problem,
        viewer::Right,
    },
};
use askama::Template;
use muster_domain::{
    AccountId, ConversionId,
    conversion::{Kind, State as RunState, pace::PaceStatus},
};
use muster_store::conversion::{self, Conversion, Outlook, PLAN_KEEPS_MS};

/// The content of the element.
#[derive(Template)]
#[template(path = "console/convert/progress.html")]
pub(super) struct Progress {
    state: State,
    /// Why it stands still.
    because: Option<String>,
    /// None when there is nothing to wait for.
    bar: Option<Bar>,
    facts: Vec<(&'static str, String)>,
}

/// How far the phase is.
struct Bar {
    doing: &'static str,
    done: i64,
    of: i64,
    text: String,
}

/// The whole of it, once a second. `about` is the run.
pub(in crate::console) static PROGRESS: Topic = Topic {
    name: "convert",
    right: Right::Look,
    every: 1,
    shown: nothing_shown,
    render: |live| {
        Box::pin(async move {
            let run = find(&live.app, live.account, &live.about).await?;
            render(&Progress::of(&live.app, &run).await?)
        })
    },
};

/// Has the forms loaded again whenever the run comes into another state. `about` is the run, a full stop, and the state the page was made for.
pub(in crate::console) static STATE: Topic = Topic {
    name: "convert-state",
    right: Right::Look,
    every: 1,
    shown: |about| {
        let (id, state) = about.split_once('.').unwrap_or_default();
        let known: Option<(ConversionId, RunState)> = id.parse().ok().zip(state.parse().ok());
        known.and_then(|(id, state)| changed(id, state).ok()).unwrap_or_default()
    },
    render: |live| Box::pin(stands(live)),
};

#[derive(Template)]
#[template(path = "console/convert/changed.html")]
struct Changed {
    state: State,
    href: String,
}

async fn stands(live: &Live) -> Result<String, Problem> {
    let (id, _) = live.about.split_once('.').ok_or(Problem::NotFound)?;
    let run = find(&live.app, live.account, id).await?;
    changed(run.id, run.state)
}

/// Of the state alone: what a run waits for changes nothing of what can be done with it.
fn changed(id: ConversionId, state: RunState) -> Result<String, Problem> {
    render(&Changed { state: words::stands(state), href: address(id) })
}

pub(super) async fn find(app: &App, account: AccountId, id: &str) -> Result<Conversion, Problem> {
    let id: ConversionId = id.parse().map_err(|_| Problem::NotFound)?;
    app.read(conversion::get(&app.store, account, id)).await?.ok_or(Problem::NotFound)
}

/// The topics of a page about a run in this state.
pub(super) fn topics(run: &Conversion) -> String {
    format!("{}.{id},{}.{id}.{}", PROGRESS.name, STATE.name, run.state, id = run.id)
}

impl Progress {
    /// Where the run stands now.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(app: &App, run: &Conversion) -> Result<Self, Problem> {
        let outlook = app.read(Outlook::without_forms(&app.store, run)).await?;
        let because = run.reason.as_deref().filter(|_| !run.state.is_worked_on()).and_then(words::sentence);
        let bar = matches!(run.state, RunState::Planning | RunState::Running | RunState::Paused).then(|| bar(run));
        Ok(Self { state: words::state(run), because, bar, facts: facts(run, &outlook) })
    }
}

fn bar(run: &Conversion) -> Bar {
    let (done, of) = run.position();
    let done = done.clamp(0, of.max(0));
    Bar { doing: words::phase(run.kind, run.phase), done, of: of.max(1), text: counted(done, of) }
}

/// "12 430 of 50 000 (24 %)". Rounded down: 100 % is all of them.
pub(super) fn counted(done: i64, of: i64) -> String {
    let percent = (done.saturating_mul(100)).checked_div(of).map(|percent| format!(" ({percent} %)")).unwrap_or_default();
    format!("{} of {}{percent}", display::number(done), display::number(of))
}

fn facts(run: &Conversion, outlook: &Outlook) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut add = |name: &'static str, value: String| facts.push((name, value));
    let started = run.started_ms.is_some();
    match (started, run.kind) {
        _ if run.planned_ms.is_none() && !started => {}
        (false, _) => {
            add("Users", display::number(run.total));
            add("To convert", display::number(run.planned));
        }
        (true, Kind::Convert) => add("Converted", counted(run.converted, run.planned)),
        (true, Kind::Undo) => add("Taken back", counted(run.converted, run.planned)),
    }
    if run.state.is_worked_on() {
        // Lines that are always there: one that comes and goes would move the buttons below under somebody's pointer.
        let (rate, text) = outlook.pace.as_ref().map_or_else(|| ("–".to_owned(), "–".to_owned()), at_present);
        add("Rows a second", rate);
        add("At present", run.reason.as_deref().and_then(words::sentence).unwrap_or(text));
    }
    if let Some(end) = outlook.end() {
        add("Will be done", end);
    }
    if !run.state.is_over() && started {
        add("How fast, when", pace::text(&run.pace));
    }
    add("Asked for", format!("by {}, {}", run.requested_by, When(run.created_ms).text()));
    if let Some(planned) = run.planned_ms.filter(|_| run.state == RunState::Planned) {
        add("Can be started until", When(planned + PLAN_KEEPS_MS).text());
    }
    if let Some(at) = run.started_ms {
        add("Started", When(at).text());
    }
    if let Some(at) = run.finished_ms {
        add("Over", When(at).text());
    }
    if run.state.is_over() && run.active_ms > 0 {
        add("Worked on", show::length(run.active_ms));
    }
    if let Some(error) = &run.error {
        add("Last error", error.clone());
    }
    facts
}

fn at_present(now: &PaceStatus) -> (String, String) {
    let allowed = now.allowed.map(|allowed| format!(", of {} that are allowed", display::number(allowed as i64))).unwrap_or_default();
    (format!("{}{allowed}", display::number(now.rate as i64)), now.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_is_a_hundred_percent_and_nothing_else_is() {
        assert_eq!(counted(12_430, 50_000), "12\u{202f}430 of 50\u{202f}000 (24 %)");
        assert_eq!(counted(49_999, 50_000), "49\u{202f}999 of 50\u{202f}000 (99 %)");
        assert_eq!(counted(50_000, 50_000), "50\u{202f}000 of 50\u{202f}000 (100 %)");
        assert_eq!(counted(0, 0), "0 of 0");
    }
}
