//! The platform's columns that hold user ids as text, after the users.

use super::slice::{Halt, Slice, is_passing};
use muster_domain::{
    LoginKey,
    conversion::{Kind, Phase, RewriteMode, rewrites},
};
use muster_store::{
    StoreError,
    conversion::{self, Advance, ReferenceColumn, ReferenceRow, Rewrite, TargetProgress},
};
use std::{collections::HashSet, time::Instant};
use uuid::Uuid;

/// How many rows are read for each that may be rewritten: most of a large table is of other accounts, or says nothing old.
const READ_AHEAD: i64 = 4;

impl Slice<'_> {
    /// Walks each column that is to be rewritten to its end.
    pub(super) async fn rewrite_references(&mut self) -> Result<(), Halt> {
        for mut target in conversion::targets(self.store, self.run.account, self.run.id).await? {
            let configured = self.settings.references.iter().find(|one| one.name() == target.name && one.mode.as_str() == target.mode);
            if !matches!(target.state.as_str(), "waiting" | "walking") {
                continue;
            }
            let column = match configured {
                None => Err(StoreError::Conflict("it is not configured any more".into())),
                Some(reference) => ReferenceColumn::find(self.store, reference).await,
            };
            match column {
                Ok(column) => self.walk(&column, target).await?,
                Err(StoreError::Conflict(why)) => {
                    tracing::error!(conversion.id = %self.run.id, column = target.name, why, "a column cannot be rewritten");
                    target.state = why;
                    conversion::rewrite_references(self.store, &self.lease, None, &[], target).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.enter(if self.run.kind == Kind::Undo { Phase::Aliases } else { Phase::Verify }, Advance::default()).await
    }

    async fn walk(&mut self, column: &ReferenceColumn, mut target: TargetProgress) -> Result<(), Halt> {
        let slug = conversion::account_slug(self.store, self.run.account).await?;
        loop {
            let most = self.allowance().await? * READ_AHEAD;
            let most = self.limit.map_or(most, |limit| limit.min(most));
            let began = Instant::now();
            let rows = conversion::read_references(self.store, column, target.last_key.as_deref(), most).await?;
            let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            let mut next = target.clone();
            next.state = if rows.is_empty() { "done" } else { "walking" }.to_owned();
            next.last_key = rows.last().map(|row| row.key.clone()).or(next.last_key);
            next.scanned += count;
            let (changes, ambiguous) = self.changes(&rows, &slug).await?;
            next.ambiguous += ambiguous;
            let result = conversion::rewrite_references(self.store, &self.lease, Some(column), &changes, next).await;
            self.tell(count, began, result.is_err());
            match result {
                Ok((done, pace)) => {
                    target = done;
                    self.run.pace = pace;
                }
                // The platform holds one of the rows: less at once, and again. The walk waits for it: a row that is passed over is lost.
                Err(error) if is_passing(&error) => {
                    self.limit = Some((most / 2).max(1));
                    self.wait(std::time::Duration::from_millis(200), "rows of the platform that are locked").await?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            self.limit = self.limit.map(|limit| limit * 2).filter(|limit| *limit < most);
            if target.state == "done" {
                return Ok(());
            }
        }
    }

    /// What these rows shall say, and how many could mean two users.
    async fn changes(&mut self, rows: &[ReferenceRow], slug: &str) -> Result<(Vec<Rewrite>, i64), Halt> {
        let ours = |row: &&ReferenceRow| {
            row.account.as_deref().is_some_and(|text| text == slug || Uuid::try_parse(text).is_ok_and(|id| id == self.run.account.0))
        };
        let keyed: Vec<(&ReferenceRow, &str, String)> = rows
            .iter()
            .filter(ours)
            .filter_map(|row| row.value.as_deref().map(|value| (row, value, LoginKey::of(value).into_string())))
            .collect();
        let keys: HashSet<&String> = keyed.iter().map(|(.., key)| key).filter(|key| !key.is_empty()).collect();
        let keys: Vec<String> = keys.into_iter().cloned().collect();
        let journal = (self.run.account, self.journal());
        let becomes = conversion::lookup_items(self.store, journal, self.run.users_n, self.run.kind, &keys).await?;
        let (mut changes, mut ambiguous) = (Vec::new(), 0);
        for (row, value, key) in keyed {
            match becomes.get(&key) {
                Some((to, also_new)) if rewrites(RewriteMode::Rewrite, *also_new) => {
                    changes.push(Rewrite { key: row.key.clone(), from: value.to_owned(), to: to.clone() });
                }
                Some(_) => ambiguous += 1,
                None => {}
            }
        }
        Ok((changes, ambiguous))
    }
}
