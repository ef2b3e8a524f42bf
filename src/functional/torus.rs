//! How an integer phi lies on the torus, where a scheme has one and its noise needs room.

use super::{Counting, Metric};
use crate::agreement::{AgreementError, Decimal, Disclosure, Terms};
use crate::parameters::tfhe::{MOST_WASHING_ROUNDS, TfheSet};

/// The scale of phi on the torus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TorusScale {
    /// One unit of phi, in units of 2^-64 of the torus.
    pub(super) step: u64,
}

/// The largest deviation of a fractional Hamming distance that is admitted, at the minimum of common bits.
const COARSEST_FRACTION: f64 = 0.02;

/// The share of the torus that |phi| may fill, on either side, beside a noise of this deviation: 1/2 less 2 % of it, or
/// less eight deviations where that is more, so that noise does not wrap phi around the torus.
pub(super) fn room(deviation: f64) -> f64 {
    0.5 - f64::max(0.01, 8.0 * deviation)
}

/// Whether washing hides the noise of as many verdicts on a probe as an agreement admits.
pub(super) fn admit_verdicts(set: &TfheSet, terms: &Terms) -> Result<(), AgreementError> {
    let verdicts = match terms.disclosure {
        Disclosure::Any => 1,
        Disclosure::Each | Disclosure::Count => terms.limits.references,
    };
    match set.washing_rounds_for(verdicts) {
        Some(_) => Ok(()),
        None => {
            let problem = format!(
                "{MOST_WASHING_ROUNDS} rounds of washing do not hide the noise of {verdicts} verdicts on a probe under {}; agree on fewer \
                 references, on disclosure any, or on a set whose bootstrap is less noisy",
                set.name
            );
            Err(AgreementError::field("limits.references", problem))
        }
    }
}

impl TorusScale {
    /// The finest scale at which every admissible phi has room beside the noise of a set, and how common bits are counted there.
    pub(super) fn new(metric: &Metric, set: &TfheSet) -> Result<(Self, Option<Counting>), AgreementError> {
        let deviation = set.decision_variance(metric.largest_weight_norm()).sqrt();
        if room(deviation) < 0.25 {
            let field = match metric {
                Metric::Cosine { .. } => "comparison.reference_norm",
                _ => "comparison.scale",
            };
            let problem = "weights this long drown the comparison in noise; choose it so that vectors have length 256 in integers";
            return Err(AgreementError::field(field, problem));
        }
        let step = (room(deviation) * 2f64.powi(64) / metric.bound() as f64) as u64;
        let counting = match *metric {
            Metric::FractionalHamming { shape, theta, minimum_common, .. } => {
                // One deviation of the fraction is this over the common bits.
                let bits = deviation * 2f64.powi(64) / step as f64 / (2.0 * Decimal::ONE as f64);
                let least = (bits / COARSEST_FRACTION).ceil() as usize;
                if minimum_common < least {
                    let problem = format!("with fewer than {least} common bits noise would decide; agree on more");
                    return Err(AgreementError::field("comparison.minimum_common_bits", problem));
                }
                Some(Counting::new(shape, theta, minimum_common, step, set))
            }
            _ => None,
        };
        Ok((Self { step }, counting))
    }
}
