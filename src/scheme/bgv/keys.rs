//! The public keys that cross: a relinearisation key, two rotation keys, and a public key for encryptions of zero.
//!
//! Masks come from seeds, so that bodies alone cross: for each digit of a keyswitch N (limbs + special) residues.

use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::engine::SwitchKey;
use super::packing::{pack, packed_bytes, unpack};
use super::ring::Ring;
use super::sampling::{Seed, seed, uniform};
use crate::parameters::bgv::BgvSet;
use crate::scheme::{Crossing, CrossingError, Extent};

/// Keyswitch keys of an evaluation key: for products, for rotations by one slot, for rotations by [`BgvSet::baby_steps`].
const SWITCHES: usize = 3;

/// Primes over which an answer is flooded, at most: as many as leave twice the flooding that is needed, and whose product, the width of the
/// flood, fits 128-bit integers.
const MOST_PUBLIC_LIMBS: usize = 4;

/// One querier's public keys as they cross.
pub struct EvaluationKey {
    pub(in crate::scheme) set: BgvSet,
    /// Stands for every mask.
    pub(in crate::scheme) seed: Seed,
    /// For each keyswitch key its digits: residues over all primes, transformed.
    pub(in crate::scheme) switches: Vec<Vec<Vec<u32>>>,
    /// The body of an encryption of zero, over the first primes.
    pub(in crate::scheme) zero: Vec<u32>,
}

/// Expanded for use.
pub struct PreparedKey {
    pub(in crate::scheme) ring: Arc<Ring>,
    pub(in crate::scheme) relinearisation: SwitchKey,
    pub(in crate::scheme) rotate_by_one: SwitchKey,
    pub(in crate::scheme) rotate_by_baby_steps: SwitchKey,
    /// (b, a), over the first [`BgvSet::public_limbs`] primes.
    pub(in crate::scheme) zero: [Vec<u32>; 2],
    /// Tells these keys from others.
    pub(in crate::scheme) digest: [u8; 32],
}

/// One seed for each digit of each keyswitch key, and one for the public key.
pub(in crate::scheme) fn seeds(set: &BgvSet, master: Seed) -> Vec<Seed> {
    let mut rng = ChaCha20Rng::from_seed(master);
    (0..=SWITCHES * set.digits()).map(|_| seed(&mut rng)).collect()
}

impl EvaluationKey {
    /// Draws the masks.
    pub(in crate::scheme) fn expand(self) -> PreparedKey {
        let ring = Ring::of(&self.set);
        let seeds = seeds(&self.set, self.seed);
        let mask = |seed: Seed, limbs: usize| {
            let mut mask = vec![0; limbs * ring.n];
            let limbs = mask.par_chunks_exact_mut(ring.n).zip(&ring.limbs).enumerate();
            limbs.for_each(|(index, (mask, prime))| uniform(seed, index, prime.modulus, mask));
            mask
        };
        let mut next = seeds.iter().copied();
        let mut switch = |bodies: Vec<Vec<u32>>| SwitchKey {
            digits: bodies.into_iter().zip(next.by_ref()).map(|(b, seed)| [b, mask(seed, ring.limbs.len())]).collect(),
        };
        let mut switches = self.switches.into_iter();
        let mut take = || switch(switches.next().unwrap_or_default());
        let (relinearisation, rotate_by_one, rotate_by_baby_steps) = (take(), take(), take());
        let zero_seed = seeds.last().copied().unwrap_or_default();
        // No two secrets have the same encryption of zero.
        let mut digest = Sha256::new_with_prefix(self.seed);
        self.zero.iter().for_each(|residue| digest.update(residue.to_le_bytes()));
        let digest = digest.finalize().into();
        let zero = [self.zero, mask(zero_seed, self.set.public_limbs())];
        PreparedKey { ring, relinearisation, rotate_by_one, rotate_by_baby_steps, zero, digest }
    }
}

impl BgvSet {
    /// Digits of a keyswitch.
    pub(crate) fn digits(&self) -> usize {
        self.limbs.div_ceil(self.digit)
    }

    /// Primes over which the public key encrypts zeros: what an answer may have when it is sanitised.
    pub(crate) fn public_limbs(&self) -> usize {
        self.limbs.min(MOST_PUBLIC_LIMBS)
    }

    /// Bytes of the public keys as sent.
    pub fn evaluation_key_bytes(&self) -> usize {
        let limb = packed_bytes(self.ring_size());
        32 + limb * (SWITCHES * self.digits() * (self.limbs + self.special) + self.public_limbs())
    }

    /// Bytes of the public keys in memory, masks drawn.
    pub(crate) fn prepared_key_bytes(&self) -> usize {
        8 * self.ring_size() * (SWITCHES * self.digits() * (self.limbs + self.special) + self.public_limbs())
    }
}

impl Crossing for EvaluationKey {
    type Set = BgvSet;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        let mut bytes = Vec::with_capacity(self.set.evaluation_key_bytes());
        bytes.extend(self.seed);
        let n = self.set.ring_size();
        let bodies = self.switches.iter().flatten().chain([&self.zero]);
        bodies.flat_map(|body| body.chunks_exact(n)).for_each(|limb| pack(limb, &mut bytes));
        Ok(bytes)
    }

    /// Also refuses bodies that are one number throughout: they encrypt nothing. What else a body is cannot be told from a key's by whoever has
    /// no secret (SECURITY.md, "What can be checked of keys").
    fn decode(bytes: &[u8], set: &BgvSet, _: &Extent<'_>) -> Result<Self, CrossingError> {
        // Before anything is allocated.
        if bytes.len() != set.evaluation_key_bytes() {
            return Err(CrossingError::Dimensions("keys"));
        }
        let (&seed, mut rest) = bytes.split_first_chunk::<32>().ok_or(CrossingError::Encoding)?;
        let ring = Ring::of(set);
        let mut body = |limbs: usize| -> Result<Vec<u32>, CrossingError> {
            let mut body = Vec::with_capacity(limbs * ring.n);
            for prime in ring.limbs.iter().take(limbs) {
                let limb = unpack(&mut rest, ring.n, prime.modulus)?;
                // An encryption is the same number throughout with a probability that nobody meets.
                if limb.iter().all(|number| limb.first() == Some(number)) {
                    return Err(CrossingError::Trivial);
                }
                body.extend(limb);
            }
            Ok(body)
        };
        let mut switch = || (0..set.digits()).map(|_| body(ring.limbs.len())).collect::<Result<Vec<_>, _>>();
        let switches = (0..SWITCHES).map(|_| switch()).collect::<Result<Vec<_>, _>>()?;
        let zero = body(set.public_limbs())?;
        Ok(Self { set: *set, seed, switches, zero })
    }

    fn limit_bytes(set: &BgvSet, _: &Extent<'_>) -> u64 {
        set.evaluation_key_bytes() as u64
    }
}
