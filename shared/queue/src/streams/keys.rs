//! The names of everything in Redis.

/// The consumer group of every queue.
pub(crate) const GROUP: &str = "workers";

/// The field of an entry that holds the message.
pub(crate) const MESSAGE: &str = "m";

/// The field of an isolated entry that holds how often its message had been handed out before it was isolated.
pub(crate) const BEFORE: &str = "n";

/// The field of a reply stream's entry that holds the replies.
pub(crate) const REPLIES: &str = "r";

/// The keys of one queue.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// The stream messages are pushed to.
    pub(crate) stream: String,
    /// The stream of messages that come back, each as small as can be, taken one at a time.
    pub(crate) isolated: String,
    /// The stream of messages that were set aside.
    pub(crate) dead: String,
    /// The start of the keys of notes about single entries.
    pub(crate) note: String,
}

impl Keys {
    /// The keys of the queue of that name.
    pub(crate) fn new(prefix: &str, queue: &str) -> Self {
        let base = base(prefix);
        Self {
            stream: format!("{base}:{queue}"),
            isolated: format!("{base}:{queue}:isolated"),
            dead: format!("{base}:dead:{queue}"),
            note: format!("{base}:note:{queue}:"),
        }
    }

    /// The stream of a lane.
    pub(crate) fn of(&self, lane: Lane) -> &str {
        match lane {
            Lane::Stream => &self.stream,
            Lane::Isolated => &self.isolated,
        }
    }

    /// Where it is noted that an entry was taken apart, and lives on in its parts.
    pub(crate) fn split_note(&self, id: &str) -> String {
        format!("{}split:{id}", self.note)
    }

    /// Where the last error of an entry's handler is noted.
    pub(crate) fn error_note(&self, lane: Lane, id: &str) -> String {
        format!("{}error:{lane:?}:{id}", self.note)
    }
}

/// The stream a gateway's replies come on.
pub(crate) fn reply_key(prefix: &str, gateway: impl std::fmt::Display) -> String {
    format!("{}:reply:{gateway}", base(prefix))
}

/// The prefix as a hash tag, so that a Redis Cluster keeps all keys in one slot.
fn base(prefix: &str) -> String {
    if prefix.contains('{') { prefix.to_owned() } else { format!("{{{prefix}}}") }
}

/// Which of a queue's two streams an entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    Stream,
    Isolated,
}

impl Lane {
    pub(crate) const BOTH: [Self; 2] = [Self::Stream, Self::Isolated];
}
