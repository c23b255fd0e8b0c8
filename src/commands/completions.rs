//! `muster completions`

use crate::{cli::Cli, exit::Exit};
use clap::CommandFactory;
use std::io::{self, Write};

pub fn run(shell: clap_complete::Shell) -> io::Result<Exit> {
    // Into memory first: the generator panics when a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "muster", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Ok)
}
