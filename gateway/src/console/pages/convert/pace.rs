//! How fast a run goes and when: as a form shows it, and as it comes back.

use super::super::show;
use crate::console::{display, fields::Fields};
use jiff::Timestamp;
use muster_domain::conversion::{
    MAX_RATE_MOST, PaceRequest,
    pace::Orders,
    throttle::Preset,
    window::{Windows, Zone},
};
use serde_json::{Value, json};
use std::num::NonZeroU32;

const DAYS: [(&str, &str); 7] =
    [("mon", "Mon"), ("tue", "Tue"), ("wed", "Wed"), ("thu", "Thu"), ("fri", "Fri"), ("sat", "Sat"), ("sun", "Sun")];
/// A window for whoever has none: the night.
const NIGHT: (&str, &str) = ("22:00", "05:00");

/// The fields, filled with what holds.
pub(super) struct PaceForm {
    pub(super) presets: Vec<PresetChoice>,
    pub(super) max_rate: String,
    pub(super) max_rate_most: u32,
    /// `any`, `window` or `keep`.
    pub(super) when: &'static str,
    /// Windows that one window's fields cannot say, in words; they can be kept.
    pub(super) several: Option<String>,
    pub(super) days: Vec<Day>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) zone: String,
    pub(super) blackout: String,
}

/// One preset.
pub(super) struct PresetChoice {
    pub(super) word: &'static str,
    pub(super) title: &'static str,
    pub(super) text: String,
    pub(super) chosen: bool,
}

/// One day of the week.
pub(super) struct Day {
    pub(super) word: &'static str,
    pub(super) text: &'static str,
    pub(super) chosen: bool,
}

impl PaceForm {
    /// For a run that goes at `pace` and has so many rows before it.
    pub(super) fn of(pace: &Value, rows: i64) -> Self {
        let orders: Orders = serde_json::from_value(pace.clone()).unwrap_or_default();
        let written = json!(orders.windows);
        let windows = list(&written, "window");
        let first = windows.first();
        let text = |name: &str, fallback: &str| {
            let found = first.and_then(|window| window[name].as_str());
            found.unwrap_or(fallback).to_owned()
        };
        let own_zone = first.is_some_and(|window| window["zone"].is_string());
        let several = (windows.len() > 1 || own_zone).then(|| windows_text(&orders.windows));
        let when = match (&several, windows.is_empty()) {
            (Some(_), _) => "keep",
            (None, true) => "any",
            (None, false) => "window",
        };
        let chosen = |day: &str| match first.map(|window| &window["days"]) {
            Some(Value::Array(days)) => days.iter().any(|one| one == day),
            _ => true,
        };
        Self {
            presets: Preset::ALL.into_iter().map(|preset| choice(preset, preset == orders.preset, rows)).collect(),
            max_rate: orders.rows_per_second.map(|rate| rate.to_string()).unwrap_or_default(),
            max_rate_most: MAX_RATE_MOST,
            when,
            several,
            days: DAYS.into_iter().map(|(word, text)| Day { word, text, chosen: chosen(word) }).collect(),
            from: text("from", NIGHT.0),
            to: text("to", NIGHT.1),
            zone: orders.windows.zone().to_string(),
            blackout: list(&written, "blackout").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        }
    }
}

