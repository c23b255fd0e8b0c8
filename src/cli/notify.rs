//! Commands about mail.

use clap::{Args, Subcommand};
use muster_domain::notify::MailAddress;

/// `muster notify …`
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Put an address on the account's list, or change its settings.
    ///
    /// While the list is empty, the SCIM administrator gets mail. An address that had unsubscribed gets mail again.
    #[command(
        after_help = "Examples:\n  muster notify add --account acme ops@acme.test\n  muster notify add --account acme ops@acme.test --time-zone Europe/Berlin --quiet-hours 20:00-07:30"
    )]
    Add(AddRecipient),
    /// List who gets mail about the account.
    #[command(after_help = "Examples:\n  muster notify list --account acme\n  muster notify list --account acme --json")]
    List {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
    },
    /// Take an address off the list.
    #[command(after_help = "Examples:\n  muster notify remove --account acme ops@acme.test")]
    Remove {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The address.
        address: MailAddress,
    },
    /// Send a test to everybody who gets mail about the account, and wait for what the mail server says.
    #[command(
        after_help = "Examples:\n  muster notify test --account acme\n  muster notify test --account acme --wait 60\n\nA running worker sends it. Exit: 0 sent to all, 5 nobody gets mail, 7 not sent to all yet."
    )]
    Test {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// Seconds to wait.
        #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=600))]
        wait: u64,
    },
    /// List the latest mails: where each stands, and what the server said.
    #[command(after_help = "Examples:\n  muster notify mails --account acme\n  muster notify mails --account acme --limit 200 --json")]
    Mails {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
}

/// `muster notify add`
#[derive(Args, Debug)]
pub struct AddRecipient {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// The address, without a name or brackets.
    pub address: MailAddress,
    /// The time zone of moments in mails and of quiet hours, by its IANA name.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
    /// Hours of the day without mail that can wait; what came is summed up at their end.
    #[arg(long, value_name = "FROM-TO")]
    pub quiet_hours: Option<String>,
}
