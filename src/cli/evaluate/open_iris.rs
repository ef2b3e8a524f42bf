//! A threshold of Open-IRIS, carried over on the pairs of an evaluation.

use std::path::Path;

use crate::agreement::ComparisonTerms;
use crate::evaluate::{CarriedOver, CarriedOverError, Evaluation, carry_over};
use crate::open_iris::{Normalisation, Settings};

use crate::cli::console::Console;
use crate::cli::failure::Failure;

/// Open-IRIS' settings, where its threshold is to be carried over.
#[derive(clap::Args)]
pub(super) struct OpenIrisArgs {
    /// Iris: carry this threshold of Open-IRIS' normalised score over to the agreement's plain one, and say how often both matchers decide
    /// otherwise on these pairs
    #[arg(long, value_name = "SCORE", value_parser = score)]
    open_iris_threshold: Option<f64>,
    /// Open-IRIS' norm_mean [default: 0.45]
    #[arg(long, value_name = "SCORE", value_parser = score, requires = "open_iris_threshold")]
    open_iris_mean: Option<f64>,
    /// Open-IRIS' norm_gradient [default: 0.00005]
    #[arg(long, value_name = "NUMBER", requires = "open_iris_threshold", allow_negative_numbers = true)]
    open_iris_gradient: Option<f64>,
    /// Open-IRIS' separate_half_matching
    #[arg(long, requires = "open_iris_threshold")]
    open_iris_halves: bool,
}

fn score(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("a score between 0 and 1 is needed".to_owned()),
    }
}

impl OpenIrisArgs {
    /// What came of it, where it is asked for. Both matchers try the agreement's rotations.
    pub(super) fn carried(
        &self,
        evaluation: &Evaluation<'_>,
        agreement: &Path,
        console: &Console,
    ) -> Result<Option<CarriedOver>, Failure> {
        let Some(threshold) = self.open_iris_threshold else { return Ok(None) };
        let ComparisonTerms::FractionalHamming { rotations, .. } = evaluation.agreement.terms().comparison else {
            return Err(Failure::at(
                agreement,
                "is about no irises, and only these have a score of Open-IRIS",
                "leave --open-iris-threshold out",
            ));
        };
        let default = Normalisation::default();
        let normalisation = Normalisation {
            mean: self.open_iris_mean.unwrap_or(default.mean),
            gradient: self.open_iris_gradient.unwrap_or(default.gradient),
        };
        let settings = Settings {
            rotation_shift: rotations,
            normalisation: Some(normalisation),
            separate_half_matching: self.open_iris_halves,
        };
        let scores = evaluation.scores;
        let meter = console.meter("open-iris", "pair", (scores.genuine.len() + scores.impostor.len()) as u64);
        let carried = carry_over(evaluation.dataset, scores, settings, threshold, &meter);
        meter.finish();
        carried.map(Some).map_err(|error| match error {
            CarriedOverError::Stopped(_) => Failure::Interrupted,
            error => Failure::of(agreement, &error, "leave --open-iris-threshold out"),
        })
    }
}
