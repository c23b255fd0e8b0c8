//! `muster convert …`

use clap::{
    Args, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use muster_domain::conversion::{ALIAS_DAYS_MOST, MAX_RATE_MOST, throttle::Preset, window::Windows};
use std::{num::NonZeroU32, path::PathBuf};

/// `muster convert …`
#[derive(Debug, Subcommand)]
pub enum ConvertCommand {
    /// Look at every user and say what would become of its user id. Changes nobody.
    ///
    /// The plan can be started for 7 days; a new one takes its place. Users that are not converted keep their user id, each with
    /// a reason: duplicate or missing address, an address somebody else signs in with, and others.
    #[command(
        after_help = "Examples:\n  muster convert plan --account acme\n  muster convert plan --account acme --csv plan.csv --domain acme.com --exclude svc-backup\n  muster convert plan --account acme --duplicates active-wins --json"
    )]
    Plan(ConvertPlan),
    /// Start the plan. Workers (or `muster serve`) run it; it goes on when this command has ended.
    #[command(
        after_help = "Examples:\n  muster convert start --account acme\n  muster convert start --account acme --preset fast --watch\n  muster convert start --account acme --max-rate 300"
    )]
    Start {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// How fast.
        #[command(flatten)]
        pace: ConvertPace,
        /// Watch it until it is over.
        #[arg(long)]
        watch: bool,
    },
    /// Where the newest conversion stands.
    #[command(
        after_help = "Examples:\n  muster convert status --account acme\n  muster convert status --account acme --json | jq -r .state"
    )]
    Status {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
    },
    /// Follow the newest conversion until it is over or paused: progress, rate, time left, and what it waits for.
    #[command(after_help = "Examples:\n  muster convert watch --account acme\n\nExit: 0 finished, 7 paused or cancelled.")]
    Watch {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
    },
    /// Stop it for now. What is converted stays so.
    #[command(after_help = "Examples:\n  muster convert pause --account acme --reason incident-4711")]
    Pause {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// Why, for those who look at it.
        #[arg(long, default_value = "an operator paused it")]
        reason: String,
    },
    /// Let a paused conversion go on; or change how fast a running one goes.
    #[command(after_help = "Examples:\n  muster convert resume --account acme\n  muster convert resume --account acme --max-rate 200")]
    Resume {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// How fast.
        #[command(flatten)]
        pace: ConvertPace,
    },
    /// End it where it stands. What is converted stays so, and can be undone.
    #[command(after_help = "Examples:\n  muster convert cancel --account acme")]
    Cancel {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
    },
    /// What became of whom: counts by reason with the first of each, columns, verification, and every user as CSV.
    #[command(
        after_help = "Examples:\n  muster convert report --account acme\n  muster convert report --account acme --csv report.csv --json"
    )]
    Report {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// Where to write a line for every user.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// Take the newest conversion back, user by user: who has still the new user id gets the old one, if nobody else has it.
    #[command(after_help = "Examples:\n  muster convert undo --account acme\n  muster convert undo --account acme --preset fast --watch")]
    Undo {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// How fast.
        #[command(flatten)]
        pace: ConvertPace,
        /// Watch it until it is over.
        #[arg(long)]
        watch: bool,
    },
}

/// `muster convert plan`
#[derive(Args, Debug)]
pub struct ConvertPlan {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// Where to write a line for every user.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Users who share an address.
    #[arg(long, value_enum, default_value_t = Duplicates::Skip)]
    pub duplicates: Duplicates,
    /// Leave rings of users who have each other's addresses as user ids, instead of turning them.
    #[arg(long)]
    pub leave_cycles: bool,
    /// Convert addresses with letters outside ASCII too. They can look like others: look at the plan first.
    #[arg(long)]
    pub allow_unicode: bool,
    /// Convert role mailboxes (info@, noreply@ …) and service accounts too.
    #[arg(long)]
    pub include_excluded: bool,
    /// The user id of a user to leave out; may be given often.
    #[arg(long, value_name = "USER_ID")]
    pub exclude: Vec<String>,
    /// A domain the account owns; may be given often. Addresses in others are converted with a warning.
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Vec<String>,
    /// Leave addresses in other domains instead.
    #[arg(long, requires = "domain")]
    pub only_own_domains: bool,
    /// How long an old user id is kept as an alias of its user, days.
    #[arg(long, value_name = "DAYS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(..=i64::from(ALIAS_DAYS_MOST)))]
    pub alias_days: u32,
}

/// What to do with users who share an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Duplicates {
    /// Leave all of them.
    Skip,
    /// The active one gets it, if there is exactly one.
    ActiveWins,
}

/// How fast a conversion goes.
#[derive(Args, Clone, Debug, Default)]
pub struct ConvertPace {
    /// gentle (at most 1,000 users a second; the default), normal (2,500) or fast (as many as others do not feel).
    #[arg(long, value_parser = PossibleValuesParser::new(["gentle", "normal", "fast"]).try_map(|word| word.parse::<Preset>()))]
    pub preset: Option<Preset>,
    /// Users a second at most, whatever the preset.
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_RATE_MOST)).try_map(NonZeroU32::try_from))]
    pub max_rate: Option<NonZeroU32>,
    /// A TOML file with the windows it may run in: zone, blackout dates, and `[[window]]` with days, from, to. Without windows: any time.
    #[arg(long, value_name = "FILE", value_parser = windows)]
    pub windows: Option<Windows>,
    /// Run outside the windows until this time (2026-11-24T06:00:00Z).
    #[arg(long, value_name = "TIME")]
    pub ignore_windows_until: Option<jiff::Timestamp>,
}

/// Reads windows from a file, so that what is wrong with them is said before anything is started.
fn windows(file: &str) -> Result<Windows, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error| error.to_string())
}
