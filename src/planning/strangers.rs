//! How often a threshold lets two templates match that have nothing in common: a bound below what strangers do.

use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::function::beta::beta_reg;

use crate::agreement::{ComparisonTerms, Terms};
use crate::scheme::upper_tail;
use crate::template::TemplateShape;

/// Bits of an iris code that vary independently, about (Daugman, "How iris recognition works", IEEE Trans. CSVT 2004).
const FREE_BITS: f64 = 249.0;

/// Of rotations that are tried, so many count as independent at most (there).
const FREE_ROTATIONS: f64 = 7.0;

/// Beyond such a share a threshold tells nobody apart.
pub const TOO_OFTEN: f64 = 0.01;

/// Share of pairs of random templates that hit: vectors of the longest length admitted and of any direction, bits that are tossed, irises with
/// as many free bits as real ones have. Templates of real strangers have more in common, and hit more often.
pub fn hits_of_strangers(terms: &Terms) -> f64 {
    match (&terms.comparison, terms.template.shape()) {
        (ComparisonTerms::Cosine { threshold, .. }, TemplateShape::Vector(dimension)) => {
            beyond_cosine(threshold.to_f64(), dimension)
        }
        (ComparisonTerms::InnerProduct { threshold, maximum_norm, .. }, TemplateShape::Vector(dimension)) => {
            beyond_cosine(threshold.to_f64() / maximum_norm.to_f64().powi(2), dimension)
        }
        (ComparisonTerms::SquaredEuclidean { threshold, maximum_norm, .. }, TemplateShape::Vector(dimension)) => {
            beyond_cosine(1.0 - threshold.to_f64() / (2.0 * maximum_norm.to_f64().powi(2)), dimension)
        }
        (ComparisonTerms::Hamming { threshold }, TemplateShape::Bits(dimension)) => {
            Binomial::new(0.5, dimension as u64).map_or(0.0, |tossed| tossed.cdf(u64::from(*threshold)))
        }
        (ComparisonTerms::FractionalHamming { threshold, rotations, .. }, _) => {
            let one = upper_tail((0.5 - threshold.to_f64()) / (0.5 / FREE_BITS.sqrt()));
            let tries = f64::from(2 * rotations + 1).min(FREE_ROTATIONS);
            1.0 - (1.0 - one).powf(tries)
        }
        // Terms whose comparison does not fit their template are refused elsewhere.
        _ => 0.0,
    }
}

/// Share of pairs of directions whose cosine is at least this: I(1 - T^2; (d - 1) / 2, 1 / 2) / 2 for T >= 0.
fn beyond_cosine(threshold: f64, dimension: usize) -> f64 {
    if dimension < 2 || threshold <= -1.0 {
        return if threshold <= 0.0 { 1.0 } else { 0.0 };
    }
    let squared = threshold.clamp(-1.0, 1.0).powi(2);
    let beyond = 0.5 * beta_reg((dimension as f64 - 1.0) / 2.0, 0.5, 1.0 - squared);
    if threshold >= 0.0 { beyond } else { 1.0 - beyond }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{IrisShape, MaskSharing};

    fn share(mut terms: Terms, at: &str) -> f64 {
        match &mut terms.comparison {
            ComparisonTerms::Cosine { threshold, .. } | ComparisonTerms::FractionalHamming { threshold, .. } => {
                *threshold = at.parse().unwrap();
            }
            _ => {}
        }
        hits_of_strangers(&terms)
    }

    #[test]
    fn usual_thresholds_keep_strangers_apart_and_lax_ones_do_not() {
        let iris = || Terms::iris(IrisShape { rows: 16, columns: 200, channels: 4, mask: MaskSharing::ByPair });
        assert!(share(Terms::face(512), "0.35") < 1e-12);
        assert!(share(iris(), "0.345") < 1e-5);
        assert!(share(Terms::face(512), "0.05") > TOO_OFTEN);
        assert!(share(iris(), "0.45") > TOO_OFTEN);
    }

    /// Two coordinates: an angle of 60 degrees to either side is a third of the circle. Four tosses: up to one head in 5 of 16.
    #[test]
    fn shares_are_those_of_geometry_and_of_tosses() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(beyond_cosine(0.5, 2), 1.0 / 3.0) && close(beyond_cosine(-0.5, 2), 2.0 / 3.0));
        assert!(close(beyond_cosine(0.0, 512), 0.5) && close(beyond_cosine(1.0, 8), 0.0));
        assert!(close(hits_of_strangers(&Terms::hamming(4, 1)), 5.0 / 16.0));
        let one = |text: &str| text.parse().unwrap();
        assert!(close(hits_of_strangers(&Terms::inner_product(2, one("2.0"), one("2.0"))), 1.0 / 3.0));
        assert!(close(hits_of_strangers(&Terms::squared_euclidean(2, one("1.0"), one("1.0"))), 1.0 / 3.0));
    }
}
