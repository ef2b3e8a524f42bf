//! `cotejo agreement`: write the terms, read them in words, list the parameter sets.

mod init;

use cotejo::parameters::ParameterSet;
use cotejo::planning;
use cotejo::scheme::bgv;
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

fn sets(console: &Console) -> Result<Outcome, Failure> {
    let text: Vec<String> = ParameterSet::ALL.iter().map(|set| described(set)).collect();
    let documents: Vec<_> = ParameterSet::ALL.iter().map(|set| document(set)).collect();
    console.result(text.join("\n"), &documents)?;
    Ok(Outcome::Done)
}

fn described(set: &ParameterSet) -> String {
    let security = match set.is_secure() {
        true => format!("{:.1} bits of security: {}", set.security_bits(), set.security_note()),
        false => set.security_note().to_owned(),
    };
    let heading = format!("{} (scheme {})\n  {security}", set.name(), set.scheme());
    match set {
        ParameterSet::Tfhe(set) => format!(
            "{heading}\n  a gate errs once in 2^{:.0}, a verdict once in 2^{:.0}; each disclosed bit is within 2^{:.0} of saying nothing else\n  \
             evaluation key {}, an encrypted 512-d face {}, a verdict {}",
            -set.log2_gate_failure(),
            -set.log2_verdict_failure(),
            set.log2_sanitised_distance(),
            bytes(set.evaluation_key_bytes()),
            bytes(set.encrypted_template_bytes(512)),
            bytes(set.encrypted_verdict_bytes()),
        ),
        ParameterSet::Bgv(set) => format!(
            "{heading}\n  rings of N = {} coefficients, {} primes of 30 bits and {} for the keyswitch, logQP {}; {}\n  \
             verdicts are exact: a set is admitted with {} bits of noise margin and {} of flooding at least\n  \
             evaluation key {}, an encrypted template {}, {}",
            set.ring_size(),
            set.limbs,
            set.special,
            set.log2_modulus(),
            if set.one_squaring { "one squaring, answers 'each' alone" } else { "every disclosure" },
            bgv::LEAST_MARGIN_BITS,
            bgv::LEAST_FLOODING_BITS,
            bytes(set.evaluation_key_bytes()),
            bytes(set.encrypted_template_bytes()),
            match set.one_squaring {
                true => format!(
                    "verdicts on {} references a multiple of {}",
                    set.ring_size(),
                    bytes(set.answer_block_bytes())
                ),
                false => format!(
                    "verdicts on {} references {}, one bit or count {}",
                    set.ring_size(),
                    bytes(set.answer_block_bytes()),
                    bytes(set.answer_sample_bytes())
                ),
            },
        ),
    }
}

fn document(set: &ParameterSet) -> serde_json::Value {
    let (name, scheme) = (set.name(), set.scheme());
    let mut document = json!({
        "name": name,
        "id": set.id(),
        "scheme": scheme,
        "default": name == cotejo::parameters::tfhe::DEFAULT.name,
        "secure": set.is_secure(),
        "security_bits": set.security_bits(),
        "security_note": set.security_note(),
    });
    let own = match set {
        ParameterSet::Tfhe(set) => json!({
            "log2_gate_failure": set.log2_gate_failure(),
            "log2_verdict_failure": set.log2_verdict_failure(),
            "log2_sanitised_distance": set.log2_sanitised_distance(),
            "evaluation_key_bytes": set.evaluation_key_bytes(),
            "encrypted_512_coordinates_bytes": set.encrypted_template_bytes(512),
            "encrypted_verdict_bytes": set.encrypted_verdict_bytes(),
        }),
        ParameterSet::Bgv(set) => json!({
            "ring_size": set.ring_size(),
            "limbs": set.limbs,
            "special_primes": set.special,
            "log2_modulus": set.log2_modulus(),
            "least_margin_bits": bgv::LEAST_MARGIN_BITS,
            "least_flooding_bits": bgv::LEAST_FLOODING_BITS,
            "evaluation_key_bytes": set.evaluation_key_bytes(),
            "encrypted_template_bytes": set.encrypted_template_bytes(),
            "answer_block_bytes": set.answer_block_bytes(),
            "answer_sample_bytes": set.answer_sample_bytes(),
        }),
    };
    if let (Some(document), Some(own)) = (document.as_object_mut(), own.as_object()) {
        document.extend(own.clone());
    }
    document
}
