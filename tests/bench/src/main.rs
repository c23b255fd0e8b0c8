//! Sends provisioning traffic of one shape to a running service and reports rate and latencies.
//!
//! Closed loop: each client sends its next request when the last one was answered, as directories do, so the rate is what the
//! service sustains with that many clients. `tests/bench/run` starts everything and runs all shapes.
//!
//! `platform` is another measurement: the platform's own transactions beside a conversion (see [`platform`]); `tests/bench/conversion`
//! starts what it needs.

mod http;
mod platform;
mod record;
mod shapes;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use platform::PlatformOptions;
use record::{Record, Report};
use shapes::{Plan, Ready, Shape};
use std::{
    io::Write,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::task::JoinSet;

/// Load generator for provisioning traffic.
#[derive(Debug, Parser)]
enum Command {
    /// Measure one shape.
    #[command(after_help = "Examples:
  muster-bench run create-burst --url http://127.0.0.1:8080/scim --clients 64 --seconds 10
  muster-bench run entra-mix --users 100000 --clients 16 --json

Exit: 0 when every answer was as expected, 1 when not.")]
    Run(Options),
    /// Print the users that the shapes expect to exist, as a CSV for `muster user import`.
    #[command(after_help = "Examples:
  muster-bench seed-csv --users 1000000 > users.csv")]
    SeedCsv {
        /// How many.
        #[arg(long, default_value_t = 1_000)]
        users: usize,
        /// User ids are mailbox names, as before a conversion, and not addresses.
        #[arg(long)]
        mailboxes: bool,
    },
    /// Measure the platform's own transactions beside a conversion that is let go and held in turn.
    #[command(after_help = "Examples:
  muster-bench platform --database postgres://muster@127.0.0.1/muster --account acme --rounds 6 --seconds 10

The conversion must have been started. Exit: 0 when every transaction succeeded, 1 when not.")]
    Platform(PlatformOptions),
}

#[derive(clap::Args, Clone, Debug)]
struct Options {
    /// What to send.
    shape: Shape,
    /// The SCIM base.
    #[arg(long, default_value = "http://127.0.0.1:8080/scim")]
    url: String,
    /// The secret key.
    #[arg(long, env = "MUSTER_BENCH_KEY", hide_env_values = true)]
    key: String,
    /// Clients, each on a connection of its own.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// How long to measure.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// How long to send before measuring.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// Users that were seeded.
    #[arg(long, default_value_t = 1_000)]
    users: usize,
    /// Members of the large group of member-add.
    #[arg(long, default_value_t = 10_000)]
    members: usize,
    /// The pause of idle-post.
    #[arg(long, default_value_t = 10)]
    pause_ms: u64,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<ExitCode> {
    match Command::parse() {
        Command::SeedCsv { users, mailboxes } => seed_csv(users, mailboxes).map(|()| ExitCode::SUCCESS),
        Command::Platform(options) => {
            let report = runtime()?.block_on(platform::run(&options))?;
            if options.json {
                println!("{}", report.json());
            } else {
                print!("{report}");
            }
            Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Run(options) => {
            let report = runtime()?.block_on(measure(&options))?;
            if options.json {
                println!("{}", report.json());
            } else {
                print!("{report}");
            }
            Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// One thread: the client shares the machine with what it measures and must not take two cores of it.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

async fn measure(options: &Options) -> Result<Report> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let mut plan = Plan {
        shape: options.shape,
        target: http::Target::parse(&options.url, &options.key)?,
        users: options.users.max(1),
        members: options.members,
        pause_ms: options.pause_ms,
        run: format!("{now}"),
        ready: Ready::default(),
    };
    plan.prepare(options.clients).await?;
    let warm_up = Plan { run: format!("{now}w"), ..plan.clone() };
    all_clients(warm_up, options.clients, options.warm_up).await?;
    let start = Instant::now();
    let record = all_clients(plan, options.clients, options.seconds).await?;
    let shape = options.shape.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    Ok(Report { shape, clients: options.clients, elapsed: start.elapsed(), record })
}

async fn all_clients(plan: Plan, clients: usize, seconds: f64) -> Result<Record> {
    let plan = Arc::new(plan);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut running = JoinSet::new();
    for client in 0..clients {
        let plan = plan.clone();
        running.spawn(async move { plan.work(client, end).await });
    }
    let mut all = Record::default();
    while let Some(done) = running.join_next().await {
        match done? {
            Ok(record) => all.merge(record),
            Err(error) => all.unexpected("connection", format!("{error:#}")),
        }
    }
    Ok(all)
}

fn seed_csv(users: usize, mailboxes: bool) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "user_id,email,display_name,role,active")?;
    for number in 0..users {
        let name = shapes::user_name(number);
        let user_id = if mailboxes { name.split('@').next().unwrap_or(&name) } else { &name };
        writeln!(out, "{user_id},{name},Bench User {number},user,true")?;
    }
    Ok(out.flush()?)
}
