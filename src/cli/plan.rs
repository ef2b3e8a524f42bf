//! `cotejo plan`: what an exchange will cost, before it runs.

use std::time::{Duration, Instant};

use cotejo::parameters::tfhe::TfheSet;
use cotejo::plan::Plan;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::scheme::tfhe::workload::Workload;
use cotejo::scheme::{OtherScheme, Scheme};
use serde::Serialize;

use super::console::{Console, bytes, count, seconds};
use super::failure::Failure;
use super::{AgreementArg, Outcome, interrupt, load};

/// Predict time, bytes and memory of an exchange before it runs
///
/// Times bootstraps on this machine for about two seconds, on all cores; run it where 'match' will run.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo plan --agreement agreement.toml --references 100000 --probes 1")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// References in the gallery
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    references: usize,
    /// Probes in the query
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = number)]
    probes: usize,
    /// Time of one bootstrap with all cores busy, of another machine, instead of measuring here
    #[arg(long, value_name = "MILLISECONDS", value_parser = milliseconds)]
    bootstrap_ms: Option<f64>,
}

/// A plan with what it was made from.
#[derive(Serialize)]
struct Prediction<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    bootstrap_seconds: f64,
    measured_here: bool,
    threads: usize,
    agreement: String,
}

/// A number of things, from 1 to what an agreement can admit.
fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=10_000_000) => Ok(number),
        _ => Err("a whole number from 1 to 10000000 is needed".to_owned()),
    }
}

fn milliseconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(milliseconds) if milliseconds > 0.0 && milliseconds <= 1e6 => Ok(milliseconds),
        _ => Err("a number of milliseconds above 0, up to 1000000, is needed".to_owned()),
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let limits = &agreement.terms().limits;
        for (what, asked, limit, field) in [
            ("--references", self.references, limits.references, "limits.references"),
            ("--probes", self.probes, limits.probes_per_query, "limits.probes_per_query"),
        ] {
            if asked > limit {
                console.warn(format_args!("{what} {asked} is over the {limit} that the agreement admits ({field})"));
            }
        }
        let other = |error: OtherScheme| Failure::at(&self.agreement.path, error, "agree on scheme tfhe");
        let set = Tfhe::agreed_set(&agreement).map_err(other)?;
        let bootstrap = match self.bootstrap_ms {
            Some(milliseconds) => Duration::from_secs_f64(milliseconds / 1e3),
            None => measured(set, console)?,
        };
        let plan = Plan::new(&agreement, self.references, self.probes, bootstrap).map_err(other)?;
        let comparisons = self.references * self.probes;
        let time = Duration::try_from_secs_f64(plan.seconds).unwrap_or(Duration::MAX);
        let text = format!(
            "{} against {}: {}, {}\n\
             time of match     {} ({} a comparison; a bootstrap takes {} {})\n\
             evaluation key    {} (once)\n\
             query             {}\n\
             answer            {}\n\
             memory of match   {}\n\
             disclosed         {} to the querier",
            count(self.probes, "probe"),
            count(self.references, "reference"),
            count(comparisons, "comparison"),
            count(plan.bootstraps as usize, "bootstrap"),
            seconds(time),
            seconds(time.div_f64(comparisons as f64)),
            seconds(bootstrap),
            match self.bootstrap_ms {
                Some(_) => "as given".to_owned(),
                None => format!("here, on {}", count(rayon::current_num_threads(), "thread")),
            },
            bytes(plan.evaluation_key_bytes as usize),
            bytes(plan.query_bytes as usize),
            bytes(plan.answer_bytes as usize),
            bytes(plan.memory_bytes as usize),
            count(plan.disclosed_bits as usize, "bit"),
        );
        let document = Prediction {
            plan: &plan,
            bootstrap_seconds: bootstrap.as_secs_f64(),
            measured_here: self.bootstrap_ms.is_none(),
            threads: rayon::current_num_threads(),
            agreement: agreement.digest().to_string(),
        };
        console.result(text, &document)?;
        Ok(Outcome::Done)
    }
}

/// Time of one bootstrap with all cores busy.
fn measured(set: &'static TfheSet, console: &Console) -> Result<Duration, Failure> {
    console.note(format_args!("timing bootstraps of parameter set {} ...", set.name));
    let workload = Workload::new(set, &mut load::randomness()?);
    // Threads, caches and tables warm up.
    workload.thresholds(8 * rayon::current_num_threads());
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(1) {
        interrupt::check()?;
        done += workload.thresholds(32 * rayon::current_num_threads());
    }
    Ok(start.elapsed().div_f64(done.max(1) as f64))
}
