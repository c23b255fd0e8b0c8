//! The commands, as clap knows them. What they do is in `commands`.

mod alias;
mod console;
mod convert;
mod log;
mod notify;
mod queue;
mod sso;

pub use alias::{AliasCommand, ExtendAliases, ListAliases, ReleaseAliases};
pub use console::{Anchor, AuditCommand, ConsoleCommand, ListAudit};
pub use convert::{ConvertCommand, ConvertPace, ConvertPlan, Duplicates};
pub use log::{ByPerson, CyclesCommand, IncidentsCommand, ListFailures, ListIncidents, ListOperations, OpsCommand, TokenCommand};
pub use notify::{AddRecipient, NotifyCommand};
pub use queue::QueueCommand;
pub use sso::{SetProvider, SsoCommand, SsoDomainCommand, SsoProviderCommand};

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// SCIM 2.0 provisioning that never locks the database.
#[derive(Debug, Parser)]
#[command(name = "muster", version, propagate_version = false, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command; none is `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  muster                                            gateway and worker in one process, SQLite, ./data
  MUSTER_HTTP__LISTEN=127.0.0.1:9000 muster         the same on another port
  muster user create --account default --user-id admin --email admin@example.com --role administrator
  muster scim setup --account default --administrator admin
  muster console link --account default --user admin    a password for the console
  muster doctor                                     is everything as it should be?

Exit codes: 0 done, 1 unexpected, 2 usage, 3 configuration, 4 database or queue not reachable, 5 not found,
6 conflict, 7 partly done or with warnings, 8 refused, 130 and 143 ended by a signal.";

