//! `cotejo params optimise`: the cheapest parameter set that meets a demand, and what it competes with.

use std::path::PathBuf;

use crate::agreement::SchemeChoice;
use crate::planning::search::{Request, Survey, Target};
use serde_json::{Value, json};

use super::table;
use crate::cli::comparison::{ComparisonArgs, SchemeArg};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Output};
use crate::cli::shape::Modality;
use crate::cli::{Outcome, OverwriteArg, interrupt, own_set};

/// Search for the cheapest parameter set that decides as accurately as you ask
///
/// Weighs thousands of sets by the formulas that the named ones are held to, and prints those that none beats in time, key, query and accuracy.
/// Times are predicted for one probe against --references on the reference machine, with query and answer at 100 Mbit/s: they rank sets,
/// 'cotejo bench' measures them.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo params optimise --metric cosine --dimension 512 --target 0.003
  cotejo params optimise --metric hamming --dimension 512 --threshold 180 --disclosure each --target exact
  cotejo params optimise --modality iris --target gray-zone=0.002 --out iris.toml")]
pub struct Args {
    /// What is compared [default: that of the metric]
    #[arg(long, value_enum)]
    modality: Option<Modality>,
    #[command(flatten)]
    comparison: ComparisonArgs,
    /// What must be met: 'exact', or the most that one standard deviation of noise and rounding may be, in the metric's own unit
    /// (0.002, or gray-zone=0.002)
    #[arg(long, value_name = "exact|NUMBER", value_parser = target)]
    target: Target,
    /// With --target exact: the most that rounding vectors to integers may move a score, one standard deviation [default: what the
    /// named set reaches that answers soonest]
    #[arg(long, value_name = "NUMBER", value_parser = deviation)]
    rounding: Option<f64>,
    /// Bits of security that every key must have
    #[arg(long, value_name = "BITS", default_value = "128", value_parser = security)]
    security: f64,
    /// Which scheme's sets are searched; a gray zone admits all, 'exact' bgv alone
    #[arg(long, value_enum, default_value = "auto")]
    scheme: SchemeArg,
    /// Where to write the cheapest set
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

fn target(text: &str) -> Result<Target, String> {
    match text {
        "exact" => Ok(Target::Exact { rounding: None }),
        _ => deviation(text.strip_prefix("gray-zone=").unwrap_or(text))
            .map(Target::Deviation)
            .map_err(|problem| format!("'exact', or {problem}")),
    }
}

fn deviation(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("a number above 0 is needed".to_owned()),
    }
}

fn security(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(bits) if (128.0..=256.0).contains(&bits) => Ok(bits),
        _ => Err("a number of bits from 128 to 256 is needed".to_owned()),
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let request = self.request()?;
        if let Some(path) = &self.out {
            if !own_set::is_file(&path.to_string_lossy()) {
                return Err(Failure::at(
                    path,
                    "the file of a parameter set ends in .toml",
                    "name it so (--out set.toml)",
                ));
            }
            files::require_free(path, self.overwrite.force, files::Content::Other)?;
        }
        let meter = console.meter("optimise", "region", request.steps());
        let survey = request.search(&meter);
        meter.finish();
        interrupt::check()?;
        let survey = survey.map_err(|_| Failure::Interrupted)?;
        let Some(cheapest) = survey.frontier.first() else { return Err(nothing_found(&request, &survey)) };
        let mut text = format!("{}\n\n{}", heading(&request, &survey), table::text(&survey));
        match &self.out {
            Some(path) => {
                let toml = table::own(&cheapest.set).to_toml();
                files::write(&[Output { path, bytes: toml.as_bytes(), access: Access::Shared }], self.overwrite.force)?;
                text += &format!(
                    "\n\nthe cheapest is written to {path}; agree on it with: cotejo agreement init --parameter-set {path}",
                    path = path.display()
                );
            }
            None => text += "\n\nwrite the cheapest to a file with: --out set.toml",
        }
        console.result(text, &document(&request, &survey))?;
        Ok(Outcome::Done)
    }

    fn request(&self) -> Result<Request, Failure> {
        let target = match (self.target, self.rounding) {
            (Target::Exact { .. }, rounding) => Target::Exact { rounding },
            (Target::Deviation(_), Some(_)) => {
                return Err(Failure::new(
                    "--rounding",
                    "it is part of the deviation that --target bounds",
                    "leave it out, or use --target exact",
                ));
            }
            (deviation, None) => deviation,
        };
        let scheme: SchemeChoice = self.scheme.into();
        if matches!((target, scheme), (Target::Exact { .. }, SchemeChoice::Tfhe)) {
            return Err(Failure::new(
                "--scheme",
                "scheme tfhe decides with noise near the threshold, never exactly",
                "use --scheme bgv, or ask for a gray zone: --target 0.003",
            ));
        }
        let terms = self.comparison.terms_of_any(self.modality)?.with_scheme(scheme);
        Ok(Request { terms, target, security_bits: self.security })
    }
}

