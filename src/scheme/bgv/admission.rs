//! What a set of this scheme admits, in the terms of an agreement: phi modulo a prime, few matching values, all coordinates in half a ring.

use super::circuit;
use super::misfit::Misfit;
use super::segments::Segments;
use crate::agreement::{AgreementError, Disclosure, EyeRule};
use crate::functional::{Counting, Demand, MaskDemand};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};
use crate::scheme::{Unanswered, Unmeasured};

impl BgvSet {
    /// [`crate::functional::Admission::admit`] by the set of that name.
    pub(in crate::scheme) fn admit(&self, name: &str, demand: &Demand) -> Result<Option<Counting>, AgreementError> {
        let counting = match demand.masks {
            Some(MaskDemand { theta, unit, .. }) if unit == 2 * theta => {
                let problem = "scheme bgv cannot count common bits this close to 0.5";
                return Err(AgreementError::field("comparison.threshold", problem).or("agree on scheme tfhe"));
            }
            Some(_) => Some(Counting::SharedMask { gain: 2 }),
            None => None,
        };
        circuit::admit(self, demand).map(|()| counting).map_err(|misfit| refusal(name, demand, &misfit))
    }

    /// [`crate::functional::Admission::together`]: probes that differ in which eyes they have do not share ciphertexts, nor do those that are told
    /// handles.
    pub(in crate::scheme) fn together(&self, demand: &Demand) -> usize {
        if self.one_squaring || demand.eyes == EyeRule::Any || demand.disclosure == Disclosure::Labelled {
            return 1;
        }
        let probes = Segments::new(self, demand.coordinates, demand.references).map(Segments::probes);
        probes.filter(|&probes| circuit::admit_together(self, demand, probes).is_ok()).unwrap_or(1)
    }
}

impl From<Misfit> for Unanswered {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit.to_string())
    }
}

impl From<Misfit> for Unmeasured {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit.to_string())
    }
}

/// The term at fault, and what to agree on instead.
fn refusal(name: &str, demand: &Demand, misfit: &Misfit) -> AgreementError {
    let field = match misfit {
        Misfit::Coordinates { .. } => "template",
        Misfit::Count(_) | Misfit::Segments { .. } => "limits.references",
        Misfit::Hits(_) => "limits.hits_per_probe",
        Misfit::OneSquaring | Misfit::Decisions(_) | Misfit::Unlike => "encryption.parameter_set",
        Misfit::Range { .. } | Misfit::Noise { .. } | Misfit::Flooding { .. } => demand.field,
    };
    let remedy = match misfit {
        Misfit::Count(_) => format!("agree on at most {} references, or on scheme tfhe", PLAINTEXT_MODULUS - 1),
        _ => {
            // Another scheme that discloses the same.
            let other = if demand.disclosure == Disclosure::Labelled { "hybrid" } else { "tfhe" };
            format!(
                "agree on a larger set of scheme bgv if there is one, on a coarser comparison, or on scheme {other}"
            )
        }
    };
    AgreementError::field(field, format!("does not fit parameter set {name}: {misfit}")).or(remedy)
}
