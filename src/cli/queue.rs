//! `muster queue …`

use clap::Subcommand;

/// `muster queue …`
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// How much is waiting, how old the oldest is, who is consuming, what was set aside.
    #[command(after_help = "Examples:\n  muster queue status\n  watch -n1 muster queue status")]
    Status,
    /// List messages that were set aside, newest first: they ended their worker again and again.
    #[command(after_help = "Examples:\n  muster queue list\n  muster queue list --limit 1000 --json | jq -r '.[].id'")]
    List {
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Enqueue a message that was set aside once more, when what stopped the workers is mended.
    ///
    /// Its operations keep their ids: one that has been carried out after all is not carried out twice. They are applied to what is there now.
    #[command(
        after_help = "Examples:\n  muster queue replay 1764374400000-0\n\nExit: 0 it is on its way, 5 there is no such message, 6 it is in no layout this version reads, has an outcome already, or something newer would be undone."
    )]
    Replay {
        /// The message's id, as `muster queue list` has it.
        id: String,
    },
    /// Forget a message that was set aside. The log of operations keeps that it was.
    #[command(
        after_help = "Examples:\n  muster queue discard 1764374400000-0 --reason sent-again\n\nExit: 0 it is gone, 5 there is no such message."
    )]
    Discard {
        /// The message's id, as `muster queue list` has it.
        id: String,
        /// Why, for the audit log.
        #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
        reason: String,
    },
}
