//! How often the tests of a probe err, as bounds: a template that is taken for none, and what is none and passes (docs/protocol.md, section 9).
//!
//! A probe passes if each of its K projections x is within W steps of t, modulo t, once the switch has added its error. They are independent, so
//! what passes one with probability p passes all with p^K.

use std::f64::consts::LN_2;

use crate::functional::{Functional, SampleLayout};
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::noise::{exp2, log2};

/// Projections of a probe.
pub(super) const PROJECTIONS: usize = 256;

/// A template's projection has so many deviations of what the switch to t adds, where its coordinates leave room for random integers: then the
/// switch adds little to what passes.
const SPREAD: f64 = 8.0;

/// Coins of each sign in a random integer, where less would be enough: of integers that have few values a single coordinate passes that is much
/// longer than a template.
pub(super) const WANTED_COINS: usize = 4;

/// Most of them: of templates that are a smaller part of the torus projections are shorter, and tests see less of them.
const MOST_COINS: usize = 1 << 12;

/// Base-2 logarithm of the most that a template's chance to fail any of its tests may be.
const MOST_FAILURE_LOG2: f64 = -64.0;

/// Base-2 logarithm of the chance of a probe that is [`Projections::seen_factor`] times as long as a template to pass.
const SEEN_LOG2: f64 = -16.0;

/// Deviations of a switched projection that are within W. Random integers and errors are sub-Gaussian with their own variances (each coin is worth half a
/// step up or down, each error of a rounding is uniform), so that P(|x| > c sigma) <= 2 exp(-c^2 / 2), for each of the projections.
fn deviations() -> f64 {
    let bits = log2(PROJECTIONS as f64) + 1.0 - MOST_FAILURE_LOG2;
    (2.0 * LN_2 * bits).sqrt()
}

/// What is drawn, and what passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Projections {
    /// Coordinates that are tested, from the first on.
    pub(super) coordinates: usize,
    /// eta: half the coins of a random integer, whose variance is eta / 2.
    pub(super) coins: usize,
    /// The longest that the phases of a template's coordinates are, all samples together, noise included: in steps of t.
    pub(super) longest: f64,
    /// Variance of what the switch to t adds to a projection, in steps.
    pub(super) switch_variance: f64,
    /// W.
    pub(super) within: i64,
}

impl Projections {
    /// Of integers of so many coins, or as many as the length of templates leaves room for.
    pub(super) fn of(set: &HybridSet, functional: &Functional, coins: Option<usize>) -> Self {
        let (coordinates, length) = functional.longest_probe();
        let t = f64::from(PLAINTEXT_MODULUS);
        let unit = set.step(functional) as f64 / 2f64.powi(64) * t;
        // Each coordinate's noise is at its most.
        let noise = (coordinates as f64).sqrt() * 2f64.powi(set.query().noise_log2 as i32 - 64) * t;
        let samples = SampleLayout::fullest(functional.eyes()).eyes().len();
        let longest = (length * unit + noise) * (samples as f64).sqrt();
        let switch_variance = set.switch_variance();
        let room = 2.0 * SPREAD * SPREAD * switch_variance / (longest * longest);
        let coins = coins.unwrap_or((room as usize).clamp(WANTED_COINS, MOST_COINS));
        let projected = Self { coordinates, coins, longest, switch_variance, within: 0 };
        let within = (deviations() * projected.variance().sqrt()).ceil() as i64 + 1;
        Self { within, ..projected }
    }

    /// Variance of the longest template's projection once it is switched, in steps.
    fn variance(&self) -> f64 {
        self.longest * self.longest * self.coins as f64 / 2.0 + self.switch_variance
    }

    /// F: what is F times as long as the longest template, or longer, passes with a probability of 2^-16 at most, whatever vector it is.
    ///
    /// E x^4 <= 3 sigma^4 for every u, as coins are independent, so by Paley and Zygmund's inequality P(|x| > w) >= (1 - (w/sigma)^2)^2 / 3. That is solved for
    /// sigma. docs/protocol.md, section 9, says what becomes of x that wraps around t.
    pub(super) fn seen_factor(&self) -> f64 {
        let fails = 1.0 - exp2(SEEN_LOG2 / PROJECTIONS as f64) + NEGLIGIBLE;
        let ratio = 1.0 - (3.0 * fails).sqrt();
        self.reach() / ratio.sqrt() / self.deviation()
    }

