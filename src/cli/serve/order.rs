//! `cotejo serve order`: orders of operators, where the server does not run.

use std::path::PathBuf;

use crate::service::audit::OrderDocument;

use super::Custodian;
use crate::cli::console::{Console, YesArg};
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};
use crate::cli::{Outcome, operator, statement};

/// Carry out what operators have ordered, with the server's key
#[derive(clap::Args)]
#[command(after_help = "\
Where the server runs, operators give their orders to it themselves ('cotejo breaker', 'cotejo audit erase'). An order about the breaker is \
good for ten minutes after it was signed, one to erase for a day.

Example:
  cotejo serve order --config custodian.toml pull.json
  cotejo serve order --config custodian.toml erase-anna.json erase-bert.json --consent theirs.json")]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
    /// Signed orders of one measure, each of another operator
    #[arg(value_name = "FILE", required = true)]
    orders: Vec<PathBuf>,
    /// The consent of another party to erase what is younger than three years: one of each
    #[arg(long, value_name = "FILE")]
    consent: Vec<PathBuf>,
    #[command(flatten)]
    yes: YesArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let orders = self.orders.iter().map(|path| statement::read(path, operator::MADE)).collect::<Result<_, _>>()?;
        let consents = self.consent.iter().map(|path| statement::read(path, statement::CONSENT));
        let document = OrderDocument { orders, consents: consents.collect::<Result<_, _>>()? };
        let mut custody = Party::<Custodian>::read(&self.config)?.custody()?;
        console.confirm(format_args!("{}: carry out what was ordered?", self.config.display()), self.yes)?;
        let done = custody.carry_out(&document, party::now());
        operator::report(&done.map_err(|error| party::store_failure(&self.config, &error))?, console)
    }
}
