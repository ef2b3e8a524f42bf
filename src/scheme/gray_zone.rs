//! Where noise may decide instead of the templates.

use statrs::function::erf::erfc;

use super::Opened;
use crate::agreement::{ComparisonTerms, Terms};
use crate::functional::Functional;
use crate::functional::oracle::Comparison;
use crate::parameters::{Dimensions, ParameterSet};

/// Where an encrypted verdict may differ from the clear oracle's: a band around the threshold, of no width under an exact scheme.
///
/// The noise of phi is Gaussian, so a pair at distance delta from the threshold flips with probability
/// Q(delta / deviation); 1 in 2 at the threshold, 1 in 44 at two deviations, 1 in 10^9 at six.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrayZone {
    /// One standard deviation, in units of phi.
    phi: f64,
    /// One standard deviation, in the metric's own unit (for an iris at full overlap).
    score: f64,
    /// One standard deviation of the number of common bits, and the agreed minimum, where that is judged.
    common_bits: Option<(f64, u32)>,
    unit: &'static str,
}

impl GrayZone {
    /// Of an agreement, for the longest weights that a reference can have.
    pub fn of(agreement: &Opened) -> Self {
        Self::of_weights(agreement, agreement.functional().largest_weight_norm())
    }

    /// Of an agreement, for a reference whose weights have Euclidean length `weight_norm`
    /// ([`crate::functional::LinearForm::norm`]).
    pub fn of_weights(agreement: &Opened, weight_norm: f64) -> Self {
        Self::of_comparison(agreement.terms(), agreement.functional(), agreement.parameters(), weight_norm)
    }

    /// As [`GrayZone::of_weights`], for terms that are no agreement yet.
    pub(crate) fn of_comparison(terms: &Terms, functional: &Functional, set: &ParameterSet, weight_norm: f64) -> Self {
        let deviation = |norm| set.phi_deviation(functional, norm);
        let phi = deviation(weight_norm);
        let unit = Self::unit(&terms.comparison);
        let common_bits = match terms.comparison {
            ComparisonTerms::FractionalHamming { minimum_common_bits, .. } => {
                functional.common_bits_scale().map(|(norm, unit)| (deviation(norm) / unit as f64, minimum_common_bits))
            }
            _ => None,
        };
        Self { phi, score: phi / functional.phi_per_score(), common_bits, unit }
    }

    /// The metric's own unit, in words.
    pub(crate) fn unit(comparison: &ComparisonTerms) -> &'static str {
        match comparison {
            ComparisonTerms::Cosine { .. } => "of a cosine",
            ComparisonTerms::Hamming { .. } => "bits",
            ComparisonTerms::FractionalHamming { .. } => {
                "of the fraction (at full overlap; inversely proportional to the common bits)"
            }
            ComparisonTerms::InnerProduct { .. } => "of the inner product",
            ComparisonTerms::SquaredEuclidean { .. } => "of the squared distance",
        }
    }

    /// One standard deviation in units of phi.
    pub(crate) fn phi_deviation(&self) -> f64 {
        self.phi
    }

    /// One standard deviation in the metric's own unit (for an iris at full overlap).
    pub fn score_deviation(&self) -> f64 {
        self.score
    }

    /// Probability that the encrypted sign of one phi differs from the oracle's.
    pub fn flip_probability(&self, phi: i64) -> f64 {
        upper_tail(phi.unsigned_abs() as f64 / self.phi)
    }

    /// Probability that the encrypted verdict on a pair differs from the oracle's, all rotations and the minimum of common bits
    /// included; the noises of the rotations are taken as independent.
    ///
    /// `phis` are those of all rotations: [`crate::functional::oracle::Oracle::phis`].
    pub(crate) fn pair_flip_probability(&self, pair: &Comparison, phis: &[i64]) -> f64 {
        let miss = |phi: &i64| {
            let flip = self.flip_probability(*phi);
            if *phi > 0 { flip } else { 1.0 - flip }
        };
        let aligned = 1.0 - phis.iter().map(miss).product::<f64>();
        let enough = match (self.common_bits, pair.common_bits) {
            (Some((deviation, minimum)), Some(common)) => {
                let distance = common as f64 - f64::from(minimum) + 0.5;
                upper_tail(-distance / deviation)
            }
            _ => 1.0,
        };
        let hit = aligned * enough;
        if pair.hit { 1.0 - hit } else { hit }
    }

    /// Whether a pair is closer to the threshold than six deviations: farther away it flips once in 10^9.
    pub fn contains(&self, phi: i64) -> bool {
        phi.unsigned_abs() as f64 <= 6.0 * self.phi
    }

    /// Of a single decision: a pair whose |phi| is greater has a flip probability of 0, to all digits of [`GrayZone::pair_flip_probability`].
    ///
    /// At 8.5 deviations it is 1e-17, which 1 does not feel.
    pub(crate) fn reach(&self) -> f64 {
        8.5 * self.phi
    }

    /// One standard deviation of the number of common bits, where that is judged.
    pub(crate) fn common_bits_deviation(&self) -> Option<f64> {
        self.common_bits.map(|(deviation, _)| deviation)
    }

    /// The metric's own unit, in words, of this comparison.
    pub(crate) fn unit_of_score(&self) -> &'static str {
        self.unit
    }
}

impl ParameterSet {
    /// One standard deviation of an encrypted phi, in units of phi, for weights of Euclidean length `weight_norm`; 0 under an exact scheme.
    pub(crate) fn phi_deviation(&self, functional: &Functional, weight_norm: f64) -> f64 {
        match self.dimensions() {
            Dimensions::Tfhe(set) => set.phi_deviation(functional, weight_norm),
            Dimensions::Bgv(_) => 0.0,
            Dimensions::Hybrid(set) => set.phi_deviation(functional, weight_norm),
        }
    }
}

/// P(X > x) of a standard normal X.
pub(crate) fn upper_tail(x: f64) -> f64 {
    0.5 * erfc(x / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_its_reach_noise_decides_nothing() {
        let zone = GrayZone { phi: 1000.0, score: 1.0, common_bits: None, unit: "" };
        let probability = |phi: i64| {
            let pair = Comparison { hit: phi > 0, score: 0.0, phi, rotation: 0, common_bits: None };
            zone.pair_flip_probability(&pair, &[phi])
        };
        for phi in [8_501, 8_503, 20_001, i64::MAX] {
            assert!(phi as f64 > zone.reach());
            assert_eq!((probability(phi), probability(-phi)), (0.0, 0.0));
            assert!(!zone.contains(phi) && !zone.contains(-phi));
        }
        assert!(probability(7_999) > 0.0 && probability(-7_999) > 0.0);
    }
}
