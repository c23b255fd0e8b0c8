//! What holds whatever the users are.

use super::*;
use crate::{LoginKey, UserId};
use proptest::prelude::*;
use uuid::Uuid;

/// Few names and few domains, so that they meet.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "B", "a.b", "x+y"]).prop_map(str::to_owned)
}

fn address() -> impl Strategy<Value = String> {
    (name(), prop::sample::select(vec!["acme.com", "Acme.de", "evil.test"])).prop_map(|(name, domain)| format!("{name}@{domain}"))
}

fn identity() -> impl Strategy<Value = String> {
    prop_oneof![name(), address(), address().prop_map(|text| format!(" {text} ")), "\\PC{0,12}"]
}

#[derive(Clone, Debug)]
struct User {
    user_id: String,
    email: Option<String>,
    active: bool,
    alias: Option<String>,
}

fn users() -> impl Strategy<Value = Vec<User>> {
    let user =
        (prop_oneof![name(), address()], prop::option::of(address()), any::<bool>(), prop::option::of(prop_oneof![name(), address()]))
            .prop_map(|(user_id, email, active, alias)| User { user_id, email, active, alias });
    prop::collection::vec(user, 0..8).prop_map(|users| {
        let mut taken = std::collections::HashSet::new();
        let mut aliased = std::collections::HashSet::new();
        let mut users: Vec<User> = users.into_iter().filter(|user| taken.insert(LoginKey::of(&user.user_id))).collect();
        users.iter_mut().for_each(|user| user.alias = user.alias.take().filter(|alias| aliased.insert(LoginKey::of(alias))));
        users
    })
}

fn settings() -> impl Strategy<Value = SsoSettings> {
    let domains = prop::sample::subsequence(vec!["acme.com", "acme.de"], 0..=2);
    (domains, any::<bool>()).prop_map(|(domains, mailbox)| SsoSettings {
        rule: if mailbox { Rule::Mailbox } else { Rule::Email },
        domains: domains.into_iter().map(|domain| domain.parse().unwrap()).collect(),
        ..SsoSettings::default()
    })
}

/// What a database would find.
fn look_up(wanted: &Wanted, users: &[User]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (index, user) in users.iter().enumerate() {
        let id = UserId(Uuid::from_u128(index as u128));
        let person = Person { id, user_id: user.user_id.clone(), email: user.email.clone(), active: user.active };
        let mut add = |via, key: LoginKey| found.push(Candidate { person: person.clone(), via, key });
        let key = LoginKey::of(&user.user_id);
        if wanted.keys.contains(&key) {
            add(Via::UserId, key);
        }
        if let Some(key) = user.alias.as_deref().map(LoginKey::of).filter(|key| wanted.keys.contains(key)) {
            add(Via::Alias, key);
        }
        if let Some(key) = user.email.as_deref().map(LoginKey::of).filter(|key| Some(key) == wanted.address.as_ref()) {
            add(Via::Address, key);
        }
    }
    found
}

fn ask(presented: &str, evidence: Evidence, settings: &SsoSettings, users: &[User]) -> Result<Match, Refusal> {
    resolve(presented, evidence, settings, &look_up(&Wanted::of(presented, evidence, settings), users))
}

proptest! {
    #[test]
    fn nobody_disabled_is_found_and_whoever_is_found_is_nameable(presented in identity(), settings in settings(), users in users()) {
        for evidence in [Evidence::Assertion, Evidence::Password] {
            let Ok(found) = ask(&presented, evidence, &settings, &users) else { continue };
            prop_assert!(found.person.active);
            let key = LoginKey::of(&presented);
            let user = &users[usize::try_from(found.person.id.0.as_u128()).unwrap()];
            let exact = LoginKey::of(&user.user_id) == key || user.alias.as_deref().map(LoginKey::of).as_ref() == Some(&key);
            prop_assert_eq!(exact, matches!(found.by, MatchedBy::UserId | MatchedBy::Alias));
            if !exact {
                prop_assert_eq!(evidence, Evidence::Assertion, "a password never means anybody else");
                prop_assert!(!settings.domains.is_empty());
                // Cutting off or adding a domain of the account, and nothing else, makes one of the other.
                let makes = |mailbox: &str, whole: &LoginKey| settings.domains.iter().any(|domain| LoginKey::of(&format!("{mailbox}@{domain}")) == *whole);
                let names = [Some(&user.user_id), user.alias.as_ref()];
                let fits = names.into_iter().flatten().any(|name| match found.by {
                    MatchedBy::Mailbox => makes(name, &key),
                    _ => makes(key.as_str(), &LoginKey::of(name)),
                });
                prop_assert!(fits, "{:?} is not {}", user, presented);
                if found.by == MatchedBy::Mailbox && let Some(email) = &user.email {
                    prop_assert_eq!(LoginKey::of(email), key);
                }
            }
        }
    }

    #[test]
    fn the_order_in_which_users_are_found_changes_nothing(presented in identity(), settings in settings(), users in users()) {
        let mut found = look_up(&Wanted::of(&presented, Evidence::Assertion, &settings), &users);
        let forward = resolve(&presented, Evidence::Assertion, &settings, &found);
        found.reverse();
        prop_assert_eq!(resolve(&presented, Evidence::Assertion, &settings, &found), forward);
    }

    /// The conversion of a user whose mailbox name and address are its own: both mean it before and after.
    #[test]
    fn a_conversion_changes_nobody(rule in any::<bool>(), mailbox in name(), more in users()) {
        let settings = SsoSettings {
            rule: if rule { Rule::Mailbox } else { Rule::Email },
            domains: ["acme.com".parse().unwrap()].into(),
            ..SsoSettings::default()
        };
        let address = format!("{mailbox}@acme.com");
        let (key, address_key) = (LoginKey::of(&mailbox), LoginKey::of(&address));
        let stranger = |user: &User| {
            let names = [Some(&user.user_id), user.email.as_ref(), user.alias.as_ref()];
            names.into_iter().flatten().all(|name| LoginKey::of(name) != key && LoginKey::of(name) != address_key)
        };
        let mut before: Vec<User> = vec![User { user_id: mailbox.clone(), email: Some(address.clone()), active: true, alias: None }];
        before.extend(more.into_iter().filter(stranger));
        let mut after = before.clone();
        (after[0].user_id, after[0].alias) = (address.clone(), Some(mailbox.clone()));
        for presented in [&mailbox, &address] {
            for users in [&before, &after] {
                let found = ask(presented, Evidence::Assertion, &settings, users).map(|found| found.person.id.0.as_u128());
                prop_assert_eq!(found, Ok(0), "{} among {:?}", presented, users);
            }
        }
    }
}
