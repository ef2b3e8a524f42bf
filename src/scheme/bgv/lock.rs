//! A lock on what leaves under `each` and `labelled`: every coefficient of it is padded, and the key to the pads leaves beside it, with a test of the
//! probe in each of its numbers ([`super::validity`]).
//!
//! Of an encrypted template the tests are 0: the querier reads the key and takes the pads off. Of anything else the key's numbers are
//! uniform, and what is padded cannot be told from noise without trying 2^128 keys (docs/protocol.md, section 8). A pad is uniform modulo the one
//! prime that is left when an element leaves: it hides phases of any size, and adds no noise.

use rand_chacha::ChaCha20Rng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::answer::KEY_NUMBERS;
use super::arithmetic::Cost;
use super::engine::Ciphertext;
use super::modulus::Modulus;
use super::ring::Ring;
use super::sampling::{Seed, any_residue, uniform};

/// What precedes a key where pads are drawn from it.
const DOMAIN: &[u8] = b"cotejo bgv pads";

/// The pads that a key stands for, ring element after ring element.
pub(in crate::scheme) struct Pads {
    /// Of no key there is none: what leaves is not padded.
    seed: Option<Zeroizing<Seed>>,
    next: usize,
}

/// What numbers modulo t stand for, as a seed.
pub(in crate::scheme) fn seed_of(domain: &[u8], numbers: &[u32]) -> Zeroizing<Seed> {
    let mut digest = Sha256::new_with_prefix(domain);
    numbers.iter().for_each(|number| digest.update(number.to_le_bytes()));
    Zeroizing::new(digest.finalize().into())
}

impl Pads {
    pub(in crate::scheme) fn of(key: &[u32]) -> Self {
        Self { seed: (!key.is_empty()).then(|| seed_of(DOMAIN, key)), next: 0 }
    }

    /// Puts the next pad on the body of a ring element over the first prime.
    pub(in crate::scheme) fn put_on(&mut self, ring: &Ring, body: &mut [u32]) {
        self.each(ring, body, Modulus::add);
    }

    /// Takes it off.
    pub(in crate::scheme) fn take_off(&mut self, ring: &Ring, body: &mut [u32]) {
        self.each(ring, body, Modulus::subtract);
    }

    fn each(&mut self, ring: &Ring, body: &mut [u32], with: impl Fn(Modulus, u32, u32) -> u32) {
        let Some((seed, prime)) = self.seed.as_ref().zip(ring.limbs.first()) else { return };
        let mut pad = Zeroizing::new(vec![0; ring.n]);
        uniform(**seed, self.next, prime.modulus, &mut pad);
        self.next += 1;
        body.iter_mut().zip(pad.iter()).for_each(|(body, &pad)| *body = with(prime.modulus, *body, pad));
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

    /// Locks a ring element that is sanitised, over one prime.
    pub(in crate::scheme) fn put_on(&mut self, ring: &Ring, element: &mut Ciphertext) {
        let [body, _] = &mut element.parts;
        self.pads.put_on(ring, body);
    }

    /// The numbers of the key: to leave with tests of the probe, and not otherwise.
    pub(in crate::scheme) fn into_key(self) -> Zeroizing<Vec<u32>> {
        self.key
    }
}

/// What locking a ring element costs.
pub(in crate::scheme) fn cost() -> Cost {
    Cost { transforms: DRAWING_TRANSFORMS, products: 0.0 }
}

/// Drawing a pad, in transforms.
const DRAWING_TRANSFORMS: f64 = 2.0;

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::parameters::bgv::INSECURE_BGV;

    /// Every element has a pad of its own, which its key alone takes off.
    #[test]
    fn a_pad_is_taken_off_by_its_key_alone() {
        let ring = Ring::of(&INSECURE_BGV);
        let mut lock = Lock::draw(&mut ChaCha20Rng::seed_from_u64(1));
        let body: Vec<u32> = (0..ring.n as u32).collect();
        let mut locked = [body.clone(), body.clone()];
        locked.iter_mut().for_each(|body| lock.pads.put_on(&ring, body));
        assert!(locked[0] != locked[1] && locked.iter().all(|locked| *locked != body));
        let mut key = lock.into_key();
        let opened = |key: &[u32]| {
            let mut pads = Pads::of(key);
            locked.clone().map(|mut body| {
                pads.take_off(&ring, &mut body);
                body
            })
        };
        assert_eq!(opened(&key), [body.clone(), body.clone()]);
        key[7] ^= 1;
        assert!(opened(&key).iter().all(|opened| *opened != body));
    }
}
