//! The 24 cases in which a conversion could go wrong, one test each, as far as rules alone decide them. What locks and
//! transactions add is tested where the database is.

use super::*;
use crate::{
    LoginKey,
    sso::{Evidence, SsoSettings, Wanted},
};
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

fn code(user_id: &str, email: Option<&str>, options: &PlanOptions) -> Code {
    judge(&Candidate { user_id, email, user_type: None }, options).code
}

fn plain(user_id: &str, email: &str) -> Code {
    code(user_id, Some(email), &PlanOptions::default())
}

const ALONE: Contest = Contest { active: true, sharers: 0, active_sharers: 0, claim: Claim::Free };

fn claimed(claim: Claim) -> Option<Code> {
    contest(&Contest { claim, ..ALONE }, &PlanOptions::default())
}

#[test]
fn case_01_users_who_share_an_address_are_all_left() {
    let shared = Contest { sharers: 1, active_sharers: 0, ..ALONE };
    assert_eq!(contest(&shared, &PlanOptions::default()), Some(Code::DupEmail));
    let active_wins = PlanOptions { duplicates: Duplicates::ActiveWins, ..PlanOptions::default() };
    assert_eq!(contest(&shared, &active_wins), None, "the only active one gets it");
    assert_eq!(contest(&Contest { active: false, active_sharers: 1, ..shared }, &active_wins), Some(Code::DupEmail));
    assert_eq!(contest(&Contest { active_sharers: 1, ..shared }, &active_wins), Some(Code::DupEmail), "two active ones");
    assert_eq!(LoginKey::of("A@x.test"), LoginKey::of("a@X.test"), "case does not make two addresses");
}

#[test]
fn case_02_an_address_somebody_else_signs_in_with_is_taken() {
    assert_eq!(claimed(Claim::Stays), Some(Code::Taken));
    assert_eq!(claimed(Claim::Free), None);
}

#[test]
fn case_03_a_chain_is_worked_from_its_head() {
    assert_eq!(claimed(Claim::Moves), Some(Code::Chain));
    let orders = settle(&[(6, 7), (7, 8)], &HashSet::new());
    assert_eq!((orders[&7], orders[&6], orders.get(&8)), (Order::Depth(1), Order::Depth(2), None));
}

#[test]
fn case_04_a_ring_is_turned_as_a_whole() {
    let orders = settle(&[(1, 2), (2, 1)], &HashSet::new());
    assert_eq!((orders[&1], orders[&2]), (Order::Ring(1), Order::Ring(1)));
    assert!(PlanOptions::default().turn_cycles);
}

#[test]
fn case_05_what_is_no_address_is_left() {
    assert_eq!(code("jdoe", None, &PlanOptions::default()), Code::NoEmail);
    assert_eq!(plain("jdoe", "  "), Code::NoEmail);
    for bad in ["jdoe", "@x.test", "j@", "j@x", "a b@x.test", "a@x.test; b@x.test", "a@b@x.test", "a@-x.test", "a..b@x.test", "a@x..test"] {
        assert_eq!(plain("jdoe", bad), Code::BadEmail, "{bad}");
    }
    assert_eq!(plain("jdoe", &format!("{}@x.test", "a".repeat(65))), Code::TooLong);
    assert_eq!(plain("jdoe", &format!("a@{}.test", "x.".repeat(130))), Code::TooLong);
    let trimmed = judge(&Candidate { user_id: "jdoe", email: Some(" jdoe@x.test "), user_type: None }, &PlanOptions::default());
    assert_eq!((trimmed.code, trimmed.new_id.as_deref()), (Code::Trimmed, Some("jdoe@x.test")));
    assert_eq!(plain("jdoe", "j\u{f6}@x.test"), Code::UnicodeReview);
    assert_eq!(code("jdoe", Some("j\u{f6}@x.test"), &PlanOptions { allow_unicode: true, ..PlanOptions::default() }), Code::Convert);
    let review = judge(&Candidate { user_id: "k", email: Some("\u{212a}@x.test"), user_type: None }, &PlanOptions::default());
    assert_eq!(review.new_key(), Some(LoginKey::of("k@x.test")), "a look-alike is still held against the others");
}