/// Flags of every command.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// A configuration file (TOML), over the defaults.
    #[arg(long, global = true, value_name = "FILE", env = "MUSTER_CONFIG", help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// The data directory; the same as --set data_dir=DIR.
    #[arg(long, global = true, value_name = "DIR", help_heading = "Configuration")]
    pub data_dir: Option<String>,
    /// One value, over file and environment, as in --set gateway.wait_ms=8000. Not for passwords.
    #[arg(long, global = true, value_name = "KEY=VALUE", help_heading = "Configuration")]
    pub set: Vec<String>,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run gateway and worker in one process (the default).
    #[command(
        after_help = "Examples:\n  muster serve\n  muster serve --data-dir /var/lib/muster\n  muster serve --set http.listen=0.0.0.0:8080 --set http.public_url=https://scim.example.com"
    )]
    Serve,
    /// Run a gateway: the SCIM endpoints. Needs Redis and Postgres.
    #[command(
        after_help = "Examples:\n  MUSTER_QUEUE__URL=redis://redis:6379 MUSTER_DATABASE__URL_FILE=/run/secrets/database muster gateway\n  muster gateway --config /etc/muster/muster.toml"
    )]
    Gateway,
    /// Run a worker: it applies operations in batches. Needs Redis and Postgres.
    #[command(
        after_help = "Examples:\n  MUSTER_QUEUE__URL=redis://redis:6379 MUSTER_DATABASE__URL_FILE=/run/secrets/database muster worker\n  muster worker --config /etc/muster/muster.toml"
    )]
    Worker,
    /// Bring the database to this version's layout.
    #[command(
        after_help = "Examples:\n  muster migrate\n  muster migrate --check        exit 7 when there is something to do, change nothing"
    )]
    Migrate {
        /// Only say what would be done; exit 7 when that is something.
        #[arg(long)]
        check: bool,
    },
    /// Accounts: the customers of the platform.
    #[command(subcommand, after_help = "Examples:\n  muster account create --slug acme --name \"Acme Ltd\"\n  muster account list --json")]
    Account(AccountCommand),
    /// Users, one or millions.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster user create --account acme --user-id jdoe --email jdoe@acme.test --role administrator\n  muster user import --account acme --csv users.csv"
    )]
    User(UserCommand),
    /// Setup SCIM: the secret key a directory uses.
    #[command(subcommand, after_help = "Examples:\n  muster scim setup --account acme --administrator jdoe")]
    Scim(ScimCommand),
    /// Convert all user ids of an account to e-mail addresses: planned, throttled, undoable, while everybody works on.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster convert plan --account acme --csv plan.csv\n  muster convert start --account acme\n  muster convert watch --account acme\n  muster convert undo --account acme\n\nA plan changes nobody. A started conversion is run by the workers (or by `muster serve`) within seconds."
    )]
    Convert(ConvertCommand),
    /// Old user ids after a conversion: who had them, who still uses them, how long they live.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster alias list --account acme --live\n  muster alias extend --account acme --all --until 2028-01-31\n  muster alias release --account acme --old-id jdoe"
    )]
    Alias(AliasCommand),
    /// The log of operations: every write a directory sent, and what became of it.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster ops list --account acme --failed --since 2h\n  muster ops show --account acme 019ab1c2-5d3e-7f00-8000-000000000000"
    )]
    Ops(OpsCommand),
    /// Provisioning cycles: runs of operations with no gap over ten minutes.
    #[command(after_help = "Examples:\n  muster cycles --account acme\n  muster cycles --account acme --since 30d --csv > cycles.csv")]
    Cycles(CyclesCommand),
    /// Incidents: failures of one kind, what causes them and what to do.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster incidents list --account acme\n  muster incidents show --account acme 12\n  muster incidents retry --account acme 12"
    )]
    Incidents(IncidentsCommand),
    /// Mail: who gets it, and what became of it.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster notify add --account acme ops@acme.test --time-zone Europe/Berlin --quiet-hours 20:00-07:30\n  muster notify test --account acme"
    )]
    Notify(NotifyCommand),
    /// Single sign-on: how an identity somebody else vouches for finds its user.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster sso show --account acme\n  muster sso set --account acme --rule mailbox --jit until_scim\n  muster sso domain add --account acme acme.com"
    )]
    Sso(SsoCommand),
    /// Tokens of the JSON API, which reads the log and handles incidents.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster token create --account acme --user jdoe --name dashboard\n  muster token list --account acme"
    )]
    Token(TokenCommand),
    /// The console: how somebody gets in.
    #[command(subcommand, after_help = "Examples:\n  muster console link --account acme --user jdoe")]
    Console(ConsoleCommand),
    /// The audit log: what was done in the console and by commands.
    #[command(subcommand, after_help = "Examples:\n  muster audit list --account acme\n  muster audit verify --account acme")]
    Audit(AuditCommand),
    /// The queue between gateways and workers.
    #[command(subcommand, after_help = "Examples:\n  muster queue status\n  muster queue status --json")]
    Queue(QueueCommand),
    /// The configuration in effect.
    #[command(
        subcommand,
        after_help = "Examples:\n  muster config show\n  muster config check --config /etc/muster/muster.toml\n  muster config defaults > muster.toml"
    )]
    Config(ConfigCommand),
    /// Print the OpenAPI 3.1 document of the SCIM API, with the schemas of this installation.
    #[command(
        after_help = "Examples:\n  muster openapi > openapi.json\n  muster openapi --config /etc/muster/muster.toml | jq '.paths | keys'\n\nA running service has it at /scim/openapi.json, behind the secret key."
    )]
    Openapi,
    /// Check configuration, files, database and queue, and say what to do about what is wrong.
    #[command(
        after_help = "Examples:\n  muster doctor\n  muster doctor --json | jq '.checks[] | select(.result != \"ok\")'\n\nExit: 0 all well, 7 with warnings, 4 when something has failed."
    )]
    Doctor,
    /// Ask a running service whether it is ready; for container health checks.
    #[command(
        after_help = "Examples:\n  muster healthcheck               GET /readyz of the gateway at http.listen\n  muster healthcheck --worker      can a worker here reach its database and queue?\n\nExit: 0 ready, 4 not."
    )]
    Healthcheck {
        /// Check what a worker needs (it has no HTTP): database and queue.
        #[arg(long)]
        worker: bool,
        /// Seconds to wait.
        #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
        timeout: u64,
    },
    /// The version of this binary.
    #[command(after_help = "Examples:\n  muster version\n  muster version --json")]
    Version,
    /// Completions for a shell, on stdout.
    #[command(
        after_help = "Examples:\n  muster completions bash > /etc/bash_completion.d/muster\n  muster completions fish > ~/.config/fish/completions/muster.fish"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `muster account …`
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account.
    #[command(after_help = "Examples:\n  muster account create --slug acme --name \"Acme Ltd\"")]
    Create {
        /// Its short name: lower-case letters, digits and hyphens.
        #[arg(long, value_parser = slug)]
        slug: String,
        /// Its name for people; the slug when not given.
        #[arg(long)]
        name: Option<String>,
    },
    /// List every account.
    #[command(after_help = "Examples:\n  muster account list\n  muster account list --json | jq -r '.[].slug'")]
    List,
}

