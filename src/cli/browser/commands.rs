//! Commands of the program, told by their arguments as on a command line: so that a page does what a command does, and no more.

use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser as _;
use serde_json::Value;

use crate::cli::console::Console;
use crate::cli::desk::{Desk, Listener};
use crate::cli::failure::Failure;
use crate::cli::{Cli, Command, ask, enroll, files};

/// How a command ended, and its document.
pub struct Ran {
    /// Its exit code: 0, or what else its help says of a good ending.
    pub code: u8,
    pub document: Value,
}

/// Whoever listens to nothing.
pub struct Deaf;

impl Listener for Deaf {
    fn note(&self, _: &str) {}

    fn warn(&self, _: &str) {}

    fn progress(&self, _: &'static str, _: &'static str, _: u64, _: u64) {}
}

/// Runs a command; one at a time, but for those that ask, which wait for another party.
pub fn run(arguments: Vec<String>, listener: Arc<dyn Listener>) -> Result<Ran, Failure> {
    static ONE: Mutex<()> = Mutex::new(());
    let command = parsed(arguments)?;
    let _alone = match &command {
        Command::Ask(_) => None,
        _ => {
            let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
            // What an earlier command has read may be written by this one.
            files::begin();
            Some(guard)
        }
    };
    let console = Console::of(Desk::new(listener));
    let ended = command.run(&console);
    let said = console.desk().map(Desk::said).unwrap_or_default();
    Ok(Ran { code: ended?.code(), document: said.document.unwrap_or_default() })
}

/// `cotejo ask` with these arguments, not run yet.
pub fn asking(arguments: Vec<String>) -> Result<Box<ask::Args>, Failure> {
    match parsed(arguments)? {
        Command::Ask(args) => Ok(args),
        _ => Err(Failure::new("arguments", "not those of 'ask'", "report this as a defect")),
    }
}

/// `cotejo enroll` with these options, not run yet.
pub fn enrolling(options: Vec<String>) -> Result<enroll::Args, Failure> {
    let arguments = std::iter::once("enroll".to_owned()).chain(options).collect();
    match parsed(arguments)? {
        Command::Enroll(args) => Ok(args),
        _ => Err(Failure::new("arguments", "not those of 'enroll'", "report this as a defect")),
    }
}

fn parsed(arguments: Vec<String>) -> Result<Command, Failure> {
    let arguments = std::iter::once("cotejo".to_owned()).chain(arguments);
    let cli = Cli::try_parse_from(arguments).map_err(|error| misunderstood(&error))?;
    Ok(cli.command)
}

/// What clap has to say, without the usage that it adds.
fn misunderstood(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let what = text.strip_prefix("error: ").unwrap_or(&text);
    let what = what.split("\n\n").next().unwrap_or_default();
    Failure::new("arguments", what.trim_end(), "correct that field")
}
