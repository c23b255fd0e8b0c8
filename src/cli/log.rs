//! Commands that read the log and handle incidents.

use clap::{Args, Subcommand};
use jiff::{Span, SpanRelativeTo, Timestamp};
use muster_domain::{
    ApiTokenId, KeyId, OperationId, OutcomeCode,
    incident::{Cause, IncidentState},
};
use uuid::Uuid;

/// `muster ops …`
#[derive(Debug, Subcommand)]
pub enum OpsCommand {
    /// List operations, the newest first.
    #[command(
        after_help = "Examples:\n  muster ops list --account acme --failed --since 2h\n  muster ops list --account acme --user jdoe@acme.test\n  muster ops list --account acme --incident 12 --all --csv > failed.csv\n  muster ops list --account acme --json | jq -r .next"
    )]
    List(Box<ListOperations>),
    /// Show one operation: stages and times, the masked request, what it changed, its incident.
    #[command(after_help = "Examples:\n  muster ops show --account acme 019ab1c2-5d3e-7f00-8000-000000000000")]
    Show {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The operation's id.
        id: OperationId,
    },
}

/// `muster ops list`
#[derive(Args, Debug)]
pub struct ListOperations {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// The timeline of the user who signs in with this user id now.
    #[arg(long, value_name = "USER_ID", conflicts_with = "resource")]
    pub user: Option<String>,
    /// The timeline of the user or group of this id, also after its end.
    #[arg(long, value_name = "ID")]
    pub resource: Option<Uuid>,
    /// About users or about groups.
    #[arg(long = "type", value_name = "TYPE", value_parser = ["user", "group"])]
    pub resource_type: Option<String>,
    /// Only creations, replacements, patches or deletions.
    #[arg(long, value_parser = ["create", "replace", "patch", "delete"])]
    pub change: Option<String>,
    /// With this outcome (applied, unchanged, refused, duplicate, …); may be given more than once.
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    pub outcome: Vec<OutcomeCode>,
    /// Only those that were not carried out.
    #[arg(long)]
    pub failed: bool,
    /// That came with the secret key of this id.
    #[arg(long, value_name = "ID")]
    pub key: Option<KeyId>,
    /// That came with this request (X-Request-Id).
    #[arg(long, value_name = "ID")]
    pub request: Option<Uuid>,
    /// The failed operations of this incident.
    #[arg(long, value_name = "NUMBER")]
    pub incident: Option<i64>,
    /// Accepted at this moment or later: 2026-01-31T09:00:00Z, or 2h, 7d for so long ago.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub since: Option<i64>,
    /// Accepted before this moment.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub until: Option<i64>,
    /// How to page and print.
    #[command(flatten)]
    pub page: Page<OperationId>,
}

/// How to page and print.
#[derive(Args, Debug)]
pub struct Page<T: Clone + Send + Sync + std::str::FromStr + 'static>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// After the page that ended with this one: what `next` said.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<T>,
    /// Every page, one after the other.
    #[arg(long)]
    pub all: bool,
    /// Print as CSV.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// `muster cycles`
#[derive(Args, Debug)]
pub struct CyclesCommand {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// Of the secret key of this id.
    #[arg(long, value_name = "ID")]
    pub key: Option<KeyId>,
    /// Not older than this: 2026-01-31T09:00:00Z, or 2h, 7d for so long ago.
    #[arg(long, value_name = "WHEN", default_value = "7d", value_parser = moment)]
    pub since: i64,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Print as CSV.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// `muster incidents …`
#[derive(Debug, Subcommand)]
pub enum IncidentsCommand {
    /// List incidents, the newest first; those that are over only when asked for.
    #[command(
        after_help = "Examples:\n  muster incidents list --account acme\n  muster incidents list --account acme --state resolved --csv > incidents.csv"
    )]
    List(ListIncidents),
    /// Show one incident: likely cause, what to do, who is affected, what happened.
    #[command(after_help = "Examples:\n  muster incidents show --account acme 12")]
    Show(OneIncident),
    /// List its failures, the newest first: operations, and requests that never became one, counted.
    #[command(
        after_help = "Examples:\n  muster incidents failures --account acme 12\n  muster incidents failures --account acme 12 --all --csv > failures.csv"
    )]
    Failures(ListFailures),
    /// Say that somebody works on it.
    #[command(after_help = "Examples:\n  muster incidents ack --account acme 12 --by ada")]
    Ack(ByPerson),
    /// Hear nothing of it for a while.
    #[command(after_help = "Examples:\n  muster incidents snooze --account acme 12 --for 24h")]
    Snooze {
        /// Which, and who.
        #[command(flatten)]
        which: ByPerson,
        /// How long: 24h, 3d.
        #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = duration)]
        time_ms: i64,
    },
    /// Say that it is over. A failure of its kind opens a new one.
    #[command(after_help = "Examples:\n  muster incidents resolve --account acme 12")]
    Resolve(ByPerson),
    /// Try its failed operations again, and end it when all of them succeed. What has been changed since is left as it is.
    #[command(after_help = "Examples:\n  muster incidents retry --account acme 12\n\nExit: 0 none failed again, 7 some did.")]
    Retry(ByPerson),
}

