//! Somebody nobody knows, who becomes a user by signing in.

use super::{Jit, Rule, SsoSettings};
use crate::conversion::is_plain_address;

/// The user to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// What it will sign in with.
    pub user_id: String,
    /// Its address.
    pub email: String,
}

/// The user this address becomes when nobody is known by it; none when the account makes no users at sign-in, or the address is not in
/// one of its domains. `has_scim`: a directory has a secret key of the account.
#[must_use]
pub fn newcomer(presented: &str, settings: &SsoSettings, has_scim: bool) -> Option<Newcomer> {
    let allowed = match settings.jit {
        Jit::On => true,
        Jit::Off => false,
        Jit::UntilScim => !has_scim,
    };
    let address = presented.trim();
    if !allowed || !is_plain_address(address) || !settings.owns(address) {
        return None;
    }
    let user_id = match settings.rule {
        Rule::Email => address,
        Rule::Mailbox => address.rsplit_once('@')?.0,
    };
    Some(Newcomer { user_id: user_id.to_owned(), email: address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_comes_from_a_domain_of_the_account_is_made_and_not_past_the_directory() {
        let settings = |jit, rule| SsoSettings { jit, rule, domains: ["acme.com".parse().unwrap()].into(), ..SsoSettings::default() };
        let made = |jit, rule, address, has_scim| newcomer(address, &settings(jit, rule), has_scim).map(|newcomer| newcomer.user_id);
        assert_eq!(made(Jit::On, Rule::Email, "J@acme.com", true), Some("J@acme.com".into()));
        assert_eq!(made(Jit::On, Rule::Mailbox, "J@acme.com", true), Some("J".into()));
        assert_eq!(made(Jit::UntilScim, Rule::Email, "j@acme.com", false), Some("j@acme.com".into()));
        assert_eq!(made(Jit::UntilScim, Rule::Email, "j@acme.com", true), None, "the directory is master");
        assert_eq!(made(Jit::Off, Rule::Email, "j@acme.com", false), None);
        for foreign in ["j@evil.test", "j", "\"j\"@acme.com", "j@acme.com@evil.test", "jö@acme.com", ""] {
            assert_eq!(made(Jit::On, Rule::Email, foreign, false), None, "{foreign}");
        }
    }
}
