//! Stage 5: from phi in every slot to a number that is zero iff it hits (`roots`), or to 1 for a hit and 0 for a miss (`indicator`).
//!
//! phi is odd and a hit iff positive. With the hits being 1, 3, ..., 2m-1 and w = phi - m, which the linear stage delivers for
//! nothing, the hits are w = -(m-1), ..., m-1 in steps of two, and
//!
//! > roots: prod over hits of (w - v) = prod over the distinct squares of (z - v^2),  z = w^2 (docs/protocol.md, section 8)
//!
//! where m is made even by one more, impossible hit. The indicator of the sign works over the whole range |phi| < 2m:
//!
//! > indicator: 1/2 + phi h(phi^2),  h((2i+1)^2) = 1 / (2 (2i+1))
//!
//! Both are polynomials in z, of degree about m/2 and m, evaluated after Paterson and Stockmeyer, "On the number of nonscalar
//! multiplications necessary to evaluate polynomials" (1973): powers z^0 ... z^(b-1) (times phi for the indicator), powers of
//! Z = z^b, and one sum of products that is relinearised once.

use super::arithmetic::{Arithmetic, Combination, Unsettled};
use super::residues::{divide_mod_t, multiply_mod_t, residue};
use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// Inner polynomials that are summed before any is divided: so many share one reading of the powers of z.
const UNSETTLED: usize = 8;

/// A polynomial of the threshold.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scheme) struct Polynomial {
    /// What is subtracted from phi before it is squared.
    pub centre: i64,
    /// By rising power of z, modulo t; zeros until [`Polynomial::compute`].
    coefficients: Vec<u32>,
    kind: Kind,
    /// b: how many powers each inner polynomial has.
    baby_powers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Roots,
    Indicator,
}

impl Polynomial {
    /// Zero exactly at the hits, for phi at most `highest`, odd.
    pub(in crate::scheme) fn roots(highest: i64) -> Self {
        let hits = (highest.max(1) + 1) / 2;
        let hits = hits + hits % 2;
        Self { centre: hits, coefficients: vec![0; hits as usize / 2 + 1], kind: Kind::Roots, baby_powers: 1 }
    }

    /// 1 at the hits and 0 at the misses, for odd phi with |phi| at most `largest`.
    pub(in crate::scheme) fn indicator(largest: i64) -> Self {
        let count = (largest.max(1) + 1) / 2;
        Self { centre: 0, coefficients: vec![0; count as usize], kind: Kind::Indicator, baby_powers: 1 }
    }

    /// Fills in the coefficients: quadratic in their number, and not needed to weigh a circuit.
    pub(in crate::scheme) fn compute(&mut self) {
        self.coefficients = match self.kind {
            Kind::Roots => product_of_squares(self.coefficients.len() as i64 - 1),
            Kind::Indicator => interpolate_half_reciprocals(self.coefficients.len() as i64),
        };
    }

    /// The squares of the roots: what the one-squaring variant subtracts from z, one at a time.
    pub(in crate::scheme) fn squared_roots(highest: i64) -> Vec<u32> {
        let hits = (highest.max(1) + 1) / 2;
        (0..(hits + hits % 2) / 2).map(|i| residue((2 * i + 1).pow(2))).collect()
    }

    /// With another number of baby powers; a power of two for the indicator, whose odd powers are then cheapest.
    pub(in crate::scheme) fn with_baby_powers(mut self, baby_powers: usize) -> Self {
        self.baby_powers = match self.kind {
            Kind::Roots => baby_powers.clamp(1, self.coefficients.len()),
            Kind::Indicator => baby_powers.next_power_of_two(),
        };
        self
    }

    /// Ciphertexts held at a time: powers of z, powers of Z, and an inner polynomial for each of these.
    pub(in crate::scheme) fn powers(&self) -> usize {
        self.baby_powers + 2 * self.coefficients.len().div_ceil(self.baby_powers)
    }

