//! What must hold between values, and what the words `auto` and `sqlite` stand for.

use super::{Config, Problem};
use crate::{SecretUrl, telemetry};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Url;

/// Milliseconds between the last moment a worker may start an operation plus the time it may take, and the moment the gateway
/// gives up: room for the reply to travel.
pub(crate) const REPLY_MARGIN_MS: u64 = 500;

impl Config {
    /// Puts addresses in the place of the words that stand for them.
    pub(super) fn resolve(&mut self) {
        if self.http.public_url == "auto" {
            let mut address = self.http.listen;
            match address.ip() {
                // Nobody can connect to "every interface".
                IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => {}
            }
            self.http.public_url = format!("http://{address}");
        }
        self.http.public_url.truncate(self.http.public_url.trim_end_matches('/').len());
        if self.mail.from == "auto" {
            // A literal IP address is no domain mail can come from.
            let domain = Url::parse(&self.http.public_url).ok().and_then(|url| url.domain().map(str::to_owned));
            self.mail.from = format!("muster@{}", domain.as_deref().unwrap_or("localhost"));
        }
        if self.database.url.reveal() == "sqlite" {
            let file = self.data_dir.join("muster.db").display().to_string();
            self.database.url = SecretUrl::new(format!("sqlite://{}", file.replace('%', "%25").replace('?', "%3F")));
        }
    }

    /// Every problem of these values; none when they can be used.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut require = |holds: bool, key: &str, message: String| {
            if !holds {
                problems.push(Problem::new(key, message));
            }
        };
        require(!self.data_dir.as_os_str().is_empty(), "data_dir", "must name a directory".into());
        if let Err(message) = public_url(&self.http.public_url) {
            require(false, "http.public_url", message);
        }
        self.validate_database(&mut require);
        self.validate_queue(&mut require);
        let Self { gateway, worker, .. } = self;
        let least = worker.apply_ms + REPLY_MARGIN_MS;
        require(
            gateway.wait_ms > least && gateway.wait_ms <= 300_000,
            "gateway.wait_ms",
            format!("{} is out of range: more than worker.apply_ms + {REPLY_MARGIN_MS} = {least}, at most 300000", gateway.wait_ms),
        );
        let limit = gateway.body_limit_bytes;
        require((4096..=64 << 20).contains(&limit), "gateway.body_limit_bytes", format!("{limit} is out of range: 4096 to 67108864"));
        let operations = gateway.bulk_max_operations;
        require((1..=10_000).contains(&operations), "gateway.bulk_max_operations", format!("{operations} is out of range: 1 to 10000"));
        let limit = gateway.bulk_limit_bytes;
        require((4096..=64 << 20).contains(&limit), "gateway.bulk_limit_bytes", format!("{limit} is out of range: 4096 to 67108864"));
        let connections = gateway.max_connections;
        require((16..=100_000).contains(&connections), "gateway.max_connections", format!("{connections} is out of range: 16 to 100000"));
        require((1..=10_000).contains(&worker.batch_max), "worker.batch_max", format!("{} is out of range: 1 to 10000", worker.batch_max));
        require(
            (100..=120_000).contains(&worker.apply_ms),
            "worker.apply_ms",
            format!("{} is out of range: 100 to 120000", worker.apply_ms),
        );
        for (key, days) in [("operations.keep_days", self.operations.keep_days), ("incidents.keep_days", self.incidents.keep_days)] {
            require((1..=3650).contains(&days), key, format!("{days} is out of range: 1 to 3650"));
        }
        self.validate_mail(&mut require);
        self.validate_telemetry(&mut require);
        require(
            telemetry::filter(&self.log.level).is_ok(),
            "log.level",
            format!("`{}` is no level: error, warn, info, debug, trace, or by module as in info,muster_gateway=debug", self.log.level),
        );
        problems
    }

    fn validate_database(&self, require: &mut impl FnMut(bool, &str, String)) {
        let database = &self.database;
        if database.url.scheme() == "sqlite" {
            require(
                database.sqlite_file().is_some_and(|file| !file.as_os_str().is_empty() && file.to_str() != Some(":memory:")),
                "database.url",
                "names no file: sqlite:///path/to/file.db, or the word sqlite for the file in data_dir".into(),
            );
            require(
                database.read_url.is_none(),
                "database.read_url",
                "a replica needs Postgres in database.url; leave it out with SQLite".into(),
            );
        } else {
            if let Err(message) = server_url(&database.url, &["postgres", "postgresql"]) {
                require(
                    false,
                    "database.url",
                    format!("{message}; or sqlite:///path/to/file.db, or the word sqlite for the file in data_dir"),
                );
            }
            if let Some(Err(message)) = database.read_url.as_ref().map(|url| server_url(url, &["postgres", "postgresql"])) {
                require(false, "database.read_url", message);
            }
        }
        require((2..=1000).contains(&database.pool_max), "database.pool_max", format!("{} is out of range: 2 to 1000", database.pool_max));
        let (statement, lock) = (database.statement_timeout_ms, database.lock_timeout_ms);
        require(
            statement > 0 && u64::from(statement) <= self.worker.apply_ms,
            "database.statement_timeout_ms",
            format!(
                "{statement} is out of range: 1 to worker.apply_ms = {}, or a batch could outlast the wait of its gateway",
                self.worker.apply_ms
            ),
        );
        require(
            lock > 0 && lock < statement,
            "database.lock_timeout_ms",
            format!("{lock} is out of range: 1 to less than database.statement_timeout_ms = {statement}"),
        );
    }

    fn validate_mail(&self, require: &mut impl FnMut(bool, &str, String)) {
        let mail = &self.mail;
        if mail.url.reveal() != "file"
            && let Err(message) = server_url(&mail.url, &["smtp", "smtps"]).and_then(|()| mail_encryption(&mail.url))
        {
            require(false, "mail.url", format!("{message}; or the word file"));
        }
        let address = mail.from.rsplit_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
        let plain = mail.from.is_ascii() && !mail.from.contains(|char: char| char.is_ascii_control() || " <>,;:\"()[]\\".contains(char));
        require(
            address && plain,
            "mail.from",
            "is no e-mail address: muster@example.com, without a name or brackets; or the word auto".into(),
        );
        if let Some(file) = &mail.ca_file {
            require(file.is_file(), "mail.ca_file", format!("there is no file {}", file.display()));
        }
    }

    fn validate_telemetry(&self, require: &mut impl FnMut(bool, &str, String)) {
        if let Some(Err(message)) = self.telemetry.otlp_url.as_deref().map(collector_url) {
            require(false, "telemetry.otlp_url", message);
        }
        let ratio = self.telemetry.sample_ratio;
        require((0.0..=1.0).contains(&ratio), "telemetry.sample_ratio", format!("{ratio} is out of range: 0 to 1"));
    }

    fn validate_queue(&self, require: &mut impl FnMut(bool, &str, String)) {
        let queue = &self.queue;
        if !queue.is_local()
            && let Err(message) = server_url(&queue.url, &["redis", "rediss"])
        {
            require(false, "queue.url", format!("{message}; or the word local"));
        }
        let plain = !queue.prefix.is_empty()
            && queue.prefix.len() <= 64
            && queue.prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte));
        require(plain, "queue.prefix", "must be 1 to 64 of the characters A-Z a-z 0-9 _ - . :".into());
        require(
            (500..=600_000).contains(&queue.claim_idle_ms),
            "queue.claim_idle_ms",
            format!("{} is out of range: 500 to 600000", queue.claim_idle_ms),
        );
        require(
            (1..=100).contains(&queue.max_deliveries),
            "queue.max_deliveries",
            format!("{} is out of range: 1 to 100", queue.max_deliveries),
        );
        require(queue.max_depth >= 100, "queue.max_depth", format!("{} is out of range: 100 or more", queue.max_depth));
    }
}

