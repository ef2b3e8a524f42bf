//! `cotejo agreement`: write the terms, read them in words, list the parameter sets.

mod init;

use cotejo::parameters::ParameterSet;
use serde_json::json;

use super::console::{Console, bytes};
use super::failure::Failure;
use super::{AgreementArg, Outcome, load};

/// The terms that both parties sign: write, explain, list parameter sets
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
    Sets(SetsArgs),
}

/// Check an agreement and explain it in words
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo agreement check --agreement agreement.toml")]
struct CheckArgs {
    #[command(flatten)]
    agreement: AgreementArg,
}

/// List the parameter sets: security, failure, sizes
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo agreement sets")]
struct SetsArgs {}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::Init(args) => args.run(console),
            Command::Check(args) => args.run(console),
            Command::Sets(SetsArgs {}) => sets(console),
        }
    }
}

impl CheckArgs {
    fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let sentences = agreement.explain();
        let digest = agreement.digest().to_string();
        let mut lines: Vec<String> = sentences.iter().map(|sentence| format!("- {sentence}")).collect();
        lines.push(format!("\nDigest, to be compared between the parties:\n{digest}"));
        let document = json!({
            "agreement": self.agreement.path,
            "digest": digest,
            "secure": agreement.parameters().is_secure(),
            "terms": agreement.terms(),
            "sentences": sentences,
        });
        console.result(lines.join("\n"), &document)?;
        Ok(Outcome::Done)
    }
}

fn sets(console: &Console) -> Result<Outcome, Failure> {
    let default = cotejo::parameters::DEFAULT.name;
    let describe = |set: &&ParameterSet| {
        let security = match set.is_secure() {
            true => format!("{:.1} bits of security: {}", set.security_bits, set.security_note),
            false => set.security_note.to_owned(),
        };
        format!(
            "{}{}\n  {security}\n  a gate errs once in 2^{:.0}, a verdict once in 2^{:.0}; each disclosed bit is within 2^{:.0} of saying nothing else\n  \
             evaluation key {}, an encrypted 512-d face {}, a verdict {}",
            set.name,
            if set.name == default { " (default)" } else { "" },
            -set.log2_gate_failure(),
            -set.log2_verdict_failure(),
            set.log2_sanitised_distance(),
            bytes(set.evaluation_key_bytes()),
            bytes(set.encrypted_template_bytes(512)),
            bytes(set.encrypted_verdict_bytes()),
        )
    };
    let document = |set: &&ParameterSet| {
        json!({
            "name": set.name,
            "id": set.id,
            "scheme": "tfhe",
            "default": set.name == default,
            "secure": set.is_secure(),
            "security_bits": set.security_bits,
            "security_note": set.security_note,
            "log2_gate_failure": set.log2_gate_failure(),
            "log2_verdict_failure": set.log2_verdict_failure(),
            "log2_sanitised_distance": set.log2_sanitised_distance(),
            "evaluation_key_bytes": set.evaluation_key_bytes(),
            "encrypted_512_coordinates_bytes": set.encrypted_template_bytes(512),
            "encrypted_verdict_bytes": set.encrypted_verdict_bytes(),
        })
    };
    let text: Vec<String> = ParameterSet::ALL.iter().map(describe).collect();
    let documents: Vec<_> = ParameterSet::ALL.iter().map(document).collect();
    console.result(text.join("\n"), &documents)?;
    Ok(Outcome::Done)
}