    /// Numbers of baby powers worth trying: about the square root of that of all powers, which makes the fewest products, and powers of two, which
    /// make the least depth.
    pub(in crate::scheme) fn candidates(&self) -> Vec<usize> {
        let square_root = (self.coefficients.len() as f64).sqrt();
        let near = |ratio: f64| (square_root * ratio).ceil() as usize;
        let power = near(1.0).next_power_of_two();
        let powers = [power / 4, power / 2, power, 2 * power, 4 * power];
        let ratios: &[f64] = match self.kind {
            Kind::Roots => &[0.5, 0.6, 0.7, 0.85, 1.0, 1.4],
            Kind::Indicator => &[],
        };
        let all = ratios.iter().map(|&ratio| near(ratio)).chain(powers);
        let mut all: Vec<usize> = all.map(|babies| self.clone().with_baby_powers(babies).baby_powers).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The polynomial at phi - centre, times each of the masks in turn; once, unmasked, where there is no mask.
    ///
    /// The plaintext is also multiplied by a constant that depends on the circuit and, where `factor` is not 1, by that.
    pub(in crate::scheme) fn evaluate<A: Arithmetic>(
        &self,
        arithmetic: &A,
        w: &A::Value,
        masks: &[&A::Mask],
        factor: u32,
    ) -> Vec<A::Value> {
        let b = self.baby_powers;
        let square = arithmetic.multiply(w, w);
        let last = self.coefficients.len().div_ceil(b) - 1;
        // z^0 is a constant for the roots, phi itself for the indicator.
        let (babies, giant) = match self.kind {
            Kind::Roots => {
                let mut powers = powers(arithmetic, square, if last > 0 { b } else { b - 1 });
                let giant = if powers.len() == b { powers.pop() } else { None };
                (powers, giant)
            }
            Kind::Indicator => odd_powers(arithmetic, w, square, b.min(self.coefficients.len()), last > 0),
        };
        // Powers Z^1 ... Z^h with the largest h = 2^k up to the last: what is beyond is a polynomial times Z^h, whose own powers are
        // low, so that the depth is that of Z^h, and fewer powers are needed.
        let high = if last > 0 { 1 << last.ilog2() } else { 0 };
        let giants = match giant {
            Some(giant) if last > 0 => powers(arithmetic, giant, high),
            _ => Vec::new(),
        };
        let factor_of = |power: usize| {
            let power = power.checked_sub(1).and_then(|index| giants.get(index));
            power.map_or(1, |power| arithmetic.state(power).factor)
        };
        let values: Vec<&A::Value> = if babies.is_empty() { vec![w] } else { babies.iter().collect() };
        // The inner polynomial of Z^j, such that its product with Z^power has the given factor.
        let inner = |giant: usize, power: usize, factor: u32| {
            let coefficients = self.coefficients.chunks(b).nth(giant).unwrap_or_default();
            let (constant, rest) = match (self.kind, coefficients.split_first()) {
                (Kind::Roots, Some((&constant, rest))) => (constant, rest),
                _ => (if giant == 0 { half() } else { 0 }, coefficients),
            };
            // A constant alone is one with nothing of the first value.
            let coefficients = if rest.is_empty() { vec![0] } else { rest.to_vec() };
            Combination { coefficients, constant, factor: divide_mod_t(factor, factor_of(power)) }
        };
        // u_from + sum_(j = from + 1 ... to) u_j Z^(j - from), and one more product.
        let joined = |arithmetic: &A, inners: Vec<A::Value>, more: Option<(&A::Value, &A::Value)>| {
            let mut inners = inners.into_iter();
            let constant = inners.next()?;
            let inners: Vec<_> = inners.collect();
            let pairs: Vec<_> = inners.iter().zip(&giants).chain(more).collect();
            Some(if pairs.is_empty() { constant } else { arithmetic.inner_product(&pairs, Some(&constant)) })
        };
        // The same for each mask: one after the other, as each takes much memory.
        let sum = |from: usize, to: usize, factor: u32, more: Option<(&[A::Value], &A::Value)>| -> Vec<A::Value> {
            let inners: Vec<_> = (from..=to).map(|giant| inner(giant, giant - from, factor)).collect();
            let more = |mask: usize| more.and_then(|(values, power)| Some((values.get(mask)?, power)));
            if masks.is_empty() {
                let divided = |arithmetic: &A, Unsettled { value, dropped }| arithmetic.divide(value, dropped);
                let settled = inners
                    .chunks(UNSETTLED)
                    .flat_map(|inners| arithmetic.each(arithmetic.unsettled(&values, inners.to_vec(), false), divided));
                return joined(arithmetic, settled.collect(), more(0)).into_iter().collect();
            }
            let inners = arithmetic.unsettled(&values, inners, true);
            arithmetic.of_each_mask(masks, |number, mask| {
                let settled = |arithmetic: &A, inner: &_| arithmetic.settle_masked(inner, mask);
                joined(arithmetic, arithmetic.each(inners.iter().collect(), settled), more(number))
            })
        };
        match giants.last() {
            None => sum(0, 0, factor, None),
            Some(highest) => {
                let beyond = sum(high, last, factor, None);
                // Everything else follows the factor that this came to.
                let of_beyond = beyond.first().map_or(1, |value| arithmetic.state(value).factor);
                let common = multiply_mod_t(of_beyond, arithmetic.state(highest).factor);
                sum(0, high - 1, common, Some((&beyond, highest)))
            }
        }
    }

    /// The polynomial in the clear: what [`Polynomial::evaluate`] computes.
    #[cfg(test)]
    pub(in crate::scheme) fn at(&self, phi: i64) -> u32 {
        let w = residue(phi - self.centre);
        let z = multiply_mod_t(w, w);
        let value = self.coefficients.iter().rev().fold(0, |sum, &c| (multiply_mod_t(sum, z) + c) % PLAINTEXT_MODULUS);
        match self.kind {
            Kind::Roots => value,
            Kind::Indicator => (half() + multiply_mod_t(value, w)) % PLAINTEXT_MODULUS,
        }
    }
}

/// v, v^2, ..., v^count, each as the product of two halves, so that its depth is the least.
fn powers<A: Arithmetic>(arithmetic: &A, v: A::Value, count: usize) -> Vec<A::Value> {
    let mut powers = vec![v];
    while powers.len() < count {
        // The larger half is the largest power of two below: its square chain is shared.
        let high = 1 << powers.len().ilog2();
        let Some(half) = powers.get(high - 1) else { break };
        let lows = powers.iter().take(count - powers.len());
        let more = arithmetic.products(lows.map(|low| (half, low)).collect());
        powers.extend(more);
    }
    powers
}

/// phi, phi z, ..., phi z^(count-1), and z^(count rounded up to a power of two) where it is asked for.
fn odd_powers<A: Arithmetic>(
    arithmetic: &A,
    phi: &A::Value,
    square: A::Value,
    count: usize,
    with_giant: bool,
) -> (Vec<A::Value>, Option<A::Value>) {
    let mut odd = vec![phi.clone()];
    // z^h, where h is the number of odd powers that are there: each doubles them.
    let mut high = square;
    while odd.len() < count {
        let more = odd.len().min(count - odd.len());
        let last = odd.len() + more >= count;
        let lows = odd.iter().take(more).map(|low| (low, &high));
        let next = (!last || with_giant).then_some((&high, &high));
        let mut products = arithmetic.products(lows.chain(next).collect());
        let next = if products.len() > more { products.pop() } else { None };
        odd.extend(products);
        match next {
            Some(next) => high = next,
            None => break,
        }
    }
    (odd, with_giant.then_some(high))
}

fn half() -> u32 {
    divide_mod_t(1, 2)
}

/// prod_(i < count) (z - (2i+1)^2), by rising power.
fn product_of_squares(count: i64) -> Vec<u32> {
    let mut product = vec![1];
    for i in 0..count {
        multiply_by_root(&mut product, residue((2 * i + 1).pow(2)));
    }
    product
}

/// Multiplies a polynomial by (z - root).
fn multiply_by_root(polynomial: &mut Vec<u32>, root: u32) {
    let negated = PLAINTEXT_MODULUS - root;
    let mut previous = 0;
    for coefficient in polynomial.iter_mut() {
        let this = *coefficient;
        *coefficient = (previous + multiply_mod_t(this, negated)) % PLAINTEXT_MODULUS;
        previous = this;
    }
    polynomial.push(previous);
}

/// The polynomial of degree count-1 with h((2i+1)^2) = 1/(2 (2i+1)), by Newton's divided differences.
fn interpolate_half_reciprocals(count: i64) -> Vec<u32> {
    let points: Vec<u32> = (0..count).map(|i| residue((2 * i + 1).pow(2))).collect();
    let mut differences: Vec<u32> = (0..count).map(|i| divide_mod_t(1, residue(4 * i + 2))).collect();
    let subtract = |a: u32, b: u32| (a + PLAINTEXT_MODULUS - b) % PLAINTEXT_MODULUS;
    for order in 1..points.len() {
        // Each difference from the one before it, so from the last backwards.
        let mut later = differences.last().copied().unwrap_or_default();
        let spans = points.iter().skip(order).zip(&points).rev();
        let count = differences.len();
        let mut previous = differences.iter().rev().skip(1).copied().collect::<Vec<_>>().into_iter();
        for (value, (&high, &low)) in differences.iter_mut().rev().take(count - order).zip(spans) {
            let earlier = previous.next().unwrap_or_default();
            *value = divide_mod_t(subtract(later, earlier), subtract(high, low));
            later = earlier;
        }
    }
    // Horner's scheme over Newton's basis.
    let mut polynomial: Vec<u32> = Vec::new();
    for (&difference, &point) in differences.iter().zip(&points).rev() {
        multiply_by_root(&mut polynomial, point);
        match polynomial.first_mut() {
            Some(constant) => *constant = (*constant + difference) % PLAINTEXT_MODULUS,
            None => polynomial.push(difference),
        }
    }
    polynomial.truncate(points.len());
    polynomial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_zero_at_the_hits_alone() {
        for highest in [1, 3, 5, 81, 361] {
            let mut polynomial = Polynomial::roots(highest);
            polynomial.compute();
            for phi in (-1001..=highest).step_by(2) {
                assert_eq!(polynomial.at(phi) == 0, phi > 0, "{highest} {phi}");
            }
        }
    }

    #[test]
    fn the_indicator_is_one_at_the_hits_and_zero_at_the_misses() {
        for largest in [1, 3, 5, 177, 663] {
            let mut polynomial = Polynomial::indicator(largest);
            polynomial.compute();
            assert_eq!(polynomial.coefficients.len() as i64, (largest + 1) / 2);
            for phi in (-largest..=largest).step_by(2) {
                assert_eq!(polynomial.at(phi), u32::from(phi > 0), "{largest} {phi}");
            }
        }
    }
}
