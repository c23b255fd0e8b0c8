//! The schemas of this installation: read from the files the configuration names, and used by the whole process.

use muster_runtime::{ConfigErrors, Loaded, Problem};
use muster_scim::{
    Limits,
    schema::{Document, InUse, Registry},
};
use std::{fs, path::Path};

/// The key that names the files.
const KEY: &str = "scim.schemas";
/// A larger file is none of schemas.
const MAX_BYTES: u64 = 4 << 20;

/// Reads the files.
///
/// # Errors
/// Every problem of every file, as problems of the configuration.
pub fn read(loaded: &Loaded) -> Result<Registry, ConfigErrors> {
    let mut problems = Vec::new();
    let mut documents = Vec::new();
    for path in loaded.schema_files() {
        match document(&path) {
            Ok(document) => documents.push(document),
            Err(message) => problems.push(Problem::new(KEY, format!("{}: {message}", path.display()))),
        }
    }
    match Registry::read(&documents) {
        Ok(registry) if problems.is_empty() => Ok(registry),
        Ok(_) => Err(ConfigErrors(problems)),
        Err(wrong) => {
            problems.extend(wrong.iter().map(|problem| Problem::new(KEY, problem.to_string())));
            Err(ConfigErrors(problems))
        }
    }
}

/// Makes them the ones this process uses. It comes before anything that knows a resource.
///
/// # Errors
/// See [`read`].
pub fn install(loaded: &Loaded) -> Result<(), ConfigErrors> {
    read(loaded)?.install().map_err(|error: InUse| ConfigErrors(vec![Problem::new(KEY, error.to_string())]))
}

fn document(path: &Path) -> Result<Document, String> {
    let size = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > MAX_BYTES {
        return Err(format!("has {size} bytes; {MAX_BYTES} are the most"));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let limits = Limits { string_bytes: 64 * 1024, ..Limits::default() };
    let content = muster_scim::parse_json(&bytes, &limits).map_err(|error| format!("is not JSON: {}", error.detail))?;
    Ok(Document { source: path.display().to_string(), content })
}
