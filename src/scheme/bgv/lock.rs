//! A lock on what leaves under `each`: every slot of it is padded, and the key to the pads leaves beside it, with a test of the probe in
//! each of its numbers ([`super::validity`]).
//!
//! Of an encrypted template the tests are 0: the querier reads the key and takes the pads off. Of anything else the key's numbers are
//! uniform, and what is padded cannot be told from noise without trying 2^128 keys (docs/protocol.md, section 8).

use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::answer::KEY_NUMBERS;
use super::arithmetic::Cost;
use super::engine::Ciphertext;
use super::modulus::add_assign;
use super::noise::{Noise, State, sum};
use super::residues::{divide_mod_t, multiply_mod_t};
use super::ring::Ring;
use super::sampling::{Generator, any_residue, generator};
use crate::parameters::bgv::BgvSet;

/// What precedes a key where pads are drawn from it.
const DOMAIN: &[u8] = b"cotejo bgv pads";

/// The pads that a key stands for, ring element after ring element.
pub(in crate::scheme) struct Pads(Option<Generator>);

impl Pads {
    /// Of no key there are none: what leaves is not padded.
    pub(in crate::scheme) fn of(key: &[u32]) -> Self {
        if key.is_empty() {
            return Self(None);
        }
        let mut digest = Sha256::new_with_prefix(DOMAIN);
        key.iter().for_each(|number| digest.update(number.to_le_bytes()));
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(digest.finalize().into());
        Self(Some(generator(&mut ChaCha20Rng::from_seed(*seed))))
    }

    /// The next ring element's: a residue for each of `n` slots.
    pub(in crate::scheme) fn next(&mut self, n: usize) -> Vec<u32> {
        self.0.as_mut().map_or_else(|| vec![0; n], |rng| any_residue(n, rng))
    }
}

/// What a probe's answer is locked with.
pub(in crate::scheme) struct Lock {
    key: Zeroizing<Vec<u32>>,
    pads: Pads,
}

impl Lock {
    /// One without a key: nothing is padded, for whoever measures what leaves.
    pub(in crate::scheme) fn open() -> Self {
        Self { key: Zeroizing::new(Vec::new()), pads: Pads::of(&[]) }
    }

    pub(in crate::scheme) fn draw(rng: &mut ChaCha20Rng) -> Self {
        let key = Zeroizing::new(any_residue(KEY_NUMBERS, rng));
        Self { pads: Pads::of(&key), key }
    }

    /// The next pad.
    pub(in crate::scheme) fn pad(&mut self, ring: &Ring) -> Vec<u32> {
        self.pads.next(ring.n)
    }

    /// The numbers of the key: to leave with tests of the probe, and not otherwise.
    pub(in crate::scheme) fn into_key(self) -> Zeroizing<Vec<u32>> {
        self.key
    }
}

/// A verdict over the primes of an answer, with a pad that is added in every slot once all primes but the first are gone.
pub(in crate::scheme) fn padded(ring: &Ring, verdict: &Ciphertext, pad: &[u32]) -> Ciphertext {
    let mut padded = verdict.truncated(ring, ring.set.public_limbs());
    let limbs = padded.state.limbs;
    let loss = divide_mod_t(1, ring.chain.factor_after_drop(1, 1, limbs));
    let pad = ring.encode(pad.iter().map(|&pad| multiply_mod_t(pad, loss)));
    let pad = ring.lift_all(&pad, limbs);
    let [constant, _] = &mut padded.parts;
    for ((part, pad), prime) in constant.chunks_exact_mut(ring.n).zip(pad.chunks_exact(ring.n)).zip(&ring.limbs) {
        add_assign(prime.modulus, part, pad);
    }
    padded.state = padded_state(&ring.set, padded.state);
    padded
}

/// What is known of a verdict once it is padded.
pub(in crate::scheme) fn padded_state(set: &BgvSet, verdict: State) -> State {
    State { noise: sum([verdict.noise, Noise::of(set).plaintext()]), ..verdict }
}

/// What padding costs a ring element over so many primes.
pub(in crate::scheme) fn cost(limbs: usize) -> Cost {
    Cost { transforms: DRAWING_TRANSFORMS + limbs as f64, products: limbs as f64 }
}

/// Drawing a pad and encoding it, in transforms.
const DRAWING_TRANSFORMS: f64 = 10.0;
