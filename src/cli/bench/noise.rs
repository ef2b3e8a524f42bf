//! `cotejo bench --noise`: what encryption adds, stage by stage, measured beside its formulas.

use crate::parameters::{Dimensions, ParameterSet};
use crate::scheme::{self, Flips, MeasuredNoise, Measurement, Unmeasured};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::machine::{Machine, Versions};
use super::noise_document::{Document, Ratio, SetNoise};
use super::{Args, noise_page};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Output};
use crate::cli::{Outcome, interrupt};

/// Measures every set that was named, or every secure one.
pub fn run(args: &Args, console: &Console) -> Result<Outcome, Failure> {
    args.html.iter().try_for_each(|path| files::require_free(path, args.overwrite.force, files::Content::Other))?;
    let samples = args.samples.map_or(SAMPLES, |samples| samples as usize);
    let mut sets = Vec::new();
    for parameters in args.sets_for_noise()? {
        interrupt::check()?;
        console.note(format_args!("measuring the noise of parameter set {} ...", parameters.name()));
        let measurement = measured(parameters, samples, args.seed, console)?;
        let ratios = measurement.stages.iter().map(|stage| Ratio { stage: stage.stage, ratio: stage.ratio() });
        sets.push(SetNoise { parameter_set: parameters.name().to_owned(), ratios: ratios.collect(), measurement });
    }
    let texts: Vec<String> = sets.iter().map(text).collect();
    let (machine, versions) = (Machine::here(), Versions::of_this_program());
    let document = Document { machine: &machine, versions: &versions, seed: args.seed, sets };
    if let Some(path) = &args.html {
        let page = noise_page::html(&document);
        files::write(&[Output { path, bytes: page.as_bytes(), access: Access::Shared }], args.overwrite.force)?;
        console.note(format_args!("{}: written", path.display()));
    }
    console.result(texts.join("\n\n"), &document)?;
    Ok(Outcome::Done)
}

/// Errors of each stage, unless said otherwise: their deviation is known to 4 %.
const SAMPLES: usize = 400;

fn measured(parameters: &ParameterSet, samples: usize, seed: u64, console: &Console) -> Result<Measurement, Failure> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (measured, meter) = match parameters.dimensions() {
        Dimensions::Tfhe(set) => {
            let steps = scheme::tfhe::laboratory::measurement::steps(set, samples);
            let meter = console.meter("noise", "bootstrap", steps);
            (scheme::tfhe::laboratory::measurement::measure(parameters, samples, &mut rng, &meter), meter)
        }
        Dimensions::Bgv(set) => {
            let meter = console.meter("noise", "stage", scheme::bgv::laboratory::measurement::steps(set, samples));
            (scheme::bgv::laboratory::measurement::measure(parameters, samples, &mut rng, &meter), meter)
        }
        Dimensions::Hybrid(_) => {
            let meter = console.meter("noise", "step", scheme::hybrid::laboratory::measurement::steps());
            (scheme::hybrid::laboratory::measurement::measure(parameters, samples, &mut rng, &meter), meter)
        }
    };
    meter.finish();
    measured.map_err(|error| match error {
        Unmeasured::Stopped(_) => Failure::Interrupted,
        error => Failure::new(parameters.name(), error, "measure another set (--set)"),
    })
}

/// For people: a table of stages, and one of decisions beside the threshold.
fn text(set: &SetNoise) -> String {
    let measurement = &set.measurement;
    let mut lines = vec![
        format!(
            "{}: {}; errors on the {}, as powers of 2",
            set.parameter_set, measurement.comparison, measurement.unit
        ),
        format!(
            "{:<16}{:>9}{:>11}{:>10}{:>10}{:>8}{:>9}{:>8}  {}",
            "stage", "samples", "predicted", "measured", "maximum", "ratio", "bound", "margin", "failures"
        ),
    ];
    lines.extend(measurement.stages.iter().map(row));
    if !measurement.flips.is_empty() {
        lines.push("decisions beside the threshold, and how many differ from those in the clear:".to_owned());
        lines.push(format!("{:<16}{:>9}{:>11}{:>10}", "deviations", "decisions", "predicted", "measured"));
        lines.extend(measurement.flips.iter().map(flips));
    }
    lines.join("\n")
}

fn row(stage: &MeasuredNoise) -> String {
    let power = |exponent: Option<f64>| exponent.map_or("-".to_owned(), |exponent| format!("{exponent:.2}"));
    let failures = stage.failures.map_or("-".to_owned(), |failures| format!("{} of {}", failures.failed, failures.of));
    format!(
        "{:<16}{:>9}{:>11.2}{:>10.2}{:>10.2}{:>8.3}{:>9}{:>8}  {failures}",
        stage.stage,
        stage.samples,
        stage.predicted_deviation_log2,
        stage.measured_deviation_log2,
        stage.measured_maximum_log2,
        stage.ratio(),
        power(stage.bound_log2),
        power(stage.margin_bits),
    )
}

fn flips(flips: &Flips) -> String {
    format!(
        "{:<16}{:>9}{:>11.1}{:>10}",
        format!("{:+}", flips.deviations),
        flips.decisions,
        flips.expected,
        flips.flipped
    )
}
