//! How noisy a ciphertext is, as formulas that tests hold against measurement.
//!
//! The *phase* of a ciphertext is the small integer polynomial c_0 + c_1 s mod Q, centred; it is congruent to f m modulo t, where m is
//! the plaintext and f a known factor.
//!
//! What is tracked is the *peak* of a phase v: the largest |v(zeta)| / sqrt(N) over the complex roots zeta of X^N + 1, as a base-2
//! logarithm. Were v(zeta) equally large everywhere, that would be the standard deviation of a coefficient; it never is less. Products are
//! taken root by root, so peaks multiply, whereas deviations of coefficients do not: where |s(zeta)| happens to be large, every rounding is large too,
//! and a chain of squarings takes such a root to twice the excess, in bits, at each level (measured: 6 bits in five levels). A random polynomial's
//! |v(zeta)|^2 has an exponential distribution, its peak over N/2 pairs of roots is in [`OfRing`] (Gaussian heuristic; Costache,
//! Laine, Player, "Evaluating the effectiveness of heuristic worst-case noise analysis in FHE", 2020).
//!
//! The *bound* of a coefficient is [`TAIL_LOG2`] bits above the peak, and everything has to stay [`MARGIN_BITS`] below Q/2.

// Both parties, and whoever makes an answer again, must come to the same numbers: those of the standard library differ between machines.
pub(in crate::scheme) use libm::{exp2, log as ln, log2};

use std::sync::OnceLock;

use super::chain::{Chain, modulus_log2};
use crate::parameters::bgv::{BgvSet, ERROR_COINS, PLAINTEXT_MODULUS, PRIME_BITS};

/// A coefficient is a mean of values at all roots; for it to reach twice their peak they would have to conspire. For a rounding the bound is 16
/// deviations.
pub(in crate::scheme) const TAIL_LOG2: f64 = 1.0;

/// Bits between the bound of any ciphertext and half its modulus.
pub(in crate::scheme) const MARGIN_BITS: f64 = 10.0;

/// Chance that a random polynomial's peak exceeds its formula, as a natural logarithm.
const LN_EXCESS: f64 = -6.9;

impl Chain {
    /// How many primes to divide away, at least `least`, so that noise comes near what the division itself adds.
    pub(in crate::scheme) fn primes_to_drop(self, noise: f64, limbs: usize, least: usize) -> usize {
        let excess = noise - Noise::of(&self.set).rounding() - self.slack_log2;
        let wanted = (excess / f64::from(PRIME_BITS)).ceil().max(0.0) as usize;
        wanted.max(least).min(limbs.saturating_sub(1))
    }
}

/// What is known of a ciphertext without its key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::scheme) struct State {
    /// Primes of its modulus: the first so many of the ring.
    pub limbs: usize,
    /// The phase is congruent to this times the plaintext, modulo t.
    pub factor: u32,
    /// Base-2 logarithm of the phase's peak.
    pub noise: f64,
}

/// The noise formulas of one parameter set.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheme) struct Noise {
    n: f64,
    of_ring: OfRing,
    digit: usize,
    /// log2 of a digit over the special primes.
    digit_over_special: f64,
}

/// What follows from the ring's dimension alone: circuits are weighed by the hundred, and logarithms are what that takes.
#[derive(Clone, Copy, Debug)]
struct OfRing {
    /// Bits by which the peak of a random polynomial exceeds the deviation of its coefficients.
    spread: f64,
    /// The same for a product of two random polynomials: P(|v w|^2 > x) is about exp(-2 sqrt(x)).
    spread_of_product: f64,
    /// log2 of the square root of the dimension.
    half_log2_n: f64,
    rounding: f64,
    plaintext: f64,
    /// What a product with a plaintext adds to a peak, but for the spread.
    plaintext_factor: f64,
}

impl OfRing {
    fn new(n: f64) -> Self {
        let excess = ln(n / 2.0) - LN_EXCESS;
        let (spread, spread_of_product) = (log2(excess) / 2.0, log2(excess / 2.0));
        Self {
            spread,
            spread_of_product,
            half_log2_n: log2(n) / 2.0,
            rounding: log2(t() * t() * UNIFORM * (1.0 + TERNARY * n)) / 2.0 + spread_of_product,
            plaintext: log2(t() * t() * UNIFORM) / 2.0 + spread,
            plaintext_factor: log2(t() * t() * UNIFORM * n) / 2.0,
        }
    }

    fn of(set: &BgvSet) -> Self {
        static ALL: [OnceLock<OfRing>; 32] = [const { OnceLock::new() }; 32];
        let new = || Self::new(set.ring_size() as f64);
        ALL.get(set.ring_log2 as usize).map_or_else(new, |of_ring| *of_ring.get_or_init(new))
    }
}

/// The peak of a sum of independent phases: logarithm of the root of the sum of squares.
pub(in crate::scheme) fn sum(peaks: impl IntoIterator<Item = f64>) -> f64 {
    let peaks: Vec<f64> = peaks.into_iter().collect();
    let largest = largest(&peaks);
    peak_of(largest, variance(&peaks, largest))
}

