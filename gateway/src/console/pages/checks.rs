//! The checks themselves. Each ends by itself, whatever is down, and none tells of another account.

use super::doctor::Check;
use crate::app::App;
use muster_domain::AccountId;
use muster_queue::QueueStatus;
use muster_store::{
    StoreError,
    console_pages::person,
    diagnostics::{self, ConnectionLimits},
    keys, now_ms,
};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(2);
/// More than this, and times in the log mislead.
const SKEW_MS: i64 = 2_000;
const DATABASE_REMEDY: &str = "start it, or correct database.url";
const QUEUE_REMEDY: &str = "start Redis, or correct queue.url";

/// D03 to D06.
pub(super) async fn database(app: &App) -> Vec<Check> {
    let store = &app.store;
    let version = match waited(store.server_version()).await {
        Ok(version) => version,
        Err(why) => return vec![Check::fail("D03", "database", why, DATABASE_REMEDY)],
    };
    let mut checks = vec![match waited(diagnostics::timeouts(store)).await {
        Ok(None) => Check::ok("D03", "database", format!("SQLite {version}")),
        Ok(Some(timeouts)) if timeouts.statement == "0" || timeouts.lock == "0" => Check::warn(
            "D03",
            "database",
            format!("PostgreSQL {version}; statements or waits for locks never end"),
            "something between us and the server drops the settings of a connection (a pooler?): let statement_timeout and lock_timeout through",
        ),
        Ok(Some(timeouts)) => {
            let fact =
                format!("PostgreSQL {version}; statements end after {}, waits for locks after {}", timeouts.statement, timeouts.lock);
            Check::ok("D03", "database", fact)
        }
        Err(why) => Check::fail("D03", "database", why, DATABASE_REMEDY),
    }];
    checks.push(match waited(store.pending_migrations()).await {
        Ok(pending) if pending.is_empty() => Check::ok("D04", "migrations", "none pending"),
        Ok(pending) => Check::fail("D04", "migrations", format!("{} pending", pending.len()), "run `muster migrate`"),
        Err(why) => Check::fail("D04", "migrations", why, "see D03"),
    });
    let before = now_ms();
    checks.push(match waited(diagnostics::clock_ms(store)).await {
        Ok(there) => clock(there, before, now_ms()),
        Err(why) => Check::fail("D05", "clock", why, "see D03"),
    });
    checks.push(match waited(diagnostics::connection_limits(store)).await {
        Ok(limits) => connections(limits),
        Err(why) => Check::fail("D06", "connections", why, "see D03"),
    });
    checks
}

fn clock(there: Option<i64>, before_ms: i64, after_ms: i64) -> Check {
    let Some(there) = there else { return Check::ok("D05", "clock", "SQLite uses this machine’s") };
    // Half of the round trip is the best guess for when it looked.
    let skew = there - (before_ms + after_ms) / 2;
    let fact = format!("the database’s is {} ms {}", skew.abs(), if skew < 0 { "behind" } else { "ahead" });
    if skew.abs() < SKEW_MS { Check::ok("D05", "clock", fact) } else { Check::warn("D05", "clock", fact, "run NTP on both machines") }
}

fn connections(limits: Option<ConnectionLimits>) -> Check {
    let Some(limits) = limits else { return Check::ok("D06", "connections", "SQLite needs none") };
    let room = limits.max - limits.reserved;
    let fact = format!("{} of {room} are open, over all databases of the server", limits.in_use);
    // What one more process opens at its start must find room.
    if limits.in_use * 10 < room * 9 {
        Check::ok("D06", "connections", fact)
    } else {
        Check::warn("D06", "connections", fact, "lower database.pool_max, or raise max_connections of the server")
    }
}

/// D07 to D09.
pub(super) async fn queue(app: &App) -> Vec<Check> {
    match tokio::time::timeout(WAIT, app.queue.status()).await {
        Ok(Ok(status)) => queue_checks(&status),
        // The cause may name the server and its user: that is for the log and for `muster doctor`.
        Ok(Err(_)) => vec![Check::fail("D07", "queue", "it does not answer", QUEUE_REMEDY)],
        Err(_) => vec![Check::fail("D07", "queue", format!("no answer within {} s", WAIT.as_secs()), QUEUE_REMEDY)],
    }
}

