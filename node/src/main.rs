//! The binary `eyrie`: configuration, wiring and the commands an operator types.

mod cell;
mod commands;
mod config;
mod logging;
mod place;
mod running_node;
mod runtime;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The one place where an error ends as text for a person at a terminal.
            eprint_error(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
fn eprint_error(error: &anyhow::Error) {
    eprintln!("eyrie: {error:#}");
}
