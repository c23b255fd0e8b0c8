//! What someone needs who has just started this for the first time.

use super::console;
use crate::{
    context::{Context, quoted},
    exit::Failure,
};
use muster_runtime::LogFormat;
use muster_store::{Store, StoreError, accounts, accounts::Account, console::administrators, diagnostics};

/// The account an empty database gets.
const DEFAULT_ACCOUNT: &str = "default";

/// What there is to say once the service is up.
pub struct Welcome {
    text: String,
    console: Console,
    /// The commands that connect the first directory; empty when one is connected.
    commands: Vec<String>,
}

/// How somebody gets into the console.
enum Console {
    /// With a password somebody has.
    At(String),
    /// With a link that makes the first administrator, or the command that makes such a link.
    First { link: String, command: String },
    /// With a command that makes a link for an administrator who has no password.
    Link { at: String, command: String },
}

/// Makes the account `default` in an empty database, and prepares the welcome.
pub async fn prepare(context: &Context, store: &Store) -> Result<Welcome, Failure> {
    if accounts::list(store).await?.is_empty() {
        match accounts::create(store, DEFAULT_ACCOUNT, "Default").await {
            Ok(account) => tracing::info!(account = account.slug, "made the first account"),
            // A command beside us was faster.
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let first = accounts::list(store).await?.into_iter().next();
    let console = match &first {
        Some(account) => console(context, store, account).await?,
        None => Console::At(context.config.http.public_url.clone()),
    };
    let health = diagnostics::key_health(store).await?;
    let mut commands = Vec::new();
    if health.accounts == health.without_key {
        let slug = first.map_or_else(|| DEFAULT_ACCOUNT.to_owned(), |account| account.slug);
        commands.push(
            context.command_line(&format!("user create --account {slug} --user-id admin --email admin@example.com --role administrator")),
        );
        commands.push(context.command_line(&format!("scim setup --account {slug} --administrator admin")));
    }
    let text = format!("The SCIM base URL (what a directory calls Tenant URL) is {}", context.config.scim_url());
    Ok(Welcome { text, console, commands })
}

async fn console(context: &Context, store: &Store, account: &Account) -> Result<Console, Failure> {
    let at = context.config.http.public_url.clone();
    let command = |user: &str| context.command_line(&format!("console link --account {}{user}", account.slug));
    Ok(match administrators::first(store, account.id).await? {
        None => Console::First { link: console::create(context, store, account.id, None).await?, command: command("") },
        Some((user_id, false)) => Console::Link { at, command: command(&format!(" --user {}", quoted(&user_id))) },
        Some((_, true)) => Console::At(at),
    })
}

impl Welcome {
    /// Says it, on stderr: to people as text, to machines as log lines.
    pub fn say(&self, format: LogFormat) {
        if format == LogFormat::Json {
            // A log is kept and passed on: the link itself stays out of it.
            match &self.console {
                Console::At(at) => tracing::info!(console = at, "the console"),
                Console::First { command, .. } => {
                    tracing::info!(command, "nobody can sign in yet: this makes a link for the first administrator")
                }
                Console::Link { at, command } => {
                    tracing::info!(console = at, command, "the administrator has no password yet: this makes a link")
                }
            }
            tracing::info!(next = ?self.commands, "{}", self.text);
            return;
        }
        match &self.console {
            Console::At(at) => eprintln!("\nThe console is at {at}"),
            Console::First { link, .. } => {
                eprintln!("\nOpen this link to become the first administrator. It works once, for a day:\n  {link}")
            }
            Console::Link { at, command } => {
                eprintln!("\nThe console is at {at}. The administrator has no password yet; this makes a link to choose one:\n  {command}");
            }
        }
        eprintln!("{}", self.text);
        if !self.commands.is_empty() {
            eprintln!("No directory is connected yet. The console does that under Setup SCIM; so do these commands:");
            self.commands.iter().for_each(|command| eprintln!("  {command}"));
        }
        eprintln!();
    }
}