fn queue_checks(status: &QueueStatus) -> Vec<Check> {
    let backend = &status.backend;
    if backend.kind == "local" {
        return vec![Check::ok("D07", "queue", "local: inside the one service process")];
    }
    let version = backend.version.as_deref().map_or_else(|| "Redis".to_owned(), |version| format!("Redis {version}"));
    let eviction = match backend.maxmemory_policy.as_deref() {
        Some("noeviction") => Check::ok("D08", "queue eviction", "noeviction"),
        Some(policy) => {
            let fact = format!("maxmemory-policy is {policy}: a full Redis would drop queued work");
            Check::fail("D08", "queue eviction", fact, "CONFIG SET maxmemory-policy noeviction, and in redis.conf")
        }
        None => Check::warn("D08", "queue eviction", "Redis does not tell its maxmemory-policy", "see that it is noeviction"),
    };
    let persistence = match backend.append_only {
        Some(true) => Check::ok("D09", "queue persistence", "appendonly yes"),
        Some(false) => Check::warn(
            "D09",
            "queue persistence",
            "appendonly no: what is queued when Redis restarts is gone, and its clients are told to try again",
            "CONFIG SET appendonly yes, and in redis.conf",
        ),
        None => Check::warn(
            "D09",
            "queue persistence",
            "Redis does not tell whether it keeps an append-only file",
            "see that appendonly is yes",
        ),
    };
    vec![Check::ok("D07", "queue", version), eviction, persistence]
}

/// D13: the secret key travels with every request.
pub(super) fn public_url(url: &str) -> Check {
    if url.starts_with("https://") {
        return Check::ok("D13", "public URL", url);
    }
    let host = url.trim_start_matches("http://");
    let remedy = "put a proxy that ends TLS in front, and set MUSTER_HTTP__PUBLIC_URL=https://…";
    if ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start)) {
        Check::warn("D13", "public URL", format!("{url} is for this machine only; no directory in the cloud can reach it"), remedy)
    } else {
        Check::fail("D13", "public URL", format!("{url} is not https: the secret key would travel in clear"), remedy)
    }
}

/// D15, of this account.
pub(super) async fn key(app: &App, account: AccountId) -> Check {
    const NAME: &str = "secret key";
    const REMEDY: &str = "choose a SCIM administrator in Setup SCIM, make a new key there, and put it into the directory";
    let found = waited(async {
        let Some(key) = keys::active(&app.store, account).await? else { return Ok(None) };
        Ok(Some((person(&app.store, account, key.administrator).await?, key)))
    });
    match found.await {
        Ok(None) => Check::warn("D15", NAME, "there is none: no directory can provision", REMEDY),
        Ok(Some((Some(person), key))) if person.active && person.role.may_be_scim_administrator() => {
            Check::ok("D15", NAME, format!("ends in {}, and its SCIM administrator is {}", key.hint, person.user_id))
        }
        Ok(Some((_, key))) => {
            let fact = format!("the one that ends in {} is dead: its SCIM administrator is disabled, demoted or deleted", key.hint);
            Check::fail("D15", NAME, fact, REMEDY)
        }
        Err(why) => Check::fail("D15", NAME, why, "see D03"),
    }
}

/// The answer of the database, or in a word why there is none: its own words may name the server and its user.
async fn waited<T>(read: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    match tokio::time::timeout(WAIT, read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a check of the diagnostics page failed");
            Err("it does not answer, or refuses; the gateway’s log has the cause".to_owned())
        }
        Err(_) => Err(format!("no answer within {} s", WAIT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::doctor::Verdict;
    use super::*;
    use muster_queue::BackendInfo;

    #[test]
    fn what_is_not_well_comes_with_what_to_do() {
        let redis = BackendInfo {
            kind: "redis".into(),
            version: Some("7.2.4".into()),
            maxmemory_policy: Some("allkeys-lru".into()),
            append_only: Some(false),
        };
        let mut all = queue_checks(&QueueStatus { backend: redis, queues: Vec::new() });
        all.push(clock(Some(10_000), 0, 2));
        all.push(connections(Some(ConnectionLimits { max: 103, reserved: 3, in_use: 90 })));
        all.push(public_url("http://muster.example"));
        all.push(public_url("http://127.0.0.1:8080"));
        let verdicts: Vec<(&str, Verdict)> = all.iter().map(|check| (check.code, check.verdict)).collect();
        let (ok, warn, fail) = (Verdict::Ok, Verdict::Warn, Verdict::Fail);
        assert_eq!(verdicts, [("D07", ok), ("D08", fail), ("D09", warn), ("D05", warn), ("D06", warn), ("D13", fail), ("D13", warn)]);
        assert!(all.iter().all(|check| check.remedy.is_empty() == (check.verdict == ok)));
    }

    #[test]
    fn what_is_well_is_well() {
        let local = BackendInfo { kind: "local".into(), ..BackendInfo::default() };
        let mut all = queue_checks(&QueueStatus { backend: local, queues: Vec::new() });
        all.extend([clock(None, 0, 0), clock(Some(1_000), 900, 1_100), connections(None), public_url("https://muster.example")]);
        all.push(connections(Some(ConnectionLimits { max: 103, reserved: 3, in_use: 89 })));
        assert!(all.iter().all(|check| check.verdict == Verdict::Ok), "{all:?}");
    }
}
