//! Stage 6a: gates over encrypted bits: "at least k of n" by one keyswitch and one bootstrap (docs/protocol.md, section 5).
//!
//! A bit is 0 or 1/24 of the torus, so up to twelve can be added before the sum reaches 1/2; shifted by (k - 1/2)/24 its sign says whether
//! at least k were set, with a margin of 1/48 on either side.

use ::tfhe::core_crypto::prelude::*;
use rand::CryptoRng;
use rayon::prelude::*;

use super::distance::EncryptedScore;
use super::keys::PreparedKey;
use super::labelled::{Keys, OUTPUTS};
use super::{Lwe, MODULUS};
use crate::scheme::{Progress, Stopped};

/// Most bits that one gate adds.
pub(super) const FAN_IN: usize = 12;

/// Most inputs of an OR that a veto is added to: their sum is at most 6/24, and a bit's margin is left below 0.
const VETOED: usize = 6;

/// 1/48 of the torus: half the distance between 0 and 1.
pub(super) const HALF_BIT: u64 = (1u128 << 64).div_euclid(48) as u64;
/// 1/4 of the torus: a verdict that has room for flooding.
pub(super) const QUARTER: u64 = 1 << 62;

/// An encrypted bit under the bootstrap output key: phase 0 or 1/24. Never leaves the scheme.
pub(super) struct EncryptedBit(pub(super) Lwe);

/// An encrypted verdict under the bootstrap output key: phase -1/4 or 1/4. Carries the gallery in its noise until it is washed.
pub(super) struct UnwashedVerdict(pub(super) Lwe);

/// What tests say of a probe (see `validity`), under the bootstrap output key: phase 0 of a template, -1/4 of what is none. Tells nothing of the
/// gallery, but never leaves the scheme.
pub(super) struct Veto(pub(super) Lwe);

impl Veto {
    /// Adds it to a verdict of +-1/8.
    pub(super) fn add_to(&self, verdict: &mut UnwashedVerdict) {
        lwe_ciphertext_add_assign(&mut verdict.0, &self.0);
    }
}

impl AsRef<Lwe> for EncryptedScore {
    fn as_ref(&self) -> &Lwe {
        &self.0
    }
}

/// Encryptions of known bits: put in the place of bits that must not count, and where a gate has no input.
///
/// Of one fresh encryption of zero with the public key, made for each probe whether it is needed or not: a sample without a mask would make
/// the bootstraps after it shorter, and tell of whom it stands for.
pub(super) struct Known(Lwe);

impl Known {
    /// Fresh.
    pub(super) fn new(key: &PreparedKey, rng: &mut dyn CryptoRng) -> Self {
        Self(key.fresh_zero(rng))
    }

    /// A miss.
    pub(super) fn miss(&self) -> EncryptedBit {
        EncryptedBit(self.0.clone())
    }

    /// Puts a known bit in the place of one, if there is one; the same work either way.
    pub(super) fn put(&self, bit: &mut EncryptedBit, known: Option<bool>) {
        self.replace(&mut bit.0, known, [0, 2 * HALF_BIT]);
    }

    /// As [`Known::put`], for a verdict of this amplitude.
    pub(super) fn put_verdict(&self, verdict: &mut UnwashedVerdict, amplitude: u64, known: Option<bool>) {
        self.replace(&mut verdict.0, known, [amplitude.wrapping_neg(), amplitude]);
    }

    fn replace(&self, sample: &mut Lwe, known: Option<bool>, [no, yes]: [u64; 2]) {
        let keep = u64::from(known.is_some()).wrapping_sub(1);
        let body = if known == Some(true) { yes } else { no };
        for (element, fresh) in sample.as_mut().iter_mut().zip(self.0.as_ref()) {
            *element = (*element & keep) | (fresh & !keep);
        }
        let sum = sample.get_mut_body().data;
        *sum = sum.wrapping_add(body & !keep);
    }
}

/// Sums of verdicts, one an output of `labelled`: phase -1/4 where an even number of those who have the bit hit, 1/4 where an odd number does.
pub(super) struct Sums(Vec<Lwe>);

