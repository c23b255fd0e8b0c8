//! Checks of this machine and of the configuration's own sense.

use super::Check;
use crate::context::Context;
use muster_runtime::Origin;
use muster_scim::schema::Registry;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Fewer open files than this, and a burst of connections meets the limit before it meets ours.
const OPEN_FILES: u64 = 8192;

pub fn checks(context: &Context) -> Vec<Check> {
    vec![files(context), public_url(context), schemas(context), open_files()]
}

/// D02: the data directory can be written, and secrets are not for everybody.
fn files(context: &Context) -> Check {
    const NAME: &str = "files";
    let dir = &context.config.data_dir;
    if context.needs_data_dir() && dir.exists() {
        let probe = dir.join(format!(".doctor-{}", std::process::id()));
        if let Err(error) = fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)) {
            return Check::fail(
                "D02",
                NAME,
                format!("{} cannot be written: {error}", dir.display()),
                "give the directory to the user that runs muster",
            );
        }
    }
    let open: Vec<String> =
        private_files(context).into_iter().filter(|path| is_open_to_all(path)).map(|path| path.display().to_string()).collect();
    if !open.is_empty() {
        return Check::warn(
            "D02",
            NAME,
            format!("everybody on this machine can read {}", open.join(", ")),
            format!("chmod o-rwx {}", open.join(" ")),
        );
    }
    let fact = match (context.needs_data_dir(), dir.exists()) {
        (false, _) => "nothing is kept in the data directory".to_owned(),
        (true, true) => format!("{} can be written", dir.display()),
        (true, false) => format!("{} does not exist yet; it is made at the first start", dir.display()),
    };
    Check::ok("D02", NAME, fact)
}

/// Files with passwords or users in them. Secrets that Docker or Kubernetes mounts are theirs to protect, in a container of one
/// user.
fn private_files(context: &Context) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in &context.loaded.entries {
        let masked = entry.value.as_str().is_some_and(|value| value.contains("***"));
        match &entry.origin {
            Origin::SecretFile { path, .. } if !path.starts_with("/run/secrets") && !path.starts_with("/var/run/secrets") => {
                files.push(path.clone())
            }
            Origin::File(path) if masked && !files.contains(path) => files.push(path.clone()),
            _ => {}
        }
    }
    let dir = &context.config.data_dir;
    // A closed directory protects what is in it.
    if context.needs_data_dir() && dir.exists() && is_open_to_all(dir) {
        files.push(dir.clone());
    }
    files.extend(context.config.database.sqlite_file().filter(|file| !file.starts_with(dir)));
    files
}

#[cfg(unix)]
fn is_open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open_to_all(_: &Path) -> bool {
    false
}

/// D13: the secret key travels with every request.
fn public_url(context: &Context) -> Check {
    const NAME: &str = "public URL";
    let url = &context.config.http.public_url;
    if url.starts_with("https://") {
        return Check::ok("D13", NAME, url.clone());
    }
    let host = url.trim_start_matches("http://");
    let loopback = ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start));
    let remedy = "put a proxy that ends TLS in front, and set MUSTER_HTTP__PUBLIC_URL=https://…";
    if loopback {
        Check::warn("D13", NAME, format!("{url} is for this machine only; no directory in the cloud can reach it"), remedy)
    } else {
        Check::fail("D13", NAME, format!("{url} is not https: the secret key would travel in clear, and Entra ID refuses it"), remedy)
    }
}

/// D14: what resources consist of here. A worker with other schemas than the gateway would refuse what the gateway accepts.
fn schemas(context: &Context) -> Check {
    let added: Vec<&str> =
        Registry::global().schemas().iter().skip(Registry::built_in().schemas().len()).map(|schema| schema.urn).collect();
    let fact = match added.as_slice() {
        [] => "built in, none added".to_owned(),
        added => format!(
            "built in, and {} from {} files; the same in every gateway and worker?",
            added.join(", "),
            context.config.scim.schemas.len()
        ),
    };
    Check::ok("D14", "schemas", fact)
}

/// D18: room for connections.
fn open_files() -> Check {
    const NAME: &str = "open files";
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files")).and_then(|rest| rest.split_whitespace().next());
    match soft {
        None => Check::ok("D18", NAME, "this system does not say"),
        Some("unlimited") => Check::ok("D18", NAME, "unlimited"),
        Some(number) if number.parse::<u64>().is_ok_and(|limit| limit >= OPEN_FILES) => Check::ok("D18", NAME, format!("{number} at most")),
        Some(number) => Check::warn(
            "D18",
            NAME,
            format!("{number} at most"),
            format!("raise it to {OPEN_FILES} (ulimit -n, LimitNOFILE= of systemd, ulimits of compose)"),
        ),
    }
}