/// `muster incidents list`
#[derive(Args, Debug)]
pub struct ListIncidents {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// In this state (open, acknowledged, snoozed, resolved); may be given more than once.
    #[arg(long, value_parser = state)]
    pub state: Vec<IncidentState>,
    /// Of this cause, as `list` prints it.
    #[arg(long, value_parser = cause)]
    pub cause: Option<Cause>,
    /// How to page and print.
    #[command(flatten)]
    pub page: Page<i64>,
}

/// `muster incidents failures`
#[derive(Args, Debug)]
pub struct ListFailures {
    /// Which.
    #[command(flatten)]
    pub which: OneIncident,
    /// How to page and print.
    #[command(flatten)]
    pub page: Page<Uuid>,
}

/// One incident.
#[derive(Args, Debug)]
pub struct OneIncident {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// Its number.
    pub number: i64,
}

/// One incident, and who does something to it.
#[derive(Args, Debug)]
pub struct ByPerson {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// Its number.
    pub number: i64,
    /// Who does it, for the record.
    #[arg(long, value_name = "NAME", default_value = "command", value_parser = name)]
    pub by: String,
}

/// `muster token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token for a user and print it, as JSON. It can do what the user may, and works as long as the user may sign in.
    #[command(
        after_help = "Examples:\n  muster token create --account acme --user jdoe --name dashboard\n  muster token create --account acme --user jdoe --name script --days 7 | jq -r .token"
    )]
    Create {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The user id of an administrator or user_manager of the account.
        #[arg(long, value_name = "USER_ID")]
        user: String,
        /// What it is for.
        #[arg(long, value_parser = name)]
        name: String,
        /// How long it works.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// List the tokens of an account; never the tokens themselves.
    #[command(after_help = "Examples:\n  muster token list --account acme\n  muster token list --account acme --json")]
    List {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
    },
    /// Void a token at once.
    #[command(after_help = "Examples:\n  muster token void --account acme 019ab1c2-5d3e-7f00-8000-000000000000")]
    Void {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The token's id, as `list` prints it.
        id: ApiTokenId,
    },
}

fn outcome(text: &str) -> Result<OutcomeCode, String> {
    OutcomeCode::from_word(text).ok_or_else(|| one_of(OutcomeCode::ALL.iter().map(|code| code.as_str())))
}

fn state(text: &str) -> Result<IncidentState, String> {
    IncidentState::from_word(text).ok_or_else(|| one_of(IncidentState::ALL.iter().map(|state| state.as_str())))
}

fn cause(text: &str) -> Result<Cause, String> {
    Cause::from_word(text).ok_or_else(|| one_of(Cause::ALL.iter().map(|cause| cause.as_str())))
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("use one of: {}", words.collect::<Vec<_>>().join(", "))
}

fn name(text: &str) -> Result<String, &'static str> {
    let fits = (1..=100).contains(&text.chars().count()) && !text.contains(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("use 1 to 100 printable characters") }
}

/// A length of time, in milliseconds.
fn duration(text: &str) -> Result<i64, &'static str> {
    const EXPECTED: &str = "use a length of time such as 90m, 24h or 7d";
    let span: Span = text.parse().map_err(|_| EXPECTED)?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| EXPECTED)?;
    i64::try_from(length.as_millis()).ok().filter(|ms| *ms > 0).ok_or(EXPECTED)
}

/// A moment, or how long ago one was, in milliseconds since 1970.
fn moment(text: &str) -> Result<i64, &'static str> {
    const EXPECTED: &str = "use a moment such as 2026-01-31T09:00:00Z, or how long ago it was: 90m, 24h, 7d";
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(time.as_millisecond()),
        Err(_) => duration(text).map(|ago| Timestamp::now().as_millisecond().saturating_sub(ago)).map_err(|_| EXPECTED),
    }
}
