//! `cotejo params`: the parameter sets, and what they could be.

mod optimise;
mod table;

use super::Outcome;
use super::console::Console;
use super::failure::Failure;

/// Parameter sets: search for the cheapest that meets a demand
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo params optimise --metric cosine --dimension 512 --target 0.003")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Optimise(Box<optimise::Args>),
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::Optimise(args) => args.run(console),
        }
    }
}
