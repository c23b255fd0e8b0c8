//! What someone needs who has just started this for the first time.

use crate::{context::Context, exit::Failure};
use muster_runtime::LogFormat;
use muster_store::{Store, StoreError, accounts, diagnostics};

/// The account an empty database gets.
const DEFAULT_ACCOUNT: &str = "default";

/// What there is to say once the service is up.
pub struct Welcome {
    text: String,
    /// The commands that connect the first directory; empty when one is connected.
    commands: Vec<String>,
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
    let health = diagnostics::key_health(store).await?;
    let mut commands = Vec::new();
    if health.accounts == health.without_key {
        let slug = accounts::list(store).await?.into_iter().next().map_or_else(|| DEFAULT_ACCOUNT.to_owned(), |account| account.slug);
        commands.push(
            context.command_line(&format!("user create --account {slug} --user-id admin --email admin@example.com --role administrator")),
        );
        commands.push(context.command_line(&format!("scim setup --account {slug} --administrator admin")));
    }
    Ok(Welcome { text: format!("The SCIM base URL (what a directory calls Tenant URL) is {}", context.config.scim_url()), commands })
}

impl Welcome {
    /// Says it, on stderr: to people as text, to machines as log lines.
    pub fn say(&self, format: LogFormat) {
        if format == LogFormat::Json {
            tracing::info!(next = ?self.commands, "{}", self.text);
            return;
        }
        eprintln!("\n{}", self.text);
        if !self.commands.is_empty() {
            eprintln!("No directory is connected yet. Make the first administrator, and its secret key:");
            self.commands.iter().for_each(|command| eprintln!("  {command}"));
        }
        eprintln!();
    }
}
