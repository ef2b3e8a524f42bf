//! Stage 6: verdicts of many blocks to what is disclosed.
//!
//! `any` and `count` add all slots of all blocks: N times the constant coefficient of the plaintext, extracted as one LWE sample, so that
//! no rotation is spent and nothing else leaves. A count stays below t by agreement. Under `any` the sum of a
//! small gallery is multiplied by one random non-zero number. A larger gallery's sum could be a multiple of t although somebody hits; there every
//! slot of every block is multiplied by a random number first, four times over, so that the four sums are 0 for a miss, and for a hit uniform
//! whatever its number and place: 0 all four with probability 2^-64, and otherwise one bit.

use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::arithmetic::{blinded, divide_mod_t, multiply_mod_t};
use super::ciphertexts::MANY_SAMPLES;
use super::circuit::Circuit;
use super::engine::{Ciphertext, Plaintext};
use super::evaluator::shuffled;
use super::holder::generator;
use super::keys::PreparedKey;
use super::modulus::add_assign;
use super::ring::Ring;
use super::sampling::{any_residue, non_zero};
use super::sanitise::{Sanitised, constant_coefficient, sanitised};
use crate::agreement::Disclosure;
use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// Sums of one probe's verdicts over the blocks so far.
pub(super) struct Sums {
    /// Whether the sum itself is disclosed, or its multiple; else sums with random weights.
    exact: bool,
    sums: Vec<Ciphertext>,
}

impl Sums {
    pub(super) fn new(exact: bool) -> Self {
        Self { exact, sums: Vec::new() }
    }

    /// Adds a block.
    pub(super) fn add(&mut self, ring: &Ring, block: Ciphertext, rng: &mut ChaCha20Rng) {
        let limbs = ring.set.public_limbs();
        let block = block.truncated(ring, limbs);
        let blocks = match self.exact {
            true => vec![block.with_factor(ring, 1)],
            false => (0..MANY_SAMPLES)
                .map(|_| block.weighted(ring, &Plaintext::of_slots(ring, any_residue(ring.n, rng), block.state.limbs)))
                .collect(),
        };
        if self.sums.is_empty() {
            self.sums = blocks;
        } else {
            self.sums.iter_mut().zip(&blocks).for_each(|(sum, block)| sum.add(ring, block));
        }
    }

    /// The samples that cross, and their leakage.
    pub(super) fn finish(
        self,
        key: &PreparedKey,
        disclosure: Disclosure,
        rng: &mut ChaCha20Rng,
    ) -> (Vec<Vec<u32>>, f64) {
        let ring = key.ring;
        let mut leakage = 0.0;
        let samples = self.sums.into_iter().map(|sum| {
            let sum = match (disclosure, self.exact) {
                (Disclosure::Any, true) => {
                    let constant = non_zero(1, rng).first().copied().unwrap_or(1);
                    sum.scaled(ring, constant)
                }
                // The sum over all slots is N times the constant coefficient; the division to come changes the factor.
                (Disclosure::Count, _) => {
                    let loss = ring.factor_after_drop(1, 1, sum.state.limbs);
                    let wanted =
                        divide_mod_t(ring.n as u32 % PLAINTEXT_MODULUS, multiply_mod_t(sum.state.factor, loss));
                    sum.scaled(ring, wanted)
                }
                _ => sum,
            };
            let sanitised = sanitised(key, sum, rng);
            leakage += sanitised.leakage;
            constant_coefficient(ring, &sanitised.ciphertext)
        });
        let samples = samples.collect();
        (samples, leakage)
    }
}

impl Ciphertext {
    /// Multiplies slot by slot; the factor becomes a part of what is random and is forgotten.
    fn weighted(&self, ring: &Ring, weights: &Plaintext) -> Self {
        let mut product = Self { state: blinded(ring, self.state), parts: self.parts.clone() };
        product.state.factor = 1;
        for part in &mut product.parts {
            let limbs = part.par_chunks_exact_mut(ring.n).zip(weights.0.par_chunks_exact(ring.n)).zip(&ring.limbs);
            limbs.for_each(|((part, weights), prime)| {
                part.iter_mut().zip(weights).for_each(|(c, &w)| *c = prime.modulus.multiply(*c, w));
            });
        }
        product
    }

    /// Brings the factor to the wanted one, where it is another: blocks of one shape share theirs.
    fn with_factor(self, ring: &Ring, wanted: u32) -> Self {
        if self.state.factor == wanted {
            return self;
        }
        let constant = divide_mod_t(wanted, self.state.factor);
        let mut scaled = self.scaled(ring, constant);
        scaled.state.factor = wanted;
        scaled
    }
}

/// The one-squaring variant's outputs for a block: r_i (z - root_i) for each squared root, in an order of its own in each slot. Exactly
/// one is 0 where a reference hits; all others are uniform non-zero numbers.
pub(super) fn squares(
    key: &PreparedKey,
    circuit: &Circuit,
    square: &Ciphertext,
    rng: &mut ChaCha20Rng,
) -> Vec<Sanitised> {
    let ring = key.ring;
    let orders: Vec<Vec<u32>> = (0..ring.n).map(|_| shuffled(&circuit.squared_roots, rng)).collect();
    let generators: Vec<ChaCha20Rng> = circuit.squared_roots.iter().map(|_| generator(rng)).collect();
    let output = |(number, mut rng): (usize, ChaCha20Rng)| {
        let masks = non_zero(ring.n, &mut rng);
        let roots = masks.iter().zip(&orders).map(|(&mask, order)| {
            let root = order.get(number).copied().unwrap_or_default();
            let product = multiply_mod_t(multiply_mod_t(mask, root), square.state.factor);
            (PLAINTEXT_MODULUS - product) % PLAINTEXT_MODULUS
        });
        let roots = ring.lift_all(&ring.encode(roots), square.state.limbs);
        let mut value = square.weighted(ring, &Plaintext::of_slots(ring, masks, square.state.limbs));
        for ((part, root), prime) in
            value.parts[0].chunks_exact_mut(ring.n).zip(roots.chunks_exact(ring.n)).zip(&ring.limbs)
        {
            add_assign(prime.modulus, part, root);
        }
        sanitised(key, value, &mut rng)
    };
    generators.into_par_iter().enumerate().map(|(number, rng)| output((number, rng))).collect()
}
