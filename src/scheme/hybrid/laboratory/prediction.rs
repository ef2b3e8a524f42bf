//! Noise after each stage by formulas: on the way to t in steps, from there on as of any circuit.

use crate::agreement::Terms;
use crate::functional::Functional;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::PredictedNoise;
use crate::scheme::bgv::circuit::Circuit;
use crate::scheme::bgv::laboratory::prediction::{self, Prediction};
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::hybrid::admission::blocks_of_a_probe;
use crate::scheme::hybrid::evaluator::agreed_shape;
use crate::scheme::hybrid::scale::Decisions;

/// What a circuit under terms leaves of the modulus, and the noise of each stage.
///
/// # Errors
///
/// [`Misfit`] where the set does not admit the comparison.
pub(crate) fn predict(set: &HybridSet, functional: &Functional, terms: &Terms) -> Result<Prediction, Misfit> {
    let comparison = set.comparison(&Decisions::of(functional), terms.disclosure);
    let blocks = blocks_of_a_probe(set, terms.limits.references);
    let circuit = Circuit::weigh(&set.ring(), &comparison, &agreed_shape(functional), blocks)?;
    let predicted = prediction::of_circuit(&circuit, blocks);
    let norm = functional.largest_weight_norm();
    let steps = |stage, variance: f64| PredictedNoise {
        stage,
        noise_log2: variance.log2() / 2.0,
        modulus_log2: (2.0 * set.score_bound as f64).log2(),
        margin_bits: None,
    };
    let mut stages = vec![
        steps("score: longest weights, in steps of B", set.decision_variance(norm) - set.switch_variance()),
        steps("switch to t, in steps of B", set.switch_variance()),
        steps("what decides, in steps of B", set.decision_variance(norm)),
    ];
    stages.extend(predicted.stages);
    Ok(Prediction { stages, ..predicted })
}
