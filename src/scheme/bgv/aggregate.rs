//! Stage 6: verdicts of many blocks to what is disclosed.
//!
//! `any` and `count` add all slots of all blocks: N times the constant coefficient of the plaintext, extracted as one LWE sample, so that
//! no rotation is spent and nothing else leaves. A count stays below t by agreement. Under `any` the sum of a
//! single block is multiplied by one random non-zero number. A larger gallery's sum could be a multiple of t although somebody hits; there every
//! slot of every block was multiplied by a random number, four times over, so that the four sums are 0 for a miss, and for a hit uniform
//! whatever its number and place: 0 all four with probability 2^-64, and otherwise one bit.

use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::arithmetic::multiply_mod_t;
use super::circuit::Circuit;
use super::engine::{Ciphertext, Plaintext};
use super::evaluator::shuffled;
use super::holder::generator;
use super::keys::PreparedKey;
use super::modulus::add_assign;
use super::ring::Ring;
use super::sampling::non_zero;
use super::sanitise::{Sanitised, constant_coefficient, sanitised};
use crate::agreement::Disclosure;
use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// Sums of one probe's verdicts over the blocks so far: one for each mask, or one.
#[derive(Default)]
pub(super) struct Sums(Vec<Ciphertext>);

impl Sums {
    /// Adds a block.
    pub(super) fn add(&mut self, ring: &Ring, block: Vec<Ciphertext>) {
        let block = block.into_iter().map(|value| value.truncated(ring, ring.set.public_limbs()));
        if self.0.is_empty() {
            self.0 = block.collect();
        } else {
            self.0.iter_mut().zip(block).for_each(|(sum, value)| sum.add(ring, &value));
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
        let single = self.0.len() == 1;
        let samples = self.0.into_iter().map(|sum| {
            let sum = match disclosure {
                // Several are masked already.
                Disclosure::Any if single => sum.scaled(ring, non_zero(1, rng).first().copied().unwrap_or(1)),
                // The sum over all slots is N times the constant coefficient. The factor is 1, as the circuit sees to.
                Disclosure::Count => sum.scaled(ring, ring.n as u32 % PLAINTEXT_MODULUS),
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
        let mut value = square.masked(ring, &Plaintext::of_slots(ring, masks, square.state.limbs));
        for ((part, root), prime) in
            value.parts[0].chunks_exact_mut(ring.n).zip(roots.chunks_exact(ring.n)).zip(&ring.limbs)
        {
            add_assign(prime.modulus, part, root);
        }
        sanitised(key, value, &mut rng)
    };
    generators.into_par_iter().enumerate().map(|(number, rng)| output((number, rng))).collect()
}
