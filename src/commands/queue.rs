//! `muster queue status`

use super::stdout_failure;
use crate::{
    cli::QueueCommand,
    context::Context,
    exit::{CommandResult, Exit},
    output, settings,
};
use muster_queue::Queue;

pub async fn run(context: &Context, command: QueueCommand) -> CommandResult {
    let QueueCommand::Status = command;
    if context.config.queue.is_local() {
        eprintln!("The queue is local: it lives inside the running service, and other processes cannot look into it.");
    }
    let queue = Queue::connect(settings::queue(&context.config)).await?;
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
