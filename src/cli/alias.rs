//! `muster alias …`

use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use muster_domain::ConversionId;

/// `muster alias …`
#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// List old user ids: whose each was, how long it lives, how often it was used to sign in and when last.
    #[command(
        after_help = "Examples:\n  muster alias list --account acme\n  muster alias list --account acme --user jdoe@acme.test\n  muster alias list --account acme --live --limit 500 --json | jq -r .next"
    )]
    List(ListAliases),
    /// Let old user ids live longer: one, those of a conversion, or all.
    ///
    /// With --until, one that lives longer already stays as it is, so the command can be repeated. With --days, each is counted from its own
    /// end, or from now when that has passed.
    #[command(
        after_help = "Examples:\n  muster alias extend --account acme --all --until 2028-01-31\n  muster alias extend --account acme --old-id jdoe --days 90\n\nExit: 0 done, also when none had to be changed; 5 when there is no such old user id."
    )]
    Extend(ExtendAliases),
    /// Let an old user id go before its time: nobody signs in with it any more, and anybody can get it.
    #[command(
        after_help = "Examples:\n  muster alias release --account acme --old-id jdoe\n  muster alias release --account acme --old-id jdoe --yes\n\nExit: 0 done, 5 no such old user id, 8 somebody used it in the last 30 days and --yes was not given."
    )]
    Release {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The old user id.
        #[arg(long, value_name = "USER_ID")]
        old_id: String,
        /// Also when somebody signed in with it in the last 30 days.
        #[arg(long)]
        yes: bool,
    },
}

/// `muster alias list`
#[derive(Args, Debug)]
pub struct ListAliases {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// Of the user who signs in with this now.
    #[arg(long, value_name = "USER_ID")]
    pub user: Option<String>,
    /// The one of this old user id.
    #[arg(long, value_name = "USER_ID")]
    pub old_id: Option<String>,
    /// Only those one can sign in with.
    #[arg(long, conflicts_with = "expired")]
    pub live: bool,
    /// Only those one cannot sign in with any more.
    #[arg(long)]
    pub expired: bool,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// After the page that ended with this one: what `next` said.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// `muster alias extend`
#[derive(Args, Debug)]
pub struct ExtendAliases {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// Which.
    #[command(flatten)]
    pub which: WhichAliases,
    /// How much longer.
    #[command(flatten)]
    pub longer: HowLong,
}

/// Which old user ids.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct WhichAliases {
    /// This one.
    #[arg(long, value_name = "USER_ID")]
    pub old_id: Option<String>,
    /// Those of the conversion of this id.
    #[arg(long, value_name = "ID")]
    pub conversion: Option<ConversionId>,
    /// All of the account.
    #[arg(long)]
    pub all: bool,
}

/// How much longer.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct HowLong {
    /// To the end of this day (UTC), or until this moment: 2028-01-31, 2028-01-31T18:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = end)]
    pub until: Option<i64>,
    /// By so many days.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: Option<u32>,
}

/// A moment to come, milliseconds since 1970.
fn end(text: &str) -> Result<i64, String> {
    let moment = text.parse::<Timestamp>().ok().or_else(|| {
        let next = text.parse::<Date>().ok()?.tomorrow().ok()?;
        next.to_zoned_datetime(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    });
    let moment = moment.ok_or("use a day such as 2028-01-31, or a moment such as 2028-01-31T18:00:00Z")?;
    if moment <= Timestamp::now() {
        return Err(
            "that is over already: an old user id cannot be made to end earlier this way; `muster alias release` lets one go".into()
        );
    }
    Ok(moment.as_millisecond())
}
