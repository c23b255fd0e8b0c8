//! Configuration, migrations, doctor, help.

use super::place::Place;
use std::fs;

#[test]
fn a_wrong_configuration_is_told_whole_and_starts_nothing() {
    let place = Place::new();
    let wrong = [("MUSTER_GATEWAY__WAIT_MS", "4500"), ("MUSTER_HTTP__LISTN", "x"), ("MUSTER_QUEUE__URL", "kafka://:s3cret@h")];
    let run = place.run_with(&["serve"], &wrong).exits(3);
    for words in ["has 3 problems", "worker.apply_ms + 500", "did you mean MUSTER_HTTP__LISTEN?", "queue.url: expected redis://host"] {
        assert!(run.err.contains(words), "{words}: {}", run.err);
    }
    assert!(!run.err.contains("s3cret") && run.out.is_empty() && !place.path("data").exists());
    let check = place.run_with(&["config", "check", "--json"], &wrong).exits(3).json();
    assert_eq!((check["valid"].as_bool(), check["problems"].as_array().unwrap().len()), (Some(false), 3));
    place.run(&["config", "check"]).exits(0);
}

#[test]
fn the_configuration_shows_where_it_came_from_and_no_password() {
    let place = Place::new();
    fs::write(place.path("muster.toml"), "[worker]\nbatch_max = 100\n").unwrap();
    fs::write(place.path("url"), "postgres://u:s3cret@db/m\n").unwrap();
    let run = place
        .run_with(
            &["config", "show", "--json", "--config", "muster.toml", "--set", "log.level=debug"],
            &[("MUSTER_DATABASE__URL_FILE", "url")],
        )
        .exits(0);
    let entries = run.json();
    let entry = |key: &str| entries.as_array().unwrap().iter().find(|entry| entry["key"] == key).unwrap().clone();
    assert_eq!(entry("worker.batch_max")["origin"], "file muster.toml");
    assert_eq!(entry("log.level")["origin"], "flag --set");
    assert_eq!(entry("gateway.wait_ms")["origin"], "default");
    assert_eq!(entry("database.url")["value"], "postgres://u:***@db/m");
    assert!(!run.out.contains("s3cret"));
    let defaults = place.run(&["config", "defaults"]).exits(0).out;
    fs::write(place.path("own.toml"), defaults).unwrap();
    place.run(&["config", "check", "--config", "own.toml"]).exits(0);
}

#[test]
fn half_a_service_on_a_local_queue_is_refused() {
    let place = Place::new();
    for role in ["gateway", "worker"] {
        let run = place.run(&[role]).exits(3);
        assert!(run.err.contains("MUSTER_QUEUE__URL=redis://") && run.err.contains("muster serve"), "{}", run.err);
    }
}

#[test]
fn migrations_are_checked_applied_and_then_done() {
    let place = Place::new();
    let pending = place.run(&["migrate", "--check", "--json"]).exits(7).json();
    assert!(!pending["pending"].as_array().unwrap().is_empty());
    assert!(place.run(&["account", "list"]).exits(6).err.contains("muster migrate"));
    assert_eq!(place.run(&["migrate", "--json"]).exits(0).json()["applied"], pending["pending"]);
    place.run(&["migrate", "--check"]).exits(0);
}

#[test]
fn the_doctor_judges_and_touches_nothing() {
    let place = Place::new();
    let seen = place.run(&["doctor", "--json"]).exits(7).json();
    assert_eq!(seen["result"], "warn");
    assert!(!place.path("data").exists());
    let down = [("MUSTER_DATABASE__URL", "postgres://u:s3cret@127.0.0.1:1/m"), ("MUSTER_QUEUE__URL", "redis://127.0.0.1:1")];
    let run = place.run_with(&["doctor", "--json"], &down).exits(4);
    for code in ["D03", "D07"] {
        let check = run.json()["checks"].as_array().unwrap().iter().find(|check| check["code"] == code).unwrap().clone();
        assert_eq!(check["result"], "fail");
        assert!(check["remedy"].as_str().unwrap().contains("environment MUSTER_"), "{check}");
        assert!(check["fact"].as_str().unwrap().contains("refused"), "{check}");
    }
    assert!(!run.out.contains("s3cret") && !run.err.contains("s3cret"));
    place.run_with(&["doctor"], &[("MUSTER_LOG__LEVEL", "x=loud")]).exits(4);
}

#[test]
fn every_command_tells_its_version_and_examples() {
    let place = Place::new();
    assert_eq!(place.run(&["version", "--json"]).exits(0).json()["version"], env!("CARGO_PKG_VERSION"));
    for command in [&["user", "import"][..], &["scim", "setup"], &["doctor"], &[]] {
        assert!(place.run(&[command, &["--help"]].concat()).exits(0).out.contains("Examples:"));
    }
    assert!(place.run(&["completions", "bash"]).exits(0).out.contains("muster"));
    place.run(&["nonsense"]).exits(2);
}

#[test]
fn every_key_is_documented_with_its_default() {
    let documented = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CONFIGURATION.md")).unwrap();
    let place = Place::new();
    for entry in place.run(&["config", "show", "--json"]).exits(0).json().as_array().unwrap() {
        let key = entry["key"].as_str().unwrap();
        let variable = format!("MUSTER_{}", key.to_uppercase().replace('.', "__"));
        let row = documented
            .lines()
            .find(|line| line.starts_with(&format!("| `{key}` | `{variable}`")))
            .unwrap_or_else(|| panic!("no row for {key}"));
        if let Some(number) = entry["value"].as_i64() {
            assert!(row.contains(&format!("| `{number}` |")), "{key} is {number}: {row}");
        }
    }
}

#[test]
fn schemas_of_an_installation_are_checked_with_the_configuration() {
    let place = Place::new();
    let attribute = |attribute: &str| format!("{{\"id\": \"urn:example:boats:2.0:User\", \"attributes\": [{attribute}]}}");
    fs::create_dir(place.path("etc")).unwrap();
    fs::write(place.path("etc/muster.toml"), "[scim]\nschemas = [\"boats.json\", \"missing.json\"]\n").unwrap();
    fs::write(place.path("etc/boats.json"), attribute("{\"name\": \"boat\", \"mutabilty\": \"readOnly\"}")).unwrap();
    let config = ["--config", "etc/muster.toml"];
    for command in [&["config", "check"][..], &["serve"], &["account", "list"]] {
        let run = place.run(&[command, &config].concat()).exits(3);
        for words in ["boats.json: urn:example:boats:2.0:User:boat: has an unknown member \"mutabilty\"", "missing.json: cannot be read"] {
            assert!(run.err.contains(words), "{command:?} {words}: {}", run.err);
        }
    }
    let doctor = place.run(&["doctor", "--json", "--config", "etc/muster.toml"]).exits(4).json();
    assert!(doctor["checks"][0]["fact"].as_str().unwrap().contains("mutabilty"), "{doctor}");
    assert!(!place.path("data").exists(), "nothing was started");

    fs::write(place.path("etc/boats.json"), attribute("{\"name\": \"boat\"}")).unwrap();
    fs::write(place.path("etc/missing.json"), "{\"name\": \"User\", \"schemaExtensions\": []}").unwrap();
    place.run(&["config", "check", "--config", "etc/muster.toml"]).exits(0);
    let doctor = place.run(&["doctor", "--json", "--config", "etc/muster.toml"]).json();
    let schemas = doctor["checks"].as_array().unwrap().iter().find(|check| check["code"] == "D14").unwrap();
    assert!(schemas["fact"].as_str().unwrap().contains("urn:example:boats:2.0:User"), "{schemas}");
}
