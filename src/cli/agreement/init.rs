//! `cotejo agreement init`: sound defaults for each modality, every one of which can be set.

use std::path::PathBuf;

use crate::agreement::{AUTO, Notes, SchemeChoice, Terms};
use crate::parameters::ParameterSet;
use crate::planning::{self, Settled};
use crate::scheme::Opened;
use serde_json::json;

use super::meaning;
use crate::cli::comparison::{ComparisonArgs, SchemeArg};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Output};
use crate::cli::own_set;
use crate::cli::service_terms::ServiceArgs;
use crate::cli::shape::Modality;
use crate::cli::{Outcome, OverwriteArg, load};

/// Why a count is limited where no limit is asked for.
const MOST_COUNTED: &str = "the most that a count can tell under this scheme";

/// Write an agreement with sound defaults, every field commented
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo agreement init --modality face --dimension 512 --metric cosine --threshold 0.35 --out agreement.toml
  cotejo agreement init --modality iris --threshold 0.345 --rotations 15 --eyes any
  cotejo agreement init --modality generic --metric hamming --dimension 512 --threshold 180
  cotejo agreement init --modality face --parameter-set my-set.toml
  cotejo agreement init --modality face --service --probes-per-day 500 --purpose identification --purpose return")]
pub struct Args {
    /// What is compared
    #[arg(long, value_enum)]
    modality: Modality,
    #[command(flatten)]
    comparison: ComparisonArgs,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    querier: Option<String>,
    /// Who holds the records
    #[arg(long, value_name = "NAME")]
    custodian: Option<String>,
    /// What the exchange is for
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// How it is encrypted
    #[arg(long, value_enum, default_value = "auto")]
    scheme: SchemeArg,
    /// Parameter set of the encryption, or auto: what suits the scheme and the comparison (list: cotejo params list); or a file.toml with a set
    /// of your own (begin with: cotejo params show SET --toml)
    #[arg(long, value_name = "NAME|FILE.toml", default_value = AUTO)]
    parameter_set: String,
    /// Where scheme or set is open: what is fine enough, as the largest standard deviation that noise and rounding may give a score [default:
    /// half a percent of the largest score]
    #[arg(long, value_name = "SCORE", value_parser = deviation)]
    deviation: Option<f64>,
    /// Admit a parameter set of less than 128 bits of security; every file made with it is marked
    #[arg(long)]
    allow_insecure: bool,
    /// Where to write it; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "agreement.toml")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
    // The heading goes on for all that follows.
    #[command(flatten, next_help_heading = "Asking over a network (any of these implies --service)")]
    service: ServiceArgs,
}

fn deviation(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("a number above 0 is needed".to_owned()),
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let terms = self.terms()?;
        let unsound =
            |error| Failure::of(&self.out, &error, "choose another value for it, see 'cotejo agreement init --help'");
        let settle = if self.comparison.is_unlimited() { planning::settle_unlimited } else { planning::settle_within };
        let Settled { terms: settled, why, .. } = settle(&terms, self.deviation).map_err(unsound)?;
        let limited = (settled.limits.references < terms.limits.references).then_some(MOST_COUNTED);
        let agreement = Opened::of(settled).map_err(unsound)?;
        load::warn_if_insecure(&agreement, console);
        self.comparison.note_rounding(console);
        meaning::warn_of_strangers(&agreement, console);
        if let Some(clause) = limited {
            let references = agreement.terms().limits.references;
            console
                .note(format_args!("A gallery may hold {}, {clause} (--references).", count(references, "reference")));
        }
        let reason = Some(why.clause());
        let notes = Notes { reason, references: limited, bits_per_query: Some(agreement.bits_per_query()) };
        let text = agreement.to_toml_with(&notes);
        let wanted = &terms.encryption;
        let open = wanted.set.is_none() && wanted.parameter_set == AUTO && wanted.scheme.named().is_none();
        meaning::explain(&agreement, open, console);
        if files::is_standard_stream(&self.out) {
            console.print(text.trim_end())?;
            return Ok(Outcome::Done);
        }
        let output = Output { path: &self.out, bytes: text.as_bytes(), access: Access::Shared };
        files::write(&[output], self.overwrite.force)?;
        let digest = agreement.digest();
        let path = self.out.display().to_string();
        let option = if path == "agreement.toml" { String::new() } else { format!(" --agreement {path}") };
        console.written(
            format_args!("{path}: digest {digest}\nRead it in words with: cotejo agreement check{option}"),
            &json!({
                "agreement": self.out,
                "digest": digest.to_string(),
                "scheme": agreement.scheme(),
                "parameter_set": agreement.parameters().name(),
                "terms": agreement.terms(),
            }),
        )?;
        Ok(Outcome::Done)
    }

    fn terms(&self) -> Result<Terms, Failure> {
        let scheme = self.scheme.into();
        let mut terms = self.comparison.terms(self.modality)?;
        if own_set::is_file(&self.parameter_set) {
            terms = self.with_own_set(terms, scheme)?;
        } else {
            let set = ParameterSet::by_name(&self.parameter_set);
            if let Some(set) = set.filter(|set| !set.is_secure() && !self.allow_insecure) {
                return Err(own_set::insecure("--parameter-set", set));
            }
            terms = terms.with_scheme(scheme);
            terms.encryption.parameter_set.clone_from(&self.parameter_set);
        }
        for (field, given) in [
            (&mut terms.querier, &self.querier),
            (&mut terms.custodian, &self.custodian),
            (&mut terms.title, &self.title),
        ] {
            given.iter().for_each(|given| field.clone_from(given));
        }
        terms.service = self.service.terms();
        Ok(terms)
    }

    /// The terms under the set of a file, whose scheme must be the one that was asked for, if one was.
    fn with_own_set(&self, terms: Terms, scheme: SchemeChoice) -> Result<Terms, Failure> {
        let (own, set) = own_set::read(self.parameter_set.as_ref())?;
        if !set.is_secure() && !self.allow_insecure {
            return Err(own_set::insecure(&self.parameter_set, &set));
        }
        let mut terms = terms.with_own_set(own);
        if scheme != SchemeChoice::Auto {
            terms.encryption.scheme = scheme;
        }
        Ok(terms)
    }
}
