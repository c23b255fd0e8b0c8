//! The rules, played through on a clock that is only a number.

use super::*;
use jiff::{Timestamp, tz::TimeZone};
use std::collections::HashSet;
use uuid::Uuid;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a timestamp").as_millisecond()
}

/// Asks every ten seconds whether a mail is due, for `length`, while `failures(elapsed)` failures are reported.
fn play(length: i64, failures: impl Fn(i64) -> i64, ends: Option<i64>) -> Vec<(i64, Stage, u32, i64)> {
    let mut mails = Vec::new();
    let mut keys = HashSet::new();
    let incident = Uuid::from_u128(7);
    let mut state = MailState::opened(0, failures(0), false);
    for now in (0..=length).step_by(10_000) {
        if ends.is_some_and(|end| now >= end) {
            state.ended(now);
        } else {
            state.grew(now, failures(now));
        }
        if let Some(due) = state.due(now, Hold::None) {
            assert!(keys.insert(MailKey::incident(incident, due)), "the same mail twice: {due:?}");
            state.wrote(due);
            mails.push((now, due.stage, due.window, state.failures));
        }
    }
    mails
}

#[test]
fn ten_thousand_failures_in_five_minutes_are_one_mail_and_one_digest() {
    let mails = play(DAY, |now| 1 + now.min(5 * MINUTE) * 9_999 / (5 * MINUTE), None);
    let kinds: Vec<_> = mails.iter().map(|(now, stage, window, _)| (*now, *stage, *window)).collect();
    assert_eq!(kinds, [(MINUTE, Stage::Failed, 0), (16 * MINUTE, Stage::Digest, 1)]);
    assert_eq!(mails[1].3, 10_000, "the digest knows all of them");
}

#[test]
fn what_goes_on_is_told_at_growing_intervals() {
    let mails = play(5 * DAY, |now| 1 + now / MINUTE, Some(4 * DAY));
    let expected = [
        (MINUTE, Stage::Failed),
        (16 * MINUTE, Stage::Digest),
        (HOUR + MINUTE, Stage::Digest),
        (4 * HOUR + MINUTE, Stage::Digest),
        (28 * HOUR + MINUTE, Stage::Digest),
        (52 * HOUR + MINUTE, Stage::Digest),
        (76 * HOUR + MINUTE, Stage::Digest),
        (4 * DAY, Stage::Resolved),
    ];
    let got: Vec<_> = mails.iter().map(|(now, stage, ..)| (*now, *stage)).collect();
    assert_eq!(got, expected);
}

#[test]
fn without_news_there_is_no_mail() {
    let mails = play(3 * DAY, |_| 12, None);
    assert_eq!(mails.len(), 1);
    // News inside a window that had no mail yet is told after a minute, not at the next window.
    let mails = play(3 * DAY, |now| if now < 2 * HOUR { 1 } else { 2 }, None);
    assert_eq!(mails.iter().map(|mail| (mail.0, mail.2)).collect::<Vec<_>>(), [(MINUTE, 0), (2 * HOUR + MINUTE, 2)]);
}

#[test]
fn what_comes_back_every_forty_minutes_is_not_news_every_forty_minutes() {
    let mut state = MailState::opened(0, 1, false);
    let (mut mails, mut failures) = (Vec::new(), 1);
    for now in (0..2 * DAY).step_by(60_000) {
        // Fails every 40 minutes; 30 minutes of silence end it.
        match now / MINUTE % 40 {
            0 if now > 0 => {
                failures += 1;
                state.grew(now, failures);
            }
            30 => state.ended(now),
            _ => {}
        }
        if let Some(due) = state.due(now, Hold::None) {
            state.wrote(due);
            mails.push((now, due.stage));
        }
    }
    assert!(mails.len() <= 12, "{} mails in two days", mails.len());
    assert!(mails.windows(2).all(|pair| (pair[0].1, pair[1].1) != (Stage::Resolved, Stage::Resolved)), "it is over once");
}

#[test]
fn an_event_that_comes_twice_or_late_changes_nothing() {
    let mut state = MailState::opened(0, 5, false);
    let due = state.due(MINUTE, Hold::None).expect("failed");
    state.wrote(due);
    state.grew(2 * MINUTE, 5);
    state.grew(2 * MINUTE, 3);
    assert_eq!((state.due_ms, state.failures), (None, 5));
    state.ended(HOUR);
    let over = state.due(HOUR, Hold::None).expect("resolved");
    state.wrote(over);
    state.ended(HOUR);
    state.grew(2 * HOUR, 5);
    assert!(state.resolved && state.due_ms.is_none(), "a late report of what was counted is no new failure");
}

