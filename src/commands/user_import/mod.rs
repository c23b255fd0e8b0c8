//! `muster user import`: a CSV file of any size, applied as it is read.
//!
//! A thread reads and checks rows ([`rows`]) and is never more than a few batches ahead; this task applies one batch at a time,
//! in the order of the file, through the same code as SCIM. Every row ends up imported or in the report, with its line.

mod progress;
mod rejected;
mod rows;

use super::stdout_failure;
use crate::{
    cli::ImportUsers,
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output, settings,
};
use muster_domain::{Outcome, OutcomeCode};
use muster_runtime::shutdown;
use muster_store::Store;
use muster_worker::Applier;
use progress::Progress;
use rejected::Report;
use rows::{Rows, Source};
use serde::Serialize;
use std::{collections::BTreeMap, path::PathBuf, time::Instant};
use tokio::sync::mpsc;

/// Rows in one transaction. Larger is hardly faster, and a larger transaction keeps a running service waiting longer.
const BATCH_ROWS: usize = 512;
/// From so many new rows on, a running service would do its next look-ups by plans made for a much smaller table.
const WORTH_STATISTICS: u64 = 1_000;
/// Batches read ahead of the one that is applied.
const BATCHES_AHEAD: usize = 2;

/// What is printed at the end.
#[derive(Debug, Default, Serialize)]
struct Summary {
    account: String,
    rows: u64,
    imported: u64,
    rejected: u64,
    by_code: BTreeMap<&'static str, u64>,
    rejected_file: Option<PathBuf>,
    /// Why the end of the file was not reached; none when it was. Nothing from `next_line` on was imported.
    stopped: Option<String>,
    next_line: Option<u64>,
    seconds: f64,
}

pub async fn run(context: &Context, import: ImportUsers) -> CommandResult {
    let store = context.open_store().await?;
    let account = context.account(&store, &import.account).await?;
    let report = Report::new(&import.csv, import.rejected)?;
    let source = Source::open(&import.csv)?;
    let progress = Progress::new(source.bytes());
    let stop = shutdown::listen().map_err(|error| Failure::io("cannot listen for signals", &error))?;

    let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
    let id = account.id;
    let reader = tokio::task::spawn_blocking(move || Rows::new(source, id).and_then(|rows| rows.send(&sender, BATCH_ROWS)));
    let summary = Summary { account: account.slug, ..Summary::default() };
    let mut run = Run { applier: applier(store.clone(), context), report, progress, summary, started: Instant::now() };
    let applied = run.apply_all(batches, &stop).await;
    if run.summary.imported >= WORTH_STATISTICS
        && let Err(error) = muster_store::diagnostics::refresh_statistics(&store).await
    {
        tracing::warn!(%error, "the database was not told to look at its tables again; it will do so by itself within minutes");
    }
    if run.summary.stopped.is_none() {
        // The reader has closed the channel, so it has ended. What stopped it is the reader's to say.
        match reader.await.map_err(|error| Failure::new(Exit::Unexpected, error))? {
            Ok(()) => {}
            Err(failure) if run.summary.rows == 0 => return Err(failure),
            Err(failure) => run.summary.stopped = Some(failure.message),
        }
    }
    run.finish(context, applied)
}

fn applier(store: Store, context: &Context) -> Applier {
    Applier::new(store, settings::apply(&context.config))
}

struct Run {
    applier: Applier,
    report: Report,
    progress: Progress,
    summary: Summary,
    started: Instant,
}

impl Run {
    async fn apply_all(
        &mut self,
        mut batches: mpsc::Receiver<rows::Batch>,
        stop: &tokio_util::sync::CancellationToken,
    ) -> Result<(), Failure> {
        while let Some(batch) = batches.recv().await {
            let first_line = batch.first_line();
            if stop.is_cancelled() {
                self.stop("interrupted", first_line);
                return Ok(());
            }
            let outcomes = self.applier.apply(batch.rows.iter().filter_map(|row| row.operation.as_ref().ok().cloned()).collect()).await;
            let down = |outcome: &Outcome| matches!(outcome.code, OutcomeCode::Failed | OutcomeCode::Expired);
            if !outcomes.is_empty() && outcomes.iter().all(down) {
                // Not one row's fault: the database is gone. Calling every further row rejected would help nobody.
                self.stop("the database could not apply anything of a batch; the log says why", first_line);
                return Err(Failure::new(Exit::Dependency, "the import stopped"));
            }
            self.count(batch, outcomes)?;
        }
        Ok(())
    }

    fn stop(&mut self, why: &str, line: Option<u64>) {
        self.summary.stopped = Some(why.to_owned());
        self.summary.next_line = line;
    }

    fn count(&mut self, batch: rows::Batch, outcomes: Vec<Outcome>) -> Result<(), Failure> {
        let mut outcomes = outcomes.into_iter();
        for row in batch.rows {
            self.summary.rows += 1;
            let (code, reason) = match row.operation {
                Err(reason) => ("invalid", reason),
                Ok(_) => match outcomes.next() {
                    Some(outcome) if outcome.is_success() => {
                        self.summary.imported += 1;
                        continue;
                    }
                    Some(outcome) => (outcome.code.as_str(), outcome.error.map(|error| error.detail).unwrap_or_default()),
                    None => ("failed", "the operation has no outcome".to_owned()),
                },
            };
            self.summary.rejected += 1;
            *self.summary.by_code.entry(code).or_default() += 1;
            self.report.add(row.line, &row.user_id, code, &reason)?;
        }
        self.progress.update(batch.bytes_read, &self.summary, self.started.elapsed());
        Ok(())
    }

    fn finish(mut self, context: &Context, applied: Result<(), Failure>) -> CommandResult {
        self.progress.clear();
        self.summary.seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        self.summary.rejected_file = self.report.finish()?;
        let summary = &self.summary;
        if context.json() {
            output::json(summary).map_err(stdout_failure)?;
        } else {
            let mut rows =
                vec![["imported".to_owned(), summary.imported.to_string()], ["rejected".to_owned(), summary.rejected.to_string()]];
            rows.extend(summary.by_code.iter().map(|(code, count)| [format!("  {code}"), count.to_string()]));
            output::table(["ROWS", "COUNT"], &rows).map_err(stdout_failure)?;
        }
        if let Some(file) = &summary.rejected_file {
            eprintln!("The rejected rows, with line and reason: {}", file.display());
        }
        if let Some(why) = &summary.stopped {
            let from = summary.next_line.map(|line| format!(" Nothing from line {line} on was imported.")).unwrap_or_default();
            eprintln!(
                "muster: stopped before the end of the file: {why}.{from} Importing the file again is safe: what is there is reported as duplicate."
            );
        }
        applied?;
        Ok(if summary.rejected > 0 || summary.stopped.is_some() { Exit::Partial } else { Exit::Ok })
    }
}