    /// w: a projection that is farther out fails, but for an error of the switch beyond its tail.
    fn reach(&self) -> f64 {
        self.within as f64 + 1.0 + TAIL * self.switch_variance.sqrt()
    }

    /// Deviation of the longest template's projection, in steps.
    fn deviation(&self) -> f64 {
        self.longest * (self.coins as f64 / 2.0).sqrt()
    }
}

/// Deviations of the switch's error that are reckoned with where something ought to fail: P(more) is below [`NEGLIGIBLE`].
const TAIL: f64 = 6.0;
const NEGLIGIBLE: f64 = 4e-8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Terms;
    use crate::parameters::hybrid::{HYBRID_1600, HYBRID_2600};
    use crate::planning;
    use crate::scheme::upper_tail;

    fn projections(name: &str, set: &HybridSet, terms: Terms) -> Projections {
        let mut terms = terms.with_scheme(crate::agreement::SchemeChoice::Hybrid);
        terms.encryption.parameter_set = name.to_owned();
        Projections::of(set, planning::open(terms).unwrap().functional(), None)
    }

    impl Projections {
        /// log2 of the chance that all projections pass, each with this one.
        fn all(one: f64) -> f64 {
            PROJECTIONS as f64 * log2((one + NEGLIGIBLE).min(1.0))
        }

        /// Of any vector that is this many times as long as the longest template.
        fn log2_any_passes(&self, factor: f64) -> f64 {
            let ratio = (self.reach() / self.deviation() / factor).powi(2);
            Self::all(1.0 - (1.0 - ratio.min(1.0)).powi(2) / 3.0)
        }

        /// Of one whose projections are Gaussian: of many coordinates.
        fn log2_gaussian_passes(&self, factor: f64) -> f64 {
            Self::all(1.0 - 2.0 * upper_tail(self.reach() / self.deviation() / factor))
        }

        /// Of one with so many equal coordinates, and 0 elsewhere: exactly.
        fn log2_equal_passes(&self, factor: f64, coordinates: usize) -> f64 {
            let coins = (self.coins * coordinates) as i32;
            let each = factor * self.longest / (coordinates as f64).sqrt();
            let t = f64::from(PLAINTEXT_MODULUS);
            let passes = |k: i32| {
                let x = (f64::from(k) * each).rem_euclid(t);
                x.min(t - x) <= self.reach()
            };
            // Of heads among 2 eta coins, less eta, from the middle outwards.
            let (mut weight, mut all, mut passing) = (1.0, 0.0, 0.0);
            for k in 0..=coins {
                let both = if k == 0 { weight } else { 2.0 * weight };
                all += both;
                passing += if passes(k) { both } else { 0.0 };
                weight *= f64::from(coins - k) / f64::from(coins + k + 1);
            }
            Self::all(passing / all)
        }

        /// Of equal coordinates, as many as pass most often.
        fn log2_most_equal_passes(&self, factor: f64) -> f64 {
            let many = (1..=64).chain([100, 200, 400]);
            many.map(|m| self.log2_equal_passes(factor, m)).fold(f64::NEG_INFINITY, f64::max)
        }
    }

    /// The table of docs/protocol.md, section 9.
    #[test]
    fn what_is_longer_than_a_template_passes_as_rarely_as_the_table_says() {
        for (name, set, terms) in [
            ("hybrid-1024-2600", HYBRID_2600, Terms::hamming(512, 180)),
            ("hybrid-1024-2600", HYBRID_2600, Terms::face(512)),
            ("hybrid-1024-1600", HYBRID_1600, Terms::hamming(512, 180)),
        ] {
            let projections = projections(name, &set, terms);
            println!("{name}: {projections:?}, {:.1} times", projections.seen_factor());
            for factor in [4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 13.0, 14.0, 16.0, 24.0] {
                println!(
                    "{factor}: any {:.1}, scaled {:.1}, one coordinate {:.1}, equal ones {:.1}",
                    projections.log2_any_passes(factor),
                    projections.log2_gaussian_passes(factor),
                    projections.log2_equal_passes(factor, 1),
                    projections.log2_most_equal_passes(factor)
                );
            }
            let factor = projections.seen_factor();
            assert!((projections.log2_any_passes(factor) - SEEN_LOG2).abs() < 0.1 && factor < 14.0, "{factor}");
            for factor in [14.0, 16.0, 24.0, 1000.0] {
                let any = projections.log2_any_passes(factor);
                assert!(
                    projections.log2_most_equal_passes(factor) <= any
                        && projections.log2_gaussian_passes(factor) <= any
                );
            }
        }
    }
}
