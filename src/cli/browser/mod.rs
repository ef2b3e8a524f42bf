//! `cotejo console`: what each party's officer sees in a browser. Nothing leaves the machine.
//!
//! ```text
//! words/ page/      the words, and what pages are made of
//! door  guard       who gets in, and what every request has to be
//! house             the server on loopback
//! upload work       files that are sent, and work that is watched
//! commands          commands of the program, which do what pages ask for
//! querier/          the pages of who asks
//! custodian/        the pages of who answers
//! evaluation/       those of both: an accuracy card, and a threshold
//! ```
//!
//! A console decides nothing and computes nothing: it does what commands do, on the same files, and shows what the databases hold.

mod commands;
mod custodian;
mod demo;
mod desk;
mod door;
mod evaluation;
mod guard;
mod house;
mod log;
mod page;
mod querier;
mod terms;
mod upload;
mod words;
mod work;

use super::Outcome;
use super::console::Console;
use super::failure::Failure;

/// Keys of messages that are made of a part and a name.
#[cfg(test)]
const MADE_OF_PARTS: [&str; 2] = ["month-", "event-"];

/// Pages for the two officers, in a browser on this machine: ask and read verdicts; the gallery, requesters, the log
///
/// Served on loopback alone, and to whoever has the address that is printed: it holds a token that works once. Nothing is loaded from elsewhere.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo console querier --config querier.toml --agreement agreement.toml
  cotejo console custodian --config custodian.toml
  cotejo console demo                                     both, on synthetic people")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Querier(querier::Args),
    Custodian(custodian::Args),
    Demo(demo::Args),
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::Querier(args) => args.run(console),
            Command::Custodian(args) => args.run(console),
            Command::Demo(args) => args.run(console),
        }
    }
}
