//! `muster audit list|verify`

use super::stdout_failure;
use crate::{
    cli::{Anchor, AuditCommand, ListAudit},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::AccountId;
use muster_store::{Store, console::audit};

pub async fn run(context: &Context, command: AuditCommand) -> CommandResult {
    let store = context.open_store().await?;
    match command {
        AuditCommand::List(ListAudit { account, limit, before }) => {
            let account = context.account(&store, &account).await?;
            let entries = audit::list(&store, account.id, before, limit).await?;
            let printed = if context.json() {
                output::json(&entries)
            } else {
                let rows: Vec<[String; 7]> = entries
                    .into_iter()
                    .map(|entry| {
                        [
                            entry.number.to_string(),
                            output::time(entry.at_ms),
                            entry.actor,
                            entry.action,
                            entry.target,
                            entry.detail,
                            entry.peer,
                        ]
                    })
                    .collect();
                output::table(["NUMBER", "TIME", "WHO", "WHAT", "TO WHOM", "DETAIL", "FROM"], &rows)
            };
            printed.map(|()| Exit::Ok).map_err(stdout_failure)
        }
        AuditCommand::Verify { account, expect } => {
            let account = context.account(&store, &account).await?;
            verify(context, &store, account.id, expect).await
        }
    }
}

async fn verify(context: &Context, store: &Store, account: AccountId, expect: Option<Anchor>) -> CommandResult {
    let verified = audit::verify(store, account).await?;
    if context.json() {
        output::json(&verified).map_err(stdout_failure)?;
    } else {
        let last = if verified.entries == 0 { "none".to_owned() } else { format!("{}:{}", verified.entries, verified.last_hash) };
        let lines = [("entries".to_owned(), verified.entries.to_string()), ("last".to_owned(), last)];
        output::pairs(&lines).map_err(stdout_failure)?;
    }
    if let Some(number) = verified.broken {
        return Err(Failure::new(Exit::Refused, format!("entry {number} is not as it was written, or one before it was taken out")));
    }
    if let Some(Anchor { number, hash }) = expect {
        let now = audit::hash_of(store, account, number).await?;
        if !now.is_some_and(|now| now.starts_with(&hash)) {
            return Err(Failure::new(Exit::Refused, format!("entry {number} is gone, or is another one than it was")));
        }
    }
    Ok(Exit::Ok)
}