/// `muster user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user.
    #[command(
        after_help = "Examples:\n  muster user create --account acme --user-id jdoe --email jdoe@acme.test --role administrator\n  muster user create --account acme --user-id ada --display-name \"Ada Lovelace\" --inactive"
    )]
    Create(NewUser),
    /// Make users from a CSV file with the columns user_id, email, display_name, role, active.
    ///
    /// The first line names the columns, in any order; only user_id is required. Role is administrator, user_manager, viewer or user
    /// (the default); active is true (the default) or false. The file is read as it is applied, however large. Rows that cannot
    /// be applied are written to a file with line and reason, and the exit code is 7: correct them there and import that file.
    #[command(
        after_help = "Examples:\n  muster user import --account acme --csv users.csv\n  muster user import --account acme --csv users.csv --rejected rejected.csv --json\n  zcat users.csv.gz | muster user import --account acme --csv -"
    )]
    Import(ImportUsers),
}

/// `muster user create`
#[derive(Args, Debug)]
pub struct NewUser {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// What the user signs in with; SCIM userName.
    #[arg(long)]
    pub user_id: String,
    /// E-mail address.
    #[arg(long)]
    pub email: Option<String>,
    /// The name people see.
    #[arg(long)]
    pub display_name: Option<String>,
    /// administrator, user_manager, viewer or user.
    #[arg(long, default_value = "user")]
    pub role: muster_domain::Role,
    /// Make the user disabled.
    #[arg(long)]
    pub inactive: bool,
}

/// `muster user import`
#[derive(Args, Debug)]
pub struct ImportUsers {
    /// The account's slug.
    #[arg(long, value_name = "SLUG")]
    pub account: String,
    /// The file; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub csv: PathBuf,
    /// Where to write the rows that could not be applied; FILE.rejected.csv when not given. Written only when there are any.
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
}

/// `muster scim …`
#[derive(Debug, Subcommand)]
pub enum ScimCommand {
    /// Make a new secret key and print it with the Tenant URL, as JSON. The key before it is dead at once.
    ///
    /// Also says how many users a directory that sends e-mail addresses would not find, because their user ids are mailbox names.
    #[command(
        after_help = "Examples:\n  muster scim setup --account acme --administrator jdoe\n  muster scim setup --account acme --administrator jdoe | jq -r .secret_key\n\nThe key is shown here and never again. It works as long as the administrator is active and an administrator or user_manager."
    )]
    Setup {
        /// The account's slug.
        #[arg(long, value_name = "SLUG")]
        account: String,
        /// The user id of the SCIM administrator: an administrator or user_manager of the account.
        #[arg(long, value_name = "USER_ID")]
        administrator: String,
    },
}

/// `muster config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every key with its value and where the value came from. Passwords are masked.
    #[command(after_help = "Examples:\n  muster config show\n  muster config show --json | jq '.[] | select(.origin != \"default\")'")]
    Show,
    /// Check the configuration and print every problem; exit 3 when there is one.
    #[command(after_help = "Examples:\n  muster config check\n  muster config check --config muster.toml --json")]
    Check,
    /// Print the defaults with their documentation: a file to start from.
    #[command(after_help = "Examples:\n  muster config defaults > muster.toml")]
    Defaults,
}

fn slug(text: &str) -> Result<String, &'static str> {
    muster_store::accounts::check_slug(text).map(|()| text.to_owned())
}
