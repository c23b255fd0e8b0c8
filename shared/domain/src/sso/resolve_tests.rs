//! Cases of resolution, one by one.

use super::*;
use crate::sso::VerifiedDomain;

fn settings(rule: Rule, domains: &[&str]) -> SsoSettings {
    let domains = domains.iter().map(|domain| domain.parse::<VerifiedDomain>().unwrap()).collect();
    SsoSettings { rule, domains, ..SsoSettings::default() }
}

/// A user with this id, user id and address; what the database would find for `presented`.
type User<'a> = (u128, &'a str, Option<&'a str>);

fn person((id, user_id, email): User<'_>) -> Person {
    Person { id: UserId(uuid::Uuid::from_u128(id)), user_id: user_id.to_owned(), email: email.map(str::to_owned), active: true }
}

fn found(presented: &str, evidence: Evidence, settings: &SsoSettings, users: &[User<'_>], aliases: &[(&str, u128)]) -> Vec<Candidate> {
    let wanted = Wanted::of(presented, evidence, settings);
    let mut found = Vec::new();
    for user in users {
        let person = person(*user);
        let key = LoginKey::of(user.1);
        if wanted.keys.contains(&key) {
            found.push(Candidate { person: person.clone(), via: Via::UserId, key });
        }
        for (alias, _) in aliases.iter().filter(|(alias, owner)| *owner == user.0 && wanted.keys.contains(&LoginKey::of(alias))) {
            found.push(Candidate { person: person.clone(), via: Via::Alias, key: LoginKey::of(alias) });
        }
        if wanted.address.is_some() && user.2.map(LoginKey::of) == wanted.address {
            found.push(Candidate { person, via: Via::Address, key: wanted.address.clone().unwrap() });
        }
    }
    found
}

fn ask(
    presented: &str,
    evidence: Evidence,
    settings: &SsoSettings,
    users: &[User<'_>],
    aliases: &[(&str, u128)],
) -> Result<(u128, MatchedBy), Refusal> {
    let candidates = found(presented, evidence, settings, users, aliases);
    resolve(presented, evidence, settings, &candidates).map(|found| (found.person.id.0.as_u128(), found.by))
}

const JDOE: User<'_> = (1, "JDoe", Some("jdoe@acme.com"));

#[test]
fn the_order_is_user_id_then_alias_then_mailbox_name() {
    let settings = settings(Rule::Email, &["acme.com"]);
    let assert = |presented, users: &[User<'_>], aliases: &[(&str, u128)], expected| {
        assert_eq!(ask(presented, Evidence::Assertion, &settings, users, aliases), expected, "{presented}");
    };
    assert("jdoe", &[JDOE], &[], Ok((1, MatchedBy::UserId)));
    assert(" JDOE@Acme.com ", &[JDOE], &[], Ok((1, MatchedBy::Mailbox)));
    let converted = (1, "jdoe@acme.com", Some("jdoe@acme.com"));
    assert("jdoe@acme.com", &[converted], &[("jdoe", 1)], Ok((1, MatchedBy::UserId)));
    assert("jdoe", &[converted], &[("jdoe", 1)], Ok((1, MatchedBy::Alias)));
    assert("jdoe", &[converted], &[], Ok((1, MatchedBy::Domain)));
    // The old user id was given to somebody new: it means the one who has it now.
    assert("jdoe", &[converted, (2, "jdoe", None)], &[("jdoe", 1)], Ok((2, MatchedBy::UserId)));
    assert("nobody@acme.com", &[JDOE], &[], Err(Refusal::Unknown));
    assert("", &[JDOE], &[], Err(Refusal::NoIdentity));
}

#[test]
fn a_password_is_proof_for_one_user_id_only() {
    let settings = settings(Rule::Mailbox, &["acme.com"]);
    let ask = |presented, users: &[User<'_>], aliases: &[(&str, u128)]| ask(presented, Evidence::Password, &settings, users, aliases);
    assert_eq!(ask("jdoe@acme.com", &[JDOE], &[]), Err(Refusal::Unknown));
    assert_eq!(ask("jdoe", &[(1, "jdoe@acme.com", None)], &[]), Err(Refusal::Unknown));
    assert_eq!(ask("jdoe", &[(1, "jdoe@acme.com", None)], &[("jdoe", 1)]), Ok((1, MatchedBy::Alias)));
    assert_eq!(ask("jdoe", &[JDOE], &[]), Ok((1, MatchedBy::UserId)));
}

#[test]
fn a_disabled_user_is_refused_and_nobody_takes_its_place() {
    let settings = settings(Rule::Email, &["acme.com"]);
    for presented in ["jdoe", "jdoe@acme.com"] {
        let mut candidates = found(presented, Evidence::Assertion, &settings, &[JDOE, (2, "other", None)], &[("jdoe", 2)]);
        candidates.iter_mut().filter(|candidate| candidate.person.user_id == "JDoe").for_each(|candidate| candidate.person.active = false);
        assert_eq!(resolve(presented, Evidence::Assertion, &settings, &candidates), Err(Refusal::Disabled), "{presented}");
    }
}

#[test]
fn a_domain_that_is_not_the_accounts_means_nobody() {
    let settings = settings(Rule::Mailbox, &["acme.com"]);
    for foreign in ["jdoe@evil.test", "jdoe@mail.acme.com", "jdoe@acme.com.evil.test"] {
        assert_eq!(ask(foreign, Evidence::Assertion, &settings, &[(1, "jdoe", None)], &[]), Err(Refusal::ForeignDomain), "{foreign}");
        assert_eq!(ask(foreign, Evidence::Assertion, &settings, &[], &[]), Err(Refusal::Unknown), "{foreign}");
    }
    for odd in
        ["\"jdoe\"@acme.com", "x@evil.test@acme.com", "jdoe @acme.com", "jdoe@acme.com,x@acme.com", "jdo\u{435}@acme.com", ".jdoe@acme.com"]
    {
        assert_eq!(ask(odd, Evidence::Assertion, &settings, &[(1, "jdoe", None), (2, "x", None)], &[]), Err(Refusal::Unknown), "{odd}");
    }
    // Its user id is whole all the same.
    assert_eq!(ask("jdoe@evil.test", Evidence::Assertion, &settings, &[(3, "jdoe@evil.test", None)], &[]), Ok((3, MatchedBy::UserId)));
}

#[test]
fn what_is_in_doubt_is_refused() {
    let (email, mailbox) = (settings(Rule::Email, &["acme.com", "acme.de"]), settings(Rule::Mailbox, &["acme.com", "acme.de"]));
    let ask = |presented, settings: &SsoSettings, users: &[User<'_>]| ask(presented, Evidence::Assertion, settings, users, &[]);
    let bare = (1, "jdoe", None);
    assert_eq!(ask("jdoe@acme.com", &email, &[bare]), Err(Refusal::NoAddress));
    assert_eq!(ask("jdoe@acme.com", &mailbox, &[bare]), Ok((1, MatchedBy::Mailbox)));
    assert_eq!(ask("jdoe@acme.de", &mailbox, &[JDOE]), Err(Refusal::AnotherAddress), "two people of one mailbox name");
    assert_eq!(ask("jdoe@acme.com", &mailbox, &[bare, (2, "jdoe@acme.de", None)]), Err(Refusal::Ambiguous));
    assert_eq!(ask("jdoe@acme.com", &mailbox, &[JDOE, (2, "jdoe@acme.de", None)]), Ok((1, MatchedBy::Mailbox)), "the very address");
    assert_eq!(ask("jdoe@acme.com", &mailbox, &[JDOE, (2, "john", Some("JDOE@acme.com"))]), Err(Refusal::Ambiguous));
    assert_eq!(ask("jdoe@acme.com", &mailbox, &[(2, "john", Some("jdoe@acme.com"))]), Err(Refusal::Ambiguous), "an address is no user id");
    assert_eq!(ask("jdoe", &mailbox, &[(1, "jdoe@acme.com", None)]), Err(Refusal::Ambiguous), "which domain?");
    assert_eq!(ask("jdoe", &mailbox, &[]), Err(Refusal::Unknown));
}
