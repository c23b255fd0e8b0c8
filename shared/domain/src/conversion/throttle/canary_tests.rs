//! How samples are sorted and what they prove.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn sample(canary: &mut Canary, due: u32, latency: u32) {
    canary.take(CanarySample { kind: CanaryKind::LookUp, due: MS * due, end: MS * (due + latency) });
}

/// 100 samples between chunks, one every 20 ms, taking 1 ms each but for the last, which takes 2.
fn idle() -> Canary {
    let mut canary = Canary::default();
    (0..100).for_each(|n| sample(&mut canary, n * 20, if n < 98 { 1 } else { 2 }));
    canary
}

#[test]
fn samples_are_sorted_by_the_chunks_they_meet() {
    let mut canary = idle();
    assert!(canary.knows_idle());
    canary.begin(MS * 2_000);
    sample(&mut canary, 1_999, 3);
    canary.end(MS * 2_030);
    sample(&mut canary, 2_035, 1);
    sample(&mut canary, 2_050, 1);
    let verdict = canary.verdict(MS * 1_999, 1.5, Duration::ZERO).expect("a verdict");
    assert_eq!(verdict, Verdict { samples: 3, between: 101, during: 2, slow: 0, very_slow: 0 }, "3 ms is the bound itself");
}

#[test]
fn harm_is_more_than_one_in_a_hundred_and_more_than_chance() {
    // A tenth of the time during chunks, and a bound made of many samples.
    let verdict = |samples, slow| Verdict { samples, between: 1_000, during: samples / 10, slow, very_slow: 0 };
    for (samples, slow, harm) in [(5, 2, false), (5, 3, true), (100, 4, false), (100, 5, true), (1_000, 19, false), (1_000, 20, true)] {
        assert_eq!(verdict(samples, slow).is_harm(), harm, "{slow} of {samples}");
    }
    assert!(verdict(1_000, 15).is_slight_harm() && !verdict(1_000, 14).is_slight_harm() && !verdict(500, 10).is_slight_harm());
    let little_known = Verdict { between: 40, during: 950, ..verdict(1_000, 30) };
    assert!(!little_known.is_harm() && !little_known.is_slight_harm(), "a bound made of few samples may be far off");
    assert!(verdict(200, 1).is_fine() && !verdict(199, 1).is_fine());
    assert!((verdict(100, 4).cut() - 0.25).abs() < 1e-9);
    assert!((verdict(100, 0).cut() - 1.0).abs() < 1e-9);
}

#[test]
fn what_is_slow_beside_us_as_well_is_not_ours() {
    let mut canary = idle();
    for n in 100..120 {
        let at = n * 20;
        if n % 2 == 0 {
            canary.begin(MS * at);
        }
        sample(&mut canary, at, 9);
        canary.end(MS * (at + 9));
    }
    let verdict = canary.verdict(MS * 2_000, 1.5, Duration::ZERO).expect("a verdict");
    assert_eq!((verdict.samples, verdict.during, verdict.slow), (20, 10, 0));
}

#[test]
fn nothing_is_said_without_something_to_compare_with() {
    let mut canary = Canary::default();
    (0..39).for_each(|n| sample(&mut canary, n * 20, 1));
    assert!(!canary.knows_idle());
    assert_eq!(canary.verdict(Duration::ZERO, 1.0, Duration::ZERO), None);
    assert_eq!(canary.p99(), (None, None));
}

#[test]
fn slack_holds_where_a_ratio_says_nothing() {
    let mut canary = idle();
    canary.begin(MS * 2_000);
    (0..10).for_each(|n| sample(&mut canary, 2_000 + n * 20, 4));
    assert_eq!(canary.verdict(MS * 2_000, 1.15, Duration::ZERO).expect("a verdict").slow, 10);
    assert_eq!(canary.verdict(MS * 2_000, 1.15, MS * 5).expect("a verdict").slow, 0);
}
