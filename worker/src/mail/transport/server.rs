//! The mail server, as its URL names it.

use std::fmt;
use url::Url;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// From the first byte (`smtps://`).
    Implicit,
    /// With STARTTLS, or not at all (`smtp://`, `?tls=required`).
    Required,
    /// With STARTTLS when the server offers it (`?tls=opportunistic`). A password is sent only when it does.
    Opportunistic,
    /// Not at all (`?tls=none`).
    None,
}

/// Where mail is handed over.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// User and password.
    pub login: Option<(String, String)>,
}

impl fmt::Debug for Server {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({:?})", self.host, self.port, self.encryption)
    }
}

impl Server {
    /// Reads `smtp://user:password@host:587?tls=required` or `smtps://user:password@host:465`.
    ///
    /// # Errors
    /// What is wrong with it, without quoting the password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("names no host")?.trim_matches(['[', ']']).to_owned();
        let implicit = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err("expected smtp://host or smtps://host".to_owned()),
        };
        let mut encryption = if implicit { Encryption::Implicit } else { Encryption::Required };
        for (name, value) in url.query_pairs() {
            encryption = match (&*name, &*value) {
                ("tls", "required") if !implicit => Encryption::Required,
                ("tls", "opportunistic") if !implicit => Encryption::Opportunistic,
                ("tls", "none") if !implicit => Encryption::None,
                ("tls", _) => return Err("tls must be required, opportunistic or none, and only after smtp://".to_owned()),
                _ => return Err(format!("unknown parameter `{name}`")),
            };
        }
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .map(String::from)
                .map_err(|_| "the user or the password is not UTF-8".to_owned())
        };
        let login = match (url.username(), url.password()) {
            ("", _) => None,
            (user, password) => Some((decoded(user)?, decoded(password.unwrap_or_default())?)),
        };
        if login.is_some() && encryption == Encryption::None {
            return Err("a password is never sent without encryption: leave out tls=none, or the password".to_owned());
        }
        Ok(Self { host, port: url.port().unwrap_or(if implicit { 465 } else { 587 }), encryption, login })
    }

    /// Whether it is on this machine, so that nothing travels.
    pub(crate) fn is_local(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_how() {
        let server = Server::parse("smtp://ada%40acme.test:p%40ss%2Fword@mail.acme.test").expect("a server");
        assert_eq!((server.host.as_str(), server.port, server.encryption), ("mail.acme.test", 587, Encryption::Required));
        assert_eq!(server.login, Some(("ada@acme.test".to_owned(), "p@ss/word".to_owned())));
        assert!(!format!("{server:?}").contains("p@ss") && !server.is_local());
        let server = Server::parse("smtps://[::1]").expect("a server");
        assert_eq!((server.host.as_str(), server.port, server.encryption), ("::1", 465, Encryption::Implicit));
        assert!(server.is_local());
        assert_eq!(Server::parse("smtp://mail:1025?tls=none").expect("a server").encryption, Encryption::None);
        assert_eq!(Server::parse("smtp://mail?tls=opportunistic").expect("a server").encryption, Encryption::Opportunistic);
        for bad in ["smtp://", "http://x", "smtp://x?tls=maybe", "smtps://x?tls=none", "smtp://x?tsl=none", "smtp://u:p@x?tls=none"] {
            assert!(Server::parse(bad).is_err(), "{bad}");
        }
    }
}
