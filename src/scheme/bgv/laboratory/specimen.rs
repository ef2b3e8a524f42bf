//! One block of references at chosen distances from a probe.

use rand::Rng;
use rand_chacha::ChaCha20Rng;

use super::parties::Parties;
use crate::agreement::Disclosure;
use crate::scheme::bgv::ciphertexts::EncryptedProbes;
use crate::scheme::bgv::circuit::{Circuit, Comparison, Sharing};
use crate::scheme::bgv::distance::{Babies, Block, Steps};
use crate::scheme::bgv::engine::{Ciphertext, Plaintext};
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::sampling::non_zero;
use crate::scheme::bgv::shape::{Judgement, Plane, Shape};

/// One decision a subject.
pub(super) fn single() -> Shape {
    Shape {
        planes: vec![Plane { group: 0, sample: 0, ordinal: 0 }],
        groups: 1,
        alignments: 1,
        judges_common_bits: false,
    }
}

/// A Hamming distance that is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hamming {
    /// Bits of a template.
    pub(super) bits: usize,
    /// The most that may differ for a hit.
    pub(super) threshold: i64,
    pub(super) disclosure: Disclosure,
}

impl Hamming {
    /// As a circuit judges it: phi = 2 (threshold - distance) + 1.
    pub(super) fn comparison(self) -> Comparison {
        let Self { bits, threshold, disclosure } = self;
        let aligned = 2 * (threshold - bits as i64) + 1..=2 * threshold + 1;
        Comparison { coordinates: bits, aligned, common_bits: None, disclosure, hits: 0, sharing: Sharing::Probe }
    }
}

/// A Hamming distance of so many bits in every slot of one block.
pub(super) struct Specimen {
    pub(super) circuit: Circuit,
    pub(super) probes: EncryptedProbes,
    /// The probe, in the clear: what stands in the slots.
    pub(super) slots: Vec<u32>,
    block: Block,
    steps: Steps,
    disclosure: Disclosure,
}

impl Specimen {
    /// A random probe; `distance` says how far each slot's reference is, a random one; slots without are absent.
    ///
    /// # Errors
    ///
    /// [`Misfit`] where the set does not admit the comparison.
    pub(super) fn new(
        parties: &Parties,
        hamming: Hamming,
        distance: impl Fn(usize) -> Option<usize> + Sync,
        rng: &mut ChaCha20Rng,
    ) -> Result<Self, Misfit> {
        let Hamming { bits, threshold, disclosure } = hamming;
        let ring = &*parties.ring;
        let circuit = Circuit::weigh(&ring.set, &hamming.comparison(), &single(), 1)?.with_coefficients();
        let steps = circuit.steps;
        let probe: Vec<i16> = (0..bits).map(|_| if rng.random() { 1 } else { -1 }).collect();
        let offsets: Vec<usize> = (0..ring.n).map(|_| rng.random_range(0..bits)).collect();
        let mut block = Block::new(steps, ring.n, 1, -1);
        block.fill(|row, weights| {
            let (distance, offset) = (distance(row)?, offsets.get(row)?);
            let differs = |i: usize| (i + offset) % bits < distance;
            weights.iter_mut().zip(&probe).enumerate().for_each(|(i, (w, &x))| *w = if differs(i) { -x } else { x });
            Some(2 * threshold + 1 - bits as i64)
        });
        let coordinate = |slot| residue(probe.get(slot % steps.period).copied().unwrap_or(0).into());
        let slots: Vec<u32> = (0..ring.n).map(coordinate).collect();
        Ok(Self { circuit, probes: parties.encrypted(&slots, rng), slots, block, steps, disclosure })
    }

    /// What is added to phi in a score.
    pub(super) fn centre(&self) -> i64 {
        self.circuit.centre(Judgement::Aligned)
    }

    /// phi - centre in every slot.
    pub(super) fn score(&self, parties: &Parties) -> Option<Ciphertext> {
        let babies = Babies::of_sample(&parties.key, &self.probes, 0, self.steps)?;
        self.block.scores(&parties.key, &[&babies], self.centre()).pop()
    }

    /// A score judged: for the one-squaring variant its square; under `each` 0 iff it hits, masked; else 1 iff it hits.
    pub(super) fn threshold(&self, parties: &Parties, score: &Ciphertext, rng: &mut ChaCha20Rng) -> Option<Ciphertext> {
        let ring = &*parties.ring;
        let masked = self.disclosure == Disclosure::Each && !ring.set.one_squaring;
        let mask = masked.then(|| Plaintext::of_slots(ring, non_zero(ring.n, rng), ring.set.limbs));
        let masks: Vec<&Plaintext> = mask.iter().collect();
        self.circuit.judge(&self.circuit.engine(&parties.key), Judgement::Aligned, score, &masks, 1).pop()
    }

    /// What is sanitised, but for the masks of `any`: nothing more than the threshold for the one-squaring variant.
    pub(super) fn verdict(&self, parties: &Parties, threshold: Ciphertext) -> Option<Ciphertext> {
        match parties.ring.set.one_squaring {
            true => Some(threshold),
            false => self.circuit.verdict(&self.circuit.engine(&parties.key), vec![vec![threshold]], &[]).pop(),
        }
    }
}
