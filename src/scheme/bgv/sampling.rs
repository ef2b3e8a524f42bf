//! What is drawn at random: seeds, masks, errors, secrets.

use rand::seq::SliceRandom;
use rand::{CryptoRng, Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use super::modulus::Modulus;
use crate::parameters::bgv::{ERROR_COINS, PLAINTEXT_MODULUS, PRIME_BITS};
use crate::scheme::RandomSeed;

/// A generator of the scheme's own, wiped when it is dropped.
pub(in crate::scheme) struct Generator(ChaCha20Rng);

/// Seeded by the caller's.
pub(in crate::scheme) fn generator(rng: &mut dyn CryptoRng) -> Generator {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(seed.as_mut());
    Generator(ChaCha20Rng::from_seed(*seed))
}

impl Generator {
    /// Of a seed that is itself drawn.
    pub(in crate::scheme) fn of(seed: &RandomSeed) -> Self {
        Self(ChaCha20Rng::from_seed(**seed))
    }
}

impl std::ops::Deref for Generator {
    type Target = ChaCha20Rng;

    fn deref(&self) -> &ChaCha20Rng {
        &self.0
    }
}

impl std::ops::DerefMut for Generator {
    fn deref_mut(&mut self) -> &mut ChaCha20Rng {
        &mut self.0
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // State and buffer of a generator that anybody could make.
        self.0 = ChaCha20Rng::from_seed([0; 32]);
        zeroize::optimization_barrier(self);
    }
}

/// Stands for uniform polynomials; public.
pub(in crate::scheme) type Seed = [u8; 32];

pub(in crate::scheme) fn seed(rng: &mut ChaCha20Rng) -> Seed {
    rng.random()
}

/// The uniform polynomial that a seed stands for modulo prime number `index`, by rejection: 30 bits are taken where they are below p.
pub(in crate::scheme) fn uniform(seed: Seed, index: usize, modulus: Modulus, out: &mut [u32]) {
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
pub(in crate::scheme) fn ternary(count: usize, rng: &mut ChaCha20Rng) -> Vec<i64> {
    (0..count).map(|_| rng.random_range(-1..=1)).collect()
}

/// Centred binomial errors of deviation 3.24.
pub(in crate::scheme) fn errors(count: usize, rng: &mut ChaCha20Rng) -> Vec<i64> {
    let coins = |word: u64| i64::from((word & ((1 << ERROR_COINS) - 1)).count_ones());
    (0..count)
        .map(|_| {
            let word: u64 = rng.random();
            coins(word) - coins(word >> ERROR_COINS)
        })
        .collect()
}

/// Uniform numbers modulo t other than 0.
pub(in crate::scheme) fn non_zero(count: usize, rng: &mut ChaCha20Rng) -> Vec<u32> {
    (0..count).map(|_| rng.random_range(1..PLAINTEXT_MODULUS)).collect()
}

/// Uniform numbers modulo t.
pub(in crate::scheme) fn any_residue(count: usize, rng: &mut ChaCha20Rng) -> Vec<u32> {
    (0..count).map(|_| rng.random_range(0..PLAINTEXT_MODULUS)).collect()
}

/// Uniform integers in [-most, most], by rejection; `most` is below 2^126.
pub(in crate::scheme) fn flood(count: usize, most: u128, rng: &mut ChaCha20Rng) -> Vec<i128> {
    let values = 2 * most;
    let excess_bits = values.leading_zeros();
    let mut draw = || loop {
        let value = rng.random::<u128>().checked_shr(excess_bits).unwrap_or(0);
        if value <= values {
            return value as i128 - most as i128;
        }
    };
    (0..count).map(|_| draw()).collect()
}

/// The same numbers in another order, each as likely.
pub(in crate::scheme) fn shuffled(mut numbers: Vec<u32>, rng: &mut ChaCha20Rng) -> Vec<u32> {
    numbers.shuffle(rng);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_uniform_in_an_interval_that_is_no_power_of_two() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        assert_eq!(flood(3, 0, &mut rng), [0; 3]);
        let mut seen = [0usize; 11];
        for value in flood(110_000, 5, &mut rng) {
            seen[(value + 5) as usize] += 1;
        }
        // Six deviations of a binomial count around 10,000.
        assert!(seen.iter().all(|&count| count.abs_diff(10_000) < 600), "{seen:?}");
        let most = 3u128 << 100;
        let far = flood(1000, most, &mut rng);
        assert!(far.iter().all(|&value| value.unsigned_abs() <= most));
        assert!(far.iter().any(|&value| value.unsigned_abs() > most / 8 * 7));
    }
}
