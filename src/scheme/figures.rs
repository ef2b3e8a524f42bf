//! What of a parameter set alone is held to a limit.

use crate::agreement::AgreementError;
use crate::functional::{Admission, Counting, Demand};
use crate::parameters::{Dimensions, Figure, MOST_DISTANCE_LOG2, MOST_FAILURE_LOG2, ParameterSet, Unit};

impl ParameterSet {
    /// Failures and leaks that follow from the set alone: no agreement is under a set that misses one. Whether a set of scheme `bgv` or `hybrid` is
    /// fit depends on the comparison ([`crate::scheme::bgv::admit`]).
    pub(crate) fn figures(&self) -> Vec<Figure> {
        match self.dimensions() {
            Dimensions::Tfhe(set) => vec![
                Figure::at_most("failure of a gate", set.log2_gate_failure(), MOST_FAILURE_LOG2, Unit::Log2),
                Figure::at_most("failure of a verdict", set.log2_verdict_failure(), MOST_FAILURE_LOG2, Unit::Log2),
                Figure::at_most(
                    "failure of a template in the tests of a probe",
                    set.log2_template_failure(),
                    MOST_FAILURE_LOG2,
                    Unit::Log2,
                ),
                Figure::at_most(
                    "what a sanitised verdict tells of the gallery",
                    set.log2_sanitised_distance(),
                    MOST_DISTANCE_LOG2,
                    Unit::Log2,
                ),
            ],
            Dimensions::Bgv(_) | Dimensions::Hybrid(_) => Vec::new(),
        }
    }

    /// Whether a set of an agreement's own keeps to every limit; this program's do.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] with the figure that does not.
    pub(crate) fn require_fit(&self) -> Result<(), AgreementError> {
        let figures = if self.is_own() { self.figures() } else { Vec::new() };
        match figures.into_iter().find(|figure| !figure.fits) {
            Some(figure) => {
                let instead = "choose its dimensions so that it is";
                Err(AgreementError::field("encryption.set", figure.to_string()).or(instead))
            }
            None => Ok(()),
        }
    }
}

impl Admission for ParameterSet {
    fn is_exact(&self) -> bool {
        match self.dimensions() {
            Dimensions::Tfhe(_) | Dimensions::Hybrid(_) => false,
            Dimensions::Bgv(_) => true,
        }
    }

    fn admit(&self, demand: &Demand) -> Result<Option<Counting>, AgreementError> {
        match self.dimensions() {
            Dimensions::Tfhe(set) => set.admit(self.name(), demand),
            Dimensions::Bgv(set) => set.admit(self.name(), demand),
            Dimensions::Hybrid(set) => set.admit(self.name(), demand),
        }
    }

    fn together(&self, demand: &Demand) -> usize {
        match self.dimensions() {
            Dimensions::Bgv(set) => set.together(demand),
            Dimensions::Tfhe(_) | Dimensions::Hybrid(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_of_this_program_keeps_to_every_limit() {
        for set in ParameterSet::ALL {
            assert!(set.figures().iter().all(|figure| figure.fits), "{} {:?}", set.name(), set.figures());
            assert_eq!(Figure::security(set.security_bits()).fits, set.is_secure());
        }
    }
}