/// What was asked for, and what was looked at.
fn heading(request: &Request, survey: &Survey) -> String {
    let terms = &request.terms;
    let target = match request.target {
        Target::Exact { .. } => match survey.rounding_limit {
            Some(most) => format!("exact verdicts, rounding moves a score by at most {most:.2e} {}", survey.unit),
            None => "exact verdicts".to_owned(),
        },
        Target::Deviation(most) => format!("noise and rounding together at most {most:.2e} {}", survey.unit),
    };
    format!(
        "{} of {}, '{}' over {}\ntarget: {target}; {} bits of security\n{}",
        terms.comparison.metric(),
        terms.template.shape(),
        terms.disclosure,
        count(terms.limits.references, "reference"),
        request.security_bits,
        weighed(survey)
    )
}

fn weighed(survey: &Survey) -> String {
    let refused: Vec<String> =
        survey.refused.iter().map(|(refusal, number)| format!("\n  {number:>7} {}", refusal.clause())).collect();
    let total: u64 = survey.refused.values().sum();
    match total {
        0 => format!("{} candidates weighed, none refused", survey.weighed),
        _ => format!("{} candidates weighed, {total} refused:{}", survey.weighed, refused.concat()),
    }
}

/// Which demand failed, and how near anything came.
fn nothing_found(request: &Request, survey: &Survey) -> Failure {
    let mut details: Vec<String> = weighed(survey).lines().map(str::to_owned).collect();
    details.extend(survey.shortfalls.iter().map(|shortfall| format!("closest: {shortfall}")));
    if let Some(closest) = &survey.closest {
        details.push(format!(
            "the most accurate set that meets everything else: noise {:.2e}, rounding {:.2e}, {}: {}",
            closest.noise,
            closest.rounding,
            table::duration(closest),
            table::name(&closest.set)
        ));
    }
    let what = match request.target {
        Target::Exact { .. } => {
            "no set of scheme bgv decides this comparison exactly, as securely as asked for".to_owned()
        }
        Target::Deviation(most) => format!("no set decides within {most} {}, as securely as asked for", survey.unit),
    };
    Failure::with_details(
        "--target",
        what,
        details,
        "ask for less of it, for fewer --references, or for another --disclosure",
    )
}

fn document(request: &Request, survey: &Survey) -> Value {
    let target = match request.target {
        Target::Exact { .. } => json!({ "exact": true, "rounding": survey.rounding_limit }),
        Target::Deviation(most) => json!({ "exact": false, "deviation": most }),
    };
    json!({
        "terms": request.terms,
        "target": target,
        "unit": survey.unit,
        "security_bits": request.security_bits,
        "weighed": survey.weighed,
        "refused": survey.refused,
        "frontier": survey.frontier.iter().map(table::document).collect::<Vec<_>>(),
        "cheapest": survey.frontier.first().map(table::document),
        "named": survey.named.as_ref().map(|named| {
            let mut document = table::document(named);
            if let Some(document) = document.as_object_mut() {
                document.insert("meets_target".to_owned(), named.meets(request.target).into());
            }
            document
        }),
    })
}
