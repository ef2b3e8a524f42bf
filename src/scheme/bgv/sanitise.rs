//! Stage 6, its end: an answer that says the verdict and nothing else (protocol, section 6).
//!
//! The querier sees the phase of what it decrypts, every coefficient, and knows f m; the rest is noise that depends on the gallery. Before the
//! last division a public-key encryption of zero makes the mask fresh, and a uniform multiple of t, as large as the modulus admits,
//! drowns the noise: the statistical distance between two answers with equal verdicts is 2^-b a coefficient, b = [`flooding_log2`].

use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::engine::Ciphertext;
use super::keys::PreparedKey;
use super::modulus::add_assign;
use super::noise::{Noise, State, TAIL_LOG2, sum};
use super::ring::Ring;
use super::sampling::{errors, flood, ternary};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS, PRIME_BITS};

/// With t it stays within 128-bit integers.
const LARGEST_FLOOD_LOG2: f64 = 100.0;

/// The flood's size as a power of two, in units of t: with t, and with what it drowns, it stays below half the modulus.
fn flood_size_log2(state: State) -> u32 {
    let modulus = f64::from(PRIME_BITS) * state.limbs as f64 - 0.05;
    (modulus - 1.2 - f64::from(PLAINTEXT_MODULUS).log2()).floor().clamp(0.0, LARGEST_FLOOD_LOG2) as u32
}

/// b: bits by which the flood exceeds the bound of what it drowns.
pub(super) fn flooding_log2(set: &BgvSet, state: State) -> f64 {
    let drowned = sum([state.noise, Noise::of(set).public_zero()]) + TAIL_LOG2;
    f64::from(flood_size_log2(state)) + f64::from(PLAINTEXT_MODULUS).log2() - drowned
}

/// What leaves, and what it may tell.
pub(super) struct Sanitised {
    pub(super) ciphertext: Ciphertext,
    /// Statistical distance of each coefficient from one that depends on the verdict alone: 2^-b.
    pub(super) leakage: f64,
}

/// Makes the mask fresh, floods, and divides all primes but the first away.
pub(super) fn sanitised(key: &PreparedKey, verdict: Ciphertext, rng: &mut ChaCha20Rng) -> Sanitised {
    let limbs = verdict.state.limbs.min(key.ring.set.public_limbs());
    let verdict = verdict.truncated(key.ring, limbs);
    let leakage = (-flooding_log2(key.ring.set, verdict.state)).exp2();
    Sanitised { ciphertext: flooded(key, &verdict, rng).divided(key.ring, limbs - 1), leakage }
}

/// Adds a public-key encryption of zero and the flood; over at most as many primes as the public key has.
pub(super) fn flooded(key: &PreparedKey, verdict: &Ciphertext, rng: &mut ChaCha20Rng) -> Ciphertext {
    let (ring, limbs) = (key.ring, verdict.state.limbs);
    let (n, t) = (ring.n, i64::from(PLAINTEXT_MODULUS));
    let r = ring.lift_small(&ternary(n, rng), limbs);
    let flood = flood(n, flood_size_log2(verdict.state), rng);
    let mut noises = [0, 1].map(|_| errors(n, rng).into_iter().map(|e| i128::from(t * e)).collect::<Vec<_>>());
    for (noise, flood) in noises[0].iter_mut().zip(flood) {
        *noise += i128::from(t) * flood;
    }
    let parts = verdict.parts.iter().zip(&key.zero).zip(&noises).map(|((part, zero), noise)| {
        let mut part = part.clone();
        part.par_chunks_exact_mut(n).zip(&ring.limbs).enumerate().for_each_init(
            || vec![0; n],
            |fresh, (index, (part, prime))| {
                let modulus = prime.modulus;
                let p = i128::from(modulus.value());
                for (fresh, &noise) in fresh.iter_mut().zip(noise) {
                    *fresh = modulus.store_residue(noise.rem_euclid(p) as u32);
                }
                prime.forward(fresh);
                for ((fresh, &zero), &r) in fresh.iter_mut().zip(ring.limb(zero, index)).zip(ring.limb(&r, index)) {
                    *fresh = modulus.add(*fresh, modulus.multiply(zero, r));
                }
                add_assign(modulus, part, fresh);
            },
        );
        part
    });
    let mut parts = parts;
    let parts = [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()];
    Ciphertext { state: flooded_state(verdict.state), parts }
}

/// What is known of a verdict once it is flooded.
pub(super) fn flooded_state(verdict: State) -> State {
    let noise = f64::from(flood_size_log2(verdict)) + f64::from(PLAINTEXT_MODULUS).log2();
    State { noise, ..verdict }
}

/// The constant coefficient of the plaintext as an LWE sample over the first prime: mask of N numbers, then the body. The sum over all
/// slots is N times that coefficient.
pub(super) fn constant_coefficient(ring: &Ring, ciphertext: &Ciphertext) -> Vec<u32> {
    let Some(prime) = ring.limbs.first() else { return Vec::new() };
    let modulus = prime.modulus;
    let n_inverse = modulus.invert(modulus.store(ring.n as i64));
    let coefficients = |part: &[u32]| {
        let mut limb = ring.limb(part, 0).to_vec();
        prime.backward_times_n(&mut limb);
        limb.iter_mut().for_each(|c| *c = modulus.load(modulus.multiply(*c, n_inverse)));
        limb
    };
    let [c0, c1] = ciphertext.parts.each_ref().map(|part| coefficients(part));
    // The constant coefficient of c1 s is c1_0 s_0 - sum_(i > 0) c1_(N-i) s_i.
    let (first, rest) = c1.split_first().map_or((0, &[][..]), |(&first, rest)| (first, rest));
    let negated = rest.iter().rev().map(|&c| modulus.subtract(0, c));
    std::iter::once(first).chain(negated).chain(c0.first().copied()).collect()
}
