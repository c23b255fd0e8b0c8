//! The throttle as a whole, beside a database that is made up ([`sim`]).

mod sim;

use super::super::pace::{ChunkEnd, Errand, Orders, Step, WaitReason};
use super::{Preset, Signals};
use sim::{Load, Sim};
use std::time::Duration;

fn orders(preset: Preset) -> Orders {
    Orders { preset, ..Orders::default() }
}

fn limited(rows: u32) -> Orders {
    Orders { rows_per_second: Some(rows), ..Orders::default() }
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

#[test]
fn it_reaches_its_limit_where_nobody_minds() {
    for seed in 0..2 {
        let mut sim = Sim::new(orders(Preset::Gentle), seed, Load::nobody_minds());
        sim.run(minutes(1));
        let rate = sim.run(minutes(2)).rate();
        assert!((900.0..=1_010.0).contains(&rate), "seed {seed}: {rate} rows/s of 1,000");
    }
}

#[test]
fn it_finds_the_rate_that_others_do_not_notice() {
    for seed in 0..2 {
        // A query that meets a chunk takes as many times as long as the chunk has rows by 15: at full rate the p99 doubles.
        let mut sim = Sim::new(orders(Preset::Gentle), seed, Load { ours: 1.0 / 15.0, ..Load::nobody_minds() });
        sim.run(minutes(1));
        let run = sim.run(minutes(5));
        assert!(run.p99_ratio() < 1.2, "seed {seed}: p99 {:.2} times what it is without us at {:.0} rows/s", run.p99_ratio(), run.rate());
        assert!(run.rate() > 150.0, "seed {seed}: starved at {:.0} rows/s", run.rate());
        let mut unthrottled = Sim::new(orders(Preset::Fast), seed, Load { ours: 1.0 / 15.0, ..Load::nobody_minds() });
        unthrottled.run(minutes(1));
        assert!(unthrottled.run(minutes(1)).p99_ratio() > 1.5, "the model does mind");
    }
}

#[test]
fn it_does_not_starve_when_others_cause_the_load() {
    for seed in 0..2 {
        let mut sim = Sim::new(orders(Preset::Gentle), seed, Load::nobody_minds());
        sim.run(minutes(1));
        sim.load.others = 8.0;
        let while_slow = sim.run(minutes(2)).rate();
        sim.load.others = 1.0;
        let after = sim.run(minutes(2)).rate();
        assert!(while_slow > 800.0 && after > 800.0, "seed {seed}: {while_slow:.0} rows/s under others' load, {after:.0} after");
    }
}

/// A machine with too much to do stands still now and then, for a tenth of a second or more; our chunks stand still with it.
#[test]
fn it_does_not_starve_on_a_machine_that_stutters() {
    for seed in 0..2 {
        let mut sim = Sim::new(orders(Preset::Gentle), seed, Load { stutter: 0.2, ..Load::nobody_minds() });
        sim.run(minutes(1));
        let rate = sim.run(minutes(3)).rate();
        assert!(rate > 600.0, "seed {seed}: {rate:.0} of 1,000 rows/s");
    }
}

#[test]
fn it_does_not_starve_when_load_comes_in_waves() {
    for seed in 0..2 {
        let mut sim = Sim::new(orders(Preset::Normal), seed, Load::nobody_minds());
        sim.run(minutes(1));
        let mut rows = 0.0;
        for wave in 0..20 {
            sim.load.others = if wave % 2 == 0 { 6.0 } else { 1.0 };
            rows += sim.run(Duration::from_secs(7)).rate() / 16.0;
        }
        assert!(rows > 1_500.0, "seed {seed}: {rows:.0} of 2,500 rows/s");
    }
}

#[test]
fn it_backs_off_within_seconds_and_comes_back() {
    for seed in 0..2 {
        let mut sim = Sim::new(orders(Preset::Normal), seed, Load::nobody_minds());
        sim.run(minutes(2));
        sim.load.ours = 0.2;
        sim.run(Duration::from_secs(8));
        let backed_off = sim.run(Duration::from_secs(10)).rate();
        assert!(backed_off < 1_300.0, "seed {seed}: {backed_off:.0} rows/s while it does harm");
        sim.load.ours = 0.0;
        sim.run(minutes(2));
        let back = sim.run(minutes(1)).rate();
        assert!(back > 2_000.0, "seed {seed}: {back:.0} rows/s when it does none");
    }
}

#[test]
fn fast_is_bounded_by_the_database_alone() {
    let mut sim = Sim::new(orders(Preset::Fast), 1, Load { ours: 1.0 / 2_000.0, ..Load::nobody_minds() });
    sim.run(minutes(1));
    let run = sim.run(minutes(2));
    // 25 µs a row and 1 ms a chunk: 39,000 rows a second are what there is.
    assert!(run.rate() > 0.85 * 39_000.0, "{:.0} rows/s", run.rate());
}

#[test]
fn a_limit_set_by_hand_holds_and_may_change_at_any_time() {
    let mut sim = Sim::new(limited(100), 1, Load::nobody_minds());
    sim.run(minutes(1));
    for limit in [100, 20, 1_500, 400] {
        sim.adjust(&limited(limit));
        sim.run(minutes(1));
        let rate = sim.run(minutes(2)).rate();
        assert!((rate / f64::from(limit) - 1.0).abs() < 0.05, "{rate:.0} rows/s of {limit}");
    }
}

#[test]
fn it_gives_up_when_it_does_harm_at_its_slowest() {
    let mut sim = Sim::new(orders(Preset::Gentle), 1, Load { ours: 30.0, ..Load::nobody_minds() });
    sim.row = Duration::from_millis(5);
    sim.run(minutes(3));
    let (reason, text) = sim.halted.clone().expect("it gave up");
    assert_eq!(reason, WaitReason::Latency);
    assert_eq!(text, "stopped itself: queries took ten times as long even at its lowest rate");
}

#[test]
fn provisioning_goes_first() {
    let mut sim = Sim::new(orders(Preset::Normal), 1, Load::nobody_minds());
    sim.run(minutes(1));
    sim.signals = Signals { backlog: Some(340), ..Signals::default() };
    sim.run(Duration::from_secs(2));
    assert!(sim.run(Duration::from_secs(20)).rate() < 1e-9);
    assert_eq!(sim.throttle.explain(), "waits: provisioning backlog 340 operations, resumes below 50");
    assert_eq!(sim.throttle.status().waiting.expect("a reason").reason, WaitReason::ProvisioningBacklog);
    sim.signals = Signals { backlog: Some(0), ..Signals::default() };
    sim.run(Duration::from_secs(3));
    assert!(sim.run(Duration::from_secs(20)).rate() > 1_000.0, "it goes on with what it had found");
}

#[test]
fn nothing_is_done_blindly() {
    let mut sim = Sim::new(orders(Preset::Normal), 1, Load::nobody_minds());
    sim.run(minutes(1));
    sim.silent = true;
    sim.run(Duration::from_secs(12));
    assert!(sim.run(Duration::from_secs(20)).rate() < 1e-9);
    assert_eq!(sim.throttle.status().waiting.expect("a reason").reason, WaitReason::Blind);
    sim.silent = false;
    sim.run(Duration::from_secs(10));
    assert!(sim.run(Duration::from_secs(20)).rate() > 500.0);
}

#[test]
fn it_looks_at_the_idle_database_first() {
    let mut sim = Sim::new(orders(Preset::Fast), 1, Load::nobody_minds());
    assert_eq!(sim.throttle.explain(), "measures how fast the database answers without it");
    assert!(sim.run(Duration::from_secs(1)).rate() < 1e-9);
}

#[test]
fn it_runs_only_inside_its_windows_and_stops_before_they_close() {
    let windows = toml::from_str("[[window]]\nfrom = \"00:02\"\nto = \"00:05\"").expect("windows");
    let night = Orders { windows, ..orders(Preset::Normal) };
    let mut sim = Sim::new(night.clone(), 1, Load::nobody_minds());
    sim.run(Duration::from_secs(119));
    assert!(sim.went_at.is_empty(), "before the window opens");
    assert_eq!(sim.throttle.explain(), "waits: window closed, opens Tue 2026-11-24 00:02 (UTC)");
    sim.run(minutes(5));
    let (first, last) = (sim.went_at[0], *sim.went_at.last().expect("a chunk"));
    assert!(first >= minutes(2) && first < minutes(2) + Duration::from_secs(1), "{first:?}");
    assert!(last > minutes(5) - Duration::from_secs(1) && sim.ended_at <= minutes(5), "{last:?} to {:?}", sim.ended_at);
    assert_eq!(sim.throttle.explain(), "waits: window closed, opens Wed 2026-11-25 00:02 (UTC)");
    let until = sim.wall() + jiff::SignedDuration::from_secs(60);
    sim.adjust(&Orders { ignore_windows_until: Some(until), ..night });
    assert!(sim.run(minutes(1)).rate() > 500.0, "run now, whatever the window");
    assert!(sim.run(minutes(1)).rate() < 50.0, "until then");
}

#[test]
fn a_plan_is_made_at_once_whatever_the_window() {
    let never = toml::from_str("blackout = [\"2026-01-01..\"]").expect("windows");
    let mut sim = Sim::new(Orders { windows: never, ..orders(Preset::Gentle) }, 1, Load::nobody_minds());
    sim.errand = Errand::Look;
    assert!(sim.run(Duration::from_secs(2)).rate() > 200.0, "before the idle database has been measured");
    sim.errand = Errand::Change;
    sim.run(Duration::from_secs(1));
    assert!(sim.run(minutes(1)).rate() < 1e-9);
    assert_eq!(sim.throttle.explain(), "waits: no window opens again within ten years");
}

#[test]
fn a_pause_holds_at_once_and_outranks_everything() {
    let mut sim = Sim::new(orders(Preset::Normal), 1, Load::nobody_minds());
    sim.run(minutes(1));
    sim.signals = Signals { backlog: Some(1_000), ..Signals::default() };
    sim.adjust(&Orders { paused: true, ..orders(Preset::Normal) });
    assert!(sim.run(minutes(1)).rate() < 50.0, "the chunk that was under way, no more");
    assert_eq!(sim.throttle.explain(), "paused: resumes when somebody resumes it");
    let rate = sim.throttle.status().rate;
    assert!(rate > 500.0, "a pause does not make it slow: {rate:.0} rows/s");
}

#[test]
fn chunks_that_time_out_become_smaller() {
    let mut sim = Sim::new(orders(Preset::Gentle), 1, Load::nobody_minds());
    sim.run(minutes(1));
    sim.ends = ChunkEnd::TimedOut;
    sim.run(Duration::from_secs(5));
    sim.ends = ChunkEnd::Committed;
    assert!(matches!(sim.until_go(), Step::Go { rows: 1 }));
    sim.run(minutes(1));
    assert!(sim.run(minutes(1)).rate() > 900.0);
}

#[test]
fn what_it_does_is_said_in_one_line() {
    let mut sim = Sim::new(orders(Preset::Gentle), 1, Load::nobody_minds());
    sim.run(minutes(3));
    let text = sim.throttle.explain();
    assert!(text.starts_with("runs at 1,0") || text.starts_with("runs at 9"), "{text}");
    assert!(text.contains(" of at most 1,000 (gentle); canary p99 "), "{text}");
}
