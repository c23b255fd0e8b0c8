//! `muster console …` and `muster audit …`, as clap knows them.

use super::slug;
use clap::{Args, Subcommand};

/// `muster console …`
#[derive(Debug, Subcommand)]
pub enum ConsoleCommand {
    /// Make a one-time link with which a user chooses a password for the console; without --user, one that makes the first administrator.
    #[command(
        after_help = "Examples:\n  muster console link --account acme --user jdoe      jdoe has no password, or has forgotten it\n  muster console link --account default               makes the first administrator of the account\n\nWhoever has the link can use it, once, for a day. A newer one takes its place."
    )]
    Link {
        /// The account's slug.
        #[arg(long, value_name = "SLUG", value_parser = slug)]
        account: String,
        /// The user id of an administrator, user_manager or viewer of the account.
        #[arg(long, value_name = "USER_ID")]
        user: Option<String>,
    },
}

/// `muster audit …`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// The newest entries: who did what, to whom, from where.
    #[command(
        after_help = "Examples:\n  muster audit list --account acme\n  muster audit list --account acme --limit 1000 --json | jq '.[] | select(.action | startswith(\"secret_key\"))'"
    )]
    List(ListAudit),
    /// Go through all entries and check that none was changed or taken out; exit 8 when one was.
    #[command(
        after_help = "Examples:\n  muster audit verify --account acme\n  muster audit verify --account acme --expect 4711:0c6a…     the last entry an earlier run named is still there, unchanged\n\nIt prints the number and the hash of the last entry. Kept elsewhere, they prove later that nothing was cut off at the end."
    )]
    Verify {
        /// The account's slug.
        #[arg(long, value_name = "SLUG", value_parser = slug)]
        account: String,
        /// An entry and its hash, as an earlier run printed them.
        #[arg(long, value_name = "NUMBER:HASH", value_parser = anchor)]
        expect: Option<Anchor>,
    },
}

/// `muster audit list`
#[derive(Args, Debug)]
pub struct ListAudit {
    /// The account's slug.
    #[arg(long, value_name = "SLUG", value_parser = slug)]
    pub account: String,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Only entries before this one.
    #[arg(long, value_name = "NUMBER")]
    pub before: Option<i64>,
}

/// An entry and the hash it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The entry's number.
    pub number: i64,
    /// Hexadecimal.
    pub hash: String,
}

fn anchor(text: &str) -> Result<Anchor, &'static str> {
    let read = || {
        let (number, hash) = text.split_once(':')?;
        Some(Anchor { number: number.parse().ok().filter(|number| *number > 0)?, hash: hash.trim_end_matches('…').to_ascii_lowercase() })
    };
    read().filter(|anchor| !anchor.hash.is_empty()).ok_or("write it as `muster audit verify` does: NUMBER:HASH")
}
