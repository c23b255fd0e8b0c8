//! The log, incidents and tokens, as commands.

use super::place::{Place, Said};

fn create(place: &Place, user_id: &str) -> Said {
    place.run(&["user", "create", "--account", "acme", "--user-id", user_id, "--role", "administrator"])
}

#[test]
fn a_failure_is_listed_shown_exported_tried_again_and_resolved() {
    let place = Place::with_account();
    create(&place, "=cmd@acme.test").exits(0);
    create(&place, "=CMD@acme.test").exits(6);
    let incidents = |arguments: &[&str]| place.run(&[&["incidents"], arguments, &["--account", "acme"]].concat());
    let list = incidents(&["list", "--json"]).exits(0).json();
    assert_eq!((&list["incidents"][0]["cause"], &list["incidents"][0]["number"]), (&"duplicate_user".into(), &1.into()));
    let shown = incidents(&["show", "1"]).exits(0).out;
    assert!(shown.contains("likely") && shown.contains("=***@acme.test") && !shown.contains("CMD"), "{shown}");

    let log = place.run(&["ops", "list", "--account", "acme", "--json"]).exits(0).json();
    assert_eq!(log["operations"].as_array().unwrap().len(), 2);
    let id = log["operations"][0]["id"].as_str().unwrap();
    let shown = place.run(&["ops", "show", "--account", "acme", id]).exits(0).out;
    assert!(shown.contains("409 duplicate") && !shown.contains("CMD"), "{shown}");
    let csv = place.run(&["ops", "list", "--account", "acme", "--incident", "1", "--all", "--csv"]).exits(0).out;
    assert!(csv.starts_with("id,accepted,") && csv.lines().count() == 2, "{csv}");
    let first = place.run(&["ops", "list", "--account", "acme", "--limit", "1", "--json"]).exits(0).json();
    let after = first["next"].as_str().unwrap();
    let second = place.run(&["ops", "list", "--account", "acme", "--after", after, "--json"]).exits(0).json();
    assert_eq!((second["operations"].as_array().unwrap().len(), second["next"].is_null()), (1, true));

    let failures = incidents(&["failures", "1", "--json"]).exits(0).json();
    assert_eq!((&failures["items"][0]["operation"], &failures["items"][0]["retryable"]), (&log["operations"][0]["id"], &true.into()));
    let csv = incidents(&["failures", "1", "--all", "--csv"]).exits(0).out;
    assert!(csv.starts_with("time,failures,") && csv.lines().count() == 2 && csv.contains(",'=***@acme.test,"), "{csv}");

    assert_eq!(incidents(&["retry", "1", "--json"]).exits(7).json()["failed"], 1);
    let first = incidents(&["failures", "1", "--limit", "1", "--json"]).exits(0).json();
    let second = incidents(&["failures", "1", "--after", first["next"].as_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!((second["items"].as_array().unwrap().len(), &second["items"][0]["settled"]), (1, &true.into()));
    assert_eq!(incidents(&["ack", "1", "--by", "ada", "--json"]).exits(0).json()["state_by"], "ada");
    assert_eq!(incidents(&["snooze", "1", "--for", "2h", "--json"]).exits(0).json()["state"], "snoozed");
    incidents(&["snooze", "1", "--for", "never"]).exits(2);
    incidents(&["resolve", "1"]).exits(0);
    incidents(&["ack", "1"]).exits(6);
    incidents(&["show", "2"]).exits(5);
    assert!(incidents(&["list"]).exits(0).out.is_empty(), "what is over is listed when asked for");
    assert_eq!(incidents(&["list", "--state", "resolved", "--csv"]).exits(0).out.lines().count(), 2);
    let cycles = place.run(&["cycles", "--account", "acme", "--json"]).exits(0).json();
    assert!(cycles.as_array().unwrap().is_empty(), "commands have no cycle");
    place.run(&["ops", "list", "--account", "acme", "--since", "yesterday"]).exits(2);
    place.run(&["ops", "list", "--account", "acme", "--user", "nobody"]).exits(5);
}

#[test]
fn a_token_is_shown_once_listed_without_itself_and_voided() {
    let place = Place::with_account();
    create(&place, "boss").exits(0);
    place.run(&["user", "create", "--account", "acme", "--user-id", "plain"]).exits(0);
    let make = |user: &str| place.run(&["token", "create", "--account", "acme", "--user", user, "--name", "test", "--days", "7"]);
    let made = make("boss").exits(0).json();
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    make("plain").exits(6);
    make("nobody").exits(5);
    let list = place.run(&["token", "list", "--account", "acme", "--json"]).exits(0);
    assert!(!list.out.contains(token) && list.json()[0]["hint"] == token[token.len() - 4..], "{}", list.out);
    place.run(&["token", "void", "--account", "acme", id]).exits(0);
    place.run(&["token", "void", "--account", "acme", id]).exits(5);
    assert!(place.run(&["token", "list", "--account", "acme"]).exits(0).out.contains("voided"));
}
