//! What measuring the noise of a scheme's stages says: plain numbers, beside those that were predicted.

use super::{OtherScheme, Stopped};
use crate::agreement::AgreementError;
use crate::functional::ProbeError;
use crate::template::{RecordError, TemplateError};

/// The noise of one parameter set, stage by stage.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Measurement {
    /// The comparison that was made, in words.
    pub comparison: String,
    /// What an error is a number of: "torus", whose circumference is 1, "integers", the coefficients of a phase, or "steps" of B, "then
    /// integers".
    pub unit: &'static str,
    /// Each stage, in the order of the flow.
    pub stages: Vec<MeasuredNoise>,
    /// Decisions beside the threshold; none under an exact scheme.
    pub flips: Vec<Flips>,
}

/// The noise after one stage: what a formula says, and what was found. Logarithms are to base 2.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct MeasuredNoise {
    /// Which stage, in words.
    pub stage: &'static str,
    /// How many errors were looked at.
    pub samples: u64,
    /// Standard deviation as the formula has it; where `bound_log2` is given, the peak that it must not exceed.
    pub predicted_deviation_log2: f64,
    /// Standard deviation of the errors.
    pub measured_deviation_log2: f64,
    /// The largest error.
    pub measured_maximum_log2: f64,
    /// Mean of the errors, in standard errors of it: within 5 where there is no bias.
    pub mean_in_standard_errors: f64,
    /// What no error may exceed, where the scheme computes with such a bound.
    pub bound_log2: Option<f64>,
    /// Bits between that bound and half the modulus.
    pub margin_bits: Option<f64>,
    /// What the stage got wrong, where it has a right and a wrong.
    pub failures: Option<Failures>,
    /// How many errors lie in each of equal bins, from -[`WIDEST`] to [`WIDEST`] predicted deviations; the outermost have all beyond.
    pub histogram: Vec<u64>,
}

/// Predicted deviations to either side that a histogram of errors shows.
pub(crate) const WIDEST: f64 = 5.0;

/// Bins of a histogram of errors.
const BINS: usize = 40;

/// How often a stage said something else than the same computation in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Failures {
    /// Results that differ.
    pub failed: u64,
    /// Results that were compared.
    pub of: u64,
}

/// Decisions on pairs at one distance from the threshold: how many differ from the clear oracle's.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Flips {
    /// Distance of the pairs' scores above the threshold, in deviations of the noise.
    pub deviations: f64,
    /// Decisions made.
    pub decisions: u64,
    /// Decisions that were flipped.
    pub flipped: u64,
    /// How many the gray zone predicts.
    pub expected: f64,
    /// Standard deviation of that number.
    pub expected_deviation: f64,
}

/// Why nothing was measured.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Unmeasured {
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The parameter set is one of another scheme.
    #[error("the parameter set is {0}")]
    OtherScheme(#[from] OtherScheme),
    /// The set does not admit the comparison that is measured.
    #[error(transparent)]
    Terms(#[from] AgreementError),
    /// The comparison that is measured has no room in the set: the number that does not fit, in words.
    #[error("{0}")]
    Misfit(String),
    /// A random template was refused.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A random probe was refused.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// An identifier of a random record was refused.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl MeasuredNoise {
    /// Of errors whose variance was predicted.
    pub(super) fn of(stage: &'static str, errors: &[f64], predicted_variance: f64) -> Self {
        let predicted_deviation_log2 = predicted_variance.log2() / 2.0;
        let count = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / count;
        let deviation = (errors.iter().map(|error| (error - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
        Self {
            stage,
            samples: errors.len() as u64,
            predicted_deviation_log2,
            measured_deviation_log2: deviation.log2(),
            measured_maximum_log2: errors.iter().fold(0.0, |most: f64, error| most.max(error.abs())).log2(),
            mean_in_standard_errors: mean / deviation * count.sqrt(),
            bound_log2: None,
            margin_bits: None,
            failures: None,
            histogram: histogram(errors, predicted_variance.sqrt()),
        }
    }

    /// As it is, with what went wrong.
    pub(super) fn with_failures(self, outcomes: impl IntoIterator<Item = bool>) -> Self {
        let (mut failed, mut of) = (0, 0);
        for right in outcomes {
            failed += u64::from(!right);
            of += 1;
        }
        Self { failures: Some(Failures { failed, of }), ..self }
    }

    /// Measured over predicted deviation.
    pub(crate) fn ratio(&self) -> f64 {
        (self.measured_deviation_log2 - self.predicted_deviation_log2).exp2()
    }
}

fn histogram(errors: &[f64], deviation: f64) -> Vec<u64> {
    let mut bins = vec![0; BINS];
    for error in errors {
        let place = (error / deviation + WIDEST) / (2.0 * WIDEST) * BINS as f64;
        if let Some(bin) = bins.get_mut((place.max(0.0) as usize).min(BINS - 1)) {
            *bin += 1;
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_has_each_error_once_in_units_of_the_prediction() {
        let noise = MeasuredNoise::of("stage", &[-100.0, -2.0, -0.1, 0.1, 1.9, 9.9, 100.0], 4.0);
        assert_eq!(noise.histogram.len(), BINS);
        assert_eq!(noise.histogram.iter().sum::<u64>(), 7);
        // Bins are a quarter of a deviation of 2: below 0, from 0 up, from 0.75 up; 4.95 and all beyond are in the last.
        let at = |bin: usize| noise.histogram[bin];
        assert_eq!((at(0), at(16), at(19), at(20), at(23), at(39)), (1, 1, 1, 1, 1, 2));
    }
}
