//! One block of references at chosen distances from a probe.

use rand::Rng;
use rand_chacha::ChaCha20Rng;

use super::arithmetic::residue;
use super::ciphertexts::EncryptedProbes;
use super::circuit::{Circuit, Judgement, Plane, Shape};
use super::distance::{Babies, Block, Steps};
use super::engine::{Ciphertext, Plaintext};
use super::parties::Parties;
use super::sampling::non_zero;
use crate::agreement::Disclosure;

/// One decision a subject.
pub(super) fn single() -> Shape {
    Shape {
        planes: vec![Plane { group: 0, sample: 0, ordinal: 0 }],
        groups: 1,
        alignments: 1,
        judges_common_bits: false,
    }
}

/// A Hamming distance of so many bits in every slot of one block.
pub(super) struct Run {
    pub(super) circuit: Circuit,
    pub(super) probes: EncryptedProbes,
    block: Block,
    steps: Steps,
    disclosure: Disclosure,
}

impl Run {
    /// A random probe; `distance` says how far each slot's reference is, a random one; slots without are absent.
    pub(super) fn new(
        parties: &Parties,
        (bits, threshold, disclosure): (usize, i64, Disclosure),
        distance: impl Fn(usize) -> Option<usize> + Sync,
        rng: &mut ChaCha20Rng,
    ) -> Self {
        let (ring, d) = (parties.ring, bits as i64);
        let range = 2 * (threshold - d) + 1..=2 * threshold + 1;
        let circuit = Circuit::new(ring.set, bits, &range, None, disclosure, &single(), 1).unwrap();
        let steps = Steps::new(ring.set, bits).unwrap();
        let probe: Vec<i16> = (0..bits).map(|_| if rng.random() { 1 } else { -1 }).collect();
        let offsets: Vec<usize> = (0..ring.n).map(|_| rng.random_range(0..bits)).collect();
        let mut block = Block::new(steps, ring.n, 1, -1);
        block.fill(|row, weights| {
            let distance = distance(row)?;
            let differs = |i: usize| (i + offsets[row]) % bits < distance;
            weights.iter_mut().zip(&probe).enumerate().for_each(|(i, (w, &x))| *w = if differs(i) { -x } else { x });
            Some(2 * threshold + 1 - d)
        });
        let coordinate = |slot| residue(probe.get(slot % steps.period).copied().unwrap_or(0).into());
        let slots: Vec<u32> = (0..ring.n).map(coordinate).collect();
        Self { circuit, probes: parties.encrypted(&slots, rng), block, steps, disclosure }
    }

    pub(super) fn score(&self, parties: &Parties) -> Ciphertext {
        let babies = Babies::of_sample(&parties.key, &self.probes, 0, self.steps).unwrap();
        let centre = self.circuit.centre(Judgement::Aligned);
        self.block.scores(&parties.key, &[&babies], centre).pop().unwrap()
    }

    /// What is sanitised, but for the masks of `any`; for the one-squaring variant the square.
    pub(super) fn verdict(&self, parties: &Parties, score: &Ciphertext, rng: &mut ChaCha20Rng) -> Ciphertext {
        let ring = parties.ring;
        let masked = self.disclosure == Disclosure::Each && !ring.set.one_squaring;
        let mask = masked.then(|| Plaintext::of_slots(ring, non_zero(ring.n, rng), ring.set.limbs));
        let masks: Vec<&Plaintext> = mask.iter().collect();
        let value = self.circuit.judge(&parties.engine(), Judgement::Aligned, score, &masks, 1).remove(0);
        parties.hold_with_margin("threshold", &value);
        match ring.set.one_squaring {
            true => value,
            false => self.circuit.verdict(&parties.engine(), vec![vec![value]], &[]).remove(0),
        }
    }
}
