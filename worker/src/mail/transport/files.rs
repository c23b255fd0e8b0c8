//! Mail as files: one `.eml` each, for a machine without a mail server.

use super::{
    Answer,
    obstacle::{Obstacle, ObstacleKind, Passable},
};
use lettre::Message;
use muster_store::outbox::Ending;
use std::{
    io,
    path::{Path, PathBuf},
};

pub(crate) struct Files {
    dir: PathBuf,
}

impl Files {
    pub(crate) const fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Writes the message to a file of this name. The same mail again is the same file; one that is there is whole.
    pub(crate) async fn send(&self, message: &Message, name: &str) -> Answer {
        let file: String =
            name.chars().map(|char| if char.is_alphanumeric() || "@.-_+".contains(char) { char } else { '_' }).take(200).collect();
        let path = self.dir.join(format!("{file}.eml"));
        match self.write(&path, &message.formatted()).await {
            Ok(()) => Answer::new(Ending::Taken, format_args!("written to {}", path.display())),
            Err(error) => Answer::new(Ending::Away, format_args!("{} cannot be written: {error}", path.display())),
        }
    }

    /// Whether mail could be written. A folder that is not there yet is not made: what it would be made in is tried instead.
    pub(crate) async fn check(&self) -> Result<Passable, Obstacle> {
        let there = self.dir.ancestors().find(|dir| !dir.as_os_str().is_empty() && dir.exists()).unwrap_or_else(|| Path::new("."));
        let probe = there.join(format!(".mail-{}", std::process::id()));
        let tried = match tokio::fs::write(&probe, "").await {
            Ok(()) => tokio::fs::remove_file(&probe).await,
            Err(error) => Err(error),
        };
        tried.map_err(|error| Obstacle::new(ObstacleKind::Folder, format_args!("{} cannot be written: {error}", there.display())))?;
        let made = if self.dir.exists() { "" } else { ", which is made with the first" };
        Ok(Passable { fact: format!("every mail is a file in {}{made}; nobody gets it", self.dir.display()), in_clear: false })
    }

    async fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut builder = tokio::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(&self.dir).await?;
        let unfinished = path.with_extension("part");
        tokio::fs::write(&unfinished, bytes).await?;
        tokio::fs::rename(&unfinished, path).await
    }
}
