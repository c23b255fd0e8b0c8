//! The `muster` binary: reads the command, the configuration, and starts what it names. Nothing is decided here.
//!
//! stdout is data, stderr is talk; exit codes are in [`exit`].

mod cli;
mod commands;
mod context;
mod exit;
mod new_user;
mod output;
mod schemas;
mod settings;

use clap::Parser;
use exit::Failure;
use std::process::ExitCode;

// glibc's allocator keeps the memory of a burst in pieces it cannot give back; this one is faster and gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("cannot start the runtime", &error))
        .and_then(|runtime| {
            let result = runtime.block_on(commands::run(cli));
            // What is still blocked in a thread (a read of stdin, say) must not keep the process.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("muster: {}", failure.message);
            failure.exit.into()
        }
    }
}
