//! Checks of the database.

use super::{Check, because};
use crate::{context::Context, settings};
use muster_store::{Dialect, Store, StoreError, diagnostics};
use std::time::Duration;

/// The oldest Postgres these queries are tested on.
const OLDEST_POSTGRES: u32 = 13;
/// How long a plain connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// More than this, and times in the log mislead.
const SKEW_MS: i64 = 2000;

pub async fn checks(context: &Context) -> Vec<Check> {
    if let Some(file) = context.config.database.sqlite_file().filter(|file| !file.exists()) {
        // Connecting would make it.
        return vec![Check::ok("D03", "database", format!("{} does not exist yet; it is made at the first start", file.display()))];
    }
    let store = match Store::connect(&settings::store(&context.config)).await {
        Ok(store) => store,
        Err(error) => return vec![unreachable_database(context, error).await],
    };
    let reachable = match reachable(&store).await {
        Ok(check) => check,
        Err(error) => return vec![unreachable_database(context, error).await],
    };
    let mut checks = vec![reachable, migrations(&store).await, clock(&store).await, connections(context, &store).await];
    if checks[1].result == super::Verdict::Ok {
        checks.push(keys(&store).await);
    }
    checks
}

async fn unreachable_database(context: &Context, error: StoreError) -> Check {
    let url = &context.config.database.url;
    // The pool only knows that nothing came in time; the operating system knows why.
    let why = match url.host_and_port(5432) {
        Some(address) => match tokio::time::timeout(CONNECT, tokio::net::TcpStream::connect(address)).await {
            Ok(Ok(_)) => because(error),
            Ok(Err(refused)) => refused.to_string(),
            Err(_) => format!("no connection within {} s", CONNECT.as_secs()),
        },
        None => because(error),
    };
    Check::fail(
        "D03",
        "database",
        format!("{url}: {why}"),
        format!("start it, or correct database.url [{}]", context.origin("database.url")),
    )
}

async fn reachable(store: &Store) -> Result<Check, StoreError> {
    const NAME: &str = "database";
    let version = store.server_version().await?;
    let Some(timeouts) = diagnostics::timeouts(store).await? else {
        return Ok(Check::ok("D03", NAME, format!("SQLite {version}")));
    };
    let number = version.split(['.', ' ']).next().and_then(|major| major.parse::<u32>().ok()).unwrap_or_default();
    if number < OLDEST_POSTGRES {
        return Ok(Check::fail("D03", NAME, format!("PostgreSQL {version}"), format!("use PostgreSQL {OLDEST_POSTGRES} or later")));
    }
    let fact = format!("PostgreSQL {version}; statements end after {}, waits for locks after {}", timeouts.statement, timeouts.lock);
    if timeouts.statement == "0" || timeouts.lock == "0" {
        let remedy = "something between us and the server drops the settings of a connection (a pooler?): let statement_timeout and lock_timeout through";
        return Ok(Check::warn("D03", NAME, fact, remedy));
    }
    Ok(Check::ok("D03", NAME, fact))
}

async fn migrations(store: &Store) -> Check {
    const NAME: &str = "migrations";
    match store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => Check::ok("D04", NAME, "none pending"),
        Ok(pending) => Check::fail("D04", NAME, format!("{} pending: {}", pending.len(), pending.join(", ")), "run `muster migrate`"),
        Err(error) => Check::fail("D04", NAME, because(error), "see D03"),
    }
}

async fn clock(store: &Store) -> Check {
    const NAME: &str = "clock";
    let before = muster_store::now_ms();
    match diagnostics::clock_ms(store).await {
        Ok(None) => Check::ok("D05", NAME, "SQLite uses this machine's"),
        Ok(Some(there)) => {
            // Half of the round trip is the best guess for when it looked.
            let skew = there - (before + muster_store::now_ms()) / 2;
            let fact = format!("the database's is {} ms {}", skew.abs(), if skew < 0 { "behind" } else { "ahead" });
            if skew.abs() < SKEW_MS { Check::ok("D05", NAME, fact) } else { Check::warn("D05", NAME, fact, "run NTP on both machines") }
        }
        Err(error) => Check::fail("D05", NAME, because(error), "see D03"),
    }
}

async fn connections(context: &Context, store: &Store) -> Check {
    const NAME: &str = "connections";
    // One pool for writes, one for reads.
    let ours = i64::from(context.config.database.pool_max) * 2;
    match diagnostics::connection_limits(store).await {
        Ok(None) => Check::ok("D06", NAME, "SQLite needs none"),
        Ok(Some(limits)) => {
            let room = limits.max - limits.reserved;
            let fact = format!("this process may open {ours}; the server allows {room} and has {} open", limits.in_use);
            let remedy = "lower database.pool_max, or raise max_connections of the server";
            if ours > room {
                Check::fail("D06", NAME, fact, remedy)
            } else if ours * 2 > room {
                // The smallest installation of two: a gateway and a worker.
                Check::warn("D06", NAME, format!("{fact}: not enough for a gateway and a worker"), remedy)
            } else {
                Check::ok("D06", NAME, format!("{fact}: enough for {} processes", room / ours))
            }
        }
        Err(error) => Check::fail("D06", NAME, because(error), "see D03"),
    }
}

async fn keys(store: &Store) -> Check {
    const NAME: &str = "secret keys";
    match diagnostics::key_health(store).await {
        Ok(health) if health.dead.is_empty() => {
            let (accounts, working) = (health.accounts, health.accounts - health.without_key);
            Check::ok("D15", NAME, format!("{working} of {accounts} accounts are set up"))
        }
        Ok(health) => {
            let fact = format!("the SCIM administrator is disabled, demoted or deleted, so the key is dead: {}", health.dead.join(", "));
            Check::warn(
                "D15",
                NAME,
                fact,
                "`muster scim setup --account … --administrator …` with an active administrator, and put the new key into the directory",
            )
        }
        Err(error) => Check::fail("D15", NAME, because(error), if store.dialect() == Dialect::Postgres { "see D03" } else { "see D02" }),
    }
}
