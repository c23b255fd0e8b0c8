//! A running service, and commands beside it.

use super::place::Place;
use serde_json::Value;
use std::{
    fs,
    io::Read,
    net::TcpListener,
    process::{Child, Command},
    time::{Duration, Instant},
};

/// A running service; killed when the test ends early.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_bare_start_says_how_to_go_on_and_commands_work_beside_it() {
    let place = Place::new();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let environment = [("MUSTER_HTTP__LISTEN", listen.as_str())];
    place.run_with(&["healthcheck"], &environment).exits(4);
    let log = fs::File::create(place.path("log")).unwrap();
    let mut service = Service(place.command(&[]).envs(environment).stderr(log).spawn().unwrap());
    let started = Instant::now();
    while place.run_with(&["healthcheck"], &environment).code != 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "{}", fs::read_to_string(place.path("log")).unwrap());
    }
    let log = fs::read_to_string(place.path("log")).unwrap();
    assert!(log.contains(&format!("http://{listen}/scim")), "{log}");

    // The commands it prints, word for word.
    let commands: Vec<&str> =
        log.lines().filter(|line| line.contains("user create") || line.contains("scim setup")).map(str::trim).collect();
    assert_eq!(commands.len(), 2, "{log}");
    let mut printed = Vec::new();
    for line in &commands {
        let run = Command::new("sh").args(["-c", line]).current_dir(place.0.path()).envs(environment).output().unwrap();
        assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stderr));
        printed.push(run.stdout);
    }
    let setup: Value = serde_json::from_slice(&printed[1]).unwrap();
    let key = setup["secret_key"].as_str().unwrap();

    let second = place.run_with(&["serve"], &[("MUSTER_HTTP__LISTEN", "127.0.0.1:1")]).exits(8);
    assert!(second.err.contains(&format!("process {}", service.0.id())), "{}", second.err);

    Command::new("kill").arg(service.0.id().to_string()).status().unwrap();
    assert_eq!(service.0.wait().unwrap().code(), Some(0));
    let mut out = String::new();
    service.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out.is_empty(), "stdout is data: {out}");
    assert!(!fs::read_to_string(place.path("log")).unwrap().contains(key), "a key in a log");
}
