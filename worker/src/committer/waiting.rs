//! The outcomes of one message, on their way back.

use muster_domain::Reply;
use muster_queue::EarlyReplies;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The outcomes of one message, gathered until they are complete: one answer costs the queue less than many.
///
/// Where one of the operations takes its time (its row is locked by somebody else), its neighbours do not wait for it: from then on
/// each outcome is sent when it is there, and only the acknowledgement waits for the last.
pub(super) struct Waiting {
    early: EarlyReplies,
    gathered: Mutex<Gathered>,
}

/// What has come in so far, and whom to give it to.
struct Gathered {
    replies: Vec<Reply>,
    missing: usize,
    hurry: bool,
    answer: Option<oneshot::Sender<Vec<Reply>>>,
}

impl Waiting {
    /// Waits for so many outcomes.
    pub(super) fn new(expected: usize, early: EarlyReplies, answer: oneshot::Sender<Vec<Reply>>) -> Self {
        let gathered = Gathered { replies: Vec::with_capacity(expected), missing: expected, hurry: false, answer: Some(answer) };
        Self { early, gathered: Mutex::new(gathered) }
    }

    pub(super) fn add(&self, reply: Reply) {
        let mut gathered = self.gathered();
        gathered.replies.push(reply);
        gathered.missing = gathered.missing.saturating_sub(1);
        if gathered.missing == 0 {
            let replies = std::mem::take(&mut gathered.replies);
            if let Some(answer) = gathered.answer.take() {
                // A handler that was dropped does not wait any more; its message comes back and finds the log.
                let _ = answer.send(replies);
            }
        } else if gathered.hurry {
            self.early.send(std::mem::take(&mut gathered.replies));
        }
    }

    /// One of the outcomes may be a long time coming: what is there goes now, and what comes goes at once.
    pub(super) fn do_not_gather(&self) {
        let mut gathered = self.gathered();
        gathered.hurry = true;
        self.early.send(std::mem::take(&mut gathered.replies));
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