impl Sums {
    pub(super) fn new(key: &PreparedKey) -> Self {
        Self(vec![shifted(key.zero(), QUARTER.wrapping_neg()); OUTPUTS])
    }

    /// Adds verdicts of +-1/4, on the subjects from `first` on; the same work whatever their bits.
    pub(super) fn add<'a>(
        &mut self,
        keys: &Keys,
        first: usize,
        verdicts: impl Iterator<Item = &'a Lwe> + Clone + Sync,
    ) {
        let add = |(output, sum): (usize, &mut Lwe)| {
            for (verdict, bit) in verdicts.clone().zip(keys.bits(first, output)) {
                let mask = u64::from(bit).wrapping_neg();
                for (sum, &element) in sum.as_mut().iter_mut().zip(verdict.as_ref()) {
                    *sum = sum.wrapping_add(element & mask);
                }
                let body = sum.get_mut_body().data;
                *body = body.wrapping_add(QUARTER & mask);
            }
        };
        self.0.par_iter_mut().enumerate().for_each(add);
    }

    /// With the other sign where told.
    pub(super) fn flipped(self, flips: impl Iterator<Item = bool>) -> Vec<Lwe> {
        flipped(self.0, flips)
    }

    /// Whatever their noise is, as verdicts of this amplitude.
    pub(super) fn verdicts(
        self,
        key: &PreparedKey,
        amplitude: u64,
        progress: &dyn Progress,
    ) -> Result<Vec<UnwashedVerdict>, Stopped> {
        let switched: Vec<_> = self.0.par_iter().map(|sum| Shifted(key.keyswitch(sum))).collect();
        let signs = key.signs(&switched, amplitude, progress)?;
        Ok(signs.into_iter().map(UnwashedVerdict).collect())
    }
}

/// Verdicts of +-1/4, with the other sign where told.
pub(super) fn flipped(verdicts: Vec<Lwe>, flips: impl Iterator<Item = bool>) -> Vec<Lwe> {
    verdicts.into_iter().zip(flips).map(|(verdict, flip)| shifted(verdict, u64::from(flip) << 63)).collect()
}

/// A sample under the query key, on its way into a bootstrap.
pub(super) struct Shifted(pub(super) Lwe);

impl AsRef<Lwe> for Shifted {
    fn as_ref(&self) -> &Lwe {
        &self.0
    }
}

/// Which gate.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Gate {
    /// At least one of the inputs.
    Or,
    /// All of the inputs.
    And,
}

impl PreparedKey {
    /// The signs of scores as bits.
    pub(super) fn bits(
        &self,
        scores: &[EncryptedScore],
        progress: &dyn Progress,
    ) -> Result<Vec<EncryptedBit>, Stopped> {
        let signs = self.signs(scores, HALF_BIT, progress)?;
        Ok(signs.into_iter().map(|sign| EncryptedBit(shifted(sign, HALF_BIT))).collect())
    }

    /// The signs of scores as verdicts of this amplitude, where nothing is to be combined.
    pub(super) fn verdicts(
        &self,
        scores: &[EncryptedScore],
        amplitude: u64,
        progress: &dyn Progress,
    ) -> Result<Vec<UnwashedVerdict>, Stopped> {
        let signs = self.signs(scores, amplitude, progress)?;
        Ok(signs.into_iter().map(UnwashedVerdict).collect())
    }

    /// Each set of bits reduced to one by a tree of gates. The gate of no bits is a miss; of one bit the bit itself.
    pub(super) fn reduce(
        &self,
        gate: Gate,
        mut sets: Vec<Vec<EncryptedBit>>,
        known: &Known,
        progress: &dyn Progress,
    ) -> Result<Vec<EncryptedBit>, Stopped> {
        while sets.iter().any(|set| set.len() > 1) {
            sets = self.reduce_once(gate, sets, progress)?;
        }
        Ok(sets.into_iter().map(|mut set| set.pop().unwrap_or_else(|| known.miss())).collect())
    }

