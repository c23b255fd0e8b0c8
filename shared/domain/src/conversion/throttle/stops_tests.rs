//! Each stop by name, with its two marks.

use super::*;

const MIB: f64 = 1_048_576.0;

fn after(readings: &[Signals]) -> Option<(WaitReason, String)> {
    let mut stops = Stops::new(StopMarks::default());
    for (second, signals) in readings.iter().enumerate() {
        stops.read(Duration::from_secs(second as u64 * 6), signals, 20.0 * MIB);
    }
    stops.reason()
}

fn backlog(n: u64) -> Signals {
    Signals { backlog: Some(n), ..Signals::default() }
}

#[test]
fn nothing_stops_a_quiet_database() {
    assert_eq!(after(&[Signals::default()]), None);
    assert_eq!(after(&[backlog(99)]), None);
}

#[test]
fn it_stops_at_one_mark_and_goes_on_below_the_other() {
    let (reason, text) = after(&[backlog(340)]).expect("a stop");
    assert_eq!(reason, WaitReason::ProvisioningBacklog);
    assert_eq!(text, "waits: provisioning backlog 340 operations, resumes below 50");
    assert!(after(&[backlog(340), backlog(50)]).is_some(), "between the marks it stays as it is");
    assert_eq!(after(&[backlog(340), backlog(49)]), None);
    assert_eq!(after(&[backlog(340), backlog(49), backlog(99)]), None);
}

#[test]
fn provisioning_outranks_the_rest() {
    let both = Signals { backlog: Some(1_000), replica_lag: Some(Duration::from_secs(90)), ..Signals::default() };
    assert_eq!(after(&[both]).expect("a stop").0, WaitReason::ProvisioningBacklog);
}

#[test]
fn every_stop_says_what_it_waits_for() {
    let none = Signals::default();
    for (signals, reason, text) in [
        (
            Signals { backlog: Some(3), backlog_age: Some(Duration::from_millis(2_340)), ..none },
            WaitReason::ProvisioningBacklog,
            "waits: an operation of provisioning has waited for 2.3 s, resumes below 0.5 s",
        ),
        (
            Signals { blocked_by_us: Some(1), ..none },
            WaitReason::BlockedByUs,
            "waits: one session waits for a lock of the conversion, resumes when none does",
        ),
        (
            Signals { replica_lag: Some(Duration::from_secs(17)), ..none },
            WaitReason::ReplicaLag,
            "waits: a replica is 17 s behind, resumes below 2 s",
        ),
        (
            Signals { wal_retained: Some(3 << 30), ..none },
            WaitReason::WalRate,
            "waits: 3.0 GiB of write-ahead log kept for a slow reader of it, resumes below 512 MiB",
        ),
        (
            Signals { archive_backlog: Some(60), ..none },
            WaitReason::WalRate,
            "waits: 60 segments of write-ahead log wait to be archived, resumes below 21",
        ),
        (
            Signals { oldest_transaction: Some(Duration::from_secs(2_400)), ..none },
            WaitReason::OldTransaction,
            "waits: a transaction is open for 40 min, resumes when none is for 4 min",
        ),
    ] {
        assert_eq!(after(&[signals]), Some((reason, text.to_owned())));
        assert_eq!(after(&[signals, none]), None, "{text}");
    }
}

#[test]
fn the_log_is_a_rate_over_some_seconds() {
    let at = |mib: u64| Signals { wal_position: Some(mib << 20), ..Signals::default() };
    assert_eq!(after(&[at(0)]), None);
    assert_eq!(after(&[at(0), at(100)]), None, "17 MiB a second");
    let (reason, text) = after(&[at(0), at(180)]).expect("a stop");
    assert_eq!((reason, text.as_str()), (WaitReason::WalRate, "waits: 30 MiB of write-ahead log a second, resumes below 15 MiB"));
    assert!(after(&[at(0), at(180), at(276)]).is_some(), "16 MiB a second is not below");
    assert_eq!(after(&[at(0), at(180), at(240)]), None);
}
