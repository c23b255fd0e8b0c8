//! Configuration in layers, where every value knows where it came from.
//!
//! `config.default.toml` is compiled in and documents every key; a file, the environment and flags lie over it, later wins. The
//! defaults are also the list of keys that exist and of the types they have, so there is no second list that could disagree.
//! Everything that is wrong is reported at once, each with the place it came from.

mod layers;
mod model;
mod origin;
mod validate;

pub use model::{
    Config, Conversion, Database, Gateway, Http, Incidents, Log, LogFormat, Mail, Metrics, OperationDetailLevel, Operations, QueueConfig,
    Scim, Telemetry, Worker,
};
pub use origin::{ConfigErrors, Entry, Origin, Problem};

use layers::{Layers, Override as Flag};
use std::path::{Path, PathBuf};

pub use layers::Override;

/// The defaults with their documentation, as `config.default.toml` has them.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// Keys whose value may hold a password. The environment variable of each has a twin that ends in `_FILE` and names a file.
pub const SECRET_KEYS: [&str; 4] = ["database.url", "database.read_url", "queue.url", "mail.url"];

/// A configuration that is valid, and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values in effect.
    pub config: Config,
    /// Every key with its value and origin, in the order of `config.default.toml`.
    pub entries: Vec<Entry>,
}

impl Loaded {
    /// Where the value of a key came from.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.origin)
    }

    /// The files of `scim.schemas`. A configuration file and the files it names move together, so a relative path there is
    /// relative to it.
    #[must_use]
    pub fn schema_files(&self) -> Vec<PathBuf> {
        let directory = match self.origin("scim.schemas") {
            Some(Origin::File(file)) => file.parent(),
            _ => None,
        };
        self.config.scim.schemas.iter().map(|path| directory.map_or_else(|| path.clone(), |directory| directory.join(path))).collect()
    }
}

impl Config {
    /// Reads the defaults, the file when there is one, the environment of this process and the flags.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every problem found.
    pub fn load(file: Option<&Path>, flags: &[Flag]) -> Result<Loaded, ConfigErrors> {
        // vars() would panic on a variable that is not UTF-8 even when it is none of ours.
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        Self::load_from(file, environment, flags)
    }

    /// As [`Config::load`], with an environment of the caller's choice.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every problem found.
    pub fn load_from(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[Flag],
    ) -> Result<Loaded, ConfigErrors> {
        let mut layers = Layers::defaults();
        if let Some(path) = file {
            layers.add_file(path);
        }
        layers.add_environment(environment);
        layers.add_flags(flags);
        let (config, entries, mut problems) = layers.finish();
        problems.extend(config.validate().into_iter().map(|problem| problem.located(&entries)));
        if problems.is_empty() { Ok(Loaded { config, entries }) } else { Err(ConfigErrors(problems)) }
    }
}

#[cfg(test)]
mod tests;
