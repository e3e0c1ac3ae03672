//! The operator's program.

mod commands;
mod screen;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use surtidor_cli::deployment::Deployment;

use screen::Screen;

/// Sets up and operates a chain of fuel stations that takes Mercado Pago.
#[derive(Parser)]
#[command(name = "surtidor", version, max_term_width = 110, after_help = AFTER)]
struct Options {
    #[command(flatten)]
    at: At,
    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    /// Colours: only on a terminal, unless said otherwise.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
A chain from nothing:
  surtidor plan  chain.toml          what would change, at Mercado Pago and in our tables; nothing is written
  surtidor apply chain.toml          do it; run it again after any failure, it goes on where it stopped
  surtidor key create --role station --station 6232
  surtidor qr    --station 6232 --format sticker --out qr/
  surtidor doctor chain.toml         is everything as it should be, and if not, what to do

Where it is done: in the CloudFormation stack of --stack, with the credentials of the AWS CLI; or with --local in
the system that `cargo local` runs on this machine.

Exit codes: 0 done; 1 something failed, run it again; 2 the command line or the chain's file is wrong;
3 it was done and something waits for you (doctor found a problem, a plan has changes and --detailed-exitcode
was given, a sale is not settled yet).";

/// Where the system is.
#[derive(clap::Args)]
struct At {
    /// Name of the CloudFormation stack.
    #[arg(long, global = true, env = "SURTIDOR_STACK", default_value = "surtidor")]
    stack: String,
    /// Instead of a stack the system that `cargo local` runs, by the demo.json that it wrote.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, value_name = "FILE",
        default_missing_value = "target/local/demo.json")]
    local: Option<PathBuf>,
}

impl At {
    fn deployment(&self) -> anyhow::Result<Deployment> {
        match &self.local {
            Some(file) => Deployment::local(file),
            None => Deployment::of_stack(&self.stack),
        }
    }
}

#[derive(Subcommand)]
enum Command {
    /// Show what would change so that the chain is as its file describes it.
    Plan(commands::plan::Options),
    /// Bring the chain to what its file describes.
    Apply(commands::apply::Options),
    /// Print sheets with the pumps' QRs: stickers, cards, A4 pages of many.
    Qr(commands::qr::Options),
    /// Check a live set-up, and say in plain words what is wrong and how to mend it.
    Doctor(commands::doctor::Options),
    /// List accounts with their notification URLs, and link sellers by OAuth.
    Account(commands::account::Options),
    /// Make, list and revoke keys of the API, for stations' software and for staff.
    Key(commands::key::Options),
    /// Show a sale: what the pump told, what Mercado Pago says, what was done.
    Sale(commands::sale::Options),
    /// Have a sale looked at now, and show what came of it.
    Check(commands::check::Options),
    /// Put dead letters back on the queue that they came from, once the cause is gone.
    Redrive(commands::redrive::Options),
    /// Print what a shell needs to complete commands: add it to the shell's start-up file.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How a command ended, when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// All is done.
    Done,
    /// It is done, and something waits for the caller.
    Waiting,
    /// Some of it failed, and was told.
    Failed,
    /// The caller's input is wrong, and that was told.
    Wrong,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let screen = Screen::new(options.json, options.color);
    let at = &options.at;
    let ended = match &options.command {
        Command::Plan(options) => commands::plan::run(&screen, at, options).await,
        Command::Apply(options) => commands::apply::run(&screen, at, options).await,
        Command::Qr(options) => commands::qr::run(&screen, at, options).await,
        Command::Doctor(options) => commands::doctor::run(&screen, at, options).await,
        Command::Account(options) => commands::account::run(&screen, at, options).await,
        Command::Key(options) => commands::key::run(&screen, at, options).await,
        Command::Sale(options) => commands::sale::run(&screen, at, options).await,
        Command::Check(options) => commands::check::run(&screen, at, options).await,
        Command::Redrive(options) => commands::redrive::run(&screen, at, options).await,
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Options::command(), "surtidor", &mut std::io::stdout());
            Ok(Ended::Done)
        }
    };
    match ended {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Failed) => ExitCode::FAILURE,
        Ok(Ended::Wrong) => ExitCode::from(2),
        Ok(Ended::Waiting) => ExitCode::from(3),
        Err(error) => {
            screen.failed(&error);
            ExitCode::FAILURE
        }
    }
}
