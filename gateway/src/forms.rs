//! In which form users are asked for: mailbox names or addresses. Whoever plans a conversion is told, before a directory that sends the
//! old form finds nobody.
//!
//! A request costs a look into a map. What was counted is added to the database every few seconds, and when the gateway ends.

use muster_domain::{
    AccountId, Change,
    conversion::{Form, FormCount, Source, form_asked, hour_of},
};
use muster_scim::{
    Filter, ResourceType,
    filter::{AttrPath, CompareOp, FilterValue},
    patch::PatchOperation,
};
use muster_store::{
    Store, StoreError,
    conversion::{HourCount, add_forms},
    now_ms,
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Between two writes.
const QUIET: Duration = Duration::from_secs(3);
/// Kept at once: more accounts than a gateway serves in an hour, and a bound while the database is away.
const MOST: usize = 20_000;
/// The attribute that is the user id.
const USER_NAME: &str = "userName";

/// Whose, of which hour, asked by whom.
type Place = (AccountId, i64, Source);

/// What was counted and is not written yet.
#[derive(Debug, Default)]
pub(crate) struct Forms {
    counts: Mutex<HashMap<Place, FormCount>>,
    due: Mutex<Option<Instant>>,
}

impl Forms {
    /// A directory writes: what it calls the user, if it says so.
    pub(crate) fn note_change(&self, account: AccountId, kind: ResourceType, change: &Change) {
        if kind == ResourceType::User
            && let Some(user_name) = user_name_in(change)
        {
            self.note(account, Source::Scim, user_name);
        }
    }

    /// A directory looks for somebody.
    pub(crate) fn note_filter(&self, account: AccountId, filter: &Filter) {
        if let Some(user_name) = user_name_sought(filter) {
            self.note(account, Source::Scim, user_name);
        }
    }

    /// Somebody asks for a user.
    pub(crate) fn note(&self, account: AccountId, source: Source, user_id: &str) {
        if let Some(form) = form_asked(user_id) {
            self.count((account, hour_of(now_ms()), source), form);
        }
    }

    fn count(&self, place: Place, form: Form) {
        let mut counts = lock(&self.counts);
        if counts.len() < MOST || counts.contains_key(&place) {
            counts.entry(place).or_default().add(form);
        }
    }

    /// Adds what was counted, if it is time; at once when `all`.
    ///
    /// # Errors
    /// When the database fails; what could not be written waits for the next time. If it was written after all, it counts twice: the numbers
    /// are a hint for people.
    pub(crate) async fn write(&self, store: &Store, all: bool) -> Result<(), StoreError> {
        {
            let (now, mut due) = (Instant::now(), lock(&self.due));
            if !all && due.is_some_and(|due| due > now) {
                return Ok(());
            }
            *due = Some(now + QUIET);
        }
        let taken = std::mem::take(&mut *lock(&self.counts));
        let counted: Vec<HourCount> = taken
            .iter()
            .map(|((account, hour_ms, source), count)| HourCount { account: *account, hour_ms: *hour_ms, source: *source, count: *count })
            .collect();
        let written = add_forms(store, &counted).await;
        if written.is_err() {
            let mut counts = lock(&self.counts);
            for (place, count) in taken {
                if counts.len() < MOST || counts.contains_key(&place) {
                    counts.entry(place).or_default().merge(count);
                }
            }
        }
        written
    }
}

/// The `userName` a change sets.
fn user_name_in(change: &Change) -> Option<&str> {
    match change {
        Change::Create { resource, .. } | Change::Replace { resource } => resource.get(USER_NAME)?.as_str(),
        Change::Patch { patch } => patch.operations.iter().find_map(|operation| match operation {
            PatchOperation::Add { path, value: Value::String(text) } | PatchOperation::Replace { path, value: Value::String(text) } => {
                is_user_name(&path.attribute).then_some(text.as_str())
            }
            _ => None,
        }),
        Change::Delete => None,
    }
}

/// The `userName` a filter looks for.
fn user_name_sought(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Compare { path, op: CompareOp::Eq, value: FilterValue::String(text) } => is_user_name(path).then_some(text.as_str()),
        Filter::And(all) | Filter::Or(all) => all.iter().find_map(user_name_sought),
        _ => None,
    }
}

fn is_user_name(path: &AttrPath) -> bool {
    path.urn.is_none() && path.sub.is_none() && path.attr == USER_NAME
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::Role;
    use muster_scim::{Compat, Limits, filter, patch, read_resource};
    use serde_json::json;

    fn patched(body: Value) -> Change {
        Change::Patch { patch: patch::read(ResourceType::User, body, &Compat::default(), &Limits::default()).unwrap() }
    }

    #[test]
    fn a_change_says_what_it_calls_the_user() {
        let body = json!({ "userName": "jdoe", "displayName": "x@y" });
        let resource = read_resource(ResourceType::User, body, &Compat::default(), &Limits::default()).unwrap();
        assert_eq!(user_name_in(&Change::Create { resource: resource.clone(), role: Role::User }), Some("jdoe"));
        assert_eq!(user_name_in(&Change::Replace { resource }), Some("jdoe"));
        for operation in [
            json!({ "op": "replace", "path": "userName", "value": "ada" }),
            json!({ "op": "Add", "value": { "displayName": "Ada", "userName": "ada" } }),
            json!({ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:userName", "value": "ada" }),
        ] {
            assert_eq!(user_name_in(&patched(json!({ "Operations": [operation.clone()] }))), Some("ada"), "{operation}");
        }
        let other = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }, { "op": "replace", "path": "displayName", "value": "ada" }] });
        assert_eq!(user_name_in(&patched(other)), None);
        assert_eq!(user_name_in(&Change::Delete), None);
    }

    #[test]
    fn a_filter_says_whom_it_looks_for_when_it_looks_for_one() {
        let sought = |text: &str| {
            let filter = filter::parse(ResourceType::User, text, &Limits::default()).unwrap();
            user_name_sought(&filter).map(str::to_owned)
        };
        assert_eq!(sought("userName eq \"jdoe\"").as_deref(), Some("jdoe"));
        assert_eq!(sought("active eq true and (username EQ \"jdoe@x.test\")").as_deref(), Some("jdoe@x.test"));
        for none in
            ["userName sw \"j\"", "userName ne \"jdoe\"", "not (userName eq \"jdoe\")", "displayName eq \"jdoe\"", "externalId eq \"7\""]
        {
            assert_eq!(sought(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_there_goes_on_counting() {
        let forms = Forms::default();
        let known = AccountId::new();
        forms.note(known, Source::Scim, "jdoe");
        (0..MOST + 5).for_each(|_| forms.note(AccountId::new(), Source::Sso, "jdoe@x.test"));
        forms.note(known, Source::Scim, "jdoe@x.test");
        forms.note(known, Source::Scim, "5b6e4d3c-0a11-4f5e-9a7b-0f1e2d3c4b5a");
        let counts = lock(&forms.counts);
        assert_eq!(counts.len(), MOST);
        let mine: FormCount =
            counts.iter().filter(|((account, ..), _)| *account == known).fold(FormCount::default(), |mut sum, (_, one)| {
                sum.merge(*one);
                sum
            });
        assert_eq!(mine, FormCount { mailbox: 1, email: 1 });
    }
}
