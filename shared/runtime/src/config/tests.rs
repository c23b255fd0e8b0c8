//! Layers, refusals and provenance.

use super::*;
use std::{collections::HashSet, fs, path::PathBuf};

fn load(file: Option<&Path>, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let flags: Vec<Override> =
        flags.iter().map(|(key, value)| Override { key: (*key).to_owned(), value: (*value).to_owned(), flag: "--set" }).collect();
    Config::load_from(file, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), &flags)
}

fn problems(file: Option<&Path>, environment: &[(&str, &str)]) -> Vec<String> {
    load(file, environment, &[]).expect_err("problems").0.iter().map(ToString::to_string).collect()
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("muster.toml");
    fs::write(&path, text).expect("written");
    (dir, path)
}

#[test]
fn nothing_given_is_a_whole_configuration() {
    let loaded = load(None, &[], &[]).expect("valid");
    assert_eq!(loaded.config.http.public_url, "http://127.0.0.1:8080");
    assert_eq!(loaded.config.scim_url(), "http://127.0.0.1:8080/scim");
    assert_eq!(loaded.config.database.sqlite_file(), Some(PathBuf::from("./data/muster.db")));
    assert!(loaded.config.queue.is_local());
    assert!(loaded.entries.iter().all(|entry| entry.origin == Origin::Default));
    assert_eq!(loaded.entries[0].key, "data_dir");
}

#[test]
fn every_key_of_the_defaults_has_a_comment_above_it() {
    let lines: Vec<&str> = DEFAULTS.lines().collect();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ") && !line.starts_with('#')) {
        assert!(lines[number - 1].starts_with('#'), "{line} is not documented");
    }
}

#[test]
fn later_layers_win_and_each_value_knows_its_layer() {
    let (_dir, path) = file("data_dir = \"/srv/muster\"\n[gateway]\nwait_ms = 9000\nbody_limit_bytes = 5000\n[worker]\nbatch_max = 10\n");
    let loaded = load(
        Some(&path),
        &[("MUSTER_GATEWAY__WAIT_MS", "8000"), ("MUSTER_WORKER__BATCH_MAX", "20"), ("PATH", "/bin")],
        &[("worker.batch_max", "30")],
    )
    .expect("valid");
    assert_eq!((loaded.config.gateway.body_limit_bytes, loaded.config.gateway.wait_ms, loaded.config.worker.batch_max), (5000, 8000, 30));
    assert_eq!(loaded.origin("gateway.body_limit_bytes"), Some(&Origin::File(path)));
    assert_eq!(loaded.origin("gateway.wait_ms"), Some(&Origin::Environment("MUSTER_GATEWAY__WAIT_MS".into())));
    assert_eq!(loaded.origin("worker.batch_max"), Some(&Origin::Flag("--set")));
    assert_eq!(loaded.origin("worker.apply_ms"), Some(&Origin::Default));
    assert_eq!(loaded.config.database.url.reveal(), "sqlite:///srv/muster/muster.db");
}

#[test]
fn the_data_directory_has_no_section_and_test_variables_are_not_ours() {
    let loaded = load(None, &[("MUSTER_DATA_DIR", "/srv"), ("MUSTER_TEST_DATABASE_URL", "x"), ("MUSTER_CONFIG", "y")], &[]).expect("valid");
    assert_eq!(loaded.config.data_dir, PathBuf::from("/srv"));
}

