//! How an integer phi lies on the torus, so that its noise has room, and what a set of this scheme therefore admits.

use super::labelled::{MOST_REFERENCES, OUTPUTS};
use crate::agreement::{AgreementError, Disclosure};
use crate::functional::{Counting, Demand, Functional, MaskDemand};
use crate::parameters::MOST_FAILURE_LOG2;
use crate::parameters::tfhe::{MOST_WASHING_ROUNDS, TfheSet};
use crate::scheme::counting::{finest, require_common_bits};
use crate::words::counted;

/// The share of the torus that |phi| may fill, on either side, beside a noise of this deviation: 1/2 less 2 % of it, or
/// less eight deviations where that is more, so that noise does not wrap phi around the torus.
fn room(deviation: f64) -> f64 {
    0.5 - f64::max(0.01, 8.0 * deviation)
}

/// One unit of phi, in units of 2^-64 of the torus: the finest at which the largest |phi| has room beside the noise of the longest weights.
fn finest_step(set: &TfheSet, weight_norm: f64, bound: i64) -> u64 {
    (room(set.decision_variance(weight_norm).sqrt()) * 2f64.powi(64) / bound as f64) as u64
}

impl TfheSet {
    /// One unit of a functional's phi, in units of 2^-64 of the torus.
    pub(crate) fn step(&self, functional: &Functional) -> u64 {
        finest_step(self, functional.largest_weight_norm(), functional.bound())
    }
}

impl TfheSet {
    /// [`crate::functional::Admission::admit`] by the set of that name.
    pub(in crate::scheme) fn admit(&self, name: &str, demand: &Demand) -> Result<Option<Counting>, AgreementError> {
        admit_handles(self, name, demand)?;
        admit_verdicts(self, name, demand)?;
        let deviation = self.decision_variance(demand.weight_norm).sqrt();
        if room(deviation) < 0.25 {
            let problem = "weights this long drown the comparison in noise";
            let instead = "choose it so that vectors have length 256 in integers";
            return Err(AgreementError::field(demand.field, problem).or(instead));
        }
        let step = finest_step(self, demand.weight_norm, demand.bound);
        let counting = |masks: &MaskDemand| {
            require_common_bits(masks, deviation * 2f64.powi(64) / step as f64)?;
            let mask_norm = masks.shape.mask_multiplicity() as f64 * (masks.shape.mask_bits() as f64).sqrt();
            let most =
                |gain: i64| room(self.decision_variance(gain as f64 * mask_norm).sqrt()) * 2f64.powi(64) / step as f64;
            Ok(finest(masks, most))
        };
        demand.masks.as_ref().map(counting).transpose()
    }
}

/// Most bits of a key's entropy that the bits of others may tell.
const MOST_LOST: f64 = 8.0;

/// Whether handles can be told as an agreement asks, where it does.
fn admit_handles(set: &TfheSet, name: &str, demand: &Demand) -> Result<(), AgreementError> {
    if demand.disclosure != Disclosure::Labelled {
        return Ok(());
    }
    if demand.hits_per_probe > 1 {
        let problem = "must be 1 under scheme tfhe, which tells the handle of a probe with one hit".to_owned();
        return Err(
            AgreementError::field("limits.hits_per_probe", problem).or("set it to 1, or agree on scheme bgv or hybrid")
        );
    }
    if demand.references > MOST_REFERENCES {
        let most = counted(MOST_REFERENCES, "reference");
        let problem = format!("scheme tfhe tells handles of at most {most}");
        return Err(
            AgreementError::field("limits.references", problem).or("agree on fewer, or on scheme bgv or hybrid")
        );
    }
    if set.log2_sum_failure(demand.references) > MOST_FAILURE_LOG2 || set.key_bits_told() > MOST_LOST {
        let problem = format!("{name} is too noisy for the handles of {}", counted(demand.references, "reference"));
        let instead = "agree on a set whose bootstrap is less noisy, or on scheme bgv or hybrid";
        return Err(AgreementError::field("encryption.parameter_set", problem).or(instead));
    }
    Ok(())
}

/// Whether washing hides the noise of as many verdicts on a probe as an agreement admits.
fn admit_verdicts(set: &TfheSet, name: &str, demand: &Demand) -> Result<(), AgreementError> {
    let verdicts = match demand.disclosure {
        Disclosure::Any => 1,
        Disclosure::Each | Disclosure::Count => demand.references,
        // Whichever of the two is washed.
        Disclosure::Labelled => demand.references.max(OUTPUTS),
    };
    // As where probes are tested and no gate makes a verdict, which takes as many rounds or one more.
    match set.washing_rounds_for(verdicts, demand.disclosure != Disclosure::Any) {
        Some(_) => Ok(()),
        None => {
            let problem = format!(
                "{MOST_WASHING_ROUNDS} rounds of washing do not hide the noise of {verdicts} verdicts on a probe under {name}"
            );
            let instead = "agree on fewer references, on disclosure any, or on a set whose bootstrap is less noisy";
            Err(AgreementError::field("limits.references", problem).or(instead))
        }
    }
}
