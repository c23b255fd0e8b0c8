//! Nothing the tests start outlives them, even when the test process itself is killed.
//!
//! A small shell holds the list of process ids and directories. It reads from a pipe whose other end is this process: when this
//! process ends, however it ends, the pipe closes and the shell clears up what is still on the list.

use std::{
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{LazyLock, Mutex, PoisonError},
};

const SCRIPT: &str = r#"
trap '' HUP INT TERM
held=
while read -r verb what; do
  case $verb in
    hold) held="$held $what" ;;
    free) rest=; for one in $held; do [ "$one" = "$what" ] || rest="$rest $one"; done; held=$rest ;;
  esac
done
for one in $held; do case $one in /*) ;; *) kill "-${one%%:*}" "${one#*:}" ;; esac; done
sleep 1
for one in $held; do case $one in /*) rm -rf -- "$one" ;; esac; done
"#;

static LEASH: LazyLock<Mutex<(Child, ChildStdin)>> = LazyLock::new(|| {
    let mut shell = Command::new("sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh starts");
    let pipe = shell.stdin.take().expect("stdin was piped");
    Mutex::new((shell, pipe))
});

fn say(verb: &str, what: &str) {
    assert!(!what.contains(char::is_whitespace), "no spaces in what the leash holds: {what}");
    let mut leash = LEASH.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(leash.1, "{verb} {what}").expect("the leash listens");
}

/// Sends `signal` to the process when this process ends.
pub fn hold(signal: &str, pid: u32) {
    say("hold", &format!("{signal}:{pid}"));
}

/// The process has ended; its id may belong to somebody else by now.
pub fn free(signal: &str, pid: u32) {
    say("free", &format!("{signal}:{pid}"));
}

/// Removes the directory when this process ends.
pub fn hold_directory(path: &Path) {
    say("hold", path.to_str().expect("a path in UTF-8"));
}