#[test]
fn what_kubernetes_puts_into_a_container_is_not_ours() {
    let injected = [
        ("MUSTER_GATEWAY_SERVICE_HOST", "10.0.0.1"),
        ("MUSTER_GATEWAY_SERVICE_PORT_HTTP", "8080"),
        ("MUSTER_GATEWAY_PORT", "tcp://10.0.0.1:8080"),
        ("MUSTER_GATEWAY_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ];
    load(None, &injected, &[]).expect("valid");
}

#[test]
fn all_problems_come_at_once_with_their_places() {
    let (_dir, path) = file("[gateway]\nwait = 5\nwait_ms = \"long\"\n[log]\nformat = \"xml\"\n[http]\nlisten = \"localhost\"\n");
    let found = problems(
        Some(&path),
        &[
            ("MUSTER_WORKER__APLY_MS", "1"),
            ("MUSTER_DATABASE_URL", "postgres://h/d"),
            ("MUSTER_WORKER__BATCH_MAX", "0"),
            ("MUSTER_QUEUE__URL", ""),
        ],
    );
    let place = format!("[file {}]", path.display());
    for (words, at) in [
        ("gateway.wait: there is no such key; did you mean gateway.wait_ms?", place.as_str()),
        ("gateway.wait_ms: expected a whole number, not \"long\"", &place),
        ("log.format: unknown variant `xml`", &place),
        ("http.listen: `localhost` is not an address and a port", &place),
        ("MUSTER_WORKER__APLY_MS names no key; did you mean MUSTER_WORKER__APPLY_MS?", ""),
        ("MUSTER_DATABASE_URL names no key; did you mean MUSTER_DATABASE__URL?", ""),
        ("MUSTER_QUEUE__URL is set but empty", ""),
        ("worker.batch_max: 0 is out of range", "[environment MUSTER_WORKER__BATCH_MAX]"),
    ] {
        assert!(found.iter().any(|text| text.contains(words) && text.contains(at)), "{words} is missing in {found:#?}");
    }
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn what_must_hold_between_values_is_checked() {
    for (environment, words) in [
        (vec![("MUSTER_GATEWAY__WAIT_MS", "4500")], "more than worker.apply_ms + 500 = 4500"),
        (vec![("MUSTER_DATABASE__STATEMENT_TIMEOUT_MS", "4001")], "1 to worker.apply_ms = 4000"),
        (vec![("MUSTER_DATABASE__LOCK_TIMEOUT_MS", "3000")], "less than database.statement_timeout_ms = 3000"),
        (vec![("MUSTER_DATABASE__READ_URL", "postgres://h/d")], "a replica needs Postgres"),
        (vec![("MUSTER_DATABASE__URL", "mysql://h/d")], "expected postgres://host or postgresql://host"),
        (vec![("MUSTER_QUEUE__URL", "amqp://h")], "expected redis://host or rediss://host"),
        (vec![("MUSTER_QUEUE__URL", "redis://")], "host"),
        (vec![("MUSTER_HTTP__PUBLIC_URL", "https://h/?a=b")], "nothing after the path"),
        (vec![("MUSTER_HTTP__LISTEN", "127.0.0.1:0")], "port 0"),
        (vec![("MUSTER_MAIL__URL", "http://h")], "or the word file"),
        (vec![("MUSTER_LOG__LEVEL", "muster=loud")], "is no level"),
        (vec![("MUSTER_DATABASE__POOL_MAX", "-1")], "invalid value"),
        (vec![("MUSTER_DATABASE__POOL_MAX", "99999999999")], "invalid value"),
        (vec![("MUSTER_GATEWAY__WAIT_MS_FILE", "/x")], "only secrets can come from a file"),
    ] {
        let found = problems(None, &environment);
        assert!(found.len() == 1 && found[0].contains(words), "{environment:?}: {found:#?}");
    }
}

#[test]
fn a_secret_comes_from_a_file_and_shows_nowhere() {
    let (_dir, path) = file("postgres://muster:s3cret@db/muster\n");
    let path = path.to_str().expect("utf-8");
    let loaded = load(None, &[("MUSTER_DATABASE__URL_FILE", path)], &[]).expect("valid");
    assert_eq!(loaded.config.database.url.reveal(), "postgres://muster:s3cret@db/muster");
    let shown = serde_json::to_string(&loaded.entries).expect("json") + &format!("{:?}", loaded.config);
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("postgres://muster:***@db/muster") && shown.contains("MUSTER_DATABASE__URL_FILE"), "{shown}");

    let both = problems(None, &[("MUSTER_DATABASE__URL_FILE", path), ("MUSTER_DATABASE__URL", "sqlite")]);
    assert!(both[0].contains("keep one of them"), "{both:?}");
    let missing = problems(None, &[("MUSTER_DATABASE__URL_FILE", "/no/such/file")]);
    assert!(missing[0].contains("cannot be read"), "{missing:?}");
}

#[test]
fn no_problem_quotes_a_password() {
    let (_dir, path) = file("[database]\nurl = [\"postgres://u:s3cret@h/d\"]\n[queue]\nurl = \"redis:/:s3cret@h\"\n");
    let (_dir, broken) = file("[database]\nurl = \"postgres://u:s3cret@h/d\n");
    let mut found =
        problems(Some(&path), &[("MUSTER_MAIL__URL", "smpt://u:s3cret@h"), ("MUSTER_DATABASE__READ_URL", "postgres://u:s3cret/w@h/d")]);
    found.extend(problems(Some(&broken), &[]));
    found.extend(load(None, &[], &[("queue.url", "redis://:s3cret@h")]).expect_err("refused").0.iter().map(ToString::to_string));
    assert!(found.len() >= 5, "{found:#?}");
    assert!(found.iter().all(|text| !text.contains("s3cret")), "{found:#?}");
}

#[test]
fn a_public_url_is_kept_without_its_last_slash_and_auto_is_an_address_one_can_reach() {
    let url = |environment: &[(&str, &str)]| load(None, environment, &[]).expect("valid").config.http.public_url;
    assert_eq!(url(&[("MUSTER_HTTP__PUBLIC_URL", "https://scim.acme.test/base/")]), "https://scim.acme.test/base");
    assert_eq!(url(&[("MUSTER_HTTP__LISTEN", "0.0.0.0:9000")]), "http://127.0.0.1:9000");
    assert_eq!(url(&[("MUSTER_HTTP__LISTEN", "[::]:9000")]), "http://[::1]:9000");
}

#[test]
fn a_data_directory_may_have_any_name() {
    let loaded = load(None, &[("MUSTER_DATA_DIR", "/srv/100% a?b")], &[]).expect("valid");
    assert_eq!(loaded.config.database.sqlite_file(), Some(PathBuf::from("/srv/100% a?b/muster.db")));
}

#[test]
fn a_missing_file_is_a_problem_and_not_the_defaults() {
    let found = problems(Some(Path::new("/no/such/muster.toml")), &[]);
    assert!(found[0].contains("/no/such/muster.toml cannot be read"), "{found:?}");
}

#[test]
fn secret_keys_exist() {
    let keys: HashSet<String> = load(None, &[], &[]).expect("valid").entries.into_iter().map(|entry| entry.key).collect();
    assert!(SECRET_KEYS.iter().all(|key| keys.contains(*key)));
}

#[test]
fn a_list_comes_from_a_file_or_from_text_with_commas() {
    let (dir, path) = file("[scim]\nschemas = [\"harbour.json\", \"/etc/pier.json\"]\n");
    let loaded = load(Some(&path), &[], &[]).expect("valid");
    assert_eq!(loaded.schema_files(), [dir.path().join("harbour.json"), PathBuf::from("/etc/pier.json")]);
    let loaded = load(Some(&path), &[("MUSTER_SCIM__SCHEMAS", "a.json, b.json")], &[]).expect("valid");
    assert_eq!(loaded.schema_files(), [PathBuf::from("a.json"), PathBuf::from("b.json")]);
    let shown = loaded.entries.iter().find(|entry| entry.key == "scim.schemas").expect("the key");
    assert_eq!(shown.value, serde_json::json!(["a.json", "b.json"]));
    for wrong in ["[scim]\nschemas = \"a.json\"\n", "[scim]\nschemas = [7]\n"] {
        let (_dir, path) = file(wrong);
        assert!(problems(Some(&path), &[])[0].starts_with("scim.schemas: "), "{wrong}");
    }
}

#[test]
fn a_share_is_a_number_with_or_without_a_point_and_a_collector_has_no_password() {
    let ratio = |text: &str| {
        let (_dir, path) = file(&format!("[telemetry]\nsample_ratio = {text}\n"));
        load(Some(&path), &[], &[]).map(|loaded| loaded.config.telemetry.sample_ratio)
    };
    assert_eq!((ratio("1").ok(), ratio("0.01").ok(), ratio("0").ok()), (Some(1.0), Some(0.01), Some(0.0)));
    assert!(ratio("1.5").is_err() && ratio("-0.1").is_err() && ratio("\"half\"").is_err() && ratio("nan").is_err());
    let share = load(None, &[("MUSTER_TELEMETRY__SAMPLE_RATIO", "0.25")], &[]).expect("valid");
    assert_eq!(share.config.telemetry.sample_ratio, 0.25);
    assert_eq!(share.config.telemetry.otlp_url, None);
    for wrong in ["collector:4318", "grpc://collector", "http://", "http://user:s3cret@collector:4318", "http://collector?key=1"] {
        let found = problems(None, &[("MUSTER_TELEMETRY__OTLP_URL", wrong)]);
        assert!(found[0].starts_with("telemetry.otlp_url: ") && !found[0].contains("s3cret"), "{found:?}");
    }
}
