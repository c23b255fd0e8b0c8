//! `muster alias …`

use clap::{Args, Subcommand};
use muster_domain::{ConversionId, conversion::AliasTerms};
use muster_store::{aliases::AliasPlace, now_ms};

/// `muster alias …`
#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// List old user ids: whose each was, how long it lives, how often it was used to sign in and when last.
    #[command(
        after_help = "Examples:\n  muster alias list --account acme\n  muster alias list --account acme --user jdoe@acme.test\n  muster alias list --account acme --live --limit 500 --json | jq -r .next"
    )]
    List(ListAliases),
    /// Let old user ids live longer: one, those of a user, those of a conversion, or all.
    ///
    /// One that lives longer already stays as it is, so a command that was interrupted can be given again: it extends nothing twice.
    #[command(
        after_help = "Examples:\n  muster alias extend --account acme --all --until 2028-01-31\n  muster alias extend --account acme --old-id jdoe --days 90\n\nExit: 0 done, also when none had to be changed; 5 when there is no such old user id, user or conversion."
    )]
    Extend(ExtendAliases),
    /// Let old user ids go before their time: nobody signs in with them any more, and anybody can get them.
    ///
    /// Of those of a user or a conversion, the ones somebody used in the last 30 days stay unless --yes is given.
    #[command(
        after_help = "Examples:\n  muster alias release --account acme --old-id jdoe\n  muster alias release --account acme --old-id jdoe --yes\n  muster alias release --account acme --conversion 019a0000-0000-7000-8000-000000000006\n\nExit: 0 done; 5 no such old user id, user or conversion; 6 the conversion is under way; 7 some stay, as somebody used them in the last 30 days and --yes was not given; 8 all stay for that reason."
    )]
    Release(ReleaseAliases),
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
    /// Those of the conversion of this id.
    #[arg(long, value_name = "ID")]
    pub conversion: Option<ConversionId>,
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
    pub after: Option<AliasPlace>,
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
    /// Those of the user who signs in with this now.
    #[arg(long, value_name = "USER_ID")]
    pub user: Option<String>,
    /// Those of the conversion of this id.
    #[arg(long, value_name = "ID")]
    pub conversion: Option<ConversionId>,
    /// All of the account.
    #[arg(long)]
    pub all: bool,
}

/// `muster alias release`
#[derive(Args, Debug)]
pub struct ReleaseAliases {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// Which.
    #[command(flatten)]
    pub which: NamedAliases,
    /// Also those somebody signed in with in the last 30 days.
    #[arg(long)]
    pub yes: bool,
}

/// Which old user ids, never all.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct NamedAliases {
    /// This one.
    #[arg(long, value_name = "USER_ID")]
    pub old_id: Option<String>,
    /// Those of the user who signs in with this now.
    #[arg(long, value_name = "USER_ID")]
    pub user: Option<String>,
    /// Those of the conversion of this id.
    #[arg(long, value_name = "ID")]
    pub conversion: Option<ConversionId>,
}

/// How much longer.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct HowLong {
    /// To the end of this day (UTC), or until this moment: 2028-01-31, 2028-01-31T18:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = end)]
    pub until: Option<i64>,
    /// To the end of the day (UTC) that is so many days from now.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: Option<u32>,
}

/// A moment to come, milliseconds since 1970.
fn end(text: &str) -> Result<i64, String> {
    let moment = AliasTerms::end_in(text).ok_or("use a day such as 2028-01-31, or a moment such as 2028-01-31T18:00:00Z")?;
    if moment <= now_ms() {
        return Err(
            "that is over already: an old user id cannot be made to end earlier this way; `muster alias release` lets one go".into()
        );
    }
    Ok(moment)
}
