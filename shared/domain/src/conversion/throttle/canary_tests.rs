//! How samples are sorted and what they prove.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn sample(canary: &mut Canary, due: Duration, latency: Duration) {
    canary.take(CanarySample { kind: CanaryKind::LookUp, due, end: due + latency });
}

/// Twenty seconds of a look-up each 10 ms, with a chunk at the beginning of each turn for them; how long it takes, by whose turn it is.
fn seen(latency: impl Fn(u64, bool) -> u64) -> Canary {
    let mut canary = Canary::new(Turns { work: MS * 500, pause: MS * 500 });
    let mut turn = None;
    for n in 0..2_000_u64 {
        let at = MS * 10 * u32::try_from(n).expect("small");
        let now = canary.turn(at);
        if now.works && turn != Some(now.begins) {
            turn = Some(now.begins);
            canary.begin(at);
        }
        sample(&mut canary, at, Duration::from_micros(latency(n, now.works)));
    }
    canary
}

fn verdict(canary: &Canary) -> Verdict {
    canary.verdict(Duration::ZERO, 1.1, Duration::ZERO).expect("a verdict")
}

#[test]
fn samples_are_sorted_by_turns_and_the_moments_after_chunks_are_left_out() {
    let canary = seen(|_, _| 1_000);
    let verdict = verdict(&canary);
    assert!((900..=1_000).contains(&verdict.during), "{verdict:?}");
    assert!(verdict.samples < 2_000 && verdict.samples > 1_940, "{verdict:?}");
    assert!(canary.knows_idle() && verdict.is_fine() && !verdict.is_harm());
}

#[test]
fn harm_during_our_turns_is_seen_and_measured() {
    let one_in_ten = verdict(&seen(|n, ours| if ours && n % 10 == 3 { 5_000 } else { 1_000 }));
    assert!(one_in_ten.is_harm() && !one_in_ten.is_fine(), "{one_in_ten:?}");
    assert!((0.15..0.30).contains(&one_in_ten.cut()), "one in twenty of all, so a fifth: {one_in_ten:?}");
    let one_in_eighty = verdict(&seen(|n, ours| if ours && n % 80 == 3 { 5_000 } else { 1_000 }));
    assert!(!one_in_eighty.is_harm() && !one_in_eighty.is_slight_harm(), "{one_in_eighty:?}");
}

#[test]
fn what_is_slow_in_both_turns_is_not_ours() {
    let single = verdict(&seen(|n, _| if n % 10 == 3 { 5_000 } else { 1_000 }));
    assert!(!single.is_harm() && !single.is_slight_harm(), "{single:?}");
    let bursts = verdict(&seen(|n, _| if n % 170 < 12 { 50_000 + n } else { 1_000 }));
    assert!(!bursts.is_harm() && !bursts.is_slight_harm(), "{bursts:?}");
}

#[test]
fn one_burst_in_our_turn_proves_nothing() {
    let first = seen(|_, _| 1_000).turn(MS * 10_000);
    let one = seen(|n, ours| if ours && (1_000..1_100).contains(&n) && n % 100 < 10 { 50_000 } else { 1_000 });
    assert!(first.ends > first.begins && !verdict(&one).is_harm(), "{:?}", verdict(&one));
}

#[test]
fn nothing_is_said_without_something_to_compare_with() {
    let mut canary = Canary::new(Turns { work: MS * 500, pause: MS * 500 });
    (0..39).for_each(|n| sample(&mut canary, MS * n * 20, MS));
    assert!(!canary.knows_idle());
    assert_eq!(canary.verdict(Duration::ZERO, 1.0, Duration::ZERO), None);
    assert_eq!(canary.p99(), (None, None));
}

#[test]
fn slack_holds_where_a_ratio_says_nothing() {
    let canary = seen(|_, ours| if ours { 4_000 } else { 1_000 });
    assert!(canary.verdict(Duration::ZERO, 1.1, Duration::ZERO).expect("a verdict").is_harm());
    assert!(!canary.verdict(Duration::ZERO, 1.1, MS * 5).expect("a verdict").is_harm());
}
