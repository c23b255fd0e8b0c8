//! Mail as files: one `.eml` each, for a machine without a mail server.

use super::Answer;
use lettre::Message;
use muster_store::outbox::Ending;
use std::{io, path::PathBuf};

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

    async fn write(&self, path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
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
