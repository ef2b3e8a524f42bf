//! `cotejo params show`.

use crate::parameters::custom::OwnSet;
use crate::remedy::Remedy;
use serde_json::json;

use super::{Looked, UnderArgs, text};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::{Outcome, own_set};

/// Show all about a parameter set: dimensions, security, noise, failures, bytes, time
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo params show tfhe-896-2048
  cotejo params show bgv-32768-780 --metric cosine --dimension 512 --threshold 0.35 --disclosure each
  cotejo params show tfhe-896-2048 --toml > my-set.toml")]
pub struct Args {
    /// Name of a parameter set, or a file with one of your own
    #[arg(value_name = "SET|FILE")]
    set: String,
    /// Print the set as a file of your own to start from, every field commented
    #[arg(long)]
    toml: bool,
    #[command(flatten)]
    under: UnderArgs,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (own, set) = own_set::find(&self.set)?;
        if self.toml {
            let own = own.unwrap_or_else(|| OwnSet::like(&set, format!("my-{}", set.name())));
            console.result(own.to_toml().trim_end(), &json!({ "name": own.name(), "toml": own.to_toml() }))?;
            return Ok(Outcome::Done);
        }
        if !set.is_secure() {
            console.warn(format_args!("parameter set {} is INSECURE: {}", set.name(), set.weakness()));
        }
        let Looked { card, refusal, .. } = self.under.look(own.as_ref(), &set)?;
        if let Some(error) = refusal.as_ref().filter(|_| self.under.is_chosen()) {
            return Err(Failure::of(self.set.as_ref(), error, "choose another comparison, or another set"));
        }
        let mut lines = text::card(&card);
        lines.extend(refusal.map(|error| format!("\nIt admits none of the usual comparisons: {}", error.in_full())));
        console.result(lines.join("\n"), &card)?;
        Ok(Outcome::Done)
    }
}