#[test]
fn case_06_a_user_id_that_is_the_address_is_kept() {
    assert_eq!(plain("jdoe@x.test", "jdoe@x.test"), Code::Already);
    assert_eq!(plain("JDoe@x.test", "jdoe@x.test"), Code::CaseOnly);
    assert!(!Code::CaseOnly.converts() && !Code::CaseOnly.is_exception());
}

#[test]
fn case_07_a_foreign_domain_is_a_warning_or_a_reason() {
    let own = PlanOptions { domains: BTreeSet::from(["acme.test".into()]), ..PlanOptions::default() };
    assert_eq!(code("jdoe", Some("jdoe@gmail.test"), &own), Code::ForeignDomain);
    assert!(Code::ForeignDomain.converts());
    assert_eq!(code("jdoe", Some("jdoe@ACME.test"), &own), Code::Convert);
    assert_eq!(code("jdoe", Some("jdoe@gmail.test"), &PlanOptions { only_own_domains: true, ..own }), Code::ForeignLeft);
}

#[test]
fn case_08_shared_mailboxes_and_service_accounts_are_left_out_unless_asked_for() {
    assert_eq!(plain("desk", "Info@x.test"), Code::Excluded);
    let service = Candidate { user_id: "backup", email: Some("backup@x.test"), user_type: Some("Service") };
    assert_eq!(judge(&service, &PlanOptions::default()).code, Code::Excluded);
    assert_eq!(judge(&service, &PlanOptions { include_excluded: true, ..PlanOptions::default() }).code, Code::Convert);
    let named = PlanOptions { exclude: BTreeSet::from(["jdoe".into()]), ..PlanOptions::default() };
    assert_eq!(code("JDoe", Some("jdoe@x.test"), &named), Code::Excluded);
    assert_eq!(contest(&Contest { active: false, ..ALONE }, &PlanOptions::default()), None, "an inactive user is converted");
}

#[test]
fn case_09_near_duplicates_are_different_users() {
    assert_ne!(LoginKey::of("a+x@d.test"), LoginKey::of("a@d.test"));
    assert_eq!(base_key("A+x@d.test"), Some(LoginKey::of("a@d.test")));
    assert_eq!((base_key("a@d.test"), base_key("+x@d.test")), (None, None));
    assert!(Code::NearDup.converts());
}

#[test]
fn case_10_a_user_id_a_directory_has_set_already_counts_as_converted() {
    let now = Current { user_id: "JDoe@x.test", email: Some("jdoe@x.test") };
    assert_eq!(recheck("jdoe", "jdoe@x.test", Some("jdoe@x.test"), Some(now)), Recheck::Linked);
    assert!(!Code::ScimLinked.is_exception());
}

#[test]
fn case_11_a_user_made_meanwhile_is_judged_like_any_other() {
    assert_eq!(plain("newcomer", "newcomer@x.test"), Code::Convert);
}

#[test]
fn case_12_a_renamed_user_is_judged_anew() {
    let now = Current { user_id: "jsmith", email: Some("jdoe@x.test") };
    assert_eq!(recheck("jdoe", "jdoe@x.test", Some("jdoe@x.test"), Some(now)), Recheck::Replan);
}

#[test]
fn case_13_a_user_with_a_new_address_is_judged_anew() {
    let now = Current { user_id: "jdoe", email: Some("jsmith@x.test") };
    assert_eq!(recheck("jdoe", "jdoe@x.test", Some("jdoe@x.test"), Some(now)), Recheck::Replan);
    assert_eq!(recheck("jdoe", "jdoe@x.test", Some("jdoe@x.test"), Some(Current { email: None, ..now })), Recheck::Replan);
}

#[test]
fn case_14_anything_else_about_the_user_may_change() {
    // Neither version nor any other attribute is asked for.
    let now = Current { user_id: "jdoe", email: Some("jdoe@x.test") };
    assert_eq!(recheck("jdoe", "jdoe@x.test", Some("jdoe@x.test"), Some(now)), Recheck::Convert);
}

#[test]
fn case_15_a_deleted_user_is_gone() {
    assert_eq!(recheck("jdoe", "jdoe@x.test", None, None), Recheck::Gone);
}

