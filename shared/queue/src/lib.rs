//! The queue between gateway and worker.
//!
//! A gateway does not write to the database. It puts an [`Operation`](muster_domain::Operation) into this queue and waits for its
//! outcome; a worker takes operations out, applies them in batches, and sends the outcomes back. That turns a burst of a hundred
//! thousand requests into a few hundred transactions. There are two queues behind one interface, and one suite of tests holds the
//! same contract against both: Redis Streams for gateways and workers on many machines, and one inside the process for `muster`
//! without Redis.
//!
//! # The path of an operation
//!
//! 1. [`OperationClient::call`] asks for a place among those in flight. There is a bound over all accounts, a share for each, and
//!    a bound on the depth of the queue; whoever is over one of them is refused at once.
//! 2. The operation joins the open micro-batch. A batch leaves when no push is under way: alone a call waits for nobody, and under
//!    load one message carries hundreds of operations. On Redis the push is one XADD to `{muster}:operations`.
//! 3. A consumer of the group `workers` reads it with XREADGROUP and hands it, through apalis, to the [`OperationHandler`], which
//!    gets as many messages at once as [`WorkerSettings::concurrency`] says.
//! 4. The handler returns the replies. One pipeline sends them to `{muster}:reply:<gateway>` (XADD) and then forgets the message
//!    (XACK, XDEL): never the other way round, so a message is never forgotten without its reply.
//! 5. The gateway reads its reply stream from the last entry it has seen, and wakes the call.
//!
//! # Why streams
//!
//! A consumer group is Redis' own engine for this: it hands each entry to one consumer, remembers who holds what, for how long
//! and how often, and lets another consumer take over what was left. Nothing is polled, nothing is moved between lists, a backlog
//! of any size costs nothing but memory, and the order of arrival is the order of hand-out. apalis brings the rest of a worker: the
//! layers around a handler, the bound on concurrency, the graceful stop.
//!
//! # What happens when something breaks
//!
//! Delivery is *at least once*. An operation's effect happens once because the worker records it, under the operation's id, in
//! the transaction of the effect, and answers a second delivery with the recorded outcome.
//!
//! | what breaks | what happens |
//! |---|---|
//! | a worker is killed | what it held is idle for [`QueueSettings::claim_idle`]; then another worker takes it over |
//! | a handler fails, panics or does not end | the message stays, and is taken over in the same way |
//! | a message comes back | it is taken apart into its operations, which are applied one at a time, each alone in its message |
//! | an operation is handed out [`QueueSettings::max_deliveries`] times in vain | it is moved to `{muster}:dead:operations` with the reason, [`OperationHandler::set_aside`] is called, and its caller gets what that returns |
//! | a message cannot be read, or has an unknown layout | it is set aside at once; nobody guesses |
//! | a worker is told to stop | it reads no more, finishes what it started, sends the replies, and gives back what it had not started as if it had never been handed out |
//! | a slow handler | its message is kept alive, and nobody takes it over |
//! | a connection breaks, Redis restarts | everybody connects anew for ever; the reply stream is read on after the last entry seen, settlements are repeated until they are certain |
//! | Redis stands still | commands wait up to ten seconds; what was taken over meanwhile is applied twice with one effect |
//! | Redis loses what it had (FLUSHALL, a lost tail of the append-only file) | the group is made anew; operations without an outcome whose message is gone are pushed again |
//! | Redis is away when a call comes | the push is tried until the operation's deadline; the error says whether it may have arrived ([`CallError::NoReply`]) or certainly has not ([`CallError::Unavailable`]) |
//! | a gateway ends | its replies disappear by themselves after two minutes; the outcomes are in the database |
//! | the process with the in-process queue ends | what was queued is gone; its callers have been told nothing, and try again |
//!
//! Deadlines are compared on one clock, that of the Redis server, see [`Queue::now_ms`].

mod client;
mod clock;
mod error;
mod local;
mod message;
mod queue;
mod sender;
mod settings;
mod status;
mod streams;
mod worker;

pub use client::{Admitted, OperationClient};
pub use error::{CallError, HandlerError, QueueError};
pub use message::{Delivery, EarlyReplies, OperationHandler};
pub(crate) use message::{Message, Origin, ReplyTo, Settlement};
pub use queue::Queue;
pub use sender::OperationSender;
pub use settings::{ClientSettings, QueueSettings, WorkerSettings};
pub use status::{BackendInfo, DeadLetter, OPERATIONS, QUEUES, QueueDepth, QueueStatus};
