//! `cotejo params check`: whether a set of the user's own is secure and decrypts rightly, each number beside its limit.

use crate::evaluate::trial::{Trial, small_terms};
use crate::parameters::Figure;
use crate::parameters::ParameterSet;
use crate::planning;
use crate::remedy::Remedy;
use serde_json::json;

use super::trial;
use super::{Looked, UnderArgs, text};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::{Outcome, own_set};

/// Check a parameter set of your own: security, failures, margins, and a real exchange with keys of it
///
/// Exit code 0 where it is fit, 2 where it is refused.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo params check my-set.toml
  cotejo params check my-set.toml --metric hamming --dimension 512 --threshold 180 --disclosure each")]
pub struct Args {
    /// A file with a parameter set; 'cotejo params show SET --toml' prints one to start from
    #[arg(value_name = "FILE")]
    file: String,
    /// Admit less than 128 bits of security; wrong decryption is never admitted
    #[arg(long)]
    allow_insecure: bool,
    #[command(flatten)]
    under: UnderArgs,
}

/// What was found.
struct Report {
    figures: Vec<Figure>,
    trial: Option<Trial>,
    /// Why the set is refused; empty where it is fit.
    refusals: Vec<String>,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (own, set) = own_set::find(&self.file)?;
        let looked = self.under.look(own.as_ref(), &set)?;
        let report = self.report(&looked, console)?;
        let document = json!({
            "file": self.file,
            "name": set.name(),
            "fit": report.refusals.is_empty(),
            "secure": set.is_secure(),
            "figures": report.figures,
            "trial": report.trial,
            "refusals": report.refusals,
            "card": looked.card,
        });
        console.result(report.text(&set, &looked).join("\n"), &document)?;
        if !report.refusals.is_empty() {
            let remedy = match report.refusals.len() == 1 && !set.is_secure() && !self.allow_insecure {
                true => "choose larger dimensions; --allow-insecure admits it, and marks every file made with it",
                false => "choose its dimensions so that every number keeps to its limit (cotejo params show)",
            };
            let what = format!("parameter set {} is not fit", set.name());
            return Err(Failure::with_details(&self.file, what, report.refusals, remedy));
        }
        if !set.is_secure() {
            console.warn(format_args!("parameter set {} is INSECURE: {}", set.name(), set.weakness()));
        }
        Ok(Outcome::Done)
    }

    fn report(&self, looked: &Looked, console: &Console) -> Result<Report, Failure> {
        let (security, others) = (looked.card.security_figure(), looked.card.other_figures());
        let weak = !security.fits && !self.allow_insecure;
        let failing = others.iter().filter(|figure| !figure.fits).chain(weak.then_some(&security));
        let mut refusals: Vec<String> = failing.map(Figure::to_string).collect();
        refusals.extend(looked.refusal.as_ref().map(Remedy::in_full));
        let mut trial = None;
        // Keys of a set whose numbers already say that it fails would prove nothing.
        if refusals.is_empty() || (weak && refusals.len() == 1) {
            let found = self.trial(looked, console)?;
            refusals.extend(trial::refusal(&found));
            trial = Some(found);
        }
        let figures = std::iter::once(security).chain(others).collect();
        Ok(Report { figures, trial, refusals })
    }

    fn trial(&self, looked: &Looked, console: &Console) -> Result<Trial, Failure> {
        let agreement = small_terms(&looked.terms).into_iter().find_map(|terms| planning::open(terms).ok());
        let agreement = agreement.map_or_else(|| planning::open(looked.terms.clone()), Ok);
        let agreement = agreement
            .map_err(|error| Failure::of(self.file.as_ref(), &error, "choose another comparison (--metric)"))?;
        trial::run(&agreement, console)
    }
}

impl Report {
    fn text(&self, set: &ParameterSet, looked: &Looked) -> Vec<String> {
        let mut lines = vec![format!("{}: scheme {}", set.name(), set.scheme())];
        if let Some(comparison) = &looked.card.comparison {
            let references = count(comparison.plan.references, "reference");
            lines.push(format!(
                "under {}, {}, disclosure {}, {references}",
                comparison.metric, comparison.template, comparison.disclosure
            ));
        }
        lines.extend(self.figures.iter().map(text::figure));
        if let Some(zone) = looked.card.comparison.as_ref().and_then(|comparison| comparison.gray_zone.as_ref()) {
            lines.push(format!("  gray zone: {}", zone.sentence));
        }
        lines.extend(looked.refusal.as_ref().map(|error| format!("  DOES NOT FIT: {}", error.in_full())));
        lines.push(match &self.trial {
            Some(trial) => format!("  {}", trial::sentence(trial)),
            None => "  no exchange was tried: the numbers above refuse the set".to_owned(),
        });
        lines.push(match (self.refusals.is_empty(), set.is_secure()) {
            (true, true) => "fit".to_owned(),
            (true, false) => "fit, but INSECURE".to_owned(),
            (false, _) => "REFUSED".to_owned(),
        });
        lines
    }
}