    /// One level of the tree: sets of more than one bit shrink by the fan-in.
    fn reduce_once(
        &self,
        gate: Gate,
        sets: Vec<Vec<EncryptedBit>>,
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<EncryptedBit>>, Stopped> {
        let groups: Vec<&[EncryptedBit]> =
            sets.iter().filter(|set| set.len() > 1).flat_map(|set| set.chunks(FAN_IN)).collect();
        let sums: Vec<_> = groups.par_iter().map(|group| self.sum(gate, *group)).collect();
        let signs = self.signs(&sums, HALF_BIT, progress)?;
        let mut results = signs.into_iter().map(|sign| EncryptedBit(shifted(sign, HALF_BIT)));
        let shrink = |set: Vec<EncryptedBit>| match set.len() {
            0 | 1 => set,
            many => results.by_ref().take(many.div_ceil(FAN_IN)).collect(),
        };
        Ok(sets.into_iter().map(shrink).collect())
    }

    /// Whether any bit of a set is set and there is no veto, as a verdict: the root of an OR tree. Of no bits a miss.
    pub(super) fn root(
        &self,
        mut set: Vec<EncryptedBit>,
        known: &Known,
        veto: Option<&Veto>,
        progress: &dyn Progress,
    ) -> Result<UnwashedVerdict, Stopped> {
        if set.is_empty() {
            set.push(known.miss());
        }
        while set.len() > root_fan_in(veto.is_some()) {
            set = self.reduce_once(Gate::Or, vec![set], progress)?.into_iter().flatten().collect();
        }
        let mut verdict = self.signs(&[self.vetoed_sum(Gate::Or, &set, veto)], QUARTER, progress)?;
        Ok(UnwashedVerdict(verdict.pop().unwrap_or_else(|| self.zero())))
    }

    /// The sum of a gate's inputs, shifted so that its sign is the gate's result, under the query key.
    pub(super) fn sum<'a>(&self, gate: Gate, bits: impl IntoIterator<Item = &'a EncryptedBit>) -> Shifted {
        self.vetoed_sum(gate, bits, None)
    }

    /// As [`PreparedKey::sum`]; with a veto its sign is that of no hit.
    fn vetoed_sum<'a>(
        &self,
        gate: Gate,
        bits: impl IntoIterator<Item = &'a EncryptedBit>,
        veto: Option<&Veto>,
    ) -> Shifted {
        let (mut sum, mut count) = (self.zero(), 0);
        for EncryptedBit(bit) in bits {
            lwe_ciphertext_add_assign(&mut sum, bit);
            count += 1;
        }
        if let Some(Veto(veto)) = veto {
            lwe_ciphertext_add_assign(&mut sum, veto);
        }
        let least = match gate {
            Gate::Or => 1,
            Gate::And => count,
        };
        let shift = HALF_BIT.wrapping_mul(2 * least - 1).wrapping_neg();
        Shifted(self.keyswitch(&shifted(sum, shift)))
    }

    /// An encrypted 0 without noise: never an output, only what a sum begins with.
    pub(super) fn zero(&self) -> Lwe {
        Lwe::new(0, LweDimension(self.parameters.bootstrapped_dimension()).to_lwe_size(), MODULUS)
    }
}

pub(super) fn shifted(mut sample: Lwe, by: u64) -> Lwe {
    let body = sample.get_mut_body().data;
    *body = body.wrapping_add(by);
    sample
}

/// Most inputs of the root of a tree.
fn root_fan_in(vetoed: bool) -> usize {
    if vetoed { VETOED } else { FAN_IN }
}

/// Gates of a tree over `bits` bits that ends in a verdict: what [`PreparedKey::root`] spends.
pub(super) fn gates_to_root(mut bits: usize, vetoed: bool) -> u64 {
    let mut gates = 1;
    while bits > root_fan_in(vetoed) {
        bits = bits.div_ceil(FAN_IN);
        gates += bits as u64;
    }
    gates
}

/// Gates of a tree over `bits` bits that ends in one bit: what [`PreparedKey::reduce`] spends.
pub(super) fn gates(mut bits: usize) -> u64 {
    let mut gates = 0;
    while bits > 1 {
        bits = bits.div_ceil(FAN_IN);
        gates += bits as u64;
    }
    gates
}
