//! Commands about single sign-on.

use clap::{Args, Subcommand};
use muster_domain::sso::{Claim, Jit, Linking, Rule, VerifiedDomain};

/// `muster sso …`
#[derive(Debug, Subcommand)]
pub enum SsoCommand {
    /// Show what the account has chosen, its domains, and how much old user ids are still used.
    #[command(after_help = "Examples:\n  muster sso show --account acme\n  muster sso show --account acme --json | jq .aliases")]
    Show {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
    },
    /// Choose; what is not named stays.
    #[command(
        after_help = "Examples:\n  muster sso set --account acme --rule mailbox\n  muster sso set --account acme --jit until_scim --linking link_verified"
    )]
    Set(SetSso),
    /// The domains that are the account's own.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster sso domain add --account acme acme.com\n  muster sso domain remove --account acme acme.com"
    )]
    Domain(SsoDomainCommand),
    /// Say who is meant by an identity, as sign-in would. Lets nobody in and makes nobody.
    #[command(
        after_help = "Examples:\n  muster sso resolve --account acme jdoe@acme.com\n  muster sso resolve --account acme jdoe --password\n\nExit: 0 found, 5 nobody is known by it, 8 refused."
    )]
    Resolve {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The user id or address.
        identity: String,
        /// As with a password: only the exact user id or an alias.
        #[arg(long)]
        password: bool,
    },
}

/// `muster sso set`
#[derive(Args, Debug)]
pub struct SetSso {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// What user ids are: mailbox (jdoe) or email (jdoe@acme.com, the default).
    #[arg(long)]
    pub rule: Option<Rule>,
    /// The claim that says who it is: email (the default), preferred_username or upn.
    #[arg(long)]
    pub claim: Option<Claim>,
    /// Whether signing in makes users: on, off (the default), or until_scim (until Setup SCIM has made a key).
    #[arg(long)]
    pub jit: Option<Jit>,
    /// A directory creates somebody who exists under the mailbox name: refuse (the default) or link_verified.
    #[arg(long)]
    pub linking: Option<Linking>,
}

/// `muster sso domain …`
#[derive(Debug, Subcommand)]
pub enum SsoDomainCommand {
    /// Add a domain. You vouch for it: the mailbox name before it means a user of this account.
    #[command(after_help = "Examples:\n  muster sso domain add --account acme acme.com")]
    Add {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The domain, without its subdomains.
        domain: VerifiedDomain,
    },
    /// Take a domain away.
    #[command(after_help = "Examples:\n  muster sso domain remove --account acme acme.com")]
    Remove {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The domain.
        domain: VerifiedDomain,
    },
}
