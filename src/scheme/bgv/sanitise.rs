//! Stage 6, its end: an answer that says the verdict and nothing else (docs/protocol.md, section 6).
//!
//! The querier sees the phase of what it decrypts, every coefficient, and knows f m; the rest is noise that depends on the gallery. Before the
//! last division a public-key encryption of zero makes the mask fresh, and a uniform multiple of t, as large as the modulus admits,
//! drowns the noise: the statistical distance between two answers with equal verdicts is 2^-b a coefficient, b = [`flooding_log2`].
//!
//! A query made in bad faith may leave any phase V mod Q in place of f m and little noise. V + t F, with F uniform among 2w + 1 numbers, tells at
//! most log2(Q / (2w + 1)) bits of it: the residue modulo t, which is what an honest query reads, and what w falls short of Q/2t beside.

use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::chain::Chain;
use super::engine::Ciphertext;
use super::keys::PreparedKey;
use super::modulus::add_assign;
use super::noise::{Noise, State, TAIL_LOG2, exp2, log2, sum};
use super::ring::Ring;
use super::sampling::{errors, flood, ternary};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};

/// w: the flood is t times a uniform integer in [-w, w]. As large as keeps below half the modulus with what it drowns and, once all primes but
/// the first are gone, with the rounding of that division.
fn flood_width(set: &BgvSet, state: State) -> u128 {
    let bound = |noise: f64| exp2(noise + TAIL_LOG2).ceil() as u128;
    let primes = Chain::of(set).primes;
    let limbs = state.limbs.min(set.public_limbs());
    let dropped: u128 = primes.iter().take(limbs).skip(1).map(|&prime| u128::from(prime)).product();
    let half = u128::from(primes.first().copied().unwrap_or_default()) * dropped / 2;
    let rounding = if dropped > 1 { dropped * bound(Noise::of(set).rounding()) } else { 0 };
    half.saturating_sub(rounding).saturating_sub(bound(drowned(set, state))) / u128::from(PLAINTEXT_MODULUS)
}

/// The peak of what a flood drowns: the verdict's own noise and that of the fresh mask.
fn drowned(set: &BgvSet, state: State) -> f64 {
    sum([state.noise, Noise::of(set).public_zero()])
}

/// b: bits by which the flood exceeds the bound of what it drowns.
pub(in crate::scheme) fn flooding_log2(set: &BgvSet, state: State) -> f64 {
    flooded_state(set, state).noise - drowned(set, state) - TAIL_LOG2
}

/// What leaves, and what it may tell.
pub(in crate::scheme) struct Sanitised {
    pub(in crate::scheme) ciphertext: Ciphertext,
    /// Statistical distance of each coefficient from one that depends on the verdict alone: 2^-b.
    pub(in crate::scheme) leakage: f64,
}

/// Makes the mask fresh, floods, and divides all primes but the first away.
pub(in crate::scheme) fn sanitised(key: &PreparedKey, verdict: Ciphertext, rng: &mut ChaCha20Rng) -> Sanitised {
    let limbs = verdict.state.limbs.min(key.ring.set.public_limbs());
    let verdict = verdict.truncated(&key.ring, limbs);
    let leakage = exp2(-flooding_log2(&key.ring.set, verdict.state));
    Sanitised { ciphertext: flooded(key, &verdict, rng).divided(&key.ring, limbs - 1), leakage }
}

/// Adds a public-key encryption of zero and the flood; over at most as many primes as the public key has.
pub(in crate::scheme) fn flooded(key: &PreparedKey, verdict: &Ciphertext, rng: &mut ChaCha20Rng) -> Ciphertext {
    let (ring, limbs) = (&*key.ring, verdict.state.limbs);
    let (n, t) = (ring.n, i64::from(PLAINTEXT_MODULUS));
    let r = ring.lift_small(&ternary(n, rng), limbs);
    let flood = flood(n, flood_width(&ring.set, verdict.state), rng);
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
    Ciphertext { state: flooded_state(&ring.set, verdict.state), parts }
}

/// What is known of a verdict once it is flooded.
pub(in crate::scheme) fn flooded_state(set: &BgvSet, verdict: State) -> State {
    let verdict = State { limbs: verdict.limbs.min(set.public_limbs()), ..verdict };
    let noise = log2(flood_width(set, verdict) as f64) + log2(f64::from(PLAINTEXT_MODULUS));
    State { noise, ..verdict }
}

/// The constant coefficient of the plaintext as an LWE sample over the first prime: mask of N numbers, then the body. The sum over all
/// slots is N times that coefficient.
pub(in crate::scheme) fn constant_coefficient(ring: &Ring, ciphertext: &Ciphertext) -> Vec<u32> {
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

#[cfg(test)]
mod tests {
    use super::super::answer::BESIDE_A_RESIDUE;
    use super::super::chain::modulus_log2;
    use super::*;

    /// What a number tells of a phase that is anything, beside a residue modulo t; and the flood stays where it can be read.
    #[test]
    fn a_flood_leaves_a_seventh_of_a_bit_beside_a_residue() {
        for set in BgvSet::ALL {
            let state = State { limbs: set.public_limbs(), factor: 1, noise: 40.0 };
            let width = flood_width(set, state) as f64;
            let beside = modulus_log2(state.limbs) - (2.0 * width + 1.0).log2() - f64::from(PLAINTEXT_MODULUS).log2();
            println!("{set:?}: {beside:.3} bits beside a residue");
            assert!((0.0..BESIDE_A_RESIDUE).contains(&beside), "{set:?}: {beside}");
            let flooded = flooded_state(set, state);
            let left = modulus_log2(1) - 1.0 - (flooded.noise - modulus_log2(state.limbs) + modulus_log2(1));
            let rounding = Noise::of(set).rounding() + TAIL_LOG2 - (modulus_log2(1) - 1.0);
            assert!((-left).exp2() + rounding.exp2() < 1.0, "{set:?}");
        }
    }

    #[test]
    fn what_cannot_be_drowned_is_not_flooded() {
        let set = &crate::parameters::bgv::INSECURE_BGV;
        let state = |noise| State { limbs: 2, factor: 1, noise };
        assert!(flood_width(set, state(30.0)) > 1 << 40);
        assert_eq!(flood_width(set, state(60.0)), 0);
        assert_eq!(flooding_log2(set, state(60.0)), f64::NEG_INFINITY);
        assert_eq!(flood_width(set, state(1e6)), 0);
    }
}
