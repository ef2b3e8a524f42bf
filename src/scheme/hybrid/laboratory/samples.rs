//! Both parties of one exchange, and samples of known phases, so that any stage can be looked at.

use rand::{CryptoRng, Rng};
use rand_chacha::ChaCha20Rng;

use crate::agreement::Disclosure;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::circuit::{Circuit, Comparison, Sharing};
use crate::scheme::bgv::distance::Block;
use crate::scheme::bgv::engine::Ciphertext;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::shape::{Judgement, Plane, Shape};
use crate::scheme::hybrid::Hybrid;
use crate::scheme::hybrid::holder::SecretKey;
use crate::scheme::hybrid::keys::PreparedKey;
use crate::scheme::{Evaluator as _, Holder as _};

/// Both parties.
pub(super) struct Parties {
    pub(super) secret: SecretKey,
    pub(super) key: PreparedKey,
}

impl Parties {
    pub(super) fn new(set: &HybridSet, rng: &mut dyn CryptoRng) -> Self {
        let (secret, public) = Hybrid::generate(set, rng);
        Self { secret, key: Hybrid::prepare_key(public, set) }
    }
}

/// One decision a pair.
pub(super) fn single() -> Shape {
    Shape {
        planes: vec![Plane { group: 0, sample: 0, ordinal: 0 }],
        groups: 1,
        alignments: 1,
        judges_common_bits: false,
    }
}

/// A block of samples modulo t, one in each slot, with the circuit that judges them.
pub(super) struct Samples {
    pub(super) circuit: Circuit,
    /// v of each slot.
    pub(super) values: Vec<i64>,
    block: Block,
}

impl Samples {
    /// Uniform masks, and bodies that make them stand for these values, each within the set's bound and the tail of its noise.
    ///
    /// # Errors
    ///
    /// [`Misfit`] where the set does not admit the disclosure.
    pub(super) fn new(
        parties: &Parties,
        disclosure: Disclosure,
        values: Vec<i64>,
        rng: &mut ChaCha20Rng,
    ) -> Result<Self, Misfit> {
        let set = &parties.key.set;
        let n = set.query().lwe_dimension();
        let (ring, bound) = (set.ring(), Self::largest(set));
        let comparison = Comparison {
            coordinates: n,
            aligned: -(2 * bound + 1)..=2 * bound + 1,
            common_bits: None,
            disclosure,
            hits: 1,
            sharing: Sharing::Pairs { disjunction: false },
        };
        let circuit = Circuit::weigh(&ring, &comparison, &single(), 2)?.with_coefficients();
        let masks: Vec<i16> = (0..values.len() * n).map(|_| rng.random()).collect();
        let secret = parties.secret.probe.bits();
        let mut block = Block::new(circuit.steps, ring.ring_size(), residue(-2), -1);
        block.fill(|row, weights| {
            let mask = masks.chunks_exact(n).nth(row)?;
            weights.copy_from_slice(mask);
            let inner: i64 = mask.iter().zip(secret).map(|(&a, &s)| i64::from(a) * s as i64).sum();
            Some(2 * (values.get(row)? + inner) + 1)
        });
        Ok(Self { circuit, values, block })
    }

    /// The largest |v| of a decision on weights of length 256.
    pub(super) fn largest(set: &HybridSet) -> i64 {
        set.score_bound as i64 + set.tail(256.0).ceil() as i64
    }

    /// w less the centre of the threshold, in every slot.
    pub(super) fn score(&self, parties: &Parties) -> Option<Ciphertext> {
        let centre = self.circuit.centre(Judgement::Aligned);
        self.block.scores(&parties.key.ring, &[&parties.key.rotations], centre).pop()
    }
}
