//! The platform beside a conversion: transactions like a platform's own, at a steady rate, while a conversion of the same users is let
//! go and held in turn. Both conditions lie in the same minutes of the same machine, so their ratio means something where neither
//! figure does.

mod database;
mod load;
mod report;

use anyhow::{Context as _, Result};
use database::Database;
use load::Load;
use report::{PlatformReport, Round, Side};
use std::time::Duration;

/// Not measured after each switch: what was under way ends, and the disk calms down.
const SETTLE: Duration = Duration::from_millis(1_500);
/// How often it is counted who waits for a lock.
const LOCK_SAMPLES: Duration = Duration::from_millis(25);

/// What to measure.
#[derive(clap::Args, Clone, Debug)]
pub struct PlatformOptions {
    /// The database (postgres://…).
    #[arg(long, env = "MUSTER_DATABASE__URL", hide_env_values = true)]
    pub database: String,
    /// The account whose users the platform uses, and whose conversion is let go and held.
    #[arg(long)]
    pub account: String,
    /// Transactions per second: half look-ups, a third profile updates, the rest inserts of children.
    #[arg(long, default_value_t = 200)]
    pub rate: u32,
    /// Connections of the platform.
    #[arg(long, default_value_t = 24)]
    pub connections: u32,
    /// How often the conversion is let go. 0: it is left alone, and one stretch is measured.
    #[arg(long, default_value_t = 6)]
    pub rounds: u32,
    /// How long each side of a round is measured.
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Measures.
///
/// # Errors
/// When the database cannot be reached or refuses a statement of the measurement itself. What the platform's transactions are refused is
/// counted.
pub async fn run(options: &PlatformOptions) -> Result<PlatformReport> {
    let database = Database::open(&options.database, &options.account, options.connections).await.context("the database")?;
    database.prepare().await.context("the platform's table")?;
    let load = Load::start(database.clone(), options.rate);
    let seconds = Duration::from_secs_f64(options.seconds);
    let mut report = PlatformReport::new(&options.account, options.rate);
    if options.rounds == 0 {
        tokio::time::sleep(SETTLE).await;
        report.alone = Some(side(&database, &load, seconds).await?);
        return Ok(report);
    }
    for _ in 0..options.rounds {
        database.hold_conversion(true).await?;
        tokio::time::sleep(SETTLE).await;
        let off = side(&database, &load, seconds).await?;
        database.hold_conversion(false).await?;
        tokio::time::sleep(SETTLE).await;
        let on = side(&database, &load, seconds).await?;
        report.rounds.push(Round { off, on });
        if !database.is_converting().await? {
            break;
        }
    }
    database.hold_conversion(false).await?;
    Ok(report)
}

/// One stretch of time.
async fn side(database: &Database, load: &Load, length: Duration) -> Result<Side> {
    let before = database.counters().await?;
    load.take();
    let (mut samples, mut waiting, mut most) = (0, 0, 0);
    let end = tokio::time::Instant::now() + length;
    while tokio::time::Instant::now() < end {
        let sessions = database.waiting_for_locks().await?;
        samples += 1;
        waiting += u32::from(sessions > 0);
        most = most.max(sessions);
        tokio::time::sleep(LOCK_SAMPLES).await;
    }
    let record = load.take();
    let after = database.counters().await?;
    Ok(Side::new(record, length, (samples, waiting, most), after.since(&before)))
}
