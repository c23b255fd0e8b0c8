//! One line an account, and batches that take from all of them in turn.

use super::Queued;
use muster_domain::AccountId;
use std::collections::{HashMap, VecDeque};

/// Operations in line.
#[derive(Default)]
pub(super) struct Lines {
    lines: HashMap<AccountId, VecDeque<Queued>>,
    /// The accounts with a line, the one to be served next first.
    turns: VecDeque<AccountId>,
    waiting: usize,
}

impl Lines {
    pub(super) const fn len(&self) -> usize {
        self.waiting
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn push(&mut self, queued: Queued) {
        let account = queued.operation.account;
        let line = self.lines.entry(account).or_default();
        if line.is_empty() {
            self.turns.push_back(account);
        }
        line.push_back(queued);
        self.waiting += 1;
    }

    /// Takes up to `most` operations: an equal share from each account's line, and what shares leave over from the longer ones.
    /// The operations of one account stay in order. A bulk is taken whole, even if that is more than `most`.
    pub(super) fn take(&mut self, most: usize) -> Vec<Queued> {
        let mut batch = Vec::with_capacity(most.min(self.waiting));
        while batch.len() < most && !self.turns.is_empty() {
            let share = ((most - batch.len()) / self.turns.len()).max(1);
            for _ in 0..self.turns.len() {
                let room = share.min(most.saturating_sub(batch.len()));
                let Some(account) = self.turns.pop_front() else { break };
                let Some(line) = self.lines.get_mut(&account) else { continue };
                let mut taken = room.min(line.len());
                while taken > 0 && taken < line.len() && line[taken - 1].operation.same_bulk(&line[taken].operation) {
                    taken += 1;
                }
                batch.extend(line.drain(..taken));
                self.waiting -= taken;
                if line.is_empty() {
                    self.lines.remove(&account);
                } else {
                    self.turns.push_back(account);
                }
                if batch.len() >= most {
                    break;
                }
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::committer::Waiting;
    use muster_domain::{Actor, Change, Operation, OperationId};
    use muster_queue::EarlyReplies;
    use muster_scim::ResourceType;
    use std::sync::Arc;
    use uuid::Uuid;

    fn queued(account: AccountId) -> Queued {
        let operation = Operation {
            id: OperationId::new(),
            account,
            actor: Actor::Command,
            resource_type: ResourceType::User,
            resource_id: Uuid::now_v7(),
            change: Change::Delete,
            if_match: None,
            accepted_ms: 0,
            deadline_ms: 0,
            request_id: Uuid::nil(),
            bulk: None,
            acknowledged: false,
            trace: None,
        };
        queue(operation)
    }

    fn queue(operation: Operation) -> Queued {
        let (answer, _) = tokio::sync::oneshot::channel();
        Queued { operation, waiting: Arc::new(Waiting::new(1, EarlyReplies::new(drop), answer)) }
    }

    #[test]
    fn a_quiet_account_is_served_in_the_first_batch_beside_a_noisy_one() {
        let (noisy, quiet) = (AccountId::new(), AccountId::new());
        let mut lines = Lines::default();
        for _ in 0..1000 {
            lines.push(queued(noisy));
        }
        for _ in 0..3 {
            lines.push(queued(quiet));
        }
        let batch = lines.take(100);
        assert_eq!(batch.len(), 100);
        assert_eq!(batch.iter().filter(|q| q.operation.account == quiet).count(), 3);
        assert_eq!(lines.len(), 903);
    }

    #[test]
    fn the_operations_of_an_account_stay_in_order_and_none_is_lost() {
        let accounts = [AccountId::new(), AccountId::new(), AccountId::new()];
        let mut lines = Lines::default();
        let mut pushed = Vec::new();
        for turn in 0..500 {
            let q = queued(accounts[turn % 3 % (1 + turn % 2)]);
            pushed.push((q.operation.account, q.operation.id));
            lines.push(q);
        }
        let mut taken = Vec::new();
        while !lines.is_empty() {
            taken.extend(lines.take(7).into_iter().map(|q| (q.operation.account, q.operation.id)));
        }
        assert_eq!(taken.len(), 500);
        for account in accounts {
            let of = |list: &[(AccountId, OperationId)]| list.iter().filter(|(a, _)| *a == account).map(|(_, id)| *id).collect::<Vec<_>>();
            assert_eq!(of(&taken), of(&pushed));
        }
    }

    #[test]
    fn a_bulk_is_taken_whole_however_large_and_does_not_starve_its_neighbours() {
        let (noisy, quiet) = (AccountId::new(), AccountId::new());
        let mut lines = Lines::default();
        let bulk = queued(noisy).operation;
        let part = |request_id| queue(Operation { id: OperationId::new(), request_id, bulk: Some(Box::default()), ..bulk.clone() });
        let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
        (0..300).for_each(|_| lines.push(part(first)));
        (0..300).for_each(|_| lines.push(part(second)));
        lines.push(queued(quiet));
        let sizes: Vec<usize> = std::iter::from_fn(|| Some(lines.take(10).len()).filter(|taken| *taken > 0)).collect();
        assert_eq!(sizes, [300, 301], "one bulk, then the quiet account and the other bulk");
    }
}
