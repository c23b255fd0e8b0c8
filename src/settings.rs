//! From the one configuration to what each crate is told.

use muster_domain::detail::DetailPolicy;
use muster_gateway::{GatewaySettings, RequestLimits};
use muster_queue::QueueSettings;
use muster_runtime::{Config, OperationDetailLevel, SecretUrl};
use muster_store::{StoreSettings, log::Retention};
use muster_worker::{ApplySettings, ConversionSettings, WorkerSettings, mail::MailSettings};
use std::time::Duration;

/// This build's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The database.
pub fn store(config: &Config) -> StoreSettings {
    let database = &config.database;
    StoreSettings {
        url: database.url.reveal().to_owned(),
        read_url: database.read_url.as_ref().map(SecretUrl::reveal).map(str::to_owned),
        pool_max: database.pool_max,
        statement_timeout_ms: database.statement_timeout_ms,
        lock_timeout_ms: database.lock_timeout_ms,
        detail: match config.operations.detail {
            OperationDetailLevel::Off => DetailPolicy::Off,
            OperationDetailLevel::Masked => DetailPolicy::Masked,
            OperationDetailLevel::Full => DetailPolicy::Full,
        },
    }
}

/// The queue.
pub fn queue(config: &Config) -> QueueSettings {
    let queue = &config.queue;
    QueueSettings {
        url: queue.url.reveal().to_owned(),
        prefix: queue.prefix.clone(),
        claim_idle: queue.claim_idle(),
        max_deliveries: queue.max_deliveries,
        max_depth: queue.max_depth,
        ..QueueSettings::default()
    }
}

/// The gateway.
pub fn gateway(config: &Config) -> GatewaySettings {
    let settings = GatewaySettings::new(config.http.listen, config.http.public_url.clone(), VERSION);
    GatewaySettings {
        wait_ms: config.gateway.wait_ms,
        apply_ms: config.worker.apply_ms,
        limits: RequestLimits {
            body_bytes: config.gateway.body_limit_bytes,
            connections: config.gateway.max_connections,
            ..settings.limits.clone()
        },
        scim: muster_scim::Limits {
            bulk_operations: config.gateway.bulk_max_operations,
            bulk_bytes: config.gateway.bulk_limit_bytes,
            ..settings.scim.clone()
        },
        ..settings
    }
}

/// How commands apply operations themselves.
pub fn apply(config: &Config) -> ApplySettings {
    ApplySettings { apply_max: Duration::from_millis(config.worker.apply_ms), ..ApplySettings::default() }
}

/// The worker.
pub fn worker(config: &Config) -> WorkerSettings {
    WorkerSettings {
        batch_max: config.worker.batch_max,
        apply_max: Duration::from_millis(config.worker.apply_ms),
        conversions: conversions(config),
        connection: Some(store(config)),
        retention: Retention { operations_ms: days(config.operations.keep_days), incidents_ms: days(config.incidents.keep_days) },
        mail: Some(mail(config)),
        ..WorkerSettings::default()
    }
}

/// Conversions.
pub fn conversions(config: &Config) -> ConversionSettings {
    ConversionSettings { references: config.conversion.references.clone(), ..ConversionSettings::default() }
}

/// How mail is sent.
pub fn mail(config: &Config) -> MailSettings {
    MailSettings {
        url: config.mail.url.reveal().to_owned(),
        dir: config.data_dir.join("mail"),
        from: config.mail.from.clone(),
        public_url: config.http.public_url.clone(),
        ca_file: config.mail.ca_file.clone(),
    }
}

/// In milliseconds.
fn days(days: u32) -> i64 {
    i64::from(days) * 24 * 60 * 60 * 1000
}
