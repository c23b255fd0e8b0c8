//! `muster queue status|list|replay|discard`

use super::stdout_failure;
use crate::{
    cli::QueueCommand,
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output, settings,
};
use muster_domain::{AccountId, Operation};
use muster_queue::{DeadLetter, OPERATIONS, Queue};
use muster_store::{
    Store,
    console::audit::{self, Entry},
    operations,
};
use serde_json::json;
use std::collections::BTreeSet;

/// How long a worker has to start what is replayed, milliseconds. Nobody waits for it.
const PATIENCE_MS: i64 = 60_000;

pub async fn run(context: &Context, command: QueueCommand) -> CommandResult {
    let local = context.config.queue.is_local();
    if local && !matches!(command, QueueCommand::Status) {
        let message = "the queue is local: it lives inside the running service, and other processes cannot look into it. \
                       The console's page Queue & workers has what was set aside";
        return Err(Failure::new(Exit::Conflict, message));
    }
    if local {
        eprintln!("The queue is local: it lives inside the running service, and other processes cannot look into it.");
    }
    let queue = Queue::connect(settings::queue(&context.config)).await?;
    match command {
        QueueCommand::Status => status(context, &queue).await,
        QueueCommand::List { limit } => list(context, &queue, limit).await,
        QueueCommand::Replay { id } => replay(context, &queue, &id).await,
        QueueCommand::Discard { id, reason } => discard(context, &queue, &id, &reason).await,
    }
}

async fn status(context: &Context, queue: &Queue) -> CommandResult {
    let status = queue.status().await?;
    let printed = if context.json() {
        output::json(&status)
    } else {
        let rows: Vec<[String; 6]> = status
            .queues
            .iter()
            .map(|queue| {
                let oldest = queue.oldest_age_ms.map_or_else(|| "-".to_owned(), |age| format!("{}.{:03} s", age / 1000, age % 1000));
                let number = |value: u64| value.to_string();
                [
                    queue.name.clone(),
                    number(queue.depth),
                    number(queue.pending),
                    oldest,
                    number(queue.consumers),
                    number(queue.dead_letters),
                ]
            })
            .collect();
        output::table(["QUEUE", "DEPTH", "IN HAND", "OLDEST", "CONSUMERS", "SET ASIDE"], &rows)
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

async fn list(context: &Context, queue: &Queue, limit: usize) -> CommandResult {
    let letters = queue.dead_letters(OPERATIONS, limit).await?;
    let printed = if context.json() {
        // What is in them is personal data: ids find it.
        let of = |letter: &DeadLetter| {
            let operations = letter.operations().unwrap_or_default();
            let named = |operation: &Operation| {
                json!({
                    "id": operation.id, "account": operation.account, "resource_type": operation.resource_type.name(),
                    "resource_id": operation.resource_id, "change": operation.change.as_str(),
                })
            };
            json!({
                "id": letter.id, "at": output::time(letter.at_ms), "deliveries": letter.deliveries, "reason": letter.reason,
                "operations": operations.iter().map(named).collect::<Vec<_>>(),
            })
        };
        output::json(&letters.iter().map(of).collect::<Vec<_>>())
    } else {
        let rows: Vec<[String; 5]> = letters
            .iter()
            .map(|letter| {
                let operations = letter.operations().map_or_else(|| "unreadable".to_owned(), |operations| operations.len().to_string());
                [letter.id.clone(), output::time(letter.at_ms), letter.deliveries.to_string(), operations, letter.reason.clone()]
            })
            .collect();
        output::table(["ID", "WHEN", "TRIED", "OPERATIONS", "REASON"], &rows)
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

async fn replay(context: &Context, queue: &Queue, id: &str) -> CommandResult {
    let letter = find(queue, id).await?;
    let unreadable = || {
        let message = format!("the message {id} is in no layout this version reads: `muster queue discard` is what is left");
        Failure::new(Exit::Conflict, message)
    };
    let operations = letter.operations().ok_or_else(unreadable)?;
    let store = context.open_store().await?;
    // First, so that killed in between the message is still there.
    operations::reopen(&store, &operations).await?;
    // Written down first: on its way, it may be applied although this command fails.
    note(&store, "message.replayed", &letter, &operations, "").await?;
    if !queue.replay(OPERATIONS, id, PATIENCE_MS).await? {
        return Err(missing(id));
    }
    eprintln!("On its way: {} operations. `muster ops list` shows what became of them.", operations.len());
    Ok(Exit::Ok)
}

async fn discard(context: &Context, queue: &Queue, id: &str, reason: &str) -> CommandResult {
    let letter = find(queue, id).await?;
    let held = letter.operations().unwrap_or_default();
    let store = context.open_store().await?;
    // First: what is gone cannot be told any more.
    note(&store, "message.discarded", &letter, &held, reason).await?;
    if !queue.discard(OPERATIONS, id).await? {
        return Err(missing(id));
    }
    // What was promised is enqueued again until it has an outcome. Not before: somebody may have replayed it meanwhile.
    operations::give_up(&store, &held).await?;
    eprintln!("Discarded: {} operations will not be carried out.", held.len());
    Ok(Exit::Ok)
}

async fn find(queue: &Queue, id: &str) -> Result<DeadLetter, Failure> {
    queue.dead_letter(OPERATIONS, id).await?.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("there is no message {id} among those set aside; `muster queue list` shows those there are"))
}

/// In the audit log of each account it is about.
async fn note(store: &Store, action: &'static str, letter: &DeadLetter, operations: &[Operation], reason: &str) -> Result<(), Failure> {
    let accounts: BTreeSet<AccountId> = operations.iter().map(|operation| operation.account).collect();
    for account in accounts {
        let own: Vec<String> = operations.iter().filter(|operation| operation.account == account).map(|one| one.id.to_string()).collect();
        let shown = own.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let target = format!("message {} ({} operations: {shown})", letter.id, own.len());
        audit::append(store, account, &Entry::by_command(action, target, reason)).await?;
    }
    Ok(())
}
