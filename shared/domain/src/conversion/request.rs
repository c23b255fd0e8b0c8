//! What an operator asks for: a plan, a pace. Read from a command line or from JSON, and the same in both.

use super::{Duplicates, PlanOptions, throttle::Preset, window::Windows};
use crate::LoginKey;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::num::NonZeroU32;

/// The longest an alias may be asked for, days.
pub const ALIAS_DAYS_MOST: u32 = 3_650;
/// The most rows a second that may be asked for.
pub const MAX_RATE_MOST: u32 = 1_000_000;

/// How a plan is to decide, as people say it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanRequest {
    /// Users who share an address.
    pub duplicates: Duplicates,
    /// Leave rings of users who have each other's addresses as user ids, instead of turning them.
    pub leave_cycles: bool,
    /// Convert addresses with letters outside ASCII too.
    pub allow_unicode: bool,
    /// Convert role mailboxes and service accounts too.
    pub include_excluded: bool,
    /// User ids of users to leave out.
    pub exclude: Vec<String>,
    /// Domains the account owns.
    pub domains: Vec<String>,
    /// Leave addresses in other domains.
    pub only_own_domains: bool,
    /// How long an old user id is kept as an alias, days.
    pub alias_days: u32,
}

impl Default for PlanRequest {
    fn default() -> Self {
        Self {
            duplicates: Duplicates::Skip,
            leave_cycles: false,
            allow_unicode: false,
            include_excluded: false,
            exclude: Vec::new(),
            domains: Vec::new(),
            only_own_domains: false,
            alias_days: PlanOptions::default().alias_days,
        }
    }
}

impl PlanRequest {
    /// What is stored with the plan.
    ///
    /// # Errors
    /// What contradicts itself, for whoever asked.
    pub fn options(&self) -> Result<PlanOptions, String> {
        if self.only_own_domains && self.domains.is_empty() {
            return Err("`only_own_domains` needs `domains`: without them every address would be left".to_owned());
        }
        if self.alias_days > ALIAS_DAYS_MOST {
            return Err(format!("`alias_days` must be at most {ALIAS_DAYS_MOST}"));
        }
        Ok(PlanOptions {
            duplicates: self.duplicates,
            turn_cycles: !self.leave_cycles,
            allow_unicode: self.allow_unicode,
            include_excluded: self.include_excluded,
            exclude: self.exclude.iter().map(|user_id| LoginKey::of(user_id).into_string()).collect(),
            domains: self.domains.iter().map(|domain| LoginKey::of(domain.trim_start_matches('@')).into_string()).collect(),
            only_own_domains: self.only_own_domains,
            alias_days: self.alias_days,
        })
    }
}

/// How fast a run is to go; what is not said stays as it was.
#[derive(Clone, Debug, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaceRequest {
    /// How much of the database it may take. Takes the place of a greatest rate that was set before.
    pub preset: Option<Preset>,
    /// Rows a second at most, whatever the preset.
    pub max_rate: Option<NonZeroU32>,
    /// When it may run.
    pub windows: Option<Windows>,
    /// Until then, windows do not matter.
    pub ignore_windows_until: Option<Timestamp>,
}

impl PaceRequest {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is stored with the run ([`Orders`](super::pace::Orders)), which had `before`.
    #[must_use]
    pub fn onto(&self, before: Option<&Value>) -> Value {
        let mut wanted = before.and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(preset) = self.preset {
            wanted.insert("preset".into(), json!(preset));
            wanted.remove("rows_per_second");
        }
        if let Some(rate) = self.max_rate {
            wanted.insert("rows_per_second".into(), json!(rate.get().min(MAX_RATE_MOST)));
        }
        if let Some(windows) = &self.windows {
            wanted.insert("windows".into(), json!(windows));
        }
        if let Some(until) = self.ignore_windows_until {
            wanted.insert("ignore_windows_until".into(), json!(until));
        }
        wanted.entry("preset").or_insert_with(|| json!(Preset::default()));
        Value::Object(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion::pace::Orders;

    fn pace(body: Value) -> PaceRequest {
        serde_json::from_value(body).expect("a pace")
    }

    #[test]
    fn what_is_not_said_stays_and_a_preset_takes_the_place_of_a_rate() {
        let first = pace(json!({ "max_rate": 300 })).onto(None);
        assert_eq!(first, json!({ "preset": "gentle", "rows_per_second": 300 }));
        let until = "2026-11-24T06:00:00Z";
        let second = pace(json!({ "ignore_windows_until": until })).onto(Some(&first));
        assert_eq!(second, json!({ "preset": "gentle", "rows_per_second": 300, "ignore_windows_until": until }));
        let third = pace(json!({ "preset": "fast" })).onto(Some(&second));
        assert_eq!(third, json!({ "preset": "fast", "ignore_windows_until": until }));
        serde_json::from_value::<Orders>(third).expect("what workers read");
        assert!(PaceRequest::default().is_empty() && !pace(json!({ "max_rate": 1 })).is_empty());
    }

    #[test]
    fn what_nobody_knows_is_refused_by_name() {
        for (body, word) in
            [(json!({ "presets": "fast" }), "presets"), (json!({ "max_rate": 0 }), "nonzero"), (json!({ "preset": "mad" }), "mad")]
        {
            let error = serde_json::from_value::<PaceRequest>(body).expect_err("refused").to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(serde_json::from_value::<PlanRequest>(json!({ "domain": [] })).is_err());
    }

    #[test]
    fn a_plan_compares_as_sign_in_does() {
        let body = json!({ "exclude": [" Svc-Backup "], "domains": ["@ACME.com"], "only_own_domains": true, "leave_cycles": true });
        let options = serde_json::from_value::<PlanRequest>(body).expect("a plan").options().expect("options");
        assert!(options.exclude.contains("svc-backup") && options.domains.contains("acme.com") && !options.turn_cycles);
        assert_eq!(PlanRequest::default().options(), Ok(PlanOptions::default()));
        assert!(PlanRequest { only_own_domains: true, ..Default::default() }.options().is_err());
        assert!(PlanRequest { alias_days: 4_000, ..Default::default() }.options().is_err());
    }
}
