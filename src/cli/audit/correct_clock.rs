//! `cotejo audit correct-clock`: going on with a log whose last time lies in the future.

use serde_json::json;

use super::owned::OwnedArgs;
use super::source::{self, Place};
use crate::cli::console::{Console, YesArg};
use crate::cli::failure::Failure;
use crate::cli::{Outcome, party};
use crate::service::protocol::Line;

/// Go on with a log whose last time lies in the future, because the clock had been ahead
#[derive(clap::Args)]
#[command(after_help = "\
Set the clock first. An entry is added that says how far the log had come, and why, signed with the owner's key; whoever verifies the log \
sees it. It makes nothing older: what was erased by the wrong clock is a finding from then on.

Example:
  cotejo audit correct-clock --database custodian.sqlite --signing-key signing.key --reason \"the time server was wrong\"")]
pub struct Args {
    #[command(flatten)]
    log: OwnedArgs,
    /// Why the clock had been ahead: in the log
    #[arg(long, value_name = "TEXT")]
    reason: Line,
    #[command(flatten)]
    yes: YesArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let database = self.log.database();
        let (place, now) = (Place::Database(database), party::now());
        console.confirm(format_args!("{place}: is {} the right time, in the world?", now.second()), self.yes)?;
        let corrected = self.log.journal()?.correct_clock(self.reason, now);
        let ahead = corrected.map_err(|error| source::failure(database, &error))?;
        let text = match ahead {
            Some(ahead) => format!("{place}: the log had come to {ahead}, and goes on from {}", now.second()),
            None => format!("{place}: nothing to correct: the log's last time is past"),
        };
        console.result(text, &json!({"database": place.to_string(), "ahead": ahead, "now": now.second()}))?;
        Ok(Outcome::Done)
    }
}
