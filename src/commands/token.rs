//! `muster token create|list|void`: tokens of the JSON API.

use super::stdout_failure;
use crate::{
    cli::TokenCommand,
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::ApiToken;
use muster_store::{api_tokens, now_ms, resources};
use serde_json::json;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub async fn run(context: &Context, command: TokenCommand) -> CommandResult {
    let store = context.open_store().await?;
    match command {
        TokenCommand::Create { account, user, name, days } => {
            let account = context.account(&store, &account).await?;
            let missing = || Failure::new(Exit::NotFound, format!("the account `{}` has no user with the user id `{user}`", account.slug));
            let owner = resources::find_user_by_user_id(&store, account.id, &user).await?.ok_or_else(missing)?;
            let (token, expires_ms) = (ApiToken::generate(), now_ms() + i64::from(days) * DAY_MS);
            let id = api_tokens::create(&store, account.id, (owner.id, owner.role), &name, &token, expires_ms).await?;
            // Always JSON: what prints it can be a script, and a table would wrap the token.
            let url = format!("{}/api/v1", context.config.http.public_url);
            let document = json!({ "id": id, "url": url, "token": token.reveal(), "expires": output::time(expires_ms) });
            output::json(&document).map_err(stdout_failure)?;
            eprintln!("This token is not shown again.");
            Ok(Exit::Ok)
        }
        TokenCommand::List { account } => {
            let account = context.account(&store, &account).await?;
            let tokens = api_tokens::list(&store, account.id).await?;
            let printed = if context.json() {
                output::json(&tokens)
            } else {
                let rows: Vec<[String; 6]> = tokens
                    .iter()
                    .map(|token| {
                        let state = match token.voided_ms {
                            Some(_) => "voided",
                            None if token.expires_ms <= now_ms() => "past its end",
                            None => "works",
                        };
                        let user = token.user_id.clone().unwrap_or_else(|| "(gone)".to_owned());
                        let expires = output::time(token.expires_ms);
                        [token.name.clone(), user, format!("…{}", token.hint), state.to_owned(), expires, token.id.to_string()]
                    })
                    .collect();
                output::table(["NAME", "USER ID", "TOKEN", "STATE", "ENDS", "ID"], &rows)
            };
            printed.map(|()| Exit::Ok).map_err(stdout_failure)
        }
        TokenCommand::Void { account, id } => {
            let account = context.account(&store, &account).await?;
            if api_tokens::void(&store, account.id, id).await? {
                eprintln!("Voided.");
                return Ok(Exit::Ok);
            }
            Err(Failure::new(Exit::NotFound, format!("the account `{}` has no token {id} that is not voided", account.slug)))
        }
    }
}
