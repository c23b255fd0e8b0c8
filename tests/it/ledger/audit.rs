//! Holds the ledger against what the service shows.

use super::state::{Book, Membership, State};
use crate::harness::Scim;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is not as the answers promised; nothing when all is well.
pub async fn audit(book: &Book, client: &Scim, group: &str, others: &[String]) -> Vec<String> {
    let users = client.all("/Users").await;
    let members: Vec<String> = client.members(group).await;
    let mut wrong = compare(book, &users, &members, others);
    wrong.extend(book.violations.iter().cloned());
    wrong
}

fn compare(book: &Book, users: &[Value], members: &[String], others: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut found: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for user in users {
        found.entry(user["userName"].as_str().unwrap_or_default().to_lowercase()).or_default().push(user);
    }
    let in_group: BTreeSet<&str> = members.iter().map(String::as_str).collect();
    if in_group.len() != members.len() {
        wrong.push("a member is in the group twice".to_owned());
    }
    let mut explained = 0;
    for (name, entry) in &book.users {
        let resources = found.remove(name).unwrap_or_default();
        if resources.len() > 1 {
            wrong.push(format!("{name} exists {} times ({:?})", resources.len(), entry.history));
        }
        let state = resources.first().map_or(State::Absent, |resource| state_of(resource));
        if !entry.possible.contains(&state) {
            wrong.push(format!("{name} is {state:?}, not one of {:?} ({:?})", entry.possible, entry.history));
        }
        let id = resources.first().and_then(|resource| resource["id"].as_str()).or(entry.id.as_deref());
        let is_member = id.is_some_and(|id| in_group.contains(id));
        explained += usize::from(is_member);
        let expected = if state == State::Absent { Membership::Out } else { entry.member };
        if (expected == Membership::In && !is_member) || (expected == Membership::Out && is_member) {
            wrong.push(format!("{name} ({state:?}): member {is_member}, expected {expected:?} ({:?})", entry.history));
        }
    }
    if explained != in_group.len() {
        wrong.push(format!("{} members of the group belong to nobody", in_group.len() - explained));
    }
    for other in others {
        found.remove(other);
    }
    wrong.extend(found.keys().map(|name| format!("{name} exists, and nobody asked for it")));
    wrong
}

fn state_of(resource: &Value) -> State {
    State::Present {
        display: resource["displayName"].as_str().unwrap_or_default().to_owned(),
        active: resource["active"].as_bool().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::state::{Entry, Verdict};
    use serde_json::json;

    fn book(notes: &[(&str, Verdict)]) -> Book {
        let mut entry = Entry::new();
        entry.id = Some("1".to_owned());
        for (display, verdict) in notes {
            let after = if display.is_empty() { State::Absent } else { State::Present { display: (*display).to_owned(), active: true } };
            entry.note("write", after, *verdict);
        }
        Book { users: [("a".to_owned(), entry)].into(), ..Book::default() }
    }

    fn a(display: &str) -> Value {
        json!({ "id": "1", "userName": "A", "displayName": display, "active": true })
    }

    #[test]
    fn a_lost_an_undone_a_doubled_and_an_invented_write_are_each_found() {
        let one = book(&[("x", Verdict::Done)]);
        let none: [String; 0] = [];
        assert!(compare(&one, &[a("x")], &none, &[]).is_empty());
        assert_eq!(compare(&one, &[], &none, &[]).len(), 1, "lost");
        assert_eq!(compare(&one, &[a("x"), a("x")], &none, &[]).len(), 1, "doubled");
        assert_eq!(compare(&book(&[("x", Verdict::Done), ("y", Verdict::Done)]), &[a("x")], &none, &[]).len(), 1, "undone");
        assert_eq!(compare(&book(&[("x", Verdict::Not)]), &[a("x")], &none, &[]).len(), 1, "refused, yet there");
        assert_eq!(compare(&Book::default(), &[a("x")], &none, &[]).len(), 1, "invented");
        assert!(compare(&Book::default(), &[a("x")], &none, &["a".to_owned()]).is_empty());
        assert_eq!(compare(&book(&[("x", Verdict::Done), ("", Verdict::Done)]), &[a("x")], &none, &[]).len(), 1, "deleted, yet there");
    }

    #[test]
    fn an_unknown_write_may_be_there_or_not() {
        let unknown = book(&[("x", Verdict::Done), ("y", Verdict::Unknown)]);
        let none: [String; 0] = [];
        assert!(compare(&unknown, &[a("x")], &none, &[]).is_empty());
        assert!(compare(&unknown, &[a("y")], &none, &[]).is_empty());
        assert_eq!(compare(&unknown, &[a("z")], &none, &[]).len(), 1);
        assert_eq!(compare(&unknown, &[], &none, &[]).len(), 1);
    }

    #[test]
    fn a_lost_member_and_an_invented_one_are_found() {
        let mut one = book(&[("x", Verdict::Done)]);
        let member = ["1".to_owned()];
        assert_eq!(compare(&one, &[a("x")], &member, &[]).len(), 1, "nobody added it");
        if let Some(entry) = one.users.get_mut("a") {
            entry.note_member(Verdict::Done);
        }
        assert!(compare(&one, &[a("x")], &member, &[]).is_empty());
        assert_eq!(compare(&one, &[a("x")], &[], &[]).len(), 1, "lost");
        assert_eq!(compare(&one, &[a("x")], &["1".to_owned(), "2".to_owned()], &[]).len(), 1, "invented");
    }
}
