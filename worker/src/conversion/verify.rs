//! The last phase: the journal is held against what is there, and aliases nobody needs are taken back.

use super::slice::{Halt, Slice};
use muster_domain::conversion::{Kind, Phase};
use muster_store::conversion::{self, Advance, Findings};
use std::time::Instant;

impl Slice<'_> {
    pub(super) async fn verify(&mut self) -> Result<(), Halt> {
        let stored = self.run.verified.take().filter(|_| self.run.walk_n > 0);
        let mut found: Findings = stored.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        while self.run.walk_n < self.run.total {
            let to = (self.run.walk_n + self.allowance().await?).min(self.run.total);
            let (began, range) = (Instant::now(), (self.run.walk_n, to));
            if self.run.kind == Kind::Convert {
                conversion::prune_aliases(self.store, self.run.account, self.run.id, self.run.users_n, range).await?;
            }
            let more = conversion::verify_slice(self.store, &self.lease, self.journal(), self.run.users_n, range.0, range.1).await?;
            found.add(&more);
            self.note_findings(&found, to).await?;
            self.tell(to - range.0, began, false);
            self.run.walk_n = to;
        }
        self.enter(Phase::Done, Advance { verified: serde_json::to_value(found).ok(), ..Advance::default() }).await
    }

    async fn note_findings(&mut self, found: &Findings, to: i64) -> Result<(), Halt> {
        let advance = Advance { walk_n: Some(to), verified: serde_json::to_value(found).ok(), ..Advance::default() };
        self.run.pace = conversion::advance(self.store, &self.lease, &advance).await?;
        Ok(())
    }
}
