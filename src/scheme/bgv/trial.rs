//! One block of random data at a time, for whoever times it: `cargo bench --bench blocks`, and the tests of predictions.

use rand::{CryptoRng, Rng};
use rand_chacha::ChaCha20Rng;

use super::Bgv;
use super::aggregate::Sums;
use super::circuit::{Circuit, Judgement, Misfit, Shape};
use super::distance::{Babies, Block, Steps, Transformed};
use super::engine::{Engine, Plaintext};
use super::holder::generator;
use super::keys::PreparedKey;
use super::sanitise::sanitised;
use crate::agreement::Disclosure;
use crate::functional::Functional;
use crate::parameters::bgv::BgvSet;
use crate::scheme::{Evaluator as _, Holder as _};

/// Keys, a probe with its rotations, and the diagonals of one full block kept transformed.
pub struct Trial {
    key: PreparedKey,
    circuit: Circuit<'static>,
    disclosure: Disclosure,
    decisions: Vec<(Judgement, Transformed)>,
    babies: Babies,
    rng: ChaCha20Rng,
}

impl Trial {
    /// Random weights of the size that the functional's references have; one pair a subject, every rotation.
    ///
    /// # Errors
    ///
    /// [`Misfit`] for a comparison that the set has no room for.
    pub fn new(
        set: &'static BgvSet,
        functional: &Functional,
        disclosure: Disclosure,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Misfit> {
        let (secret, public) = Bgv::generate(set, rng);
        let key = Bgv::prepare_key(public, set);
        let mut rng = generator(rng);
        let alignments = functional.rotations().len();
        let judges_common_bits = functional.judges_common_bits();
        let shape = Shape::largest(functional.eyes(), 1, alignments, judges_common_bits);
        let circuit = Circuit::of(set, functional, disclosure, &shape, ADMITTED_BLOCKS)?;
        let coordinates = functional.coordinates();
        let fits = Misfit::Coordinates { coordinates, limit: set.ring_size() / 2 };
        let steps = Steps::new(set, coordinates).ok_or(fits.clone())?;
        let largest = (functional.largest_weight_norm() / (coordinates as f64).sqrt()).ceil() as i16;
        let decisions = shape.planes.iter().flat_map(|_| shape.judgements()).map(|judgement| {
            let seed: u64 = rng.random();
            let mut block = Block::new(steps, key.ring.n, 1, -1);
            block.fill(|row, weights| {
                // A multiplicative hash: what is timed does not depend on the numbers.
                let spread =
                    |i: usize| (seed ^ (row * coordinates + i) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
                let span = 2 * i64::from(largest) + 1;
                let small = |i: usize| (spread(i) as i64 % span) as i16 - largest;
                weights.iter_mut().take(coordinates).enumerate().for_each(|(i, weight)| *weight = small(i));
                Some(-1)
            });
            (judgement, block.transformed(key.ring))
        });
        let decisions = decisions.collect();
        let probe = secret.encrypt_noise(&mut rng);
        let babies = Babies::of_sample(&key, &probe, 0, steps).ok_or(fits)?;
        Ok(Self { key, circuit, disclosure, decisions, babies, rng })
    }

    /// References in a block.
    pub fn references(&self) -> usize {
        self.key.ring.n
    }

    /// Bits between the least bound and half its modulus.
    pub fn margin_bits(&self) -> f64 {
        self.circuit.margin
    }

    /// Stages 4 to 6 for the block as one of many, flooding and re-randomisation included. Returns the answer's numbers.
    pub fn block(&mut self) -> usize {
        let ring = self.key.ring;
        let engine = Engine { ring, relinearisation: &self.key.relinearisation };
        let masks = self.circuit.masks(MANY_BLOCKS);
        let rng = &mut self.rng;
        let mut draw = || masks.draw(ring, rng);
        let mut values = Vec::new();
        for (judgement, diagonals) in &self.decisions {
            let drawn = if self.circuit.masks_at_once() { draw() } else { Vec::new() };
            let drawn: Vec<&Plaintext> = drawn.iter().collect();
            let scores = diagonals.scores(&self.key, &[&self.babies], self.circuit.centre(*judgement));
            values.extend(scores.iter().map(|score| self.circuit.judge(&engine, *judgement, score, &drawn, 1)));
        }
        let drawn = if self.circuit.masks_at_once() { Vec::new() } else { draw() };
        let verdicts = match ring.set.one_squaring {
            true => values.into_iter().flatten().collect(),
            false => self.circuit.verdict(&engine, values, &drawn.iter().collect::<Vec<_>>()),
        };
        match self.disclosure {
            Disclosure::Each if ring.set.one_squaring => {
                let outputs = verdicts.iter();
                outputs.flat_map(|value| super::aggregate::squares(&self.key, &self.circuit, value, rng)).count()
                    * ring.n
            }
            Disclosure::Each => verdicts.into_iter().map(|value| sanitised(&self.key, value, rng)).count() * ring.n,
            Disclosure::Any | Disclosure::Count => {
                let mut sums = Sums::default();
                sums.add(ring, verdicts);
                sums.finish(&self.key, self.disclosure, rng).0.len()
            }
        }
    }
}

/// What an agreement's circuits are admitted for by default: 100,000 references.
const ADMITTED_BLOCKS: usize = 4;

/// A gallery too large for one sample under `any`.
const MANY_BLOCKS: usize = 100;
