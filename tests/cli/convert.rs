//! `muster convert …` as people and scripts meet it.

use super::place::Place;
use std::fs;

const USERS: &str = "user_id,email\n\
    ada,ada@acme.test\n\
    bob,bob@acme.test\n\
    eve@acme.test,eve@acme.test\n\
    twin1,twin@acme.test\n\
    twin2,Twin@acme.test\n\
    =cmd|x,none\n";

fn with_users() -> Place {
    let place = Place::with_account();
    place.import(USERS, &[]).exits(0);
    place
}

#[test]
fn a_plan_shows_counts_examples_and_a_harmless_file() {
    let place = with_users();
    let plan = place.run(&["convert", "plan", "--account", "acme", "--csv", "plan.csv", "--json"]).exits(0).json();
    assert_eq!((plan["state"].as_str(), plan["total"].as_i64(), plan["planned"].as_i64()), (Some("planned"), Some(6), Some(2)));
    let count = |code: &str| plan["counts"].as_array().unwrap().iter().find(|one| one["code"] == code).map(|one| one["count"].clone());
    assert_eq!(count("convert"), Some(2.into()));
    assert_eq!(count("dup_email"), Some(2.into()));
    assert_eq!(count("already"), Some(1.into()));
    assert_eq!(count("bad_email"), Some(1.into()));
    assert_eq!(plan["examples"]["dup_email"].as_array().unwrap().len(), 2);
    let file = fs::read_to_string(place.path("plan.csv")).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], "n,id,user_id,email,new_user_id,state,reason,other_user,attempts");
    assert_eq!(lines.len(), 7);
    assert!(lines[1].contains(",ada,ada@acme.test,ada@acme.test,todo,convert,"), "{file}");
    assert!(file.contains(",'=cmd|x,"), "no cell is a formula: {file}");

    let report = place.run(&["convert", "report", "--account", "acme"]).exits(0).out;
    assert!(report.contains("to convert  convert"), "{report}");
    let status = place.run(&["convert", "status", "--account", "acme", "--json"]).exits(0).json();
    assert_eq!((status["phase"].as_str(), status["progress"]["done"].as_i64()), (Some("ready"), Some(6)));
}

#[test]
fn what_cannot_be_done_says_why() {
    let place = with_users();
    place.run(&["convert", "status", "--account", "none"]).exits(5);
    assert!(place.run(&["convert", "start", "--account", "acme"]).exits(5).err.contains("convert plan --account acme"));
    assert!(place.run(&["convert", "undo", "--account", "acme"]).exits(5).err.contains("nothing to undo"));
    place.run(&["convert", "plan", "--account", "acme", "--only-own-domains"]).exits(2);
    place.run(&["convert", "plan", "--account", "acme"]).exits(0);
    assert!(place.run(&["convert", "pause", "--account", "acme"]).exits(6).err.contains("only when it is planning or running"));
    assert!(place.run(&["convert", "resume", "--account", "acme"]).exits(6).err.contains("only when it is paused"));
    place.run(&["convert", "resume", "--account", "acme", "--max-rate", "7"]).exits(6);
    let pace = place.run(&["convert", "status", "--account", "acme", "--json"]).exits(0).json()["pace"].clone();
    assert_eq!(pace, serde_json::json!({ "preset": "gentle" }), "what is refused changes nothing");
    let started = place.run(&["convert", "start", "--account", "acme", "--max-rate", "50", "--json"]).exits(0).json();
    assert_eq!((started["state"].as_str(), started["pace"]["rows_per_second"].as_i64()), (Some("running"), Some(50)));
    assert!(place.run(&["convert", "plan", "--account", "acme"]).exits(6).err.contains("under way"));
    let slower = place.run(&["convert", "resume", "--account", "acme", "--preset", "fast", "--json"]).exits(0).json();
    assert_eq!(slower["pace"], serde_json::json!({ "preset": "fast" }));
    place.run(&["convert", "pause", "--account", "acme", "--reason", "lunch"]).exits(0);
    assert!(place.run(&["convert", "watch", "--account", "acme"]).exits(7).out.contains("lunch"));
    place.run(&["convert", "cancel", "--account", "acme"]).exits(0);
    place.run(&["convert", "cancel", "--account", "acme"]).exits(6);
}

#[test]
fn when_it_will_be_done_is_said_or_why_nobody_can_tell() {
    let place = with_users();
    place.run(&["convert", "plan", "--account", "acme", "--json"]).exits(0);
    fs::write(place.path("windows.toml"), "zone = \"Europe/Berlin\"\n[[window]]\nfrom = \"22:00\"\nto = \"05:00\"\n").unwrap();
    let start = ["convert", "start", "--account", "acme", "--windows", "windows.toml"];
    assert!(place.run(&start).exits(0).out.contains("gentle, in its windows (Europe/Berlin)"));
    let status = || place.run(&["convert", "status", "--account", "acme", "--json"]).exits(0).json();
    // Nobody has worked on it yet.
    assert_eq!((&status()["eta"]["kind"], &status()["throttle"]), (&"unknown".into(), &serde_json::Value::Null));
    fs::write(place.path("never.toml"), "blackout = [\"2020-01-01..\"]\n").unwrap();
    let never = place.run(&["convert", "resume", "--account", "acme", "--windows", "never.toml"]).exits(0).out;
    assert!(never.contains("never: the windows there are do not suffice"), "{never}");
    place.run(&["convert", "pause", "--account", "acme"]).exits(0);
    assert_eq!(status()["eta"], serde_json::json!({ "kind": "paused", "text": "no estimate while it is paused" }));
    place.run(&["convert", "cancel", "--account", "acme"]).exits(0);
    assert_eq!(status()["eta"], serde_json::Value::Null);
}
