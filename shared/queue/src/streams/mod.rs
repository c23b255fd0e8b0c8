//! The queue on Redis Streams.
//!
//! A stream with one consumer group is the queue: XADD pushes, XREADGROUP hands out each entry once, XACK and XDEL forget it, and
//! the group remembers who holds what, for how long and how often. This module is the worker's and the server's side; the
//! gateway's side is in [`crate::client`].

mod backend;
mod consumer;
mod keeper;
mod keys;
mod layer;
mod link;
mod push;
mod reader;
mod redeliver;
mod replies;
mod scripts;
mod server;
mod settle;

pub(crate) use backend::StreamsBackend;
pub(crate) use link::{Backoff, LinkError};
pub(crate) use push::Pusher;
pub(crate) use replies::read_replies;
pub(crate) use server::RedisQueue;
