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
    /// The OpenID provider whose word counts for the account, for sign-in at /sso/SLUG/login.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster sso provider set --account acme --issuer https://login.acme.test --client-id muster --return-to https://app.acme.test/in\n  muster sso provider remove --account acme"
    )]
    Provider(SsoProviderCommand),
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

/// `muster sso provider …`
#[derive(Debug, Subcommand)]
pub enum SsoProviderCommand {
    /// Make it the account's provider, in the place of the one before it.
    #[command(
        after_help = "Examples:\n  muster sso provider set --account acme --issuer https://login.acme.test --client-id muster --return-to https://app.acme.test/in\n  muster sso provider set --account acme --issuer https://login.acme.test --client-id muster --secret-file /run/secrets/oidc --return-to https://app.acme.test/in\n\nRegister PUBLIC_URL/sso/SLUG/callback with the provider as the redirect address."
    )]
    Set(SetProvider),
    /// Nobody signs in at /sso/SLUG/login any more.
    #[command(after_help = "Examples:\n  muster sso provider remove --account acme")]
    Remove {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
    },
}

/// `muster sso provider set`
#[derive(Args, Debug)]
pub struct SetProvider {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// The issuer, exactly as its tokens name it: one that speaks for this account's people alone.
    #[arg(long, value_name = "URL")]
    pub issuer: String,
    /// What the provider knows this service by.
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// A file with the client's secret, on every gateway; none for a client without one.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<String>,
    /// What is asked for, between blanks.
    #[arg(long, default_value = muster_domain::sso::SCOPES)]
    pub scopes: String,
    /// The platform's address that gets the one-time code.
    #[arg(long, value_name = "URL")]
    pub return_to: String,
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
