//! The named parameter sets of scheme `bgv`.
//!
//! A ring Z_Q\[X\]/(X^N+1), Q a product of primes just below 2^30; plaintexts modulo t = 65537, one reference in each of N slots; a uniform
//! ternary secret, errors from a centred binomial distribution of deviation 3.24. The special primes P of the keyswitch count
//! towards the modulus that security is judged by: log2(QP) is 30 (limbs + special), a little less in truth.

/// t = 2^16 + 1, prime: X^N+1 splits into N slots for N up to 2^15.
pub(crate) const PLAINTEXT_MODULUS: u32 = 65_537;

/// Every prime lies just below 2^30, so that a product of two fits 60 bits and eleven such add up in a word.
pub const PRIME_BITS: u32 = 30;

/// Coins of each sign in an error: a centred binomial variable of variance 21/2, deviation 3.24.
pub const ERROR_COINS: u32 = 21;

pub use super::dimensions::BgvSet;

/// Small galleries: keys of 4 MB, one squaring, 0.2 to 0.7 KB of answer a reference.
pub(crate) const BGV_8192: BgvSet =
    BgvSet { ring_log2: 13, limbs: 6, special: 1, digit: 1, baby_steps: 32, one_squaring: true };

/// Short codes under `each`, 32768 references a block.
pub(crate) const BGV_32768_540: BgvSet =
    BgvSet { ring_log2: 15, limbs: 13, special: 5, digit: 5, baby_steps: 64, one_squaring: false };

/// Codes of some hundred bits under `each`.
pub(crate) const BGV_32768_600: BgvSet = BgvSet { limbs: 15, ..BGV_32768_540 };

/// Longer codes under `each`; the next has a shorter key and takes less time.
pub(crate) const BGV_32768_690: BgvSet = BgvSet { limbs: 17, special: 6, digit: 5, ..BGV_32768_540 };

/// Long codes under `each`, one bit over a large gallery of codes.
pub(crate) const BGV_32768_720: BgvSet = BgvSet { limbs: 18, special: 6, digit: 6, ..BGV_32768_540 };

/// Long codes and vectors under `each`, one bit over a large gallery of long codes; the next has a shorter key and takes less time.
pub(crate) const BGV_32768_780: BgvSet = BgvSet { limbs: 20, special: 6, digit: 5, ..BGV_32768_540 };

/// Vectors under `each`, one bit over a large gallery of long codes.
pub(crate) const BGV_32768_810: BgvSet = BgvSet { limbs: 21, special: 6, digit: 7, ..BGV_32768_540 };

/// The deepest: one bit over a large gallery of vectors, irises with their common bits.
pub(crate) const BGV_32768_840: BgvSet = BgvSet { limbs: 23, special: 5, digit: 5, ..BGV_32768_540 };

/// **Insecure**: a ring small enough for quick tests. Protects nothing.
pub const INSECURE_BGV: BgvSet =
    BgvSet { ring_log2: 11, limbs: 32, special: 6, digit: 6, baby_steps: 16, ..BGV_32768_540 };

impl BgvSet {
    /// Every named one.
    #[cfg(test)]
    pub(crate) const ALL: [&'static Self; 9] = [
        &BGV_8192,
        &BGV_32768_540,
        &BGV_32768_600,
        &BGV_32768_690,
        &BGV_32768_720,
        &BGV_32768_780,
        &BGV_32768_810,
        &BGV_32768_840,
        &INSECURE_BGV,
    ];

    /// N: coefficients of a polynomial, and slots of a block.
    pub fn ring_size(&self) -> usize {
        1 << self.ring_log2
    }
    /// log2(QP), special primes counted: what security is judged by.
    pub fn log2_modulus(&self) -> usize {
        PRIME_BITS as usize * (self.limbs + self.special)
    }
}
