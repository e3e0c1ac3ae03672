//! The operator's program.

mod redrive;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What an operator needs at three in the morning.
#[derive(Parser)]
#[command(name = "surtidor", version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Put dead letters back on the queue that they came from, once the cause is gone.
    Redrive(redrive::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Options::parse().command {
        Command::Redrive(options) => redrive::run(&options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("surtidor: {error:#}");
            ExitCode::FAILURE
        }
    }
}
