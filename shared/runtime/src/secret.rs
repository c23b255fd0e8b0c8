//! URLs that may hold a password.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// What is shown in place of a secret.
const MASK: &str = "***";

/// A URL whose password never shows: not in logs, not in errors, not in `config show`. Printing it in any way gives the masked
/// form; only [`SecretUrl::reveal`] gives the text.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Keeps a URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL in clear, for the library that connects.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The URL as it may be shown: user and host yes, password no.
    #[must_use]
    pub fn masked(&self) -> String {
        mask(&self.0)
    }

    /// Whether there is something to hide.
    #[must_use]
    pub fn holds_password(&self) -> bool {
        self.masked() != self.0
    }

    /// Host and port, when the URL names a host.
    #[must_use]
    pub fn host_and_port(&self, default_port: u16) -> Option<(String, u16)> {
        let url = url::Url::parse(&self.0).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port().unwrap_or(default_port)))
    }

    /// The part before the first colon; the whole text when there is none (`local`, `sqlite`, `file`).
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(scheme, _)| scheme)
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({})", self.masked())
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

/// Hides the password of a URL, well formed or not. A password someone forgot to escape (`p@ss/word`) is exactly the one that
/// must not leak through the message that says so, hence no URL parser here: when in doubt, more is hidden.
fn mask(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // Up to the last @ of all, not of the authority: an unescaped / ? or @ may be part of the password.
    let visible = match rest.rsplit_once('@').and_then(|(user_info, host)| Some((user_info.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{user}:{MASK}@{host}"),
        None => rest.to_owned(),
    };
    match visible.split_once('?') {
        Some((place, query)) => format!("{scheme}://{place}?{}", mask_query(query)),
        None => format!("{scheme}://{visible}"),
    }
}

/// Hides the values of parameters that are secrets by their name (`?password=…`, `&sslpassword=…`).
fn mask_query(query: &str) -> String {
    let masked: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if ["pass", "secret", "token"].iter().any(|word| name.to_ascii_lowercase().contains(word)) => {
                format!("{name}={MASK}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    masked.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_never_shows() {
        for (url, shown) in [
            ("postgres://user:s3cret@host:5432/db", "postgres://user:***@host:5432/db"),
            ("redis://:s3cret@host/0", "redis://:***@host/0"),
            ("postgres://user:s3cret@ss/wo?rd@host/db", "postgres://user:***@host/db"),
            ("postgres://user:s3cret/word@host/db?sslmode=require", "postgres://user:***@host/db?sslmode=require"),
            ("postgres://user:s3cret?word@host/db", "postgres://user:***@host/db"),
            ("postgres://user@host/db?password=s3cret&sslmode=require", "postgres://user@host/db?password=***&sslmode=require"),
            ("smtp://ada%40acme.test:s3cret@host:587", "smtp://ada%40acme.test:***@host:587"),
        ] {
            let url = SecretUrl::new(url);
            assert_eq!(url.to_string(), shown);
            for text in [format!("{url:?}"), serde_json::to_string(&url).expect("a string")] {
                assert!(!text.contains("s3cret"), "{text}");
            }
        }
    }

    #[test]
    fn host_and_port_are_found_behind_a_password() {
        let address = |url: &str| SecretUrl::new(url).host_and_port(5432);
        assert_eq!(address("postgres://u:p%40@db/x"), Some(("db".into(), 5432)));
        assert_eq!(address("redis://[::1]:6380"), Some(("::1".into(), 6380)));
        assert_eq!(address("local"), None);
    }

    #[test]
    fn a_url_without_a_password_shows_as_it_is() {
        for url in [
            "local",
            "sqlite",
            "redis://host:6379/0",
            "postgres://user@host/db",
            "sqlite:///var/lib/muster/a b.db",
            "redis://[::1]:6379",
            "smtp://host?from=a@b",
        ] {
            assert_eq!(SecretUrl::new(url).to_string(), url);
            assert!(!SecretUrl::new(url).holds_password());
        }
    }
}