#[test]
fn what_ended_before_its_first_mail_is_not_mailed_about() {
    let mut state = MailState::opened(0, 1, false);
    state.ended(30_000);
    assert_eq!(state.due(DAY, Hold::None), None);
    state.grew(DAY, 2);
    assert_eq!(state.due(DAY, Hold::None).expect("it came back").stage, Stage::Failed);
}

#[test]
fn what_cannot_wait_does_not() {
    let state = MailState::opened(5_000, 1, true);
    assert_eq!(state.due(5_000, Hold::None), Some(Due { stage: Stage::Failed, window: 0 }));
}

#[test]
fn people_can_ask_for_silence() {
    let mut state = MailState::opened(0, 1, false);
    assert_eq!(state.due(MINUTE, Hold::SnoozedUntil(HOUR)), None);
    assert!(state.due(HOUR, Hold::SnoozedUntil(HOUR)).is_some());
    let due = state.due(HOUR, Hold::Acknowledged).expect("a first mail comes all the same");
    state.wrote(due);
    state.grew(HOUR, 9);
    assert_eq!(state.due(DAY, Hold::Acknowledged), None);
    state.ended(DAY);
    assert_eq!(state.due(DAY, Hold::Acknowledged).expect("the end is told").stage, Stage::Resolved);
}

#[test]
fn every_moment_is_in_the_window_that_began_before_it() {
    for window in 0..60 {
        let start = window_start(1_000, window);
        assert_eq!(window_at(1_000, start), window);
        assert_eq!(window_at(1_000, start - 1), window.saturating_sub(1));
    }
    assert_eq!(window_at(i64::MAX, 0), 0);
    let _ = window_at(i64::MIN, i64::MAX);
    let _ = window_start(i64::MAX, u32::MAX);
}

#[test]
fn quiet_hours_are_the_recipients_own() {
    let berlin = QuietHours::parse("20:00-07:30", "Europe/Berlin").expect("quiet hours");
    // 20:00 in Berlin is 19:00 UTC in winter and 18:00 in summer.
    assert_eq!(berlin.hold_until(at("2026-01-10T18:59:59Z")), None);
    assert_eq!(berlin.hold_until(at("2026-01-10T19:00:00Z")), Some(at("2026-01-11T06:30:00Z")));
    assert_eq!(berlin.hold_until(at("2026-01-11T06:29:59Z")), Some(at("2026-01-11T06:30:00Z")));
    assert_eq!(berlin.hold_until(at("2026-01-11T06:30:00Z")), None);
    assert_eq!(berlin.hold_until(at("2026-07-10T18:00:00Z")), Some(at("2026-07-11T05:30:00Z")));
    let noon = QuietHours::parse("12:00-13:00", "America/New_York").expect("quiet hours");
    assert_eq!(noon.hold_until(at("2026-07-10T16:15:00Z")), Some(at("2026-07-10T17:00:00Z")));
    assert_eq!(QuietHours::parse("08:00-08:00", "UTC").expect("none at all").hold_until(at("2026-07-10T08:00:00Z")), None);
}

