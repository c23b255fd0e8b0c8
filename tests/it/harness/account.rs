//! An account, its SCIM administrator and the secret key.

use super::{Installation, Scim};
use std::net::SocketAddr;

/// An account made through the command line.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its slug.
    pub slug: String,
    /// The user id of its SCIM administrator.
    pub administrator: String,
    /// The secret key.
    pub key: String,
}

impl Account {
    /// Makes one: three commands.
    pub async fn create(installation: &Installation, slug: &str) -> Self {
        let administrator = "scim-admin".to_owned();
        installation.json(&["account", "create", "--slug", slug, "--name", "Test Ltd"]).await;
        create_user(installation, slug, &administrator, "administrator").await;
        let key = Self::new_key(installation, slug, &administrator).await;
        Self { slug: slug.to_owned(), administrator, key }
    }

    /// A new secret key; the old one is void.
    pub async fn new_key(installation: &Installation, slug: &str, administrator: &str) -> String {
        let setup = installation.json(&["scim", "setup", "--account", slug, "--administrator", administrator]).await;
        setup["secret_key"].as_str().unwrap_or_else(|| panic!("no secret_key in {setup}")).to_owned()
    }

    /// A client with this account's key.
    #[must_use]
    pub fn client(&self, gateway: SocketAddr) -> Scim {
        Scim::new(gateway, &self.key)
    }
}

/// Makes a user through the command line.
pub async fn create_user(installation: &Installation, slug: &str, user_id: &str, role: &str) {
    let email = format!("{user_id}@{slug}.test");
    installation.json(&["user", "create", "--account", slug, "--user-id", user_id, "--email", &email, "--role", role]).await;
}
