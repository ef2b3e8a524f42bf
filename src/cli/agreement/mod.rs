//! `cotejo agreement`: write the terms, read them in words.

mod init;
mod meaning;

use crate::planning;
use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use super::{AgreementArg, Outcome, load};

/// The terms that both parties sign: write, explain
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo agreement init --modality face --threshold 0.35\n  cotejo agreement check")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Init(Box<init::Args>),
    Check(CheckArgs),
}

/// Check an agreement and explain it in words
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo agreement check --agreement agreement.toml")]
struct CheckArgs {
    #[command(flatten)]
    agreement: AgreementArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::Init(args) => args.run(console),
            Command::Check(args) => args.run(console),
        }
    }
}

impl CheckArgs {
    fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let sentences = planning::sentences(&agreement);
        let digest = agreement.digest().to_string();
        let mut lines: Vec<String> = sentences.iter().map(|sentence| format!("- {sentence}")).collect();
        lines.push(format!("\nDigest, to be compared between the parties:\n{digest}"));
        let document = json!({
            "agreement": self.agreement.path,
            "digest": digest,
            "scheme": agreement.scheme(),
            "parameter_set": agreement.parameters().name(),
            "secure": agreement.parameters().is_secure(),
            "exact": agreement.functional().is_exact(),
            "rounding_deviation": agreement.functional().rounding_deviation(),
            "rounding_shift": agreement.functional().rounding_shift(),
            "terms": agreement.terms(),
            "sentences": sentences,
        });
        console.result(lines.join("\n"), &document)?;
        Ok(Outcome::Done)
    }
}
