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

/// `muster` without arguments, ready; killed when the test ends early.
pub struct Service {
    child: Child,
    listen: String,
}

impl Service {
    /// Starts it in this directory, and waits until it is ready.
    pub fn start(place: &Place) -> Self {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let environment = [("MUSTER_HTTP__LISTEN", listen.as_str())];
        place.run_with(&["healthcheck"], &environment).exits(4);
        let log = fs::File::create(place.path("log")).unwrap();
        let service = Self { child: place.command(&[]).envs(environment).stderr(log).spawn().unwrap(), listen: listen.clone() };
        let started = Instant::now();
        while place.run_with(&["healthcheck"], &environment).code != 0 {
            assert!(started.elapsed() < Duration::from_secs(60), "{}", log_of(place));
        }
        service
    }

    fn run(&self, place: &Place, script: &str) -> std::process::Output {
        Command::new("sh").args(["-c", script]).current_dir(place.0.path()).env("MUSTER_HTTP__LISTEN", &self.listen).output().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_of(place: &Place) -> String {
    fs::read_to_string(place.path("log")).unwrap()
}

#[test]
fn a_bare_start_says_how_to_go_on_and_commands_work_beside_it() {
    let place = Place::new();
    let mut service = Service::start(&place);
    let log = log_of(&place);
    assert!(log.contains(&format!("http://{}/scim", service.listen)), "{log}");

    // The commands it prints, word for word.
    let commands: Vec<&str> =
        log.lines().filter(|line| line.contains("user create") || line.contains("scim setup")).map(str::trim).collect();
    assert_eq!(commands.len(), 2, "{log}");
    let mut printed = Vec::new();
    for line in &commands {
        let run = service.run(&place, line);
        assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stderr));
        printed.push(run.stdout);
    }
    let setup: Value = serde_json::from_slice(&printed[1]).unwrap();
    let key = setup["secret_key"].as_str().unwrap();

    let second = place.run_with(&["serve"], &[("MUSTER_HTTP__LISTEN", "127.0.0.1:1")]).exits(8);
    assert!(second.err.contains(&format!("process {}", service.child.id())), "{}", second.err);

    Command::new("kill").arg(service.child.id().to_string()).status().unwrap();
    assert_eq!(service.child.wait().unwrap().code(), Some(0));
    let mut out = String::new();
    service.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out.is_empty(), "stdout is data: {out}");
    assert!(!log_of(&place).contains(key), "a key in a log");
}

#[test]
fn the_readme_works_word_for_word() {
    let place = Place::new();
    let service = Service::start(&place);
    if service.run(&place, "command -v curl").status.code() != Some(0) {
        eprintln!("left out: there is no curl here");
        return;
    }
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let walk = readme.split("## Try it").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = walk.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let script: String = blocks.filter(|block| !block.starts_with("cargo run")).collect();
    let script = script
        .replace("127.0.0.1:8080", &service.listen)
        .replace("muster=target/release/muster", &format!("muster={}", env!("CARGO_BIN_EXE_muster")));
    let run = service.run(&place, &format!("set -e\n{script}"));
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    // The last command is the doctor's, which warns that this address is for one machine only.
    assert_eq!(run.status.code(), Some(7), "{out}\n{err}");
    for words in ["201 Created", "\"totalResults\":1", "200 OK", "\"active\":false", "imported  2", "warn  D13"] {
        assert!(out.contains(words), "{words} is missing in {out}\n{err}");
    }
}
