//! What every command starts from: the configuration in effect, and the database behind it.

use crate::{
    cli::Global,
    exit::{Exit, Failure},
    schemas, settings,
};
use muster_runtime::{Config, ConfigErrors, Loaded, Origin, Override, telemetry, trace};
use muster_store::{Store, accounts, accounts::Account};
use std::fs;

/// The configuration, and how to talk.
pub struct Context {
    /// The values in effect.
    pub config: Config,
    /// Where they came from.
    pub loaded: Loaded,
    /// The flags it was started with.
    pub global: Global,
}

impl Context {
    /// Reads the configuration, and the schemas it names.
    pub fn load(global: &Global) -> Result<Self, Failure> {
        let loaded = read_config(global)??;
        schemas::install(&loaded)?;
        Ok(Self { config: loaded.config.clone(), loaded, global: global.clone() })
    }

    /// Whether data is printed as JSON.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// Starts the logs. A command that ends by itself says only what went wrong, unless it is told to say more.
    pub fn start_logs(&self, service: bool) -> Result<(), Failure> {
        let mut log = self.config.log.clone();
        if !service && self.loaded.origin("log.level") == Some(&Origin::Default) {
            log.level = "warn".to_owned();
        }
        telemetry::init(&log).map_err(|error| Failure::new(Exit::Configuration, format!("log.level: {error}")))
    }

    /// Begins to export traces, when the configuration says where to.
    pub fn start_traces(&self, role: &'static str) -> Result<trace::Exporting, Failure> {
        let telemetry = &self.config.telemetry;
        trace::start(telemetry, role, settings::VERSION).map_err(|error| Failure::new(Exit::Configuration, error))
    }

    /// Makes the data directory, readable by its owner only.
    pub fn make_data_dir(&self) -> Result<(), Failure> {
        let dir = &self.config.data_dir;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(|error| {
            Failure::new(
                Exit::Configuration,
                format!("the data directory {} cannot be made: {error} [{}]", dir.display(), self.origin("data_dir")),
            )
        })
    }

    /// Whether anything of this configuration lives in the data directory.
    pub fn needs_data_dir(&self) -> bool {
        let inside = self.config.database.sqlite_file().is_some_and(|file| file.starts_with(&self.config.data_dir));
        inside || self.config.queue.is_local()
    }

    /// The database, for an administrative command. A SQLite file that does not exist yet is made; a server's layout is only
    /// ever changed by `muster migrate` or `muster serve`.
    pub async fn open_store(&self) -> Result<Store, Failure> {
        let file = self.config.database.sqlite_file();
        let fresh = file.as_ref().is_some_and(|file| !file.exists());
        if fresh && self.needs_data_dir() {
            self.make_data_dir()?;
        }
        let store = Store::connect(&settings::store(&self.config)).await?;
        if fresh {
            store.migrate().await?;
        } else {
            let pending = store.pending_migrations().await?;
            if !pending.is_empty() {
                let count = if pending.len() == 1 { "1 migration is".to_owned() } else { format!("{} migrations are", pending.len()) };
                let message = format!("the database's layout is older than this version, {count} pending: run `muster migrate` first");
                return Err(Failure::new(Exit::Conflict, message));
            }
        }
        Ok(store)
    }

    /// The account of this slug.
    pub async fn account(&self, store: &Store, slug: &str) -> Result<Account, Failure> {
        let missing = || Failure::new(Exit::NotFound, format!("there is no account `{slug}`; `muster account list` shows those there are"));
        accounts::find(store, slug).await?.ok_or_else(missing)
    }

    /// Where the value of a key came from, for messages.
    pub fn origin(&self, key: &str) -> String {
        self.loaded.origin(key).map(ToString::to_string).unwrap_or_default()
    }

    /// How to start this binary again with the same flags, for messages that name a command.
    pub fn command_line(&self, rest: &str) -> String {
        // `cargo run` and a build directory call it by its path; an installed one is found by its name.
        let name = std::env::args().next().filter(|name| name.contains(std::path::MAIN_SEPARATOR)).unwrap_or_else(|| "muster".to_owned());
        let mut words = vec![name];
        words.extend(self.global.config.iter().flat_map(|file| ["--config".to_owned(), file.display().to_string()]));
        words.extend(self.global.data_dir.iter().flat_map(|dir| ["--data-dir".to_owned(), dir.clone()]));
        words.extend(self.global.set.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
        let quoted: Vec<String> = words.into_iter().map(|word| quoted(&word)).collect();
        format!("{} {rest}", quoted.join(" "))
    }
}

/// Reads the configuration; the outer error is about the flags themselves.
pub fn read_config(global: &Global) -> Result<Result<Loaded, ConfigErrors>, Failure> {
    let mut flags: Vec<Override> = Vec::new();
    if let Some(dir) = &global.data_dir {
        flags.push(Override { key: "data_dir".to_owned(), value: dir.clone(), flag: "--data-dir" });
    }
    for pair in &global.set {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::new(Exit::Usage, "--set takes KEY=VALUE, as in --set http.listen=127.0.0.1:9000"))?;
        flags.push(Override { key: key.trim().to_owned(), value: value.to_owned(), flag: "--set" });
    }
    Ok(Config::load(global.config.as_deref(), &flags))
}

/// A word as a shell takes it for itself.
pub fn quoted(word: &str) -> String {
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-=:+,@%".contains(&byte));
    if plain && !word.is_empty() { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
