//! What is drawn at random: seeds, masks, errors, secrets.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::modulus::Modulus;
use crate::parameters::bgv::{ERROR_COINS, PLAINTEXT_MODULUS, PRIME_BITS};

/// Stands for uniform polynomials; public.
pub(super) type Seed = [u8; 32];

pub(super) fn seed(rng: &mut ChaCha20Rng) -> Seed {
    rng.random()
}

/// The uniform polynomial that a seed stands for modulo prime number `index`, by rejection: 30 bits are taken where they are below p.
pub(super) fn uniform(seed: Seed, index: usize, modulus: Modulus, out: &mut [u32]) {
    let mut rng = ChaCha20Rng::from_seed(seed);
    rng.set_stream(index as u64);
    let mut words = vec![0u32; 1024];
    let mut filled = 0;
    while filled < out.len() {
        rng.fill(words.as_mut_slice());
        let residues = words.iter().map(|word| word >> (32 - PRIME_BITS)).filter(|&word| word < modulus.value());
        for (value, residue) in out.iter_mut().skip(filled).zip(residues) {
            *value = residue;
            filled += 1;
        }
    }
}

/// Coefficients -1, 0, 1, each with probability 1/3.
pub(super) fn ternary(count: usize, rng: &mut ChaCha20Rng) -> Vec<i64> {
    (0..count).map(|_| rng.random_range(-1..=1)).collect()
}

/// Centred binomial errors of deviation 3.24.
pub(super) fn errors(count: usize, rng: &mut ChaCha20Rng) -> Vec<i64> {
    let coins = |word: u64| i64::from((word & ((1 << ERROR_COINS) - 1)).count_ones());
    (0..count)
        .map(|_| {
            let word: u64 = rng.random();
            coins(word) - coins(word >> ERROR_COINS)
        })
        .collect()
}

/// Uniform numbers modulo t other than 0.
pub(super) fn non_zero(count: usize, rng: &mut ChaCha20Rng) -> Vec<u32> {
    (0..count).map(|_| rng.random_range(1..PLAINTEXT_MODULUS)).collect()
}

/// Uniform numbers modulo t.
pub(super) fn any_residue(count: usize, rng: &mut ChaCha20Rng) -> Vec<u32> {
    (0..count).map(|_| rng.random_range(0..PLAINTEXT_MODULUS)).collect()
}

/// Uniform integers in [-2^log2, 2^log2), for log2 up to 126.
pub(super) fn flood(count: usize, log2: u32, rng: &mut ChaCha20Rng) -> Vec<i128> {
    let half = 1i128 << log2;
    (0..count)
        .map(|_| {
            let bits: u128 = rng.random();
            (bits >> (127 - log2)) as i128 - half
        })
        .collect()
}
