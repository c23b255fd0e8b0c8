//! A worker in a process of its own: this test binary, told by its environment to be one.

use crate::{
    handler::{Behaviour, TestHandler},
    rig::{name_of, quick},
};
use muster_queue::{Queue, QueueSettings, WorkerSettings};
use std::process::{Child, Command, Stdio};
use tokio_util::sync::CancellationToken;

/// A worker that finishes nothing.
pub const HANG: &str = "hang";

/// A worker that applies everything but what is named `poison`, which ends its process.
pub const DIE_OF_POISON: &str = "die of poison";

/// Starts the process.
pub fn start(url: &str, prefix: &str, mode: &str) -> Child {
    let program = std::env::current_exe().expect("a test knows its program");
    let mut command = Command::new(program);
    command.args(["--exact", "child::worker", "--nocapture"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("MUSTER_CHILD_URL", url).env("MUSTER_CHILD_PREFIX", prefix).env("MUSTER_CHILD_MODE", mode);
    command.spawn().expect("this program starts")
}

/// Not a test: the worker, when the environment says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Ok(url) = std::env::var("MUSTER_CHILD_URL") else { return };
    let prefix = std::env::var("MUSTER_CHILD_PREFIX").expect("set with the URL");
    let mode = std::env::var("MUSTER_CHILD_MODE").expect("set with the URL");
    let queue = Queue::connect(QueueSettings { url, prefix, ..quick() }).await.expect("the URL is well-formed");
    let handler = TestHandler::new(move |delivery| match mode.as_str() {
        HANG => Behaviour::Hang,
        _ if delivery.batch.operations.iter().any(|operation| name_of(operation) == "poison") => Behaviour::Abort,
        _ => Behaviour::Apply,
    });
    let told = CancellationToken::new();
    queue.run_operation_worker("child", WorkerSettings::default(), handler, told).await.expect("it is never told to stop");
}
