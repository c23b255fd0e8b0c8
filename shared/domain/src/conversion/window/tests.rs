//! Windows by hand: the nights on which the clocks change, blackout dates, and how they are written.

mod model;

use super::*;
use jiff::tz::TimeZone;

/// Windows from TOML.
fn windows(toml: &str) -> Windows {
    toml::from_str(toml).expect("windows")
}

/// A local time and its offset, so that the two 02:30s of autumn can be told apart.
fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// The next opening after an instant, and how long it lasts.
fn next(windows: &Windows, after: &str) -> (Timestamp, i64) {
    let opens = windows.opens_next(at(after)).expect("an opening");
    let closes = windows.closes_at(opens).expect("an end");
    (opens, opens.duration_until(closes).as_secs() / 60)
}

fn nightly(zone: &str, from: &str, to: &str) -> Windows {
    windows(&format!("zone = \"{zone}\"\n[[window]]\nfrom = \"{from}\"\nto = \"{to}\""))
}

#[test]
fn in_spring_a_window_in_the_skipped_hour_opens_at_the_first_minute_that_exists() {
    let berlin = nightly("Europe/Berlin", "02:30", "04:30");
    assert_eq!(next(&berlin, "2027-03-27T12:00:00+01:00"), (at("2027-03-28T03:00:00+02:00"), 90));
    assert_eq!(next(&berlin, "2027-03-28T05:00:00+02:00"), (at("2027-03-29T02:30:00+02:00"), 120), "the next night is an ordinary one");
    let new_york = nightly("America/New_York", "02:30", "04:30");
    assert_eq!(next(&new_york, "2027-03-13T12:00:00-05:00"), (at("2027-03-14T03:00:00-04:00"), 90));
    let closing = nightly("Europe/Berlin", "01:00", "02:30");
    assert_eq!(next(&closing, "2027-03-27T12:00:00+01:00"), (at("2027-03-28T01:00:00+01:00"), 60), "closes at the change");
    let around = nightly("Europe/Berlin", "22:00", "05:00");
    assert_eq!(next(&around, "2027-03-27T12:00:00+01:00"), (at("2027-03-27T22:00:00+01:00"), 6 * 60), "an hour shorter than on the wall");
}

#[test]
fn in_spring_what_lies_wholly_in_the_skipped_hour_does_not_happen() {
    let berlin = nightly("Europe/Berlin", "02:15", "02:45");
    assert_eq!(next(&berlin, "2027-03-27T12:00:00+01:00"), (at("2027-03-29T02:15:00+02:00"), 30));
}

