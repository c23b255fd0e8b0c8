//! How a plan decides, as its form asks for it.

use crate::console::fields::Fields;
use muster_domain::conversion::{ALIAS_DAYS_MOST, Duplicates, PlanOptions, PlanRequest};
use serde_json::Value;

/// The fields, filled with what the plan before went by.
pub(super) struct PlanForm {
    pub(super) active_wins: bool,
    pub(super) leave_cycles: bool,
    pub(super) allow_unicode: bool,
    pub(super) include_excluded: bool,
    pub(super) exclude: String,
    pub(super) domains: String,
    pub(super) only_own_domains: bool,
    pub(super) alias_days: u32,
    pub(super) alias_days_most: u32,
}

impl PlanForm {
    /// As the last plan was made.
    pub(super) fn of(options: Option<&Value>) -> Self {
        let options: PlanOptions = options.and_then(|options| serde_json::from_value(options.clone()).ok()).unwrap_or_default();
        let lines = |words: &std::collections::BTreeSet<String>| words.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        Self {
            active_wins: options.duplicates == Duplicates::ActiveWins,
            leave_cycles: !options.turn_cycles,
            allow_unicode: options.allow_unicode,
            include_excluded: options.include_excluded,
            exclude: lines(&options.exclude),
            domains: lines(&options.domains),
            only_own_domains: options.only_own_domains,
            alias_days: options.alias_days,
            alias_days_most: ALIAS_DAYS_MOST,
        }
    }
}

/// What a form asks for.
///
/// # Errors
/// What is wrong with it, and how to mend it.
pub(super) fn read(form: &Fields) -> Result<PlanOptions, String> {
    let ticked = |name: &str| form.get(name).is_some();
    let lines = |name: &str| form.text(name).split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let duplicates = match form.text("duplicates") {
        "" | "skip" => Duplicates::Skip,
        "active_wins" => Duplicates::ActiveWins,
        _ => return Err("Choose what becomes of users who share an address.".to_owned()),
    };
    let alias_days = match form.text("alias_days") {
        "" => PlanOptions::default().alias_days,
        text => {
            let days = text.parse::<u32>().ok().filter(|days| *days <= ALIAS_DAYS_MOST);
            days.ok_or_else(|| format!("“{text}” is no number of days: enter one from 0 to {ALIAS_DAYS_MOST}."))?
        }
    };
    let request = PlanRequest {
        duplicates,
        leave_cycles: ticked("leave_cycles"),
        allow_unicode: ticked("allow_unicode"),
        include_excluded: ticked("include_excluded"),
        exclude: lines("exclude"),
        domains: lines("domains"),
        only_own_domains: ticked("only_own_domains"),
        alias_days,
    };
    if request.only_own_domains && request.domains.is_empty() {
        return Err("Name the domains the account owns: without one, every address would be left.".to_owned());
    }
    request.options()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_shows_is_what_it_sends_back() {
        let sent = "duplicates=active_wins&allow_unicode=on&exclude=svc-backup%0D%0ARoot&domains=%40Acme.com%2C+acme.org&only_own_domains=on\
            &alias_days=30";
        let options = read(&Fields::parse(sent)).expect("options");
        let form = PlanForm::of(Some(&serde_json::to_value(&options).expect("JSON")));
        assert!(form.active_wins && form.allow_unicode && form.only_own_domains && !form.leave_cycles && !form.include_excluded);
        assert_eq!((form.exclude.as_str(), form.domains.as_str(), form.alias_days), ("root\nsvc-backup", "acme.com\nacme.org", 30));
        assert_eq!(read(&Fields::default()), Ok(PlanOptions::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (sent, word) in
            [("only_own_domains=on", "Name the domains"), ("alias_days=4000", "4000"), ("duplicates=guess", "share an address")]
        {
            assert!(read(&Fields::parse(sent)).is_err_and(|error| error.contains(word)), "{sent}");
        }
    }
}