#[test]
fn quiet_hours_survive_the_change_of_the_clock() {
    // 29 March 2026, 02:00 becomes 03:00; 25 October 2026, 03:00 becomes 02:00.
    let quiet = QuietHours::parse("22:00-02:30", "Europe/Berlin").expect("quiet hours");
    assert_eq!(quiet.hold_until(at("2026-03-28T22:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
    for (start, end) in [("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"), ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")] {
        for now in (at(start)..at(end)).step_by(5 * 60_000) {
            if let Some(until) = quiet.hold_until(now) {
                assert!(until > now && until - now < 6 * HOUR, "{now} {until}");
            }
        }
    }
}

#[test]
fn quiet_hours_that_make_no_sense_are_refused_with_an_example() {
    for (hours, zone) in [("20-7", "UTC"), ("20:00", "UTC"), ("25:00-07:00", "UTC"), ("20:00-07:00", "Mars/Olympus"), ("", "UTC")] {
        let error = QuietHours::parse(hours, zone).expect_err("nonsense");
        assert!(error.to_string().contains("as in"), "{error}");
    }
}

const USUAL: Waiting = Waiting { immediate: false, held: false, folded: false };
const HELD: Waiting = Waiting { held: true, ..USUAL };
const NOW: Waiting = Waiting { immediate: true, ..USUAL };

#[test]
fn over_the_cap_one_mail_stands_for_the_rest() {
    let caps = Caps::default();
    assert_eq!(caps.room(Used::default()), 20);
    assert_eq!(caps.room(Used { day: 95, ..Used::default() }), 5);
    assert_eq!(caps.room(Used { account_hour: 700, ..Used::default() }), 0);
    let waiting = vec![USUAL; 50];
    let arranged = arrange(&waiting, 20);
    assert_eq!((arranged.send.len(), arranged.fold.len(), arranged.capped), (19, 31, true));
    assert_eq!(arrange(&waiting, 0), Arrangement::default());
    assert_eq!(arrange(&waiting[..3], 1).fold, [0, 1, 2]);
    assert_eq!(arrange(&waiting[..1], 1).send, [0]);
    assert_eq!(arrange(&[USUAL, USUAL, NOW], 2), Arrangement { send: vec![2], fold: vec![0, 1], capped: true });
}

#[test]
fn a_night_becomes_one_summary_in_the_morning() {
    assert_eq!(arrange(&[HELD, HELD, HELD, USUAL], 20), Arrangement { send: vec![3], fold: vec![0, 1, 2], capped: false });
    assert_eq!(arrange(&[HELD], 20), Arrangement { send: vec![0], fold: vec![], capped: false });
    assert_eq!(arrange(&[HELD, NOW], 20).send, [1, 0]);
}

#[test]
fn an_hour_of_every_minute_a_mail_keeps_within_the_caps_and_loses_none() {
    let caps = Caps::default();
    let (mut sent, mut waiting): (Vec<i64>, Vec<Waiting>) = (Vec::new(), Vec::new());
    let (mut told, mut came) = (0, 0);
    for now in (0..3 * DAY).step_by(20_000) {
        if now < 2 * DAY {
            waiting.push(USUAL);
            came += 1;
        }
        let within = |length: i64| u32::try_from(sent.iter().filter(|at| **at > now - length).count()).expect("few");
        let used = Used { hour: within(HOUR), day: within(DAY), account_hour: within(HOUR) };
        assert!(used.hour <= caps.hour && used.day <= caps.day);
        let arranged = arrange(&waiting, caps.room(used));
        told += arranged.send.len() + arranged.fold.len();
        sent.extend(arranged.send.iter().map(|_| now));
        sent.extend((!arranged.fold.is_empty()).then_some(now));
        let mut position = 0;
        waiting.retain(|_| {
            position += 1;
            !arranged.send.contains(&(position - 1)) && !arranged.fold.contains(&(position - 1))
        });
    }
    assert_eq!((told, waiting.len()), (came, 0));
}

#[test]
fn a_server_that_says_not_now_is_asked_again_for_a_day() {
    let (mut now, mut attempts, mut pauses) = (1_000, 0, Vec::new());
    while let Some(next) = retry_at(1_000, now, attempts + 1) {
        attempts += 1;
        pauses.push((next - now) / MINUTE);
        now = next;
    }
    assert_eq!(pauses[..6], [1, 5, 15, 60, 60, 60]);
    assert_eq!(now, 1_000 + DAY, "the last attempt is at the end of the day");
    assert!(attempts < 40);
}

#[test]
fn an_address_is_one_that_can_stand_in_an_envelope() {
    for good in ["ada@example.com", "a.b+c@x-y.test", "o'neil@example.com", "root@localhost", "jörg@müller.example"] {
        assert!(good.parse::<MailAddress>().is_ok(), "{good}");
    }
    for bad in
        ["ada", "@x.test", "ada@", "a b@x.test", "a@b@c.test", "a@x..test", "<a@x.test>", "a@x.test\r\nBcc: b@x.test", "a@-x.test", ".a@x"]
    {
        assert!(bad.parse::<MailAddress>().is_err(), "{bad:?}");
    }
    let key = |text: &str| text.parse::<MailAddress>().expect("an address").key();
    assert_eq!(key("Ada@Example.com"), key("ada@example.COM"));
}

#[test]
fn the_week_before_is_told_from_monday_at_eight() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let name = |text: &str| week_of(at(text), &zone).expect("a week").0;
    // Monday, 23 November 2026, is the first day of week 48.
    assert_eq!(name("2026-11-23T06:59:00Z"), "2026-W46");
    assert_eq!(name("2026-11-23T07:00:00Z"), "2026-W47");
    assert_eq!(name("2026-11-29T23:59:00Z"), "2026-W47");
    assert_eq!(name("2027-01-04T12:00:00Z"), "2026-W53");
    let (_, from, to) = week_of(at("2026-03-30T12:00:00Z"), &zone).expect("a week");
    assert_eq!(to - from, 7 * DAY - HOUR, "the week in which the clock is put forward is an hour shorter");
}