#[test]
fn in_autumn_a_window_opens_once_and_has_the_right_length() {
    let berlin = nightly("Europe/Berlin", "02:30", "04:30");
    let (opens, minutes) = next(&berlin, "2026-10-24T12:00:00+02:00");
    assert_eq!((opens, minutes), (at("2026-10-25T02:30:00+02:00"), 180), "from the first 02:30 to the only 04:30");
    assert!(berlin.is_open(at("2026-10-25T02:15:00+01:00")), "it does not close in the repeated hour");
    let short = nightly("Europe/Berlin", "02:15", "02:45");
    assert_eq!(next(&short, "2026-10-24T12:00:00+02:00"), (at("2026-10-25T02:15:00+02:00"), 30));
    assert!(!short.is_open(at("2026-10-25T02:30:00+01:00")), "and not again in the second 02:15");
    assert_eq!(next(&short, "2026-10-25T02:45:00+02:00"), (at("2026-10-26T02:15:00+01:00"), 30));
    let new_york = nightly("America/New_York", "00:30", "01:30");
    assert_eq!(next(&new_york, "2026-10-31T12:00:00-04:00"), (at("2026-11-01T00:30:00-04:00"), 60), "not after the first 01:30");
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_it_begins_on() {
    let friday = windows("zone = \"UTC\"\n[[window]]\ndays = \"fri\"\nfrom = \"22:00\"\nto = \"05:00\"");
    assert_eq!(next(&friday, "2026-12-28T00:00:00Z"), (at("2027-01-01T22:00:00Z"), 420));
    assert!(!friday.is_open(at("2027-01-01T04:00:00Z")), "the night before is Thursday's");
    assert!(friday.is_open(at("2027-01-02T04:59:59Z")) && !friday.is_open(at("2027-01-02T05:00:00Z")));
}

#[test]
fn year_ends_and_leap_days_are_days() {
    let utc = nightly("UTC", "22:00", "02:00");
    assert_eq!(next(&utc, "2026-12-31T12:00:00Z"), (at("2026-12-31T22:00:00Z"), 240));
    assert_eq!(next(&utc, "2028-02-28T23:00:00Z").1, 180);
    assert_eq!(next(&utc, "2028-02-29T03:00:00Z"), (at("2028-02-29T22:00:00Z"), 240));
    assert_eq!(next(&utc, "2027-02-28T03:00:00Z"), (at("2027-02-28T22:00:00Z"), 240));
    assert_eq!(utc.closes_at(at("2027-02-28T22:00:00Z")), Some(at("2027-03-01T02:00:00Z")));
}

#[test]
fn nothing_is_open_on_a_blackout_date() {
    let utc = windows("blackout = [\"2026-12-24..2026-12-25\"]\n[[window]]\nfrom = \"22:00\"\nto = \"02:00\"");
    assert_eq!(next(&utc, "2026-12-23T12:00:00Z"), (at("2026-12-23T22:00:00Z"), 120), "closes at midnight");
    assert!(!utc.is_open(at("2026-12-26T01:00:00Z")), "the night of the 25th does not open after midnight either");
    assert_eq!(next(&utc, "2026-12-24T00:00:00Z"), (at("2026-12-26T22:00:00Z"), 240));
}

#[test]
fn no_windows_are_any_time_but_for_blackout_dates() {
    assert!(Windows::any_time().is_open(at("2026-11-24T12:00:00Z")));
    assert_eq!(Windows::any_time().closes_at(at("2026-11-24T12:00:00Z")), None);
    let berlin = windows("zone = \"Europe/Berlin\"\nblackout = [\"2026-12-24\"]");
    assert_eq!(berlin.closes_at(at("2026-11-24T12:00:00Z")), Some(at("2026-12-24T00:00:00+01:00")), "days that touch are one window");
    assert_eq!(berlin.opens_next(at("2026-12-24T12:00:00+01:00")), Some(at("2026-12-25T00:00:00+01:00")));
    assert_eq!(berlin.closes_at(at("2026-12-25T00:00:00+01:00")), None);
}

#[test]
fn no_window_opens_when_every_date_from_now_on_is_a_blackout() {
    let never = windows("blackout = [\"2026-12-01..\"]\n[[window]]\nfrom = \"22:00\"\nto = \"02:00\"");
    assert_eq!(never.opens_next(at("2026-12-02T00:00:00Z")), None);
    assert_eq!(never.closes_at(at("2026-11-30T23:00:00Z")), Some(at("2026-12-01T00:00:00Z")));
}

#[test]
fn several_windows_with_clocks_of_their_own_are_open_when_one_is() {
    let both = windows(
        "zone = \"Europe/Berlin\"\n[[window]]\nfrom = \"22:00\"\nto = \"02:00\"\n[[window]]\nfrom = \"20:00\"\nto = \"22:00\"\nzone = \"America/New_York\"",
    );
    // New York's 20:00 to 22:00 is Berlin's 02:00 to 04:00: they touch.
    assert_eq!(next(&both, "2026-11-24T12:00:00+01:00"), (at("2026-11-24T22:00:00+01:00"), 360));
}

#[test]
fn a_day_that_a_country_skipped_is_no_day() {
    let apia = nightly("Pacific/Apia", "22:00", "04:00");
    // Thursday's night ends where Friday is skipped, and what is left of Friday's night begins there: they touch.
    assert_eq!(next(&apia, "2011-12-29T12:00:00-10:00"), (at("2011-12-29T22:00:00-10:00"), 120 + 240));
    let friday = windows("zone = \"Pacific/Apia\"\n[[window]]\ndays = \"fri\"\nfrom = \"09:00\"\nto = \"17:00\"");
    assert_eq!(next(&friday, "2011-12-29T12:00:00-10:00"), (at("2012-01-06T09:00:00+14:00"), 480), "no Friday that week");
}

#[test]
fn they_read_back_from_toml_and_json() {
    let text = "zone = \"Europe/Berlin\"\nblackout = [\"2026-12-24..2027-01-02\"]\n\n[[window]]\ndays = [\"mon\", \"wed-fri\"]\nfrom = \"22:00\"\nto = \"5:00\"\n
        [[window]]\nfrom = \"00:00\"\nto = \"24:00\"\ndays = \"weekend\"\nzone = \"asia/kathmandu\"";
    let read = windows(text);
    assert_eq!(toml::from_str::<Windows>(&toml::to_string(&read).expect("TOML")).expect("read back"), read);
    let json = serde_json::to_value(&read).expect("JSON");
    assert_eq!(json["window"][0]["days"], serde_json::json!(["mon", "wed", "thu", "fri"]));
    assert_eq!(json["window"][0]["to"], "05:00");
    assert_eq!(json["window"][1]["zone"], "Asia/Kathmandu");
    assert_eq!(serde_json::from_value::<Windows>(json).expect("read back"), read);
    assert!(windows("").is_any_time());
}

#[test]
fn what_is_wrong_is_named() {
    for (toml, problem) in [
        ("zone = \"Europe/Berln\"", "did you mean Europe/Berlin"),
        ("[[window]]\nfrom = \"25:00\"\nto = \"05:00\"", "`25:00` is no time of day"),
        ("[[window]]\nfrom = \"2:5\"\nto = \"05:00\"", "`2:5` is no time of day"),
        ("[[window]]\nfrom = \"22:00\"\nto = \"22:00\"", "is never open: for a whole day"),
        ("[[window]]\nfrom = \"22:00\"\nto = \"05:00\"\ndays = []", "a window has no days"),
        ("[[window]]\nfrom = \"22:00\"\nto = \"05:00\"\ndays = \"someday\"", "unknown day `someday`"),
        ("[[window]]\nfrom = \"22:00\"", "to"),
        ("[[windows]]\nfrom = \"22:00\"\nto = \"05:00\"", "unknown field `windows`"),
        ("blackout = [\"Christmas\"]", "`Christmas` is no blackout date"),
    ] {
        let error = toml::from_str::<Windows>(toml).expect_err(toml).to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn the_compiled_in_zones_suffice() {
    let bundled = jiff::tz::TimeZoneDatabase::bundled();
    for name in ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"] {
        assert_eq!(bundled.get(name).ok().as_ref().and_then(TimeZone::iana_name), Some(name));
    }
}