#[test]
fn case_16_a_locked_row_is_tried_again_with_longer_pauses() {
    let pauses: Vec<u64> = (1..=LOCKED_TRIES).map(|tries| locked_pause(tries).as_secs()).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
    assert_eq!(locked_pause(200), Duration::from_secs(300));
}

#[test]
fn case_17_references_are_rewritten_or_kept_as_configured() {
    assert!(rewrites(RewriteMode::Rewrite, false));
    assert!(!rewrites(RewriteMode::Keep, false) && !rewrites(RewriteMode::Alias, false));
    assert_eq!(RewriteMode::from_word("keep"), Some(RewriteMode::Keep));
}

#[test]
fn case_18_a_reference_that_could_mean_two_users_is_left() {
    assert!(!rewrites(RewriteMode::Rewrite, true));
}

#[test]
fn case_19_an_alias_outlives_what_was_signed_in_under_it() {
    let terms = AliasTerms::new(0, 180);
    assert_eq!(terms.expires_ms, 180 * 24 * 3_600_000);
    assert!(terms.reserved_ms > terms.expires_ms, "nobody else gets the old user id the day after");
    assert_eq!(AliasTerms::new(0, 1000).reserved_ms, AliasTerms::new(0, 1000).expires_ms);
}

#[test]
fn case_20_a_single_sign_on_finds_the_user_under_either_form() {
    let settings = SsoSettings { domains: ["acme.test".parse().unwrap()].into(), ..SsoSettings::default() };
    let keys = |presented, evidence| Wanted::of(presented, evidence, &settings).keys;
    assert!(keys("JDoe@acme.test", Evidence::Assertion).contains(&LoginKey::of("jdoe")));
    assert!(keys("jdoe", Evidence::Assertion).contains(&LoginKey::of("jdoe@acme.test")));
    assert_eq!(keys("jdoe", Evidence::Password), [LoginKey::of("jdoe")], "a password is proof for one user id");
}

#[test]
fn case_21_an_alias_of_somebody_else_is_taken() {
    assert_eq!(claimed(Claim::Alias), Some(Code::AliasTaken));
}

#[test]
fn case_22_accounts_do_not_know_each_other() {
    // The rules see one account at a time: nothing they take could name another. The store's tests prove it of the queries.
    assert_eq!(plain("jdoe", "jdoe@x.test"), plain("jdoe", "jdoe@x.test"));
    assert_eq!(contest(&ALONE, &PlanOptions::default()), None);
}

#[test]
fn case_23_an_undo_never_takes_a_user_id_from_anybody() {
    let now = Some(Current { user_id: "jdoe@x.test", email: None });
    assert_eq!(undo_check("jdoe@x.test", now, false), Ok(()));
    assert_eq!(undo_check("jdoe@x.test", now, true), Err(Code::UndoTaken));
    assert_eq!(undo_check("jsmith@x.test", now, false), Err(Code::UndoChanged));
    assert_eq!(undo_check("jdoe@x.test", None, false), Err(Code::Gone));
}

#[test]
fn case_24_the_form_a_directory_sends_can_be_told() {
    assert_eq!((form_of("jdoe"), form_of("jdoe@x.test")), (Form::Mailbox, Form::Email));
}

#[test]
fn the_end_of_an_alias_is_a_moment_or_the_end_of_a_day() {
    assert_eq!(AliasTerms::end_in("2100-01-31T18:00:00Z"), Some(4_105_101_600_000));
    assert_eq!(AliasTerms::end_in("2100-01-31T19:00:00+01:00"), Some(4_105_101_600_000));
    assert_eq!(AliasTerms::end_in("2100-01-31"), Some(4_105_123_200_000));
    for nothing in ["", "soon", "2100-02-30", "2100-01-31T18:00:00", "20100131"] {
        assert_eq!(AliasTerms::end_in(nothing), None, "{nothing}");
    }
}

#[test]
fn days_from_now_end_with_a_day_however_often_somebody_asks() {
    let day = 24 * 60 * 60 * 1000;
    for now in [0, 1, day - 1] {
        assert_eq!(AliasTerms::end_of_day_in(now, 2), 3 * day);
    }
    assert_eq!(AliasTerms::end_of_day_in(day, 2), 4 * day);
    assert_eq!(AliasTerms::end_of_day_in(i64::MAX, u32::MAX), i64::MAX);
}
