//! `cotejo breaker`: stop accepting requests, now.

use std::path::PathBuf;

use crate::service::audit::{CarriedOut, Measure};
use crate::service::protocol::Line;
use serde_json::json;

use super::Outcome;
use super::console::{Console, YesArg};
use super::failure::Failure;
use super::operator::{self, Beside, OperatorArgs};
use super::party::{self, Anything, Party};

/// The custodian's circuit breaker: while it is pulled, a running server accepts no request
///
/// What was accepted before is still answered. Both changes stand in the log, with their reason. Where the custodian has registered
/// operators ([[operator]]), one of them orders it, with a key of their own: the running server carries it out.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo breaker pull --config custodian.toml --reason \"incident 17\"
  cotejo breaker reset --reason \"incident 17 closed\" --operator anna --key anna/signing.key
  cotejo breaker status")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Accept no request from now on
    #[command(after_help = "Example:\n  cotejo breaker pull --reason \"incident 17\"")]
    Pull(Change),
    /// Accept requests again
    #[command(after_help = "Example:\n  cotejo breaker reset --reason \"incident 17 closed\"")]
    Reset(Change),
    /// Say whether it is pulled: as the database has it or, where the configuration names none, the running server
    #[command(after_help = "Examples:\n  cotejo breaker status\n  cotejo breaker status --config operator.toml")]
    Status(Config),
}

#[derive(clap::Args)]
struct Config {
    /// The custodian's configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
}

#[derive(clap::Args)]
struct Change {
    #[command(flatten)]
    config: Config,
    /// Why: in the log, and told to requesters while the breaker is pulled
    #[arg(long, value_name = "TEXT")]
    reason: Line,
    #[command(flatten)]
    operator: OperatorArgs,
    #[command(flatten)]
    yes: YesArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::Pull(change) => change.run(true, console),
            Command::Reset(change) => change.run(false, console),
            Command::Status(config) => config.status(console),
        }
    }
}

impl Config {
    fn status(self, console: &Console) -> Result<Outcome, Failure> {
        let breaker = match operator::breaker(&self.config)? {
            Some(breaker) => breaker,
            None => {
                let mut custody = Party::<Anything>::read(&self.config)?.custody()?;
                custody.breaker().map_err(|error| party::store_failure(&self.config, &error))?
            }
        };
        let text = match &breaker {
            None => "not pulled: requests are accepted".to_owned(),
            Some(breaker) => format!("pulled since {}: {}", breaker.since, breaker.reason.as_str()),
        };
        console.result(text, &json!({"pulled": breaker.is_some(), "breaker": breaker}))?;
        Ok(Outcome::Done)
    }
}

impl Change {
    fn run(self, pulled: bool, console: &Console) -> Result<Outcome, Failure> {
        let what = if pulled { "accept no request from now on" } else { "accept requests again" };
        console.confirm(format_args!("{}: {what}?", self.config.config.display()), self.yes)?;
        let Self { config: Config { config }, reason, operator, .. } = self;
        if operator.is_given() {
            return operator.order(&config, Measure::Breaker { pulled, reason }, Beside::default(), console);
        }
        let mut custody = Party::<Anything>::read(&config)?.custody()?;
        let changed = custody.set_breaker(pulled, reason, party::now());
        let changed = changed.map_err(|error| party::store_failure(&config, &error))?;
        operator::report(&CarriedOut::Breaker { pulled, changed }, console)
    }
}
