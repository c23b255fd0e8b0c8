//! `muster account create|list`

use super::stdout_failure;
use crate::{
    cli::AccountCommand,
    context::Context,
    exit::{CommandResult, Exit},
    output,
};
use jiff::Timestamp;
use muster_store::accounts::{self, Account};
use serde_json::{Value, json};

pub async fn run(context: &Context, command: AccountCommand) -> CommandResult {
    let store = context.open_store().await?;
    let accounts = match command {
        AccountCommand::Create { slug, name } => {
            let name = name.unwrap_or_else(|| slug.clone());
            let account = accounts::create(&store, &slug, &name).await?;
            if context.json() {
                output::json(&document(&account)).map_err(stdout_failure)?;
                return Ok(Exit::Ok);
            }
            vec![account]
        }
        AccountCommand::List => accounts::list(&store).await?,
    };
    let printed = if context.json() {
        output::json(&accounts.iter().map(document).collect::<Vec<Value>>())
    } else {
        let rows: Vec<[String; 4]> = accounts
            .into_iter()
            .map(|account| [account.slug.clone(), account.name.clone(), account.id.to_string(), created(&account)])
            .collect();
        output::table(["SLUG", "NAME", "ID", "CREATED"], &rows)
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

fn document(account: &Account) -> Value {
    json!({ "id": account.id, "slug": account.slug, "name": account.name, "host": account.host, "created": created(account) })
}

fn created(account: &Account) -> String {
    Timestamp::from_millisecond(account.created_ms).map(|time| format!("{time:.3}")).unwrap_or_default()
}
