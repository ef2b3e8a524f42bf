//! Random draws that are the same on every machine.

use rand::RngCore;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// One of 2^64 independent streams of a seed.
///
/// Not for keys: the seed has 64 bits, and is public.
pub(super) struct Random(ChaCha20Rng);

impl Random {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut key = *b"........cotejo synthetic, v1    ";
        for (byte, seed) in key.iter_mut().zip(seed.to_le_bytes()) {
            *byte = seed;
        }
        let mut generator = ChaCha20Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// A fair coin.
    pub(super) fn bit(&mut self) -> bool {
        self.0.next_u32() >> 31 == 1
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Normal with mean 0 and deviation 1, to a good approximation: how many of 256 coins show heads, smoothed.
    ///
    /// Exponentials and logarithms, of which the usual methods are made, differ in the last digit between machines.
    pub(super) fn normal(&mut self) -> f64 {
        let heads: u32 = (0..4).map(|_| self.0.next_u64().count_ones()).sum();
        (f64::from(heads) - 128.0 + self.uniform() - 0.5) / 8.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::spread;
    use super::*;

    #[test]
    fn normal_numbers_are_normal() {
        let mut random = Random::new(1, 0);
        let values: Vec<f64> = (0..40_000).map(|_| random.normal()).collect();
        let (mean, deviation) = spread(values.iter().copied());
        assert!(mean.abs() < 0.02 && (deviation - 1.0).abs() < 0.02, "{mean} {deviation}");
        let beyond = |sigma: f64| values.iter().filter(|x| x.abs() > sigma).count() as f64 / values.len() as f64;
        assert!((0.312..0.322 + 0.01).contains(&beyond(1.0)), "{}", beyond(1.0)); // 31.7 %
        assert!((0.040..0.051).contains(&beyond(2.0)), "{}", beyond(2.0)); // 4.55 %
    }

    #[test]
    fn streams_and_seeds_differ() {
        let first = |seed, stream| Random::new(seed, stream).0.next_u64();
        assert_ne!(first(0, 0), first(0, 1));
        assert_ne!(first(0, 0), first(1, 0));
    }
}
