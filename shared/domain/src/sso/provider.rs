//! The OpenID provider of an account.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Scopes when nobody says which.
pub const SCOPES: &str = "openid email profile";

/// Whom the account trusts to say who somebody is, and where a browser goes afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The issuer, exactly as its tokens name it.
    pub issuer: String,
    /// What the provider knows us by.
    pub client_id: String,
    /// A file with the client's secret, on every gateway; none for a client that has none and proves itself by PKCE alone.
    pub secret_file: Option<String>,
    /// What is asked for, between blanks; `openid` always is.
    pub scopes: String,
    /// The platform's address that gets the one-time code.
    pub return_to: String,
}

/// Whether an address may be spoken to, or be returned to: `https`, or `http` on this machine; nothing hidden in it.
///
/// # Errors
/// What to use instead.
pub fn check_address(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text).map_err(|_| "it is no address: write it whole, as in https://login.example.com")?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("it names no host"),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return Err("it must begin with https:// (http:// only for this machine itself)");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("it must have neither a user nor a fragment (#…)");
    }
    Ok(())
}

/// What people call the provider of this issuer: its host.
#[must_use]
pub fn issuer_name(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().filter(|name| !name.is_empty()).unwrap_or(issuer)
}

impl Provider {
    /// What people call it: the host of its issuer.
    #[must_use]
    pub fn name(&self) -> &str {
        issuer_name(&self.issuer)
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// What is wrong, and what to use instead.
    pub fn check(&self) -> Result<(), String> {
        check_address(&self.issuer).map_err(|advice| format!("issuer `{}`: {advice}", self.issuer))?;
        if self.issuer.contains('?') {
            return Err(format!("issuer `{}`: it must have no query (?…)", self.issuer));
        }
        check_address(&self.return_to).map_err(|advice| format!("return address `{}`: {advice}", self.return_to))?;
        if self.client_id.trim().is_empty() || self.client_id.chars().any(char::is_control) {
            return Err("the client id must not be empty".to_owned());
        }
        if self.scopes.split_whitespace().any(|scope| !scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')) {
            return Err("scopes are ASCII words between blanks".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_called_by_its_host() {
        for (issuer, name) in [
            ("https://login.example.com/tenant/v2.0", "login.example.com"),
            ("http://127.0.0.1:4000", "127.0.0.1:4000"),
            ("https://[::1]:1/x", "[::1]:1"),
        ] {
            assert_eq!(issuer_name(issuer), name);
        }
    }

    #[test]
    fn only_addresses_that_keep_a_secret_are_taken() {
        for good in ["https://login.example.com/tenant/v2.0", "http://127.0.0.1:4000", "http://localhost/x", "http://[::1]:1/"] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "login.example.com",
            "http://login.example.com",
            "http://127.0.0.1.evil.test",
            "https://u:p@x.test",
            "https://x.test/#a",
            "javascript:alert(1)",
            "file:///etc/passwd",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
    }
}
