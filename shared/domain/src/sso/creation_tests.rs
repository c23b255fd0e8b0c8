//! Cases of creations beside a namesake.

use super::*;

fn chosen(linking: Linking) -> SsoSettings {
    SsoSettings { linking, domains: ["acme.com".parse().unwrap()].into(), ..SsoSettings::default() }
}

const NEW: Creation<'static> = Creation { user_name: "jdoe@acme.com", email: Some("JDoe@acme.com"), may_link: true };
const JDOE: Namesake<'static> =
    Namesake { email: Some("jdoe@acme.com"), by_user_id: true, active: true, role: Role::User, shares_address: false };

#[test]
fn the_same_person_is_linked_where_chosen_and_refused_elsewhere() {
    assert_eq!(judge_creation(&NEW, &JDOE, &chosen(Linking::LinkVerified)), Verdict::Link);
    assert_eq!(judge_creation(&NEW, &JDOE, &chosen(Linking::Refuse)), Verdict::Refuse(NotLinked::NotChosen));
    assert_eq!(judge_creation(&NEW, &JDOE, &SsoSettings::default()), Verdict::Refuse(NotLinked::NotChosen), "no domains, no choice");
}

#[test]
fn each_doubt_alone_is_enough() {
    let settings = chosen(Linking::LinkVerified);
    let elsewhere = Namesake { email: Some("jdoe@other.test"), ..JDOE };
    for (new, namesake, reason) in [
        (Creation { may_link: false, ..NEW }, JDOE, NotLinked::NotAlone),
        (Creation { email: None, ..NEW }, JDOE, NotLinked::AnotherAddress),
        (Creation { email: Some("boss@acme.com"), ..NEW }, JDOE, NotLinked::AnotherAddress),
        (NEW, Namesake { by_user_id: false, ..JDOE }, NotLinked::OldUserId),
        (NEW, Namesake { active: false, ..JDOE }, NotLinked::Disabled),
        (NEW, Namesake { role: Role::UserManager, ..JDOE }, NotLinked::Privileged),
        (NEW, Namesake { role: Role::Administrator, ..JDOE }, NotLinked::Privileged),
        (NEW, Namesake { shares_address: true, ..JDOE }, NotLinked::Shared),
        (Creation { user_name: "jdoe@other.test", ..NEW }, JDOE, NotLinked::ForeignDomain),
        (Creation { email: elsewhere.email, ..NEW }, elsewhere, NotLinked::ForeignDomain),
    ] {
        assert_eq!(judge_creation(&new, &namesake, &settings), Verdict::Refuse(reason), "{new:?} {namesake:?}");
    }
}

#[test]
fn two_people_of_one_mailbox_name_are_two() {
    let settings = chosen(Linking::LinkVerified);
    let another = Namesake { email: Some("jane@acme.com"), ..JDOE };
    assert_eq!(judge_creation(&NEW, &another, &settings), Verdict::Create);
    assert_eq!(
        judge_creation(&Creation { user_name: "jdoe", ..NEW }, &JDOE, &settings),
        Verdict::Create,
        "no address: the user id decides"
    );
}

#[test]
fn without_an_address_to_compare_the_rule_decides_and_nobody_is_linked() {
    let nameless = Namesake { email: None, ..JDOE };
    let rule = |rule| SsoSettings { rule, ..chosen(Linking::LinkVerified) };
    assert_eq!(judge_creation(&NEW, &nameless, &rule(Rule::Mailbox)), Verdict::Refuse(NotLinked::NoAddress));
    assert_eq!(judge_creation(&NEW, &nameless, &rule(Rule::Email)), Verdict::Create);
    let foreign = Creation { user_name: "jdoe@other.test", ..NEW };
    assert_eq!(judge_creation(&foreign, &nameless, &rule(Rule::Mailbox)), Verdict::Create);
}