fn public_url(text: &str) -> Result<(), String> {
    let expected = "expected http:// or https:// with a host and nothing after the path, such as https://scim.example.com";
    let url = Url::parse(text).map_err(|error| format!("{error}; {expected}"))?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain {
        return Err(expected.into());
    }
    if url.port() == Some(0) {
        return Err("http.listen has port 0 (any free port), so the address clients use must be given here".into());
    }
    Ok(())
}

fn collector_url(text: &str) -> Result<(), String> {
    let expected = "expected http:// or https:// with a host, such as http://127.0.0.1:4318; empty for no traces";
    let url = Url::parse(text).map_err(|error| format!("{error}; {expected}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a password in it would be shown: set OTEL_EXPORTER_OTLP_HEADERS in the environment instead".into());
    }
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(()) } else { Err(expected.into()) }
}

/// The message never quotes the URL: it may hold a password in a place we do not recognise.
fn server_url(url: &SecretUrl, schemes: &[&str]) -> Result<(), String> {
    let expected = format!("expected {}", schemes.iter().map(|scheme| format!("{scheme}://host")).collect::<Vec<_>>().join(" or "));
    if !schemes.contains(&url.scheme()) {
        return Err(expected);
    }
    let parsed = Url::parse(url.reveal())
        .map_err(|error| format!("{error} (a password with @ : / ? # % in it must be percent-encoded); {expected}"))?;
    // libpq's way of naming a Unix socket: postgres:///name?host=/var/run/postgresql
    let socket = url.scheme().starts_with("postgres") && parsed.query_pairs().any(|(name, _)| name == "host");
    if parsed.host_str().is_none_or(str::is_empty) && !socket { Err(format!("names no host; {expected}")) } else { Ok(()) }
}

/// What may follow the host of a mail server.
fn mail_encryption(url: &SecretUrl) -> Result<(), String> {
    let parsed = Url::parse(url.reveal()).map_err(|error| error.to_string())?;
    for (name, value) in parsed.query_pairs() {
        match (&*name, &*value) {
            ("tls", "none") if !parsed.username().is_empty() => return Err("a password is never sent without encryption (tls=none)".into()),
            ("tls", "required" | "opportunistic" | "none") if url.scheme() == "smtp" => {}
            _ => return Err("after the host only ?tls=required, ?tls=opportunistic or ?tls=none can stand, and only with smtp://".into()),
        }
    }
    Ok(())
}
