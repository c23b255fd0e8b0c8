//! The gateway's way into a stream, and its look at what became of it.

use super::{
    keys::{Keys, Lane, MESSAGE},
    link::{Link, LinkError},
    scripts,
    server::RedisQueue,
};
use serde::Serialize;

/// Pushes messages of one queue.
pub(crate) struct Pusher {
    link: Link,
    keys: Keys,
}

impl Pusher {
    /// One with a connection of its own, so that no one else's command is in front of a push.
    pub(crate) fn new(queue: &RedisQueue, name: &str) -> Self {
        Self { link: queue.address.link(queue.settings.command_timeout), keys: queue.keys(name) }
    }

    /// Appends a message, and returns its id.
    pub(crate) async fn push<T: Serialize>(&self, message: &T) -> Result<String, LinkError> {
        let body = serde_json::to_vec(message).expect("messages are plain data with string keys");
        self.link.cmd(redis::cmd("XADD").arg(&self.keys.stream).arg("*").arg(MESSAGE).arg(body)).await
    }

    /// Which of these messages are neither waiting, nor in the hands of a worker, nor living on in their parts.
    pub(crate) async fn gone(&self, ids: &[String]) -> Result<Vec<String>, LinkError> {
        let mut call = scripts::GONE.key(&self.keys.stream);
        for id in ids {
            call.key(self.keys.split_note(id)).arg(id);
        }
        self.link.script(&call).await
    }

    /// How many messages are not done.
    pub(crate) async fn depth(&self) -> Result<usize, LinkError> {
        let mut both = redis::pipe();
        for lane in Lane::BOTH {
            both.cmd("XLEN").arg(self.keys.of(lane));
        }
        let (waiting, isolated): (usize, usize) = self.link.run(&both).await?;
        Ok(waiting + isolated)
    }
}
