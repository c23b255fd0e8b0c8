//! One file a command.

mod account;
mod alias;
mod audit;
mod completions;
mod config;
mod console;
mod convert;
mod cycles;
mod doctor;
mod first_start;
mod gateway;
mod healthcheck;
mod incidents;
mod metrics;
mod migrate;
mod notify;
mod openapi;
mod ops;
mod queue;
mod scim;
mod serve;
mod sso;
mod start;
mod token;
mod user;
mod user_import;
mod version;
mod worker;

use crate::{
    cli::{Cli, Command, UserCommand},
    context::Context,
    exit::{CommandResult, Failure},
};
use std::io;

/// Runs the command.
pub async fn run(cli: Cli) -> CommandResult {
    let command = cli.command.unwrap_or(Command::Serve);
    // These work without a valid configuration: to find out what is wrong with it, or because they need none.
    match &command {
        Command::Version => return version::run(cli.global.json).map_err(stdout_failure),
        Command::Completions { shell } => return completions::run(*shell).map_err(stdout_failure),
        Command::Config(command) => return config::run(command, &cli.global),
        Command::Doctor => return doctor::run(&cli.global).await,
        _ => {}
    }
    let context = Context::load(&cli.global)?;
    context.start_logs(matches!(command, Command::Serve | Command::Gateway | Command::Worker))?;
    match command {
        Command::Serve => traced(&context, "serve", Box::pin(serve::run(&context))).await,
        Command::Gateway => traced(&context, "gateway", Box::pin(gateway::run(&context))).await,
        Command::Worker => traced(&context, "worker", Box::pin(worker::run(&context))).await,
        Command::Migrate { check } => migrate::run(&context, check).await,
        Command::Account(command) => account::run(&context, command).await,
        Command::User(UserCommand::Create(new)) => user::create(&context, new).await,
        Command::User(UserCommand::Import(import)) => user_import::run(&context, import).await,
        Command::Scim(command) => scim::run(&context, command).await,
        Command::Alias(command) => alias::run(&context, command).await,
        Command::Convert(command) => convert::run(&context, command).await,
        Command::Ops(command) => ops::run(&context, command).await,
        Command::Cycles(command) => cycles::run(&context, command).await,
        Command::Incidents(command) => incidents::run(&context, command).await,
        Command::Notify(command) => notify::run(&context, command).await,
        Command::Sso(command) => sso::run(&context, command).await,
        Command::Token(command) => token::run(&context, command).await,
        Command::Console(command) => console::run(&context, command).await,
        Command::Audit(command) => audit::run(&context, command).await,
        Command::Queue(command) => queue::run(&context, command).await,
        Command::Openapi => openapi::run(&context),
        Command::Healthcheck { worker, timeout } => healthcheck::run(&context, worker, timeout).await,
        Command::Version | Command::Completions { .. } | Command::Config(_) | Command::Doctor => unreachable!("answered above"),
    }
}

/// Runs a service with its traces exported, the last of them before it ends. The service comes boxed: it is large, and would be moved.
async fn traced(context: &Context, role: &'static str, service: impl Future<Output = CommandResult>) -> CommandResult {
    let traces = context.start_traces(role)?;
    let result = service.await;
    traces.finish().await;
    result
}

/// Printing failed. A reader that has seen enough (`| head`) is no failure of ours.
fn stdout_failure(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    Failure::io("cannot write to stdout", &error)
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::CommandFactory;

    fn visit(command: &clap::Command, path: &str, check: &impl Fn(&clap::Command, &str)) {
        check(command, path);
        for inner in command.get_subcommands() {
            visit(inner, &format!("{path} {}", inner.get_name()), check);
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_has_examples_that_name_it() {
        visit(&Cli::command(), "muster", &|command, path| {
            assert!(command.get_about().is_some(), "{path} says nothing");
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(examples.contains("Examples:"), "{path} has no examples");
            assert!(examples.lines().skip(1).any(|line| line.contains(path)), "the examples of {path} do not use it:\n{examples}");
        });
    }

    #[test]
    fn the_examples_are_understood() {
        visit(&Cli::command(), "muster", &|command, _| {
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in examples.lines().filter(|line| line.starts_with("  ")) {
                // From `muster` on, up to a pipe, a redirection or the explanation after two spaces.
                let Some(start) = line.find("muster ") else { continue };
                let call = line[start..].split(" | ").next().unwrap_or_default().split(" > ").next().unwrap_or_default();
                let call = call.split("    ").next().unwrap_or_default();
                if line[..start].contains("127.0.0.1:9000 muster") || call.starts_with("muster   ") {
                    continue;
                }
                let words = call.replace("\"Acme Ltd\"", "Acme").replace("\"Ada Lovelace\"", "Ada");
                if let Err(error) = Cli::command().try_get_matches_from(words.split_whitespace()) {
                    panic!("{line}\n{error}");
                }
            }
        });
    }
}