/// [`sum`] of some peaks, and of these with others beside them.
pub(in crate::scheme) fn sums(peaks: &[f64], beside: &[f64]) -> [f64; 2] {
    let most = largest(peaks);
    let alone = variance(peaks, most);
    let together = match largest(beside) <= most {
        // In the order in which they would be added up one after the other.
        true => peak_of(most, beside.iter().fold(alone, |sum, &peak| sum + relative(peak, most))),
        false => sum(peaks.iter().chain(beside).copied()),
    };
    [peak_of(most, alone), together]
}

fn largest(peaks: &[f64]) -> f64 {
    peaks.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Around the largest, so that nothing overflows: what does not fit a set is refused with its number.
fn relative(peak: f64, largest: f64) -> f64 {
    if peak == largest { 1.0 } else { exp2(2.0 * (peak - largest)) }
}

fn variance(peaks: &[f64], largest: f64) -> f64 {
    peaks.iter().fold(0.0, |sum, &peak| sum + relative(peak, largest))
}

/// The peak of a variance around the largest.
fn peak_of(largest: f64, variance: f64) -> f64 {
    if largest.is_infinite() { largest } else { largest + log2(variance) / 2.0 }
}

fn t() -> f64 {
    f64::from(PLAINTEXT_MODULUS)
}

/// Variance of a coefficient that is uniform in [-1/2, 1/2].
const UNIFORM: f64 = 1.0 / 12.0;
/// Variance of a coefficient of a ternary secret.
const TERNARY: f64 = 2.0 / 3.0;

impl Noise {
    pub(in crate::scheme) fn of(set: &BgvSet) -> Self {
        // The first primes are the largest, so the first digit is.
        let special = modulus_log2(set.limbs + set.special) - modulus_log2(set.limbs);
        Self {
            n: set.ring_size() as f64,
            of_ring: OfRing::of(set),
            digit: set.digit,
            digit_over_special: modulus_log2(set.digit) - special,
        }
    }

    fn error_variance() -> f64 {
        f64::from(ERROR_COINS) / 2.0
    }

    /// m + t e of a fresh encryption.
    pub(in crate::scheme) fn fresh(self) -> f64 {
        log2(t() * t() * (UNIFORM + Self::error_variance())) / 2.0 + self.of_ring.spread
    }

    /// What a division adds: t times roundings of both parts, one multiplied by the secret.
    pub(in crate::scheme) fn rounding(self) -> f64 {
        self.of_ring.rounding
    }

    /// What a keyswitch of a polynomial of `limbs` limbs adds, before the division's own rounding: one product of a digit with an error
    /// for each digit, over the special primes.
    pub(in crate::scheme) fn keyswitch(self, limbs: usize) -> f64 {
        let digits = limbs.div_ceil(self.digit) as f64;
        let product = log2(t() * t() * Self::error_variance() * self.n * digits * UNIFORM) / 2.0;
        product + self.digit_over_special + self.of_ring.spread_of_product
    }

    /// A product of two phases.
    pub(in crate::scheme) fn product(self, a: f64, b: f64) -> f64 {
        a + b + self.of_ring.half_log2_n
    }

    /// A product with a plaintext polynomial whose coefficients are uniform modulo t.
    pub(in crate::scheme) fn plaintext_product(self, a: f64) -> f64 {
        a + self.of_ring.plaintext_factor + self.of_ring.spread
    }

    /// A plaintext that is added.
    pub(in crate::scheme) fn plaintext(self) -> f64 {
        self.of_ring.plaintext
    }

    /// A public-key encryption of zero: t (e r + e_0 + e_1 s).
    pub(in crate::scheme) fn public_zero(self) -> f64 {
        log2(t() * t() * Self::error_variance() * (1.0 + 2.0 * TERNARY * self.n)) / 2.0 + self.of_ring.spread_of_product
    }

    /// The noise after the primes `limbs..before` are divided away.
    pub(in crate::scheme) fn divided(self, noise: f64, limbs: usize, before: usize) -> f64 {
        sum([noise - (modulus_log2(before) - modulus_log2(limbs)), self.rounding()])
    }
}

impl State {
    /// Bits between the bound and half the modulus.
    pub(in crate::scheme) fn margin(&self) -> f64 {
        modulus_log2(self.limbs) - 1.0 - self.noise - TAIL_LOG2
    }

    /// After `dropped` primes were divided away.
    pub(in crate::scheme) fn divided(self, chain: Chain, dropped: usize) -> Self {
        let limbs = self.limbs - dropped.min(self.limbs);
        let noise =
            if dropped == 0 { self.noise } else { Noise::of(&chain.set).divided(self.noise, limbs, self.limbs) };
        Self { limbs, factor: chain.factor_after_drop(self.factor, limbs, self.limbs), noise }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// To the last bit: both parties come to the same numbers, whichever way they take.
        #[test]
        fn two_sums_at_once_are_those_one_after_the_other(
            peaks in proptest::collection::vec(-40.0f64..60.0, 0..30),
            beside in proptest::collection::vec(-40.0f64..60.0, 0..3),
        ) {
            let all = peaks.iter().chain(&beside).copied();
            prop_assert_eq!(sums(&peaks, &beside), [sum(peaks.iter().copied()), sum(all)]);
        }
    }
}