fn list<'v>(written: &'v Value, name: &str) -> &'v [Value] {
    written[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn choice(preset: Preset, chosen: bool, rows: i64) -> PresetChoice {
    let (title, what) = match preset {
        Preset::Gentle => ("Gentle", "For hours at which people work."),
        Preset::Normal => ("Normal", "For a quiet hour."),
        Preset::Fast => ("Fast", "For a night in which nobody notices."),
    };
    let text = match preset.max_rows_per_second().map(i64::from) {
        Some(rate) => {
            let length = show::length(rows.saturating_mul(1_000) / rate);
            format!("{what} At most {} rows a second: {length} of work or more.", display::number(rate))
        }
        None => format!("{what} As many rows a second as others do not feel; its page says how many, once it runs."),
    };
    PresetChoice { word: preset.as_str(), title, text, chosen }
}

/// What a form asks for.
///
/// # Errors
/// What is wrong with it, and how to mend it.
pub(super) fn read(form: &Fields) -> Result<PaceRequest, String> {
    let preset = match form.text("preset") {
        "" => None,
        word => Some(word.parse::<Preset>().map_err(|_| "Choose Gentle, Normal or Fast.".to_owned())?),
    };
    let max_rate = match form.text("max_rate") {
        "" => None,
        text => {
            let rate = text.parse::<u32>().ok().filter(|rate| *rate <= MAX_RATE_MOST).and_then(NonZeroU32::new);
            Some(rate.ok_or_else(|| format!("“{text}” is no rate: enter a number from 1 to {MAX_RATE_MOST}, or nothing."))?)
        }
    };
    let windows = match form.text("when") {
        "" | "keep" => None,
        "any" => Some(windows(form, false)?),
        "window" => Some(windows(form, true)?),
        _ => return Err("Choose whether it may run at any time or in a window.".to_owned()),
    };
    Ok(PaceRequest { preset, max_rate, windows, ignore_windows_until: None })
}

fn windows(form: &Fields, window: bool) -> Result<Windows, String> {
    let days: Vec<&str> = form.all("days").collect();
    if window && days.is_empty() {
        return Err("A window needs a day on which it opens: tick at least one.".to_owned());
    }
    let zone = form.text("zone");
    let blackout: Vec<&str> = form.text("blackout").split([',', ' ', '\n', '\r']).filter(|date| !date.is_empty()).collect();
    let mut written = json!({ "zone": if zone.is_empty() { "UTC" } else { zone }, "blackout": blackout });
    if window {
        written["window"] = json!([{ "days": days, "from": form.text("from"), "to": form.text("to") }]);
    }
    serde_json::from_value(written).map_err(|error| format!("The window cannot be used: {error}."))
}

/// How a run goes, in words.
pub(super) fn text(pace: &Value) -> String {
    let orders: Orders = serde_json::from_value(pace.clone()).unwrap_or_default();
    let rate = match (orders.rows_per_second, orders.limit()) {
        (Some(rate), _) => format!(", at most {} rows a second", display::number(i64::from(rate))),
        (None, Some(limit)) => format!(", at most {} rows a second", display::number(limit as i64)),
        (None, None) => String::new(),
    };
    let until = match orders.ignore_windows_until.filter(|until| *until > Timestamp::now()) {
        Some(until) => format!("; at any time until {} ({})", orders.windows.zone().minute(until), orders.windows.zone()),
        None => String::new(),
    };
    format!("{}{rate}; {}{until}", orders.preset, windows_text(&orders.windows))
}

/// Windows in words.
fn windows_text(windows: &Windows) -> String {
    let written = json!(windows);
    let one = |window: &Value| {
        let days = match &window["days"] {
            Value::Array(days) => days.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            _ => "daily".to_owned(),
        };
        let zone = window["zone"].as_str().map_or_else(|| windows.zone().to_string(), str::to_owned);
        let time = |name: &str| window[name].as_str().unwrap_or_default().to_owned();
        format!("{days} {} to {} ({zone})", time("from"), time("to"))
    };
    let all: Vec<String> = list(&written, "window").iter().map(one).collect();
    let blackout: Vec<&str> = list(&written, "blackout").iter().filter_map(Value::as_str).collect();
    let mut text = if all.is_empty() { "at any time".to_owned() } else { all.join("; ") };
    if !blackout.is_empty() {
        text.push_str(&format!(", but not on {}", blackout.join(", ")));
    }
    text
}

/// When a run with these windows begins, in words.
pub(super) fn begins(pace: &Value, now: Timestamp) -> String {
    let orders: Orders = serde_json::from_value(pace.clone()).unwrap_or_default();
    let at = |at: Timestamp, zone: &Zone| format!("{} ({zone})", zone.minute(at));
    match orders.windows.opens_next(now) {
        Some(opens) if opens <= now => "A worker takes it within seconds.".to_owned(),
        Some(opens) => format!("It begins when its window opens: {}.", at(opens, orders.windows.zone())),
        None => "Its windows never open: give it others.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_shows_is_what_it_sends_back() {
        let sent = "preset=fast&max_rate=300&when=window&days=mon&days=wed&from=22%3A00&to=05%3A00&zone=Europe%2FBerlin\
            &blackout=2026-12-24..2027-01-02%2C+2027-03-31";
        let pace = read(&Fields::parse(sent)).expect("a pace").onto(None);
        let form = PaceForm::of(&pace, 60_000);
        assert_eq!((form.when, form.max_rate.as_str(), form.zone.as_str()), ("window", "300", "Europe/Berlin"));
        assert_eq!((form.from.as_str(), form.to.as_str()), ("22:00", "05:00"));
        assert_eq!(form.blackout, "2026-12-24..2027-01-02, 2027-03-31");
        let days: Vec<&str> = form.days.iter().filter(|day| day.chosen).map(|day| day.word).collect();
        assert_eq!(days, ["mon", "wed"]);
        assert!(form.presets.iter().all(|preset| preset.chosen == (preset.word == "fast")));
        assert!(form.presets[0].text.contains("1 min 0 s of work"), "{}", form.presets[0].text);
        let said = text(&pace);
        assert!(
            said.starts_with("fast, at most 300 rows a second; mon, wed 22:00 to 05:00 (Europe/Berlin), but not on 2026-12-24"),
            "{said}"
        );
    }

    #[test]
    fn nothing_asked_for_is_gentle_at_any_time() {
        let form = PaceForm::of(&Value::Null, 0);
        assert!(form.when == "any" && form.max_rate.is_empty() && form.presets[0].chosen && form.days.iter().all(|day| day.chosen));
        assert!(read(&Fields::default()).expect("nothing").is_empty());
        assert_eq!(begins(&Value::Null, Timestamp::now()), "A worker takes it within seconds.");
    }

    #[test]
    fn windows_that_do_not_fit_into_the_fields_are_kept() {
        let windows = json!({ "window": [{ "from": "22:00", "to": "05:00" }, { "days": ["sat"], "from": "00:00", "to": "24:00" }] });
        let form = PaceForm::of(&json!({ "windows": windows }), 0);
        assert_eq!(form.when, "keep");
        assert!(form.several.is_some_and(|text| text.contains("sat 00:00 to 24:00 (UTC)")));
        assert_eq!(read(&Fields::parse("when=keep")).expect("a pace").windows, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (sent, word) in [
            ("preset=mad", "Gentle"),
            ("max_rate=0", "from 1 to"),
            ("max_rate=1e9", "1e9"),
            ("when=window&from=22%3A00&to=05%3A00", "tick at least one"),
            ("when=window&days=mon&from=25%3A00&to=05%3A00", "25:00"),
            ("when=window&days=mon&from=05%3A00&to=05%3A00", "never open"),
            ("when=any&zone=Europe%2FBerlim", "Europe/Berlin"),
            ("when=any&blackout=24.12.2026", "24.12.2026"),
            ("when=never", "any time"),
        ] {
            let error = read(&Fields::parse(sent)).expect_err(sent);
            assert!(error.contains(word), "{sent}: {error}");
        }
    }

    #[test]
    fn a_closed_window_says_when_it_opens() {
        let pace = json!({ "windows": { "zone": "Europe/Berlin", "window": [{ "from": "22:00", "to": "05:00" }] } });
        let noon: Timestamp = "2026-11-24T12:00:00+01:00".parse().expect("a time");
        assert_eq!(begins(&pace, noon), "It begins when its window opens: Tue 2026-11-24 22:00 (Europe/Berlin).");
    }
}
