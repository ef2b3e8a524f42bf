//! The named parameter sets of scheme `hybrid`.
//!
//! A query key as of scheme `tfhe`, under which probes are encrypted and scored; a ring as of scheme `bgv`, in which scores are judged; and
//! B, the largest |phi| once a score is switched from 2^64 to t = 65537. The gray zone is some five steps of B, so the larger B the narrower
//! it is, and the dearer a threshold, whose degree is about B.
//!
//! Under `any` and `count`, what a probe is told is masked in the end, which takes primes that `each` has left for a larger B; so do the
//! rotations of an iris, and its common bits.

use super::bgv::BgvSet;
use super::bgv::PRIME_BITS;
pub use super::dimensions::HybridSet;
use super::query::QueryKeySet;

/// One decision a pair under every disclosure but `labelled`.
pub(crate) const HYBRID_2600: HybridSet = HybridSet {
    probe_glwe_dimension: 8,
    probe_polynomial_size: 128,
    probe_noise_log2: 42,
    score_bound: 2600,
    block_log2: 15,
    primes: 24,
    special_primes: 4,
    digit_primes: 5,
    rotations: 32,
};

/// Irises with rotations and common bits; handles of hits.
pub(crate) const HYBRID_1600: HybridSet = HybridSet { score_bound: 1600, ..HYBRID_2600 };

/// `each` with one decision a pair: the narrowest gray zone.
pub(crate) const HYBRID_6000: HybridSet = HybridSet { score_bound: 6000, ..HYBRID_2600 };

/// **Insecure**: dimensions small enough for quick tests. Protects nothing.
pub const INSECURE_HYBRID: HybridSet = HybridSet {
    probe_glwe_dimension: 2,
    score_bound: 600,
    block_log2: 10,
    primes: 30,
    special_primes: 5,
    rotations: 16,
    ..HYBRID_2600
};

impl HybridSet {
    /// The key that probes are encrypted under.
    pub(crate) fn query(&self) -> QueryKeySet {
        QueryKeySet {
            glwe_dimension: self.probe_glwe_dimension,
            polynomial_size: self.probe_polynomial_size,
            noise_log2: self.probe_noise_log2,
        }
    }

    /// The ring that scores are judged in.
    pub fn ring(&self) -> BgvSet {
        BgvSet {
            ring_log2: self.block_log2,
            limbs: self.primes,
            special: self.special_primes,
            digit: self.digit_primes,
            baby_steps: self.rotations,
            one_squaring: false,
        }
    }

    /// Pairs in a block.
    pub(crate) fn block_size(&self) -> usize {
        1 << self.block_log2
    }

    /// Bytes in memory of the rotations of the probe key that are kept with a prepared key: ciphertexts over all primes.
    pub(crate) fn kept_rotations_bytes(&self) -> u64 {
        (self.rotations * 2 * self.primes * self.block_size() * 4) as u64
    }

    /// log2(QP) of the ring, special primes counted.
    pub(crate) fn log2_modulus(&self) -> usize {
        PRIME_BITS as usize * (self.primes + self.special_primes)
    }
}
