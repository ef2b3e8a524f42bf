//! The named parameter sets of scheme `bgv`.
//!
//! A ring Z_Q\[X\]/(X^N+1), Q a product of primes just below 2^30; plaintexts modulo t = 65537, one reference in each of N slots; a uniform
//! ternary secret, errors from a centred binomial distribution of deviation 3.24. The special primes P of the keyswitch count
//! towards the modulus that security is judged by: log2(QP) is 30 (limbs + special), a little less in truth.

/// t = 2^16 + 1, prime: X^N+1 splits into N slots for N up to 2^15.
pub const PLAINTEXT_MODULUS: u32 = 65_537;

/// Every prime lies just below 2^30, so that a product of two fits 60 bits and eleven such add up in a word.
pub const PRIME_BITS: u32 = 30;

/// Coins of each sign in an error: a centred binomial variable of variance 21/2, deviation 3.24.
pub const ERROR_COINS: u32 = 21;

/// One set of parameters.
#[derive(Debug, PartialEq)]
pub struct BgvSet {
    /// Identifies the set in the header of every file.
    pub id: u16,
    /// Name in the agreement.
    pub name: &'static str,
    /// Bits of security.
    pub security_bits: f64,
    /// Where that figure comes from.
    pub security_note: &'static str,
    /// N = 2^ring_log2 coefficients, as many slots.
    pub ring_log2: u32,
    /// Primes of a fresh ciphertext.
    pub limbs: usize,
    /// Special primes of the keyswitch.
    pub special: usize,
    /// Primes in each digit of a keyswitch: its noise is t sqrt(N) smaller than a rounding's where there is one special prime more.
    pub digit: usize,
    /// Slots that the baby steps of the linear stage reach: the second rotation key rotates by so many.
    pub baby_steps: usize,
    /// Whether thresholds are answered by the one-squaring variant (docs/protocol.md, section 8).
    pub one_squaring: bool,
}

/// Small galleries: keys of 4 MB, one squaring, 0.2 to 0.7 KB of answer a reference.
pub const BGV_8192: BgvSet = BgvSet {
    id: 16,
    name: "bgv-8192-210",
    security_bits: 130.8,
    security_note: "N = 8192, logQP = 210, uniform ternary secret: uSVP 131.0, BDD 130.8, dual hybrid 131.6 bits (lattice estimator 27a581b, scripts/security); 128.2 bits at logQP 214",
    ring_log2: 13,
    limbs: 6,
    special: 1,
    digit: 1,
    baby_steps: 32,
    one_squaring: true,
};

/// Short codes under `each`, 32768 references a block.
pub const BGV_32768_540: BgvSet = BgvSet {
    id: 17,
    name: "bgv-32768-540",
    security_bits: 214.8,
    security_note: "N = 32768, logQP = 540, uniform ternary secret: uSVP 215.1, BDD 214.8, dual hybrid 215.7 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    ring_log2: 15,
    limbs: 13,
    special: 5,
    digit: 5,
    baby_steps: 64,
    one_squaring: false,
};

/// Longer codes under `each`.
pub const BGV_32768_690: BgvSet = BgvSet {
    id: 18,
    name: "bgv-32768-690",
    security_bits: 163.6,
    security_note: "N = 32768, logQP = 690, uniform ternary secret: uSVP 163.6, BDD 163.6, dual hybrid 164.4 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    limbs: 17,
    special: 6,
    digit: 5,
    ..BGV_32768_540
};

/// Long codes and vectors under `each`, one bit over a large gallery of codes.
pub const BGV_32768_780: BgvSet = BgvSet {
    id: 20,
    name: "bgv-32768-780",
    security_bits: 143.3,
    security_note: "N = 32768, logQP = 780, uniform ternary secret: uSVP 143.3, BDD 143.3, dual hybrid 144.3 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    limbs: 20,
    special: 6,
    digit: 5,
    ..BGV_32768_540
};

/// The deepest: one bit over a large gallery of vectors, irises with their common bits.
pub const BGV_32768_840: BgvSet = BgvSet {
    id: 19,
    name: "bgv-32768-840",
    security_bits: 132.5,
    security_note: "N = 32768, logQP = 840, uniform ternary secret: uSVP 132.5, BDD 132.5, dual hybrid 133.6 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    limbs: 23,
    special: 5,
    digit: 5,
    ..BGV_32768_540
};

/// **Insecure**: a ring small enough for quick tests. Protects nothing.
pub const INSECURE_BGV: BgvSet = BgvSet {
    id: 0x8002,
    name: "insecure-bgv-test",
    security_bits: 0.0,
    security_note: "INSECURE, for tests only",
    ring_log2: 11,
    limbs: 32,
    special: 6,
    digit: 6,
    baby_steps: 16,
    ..BGV_32768_540
};

impl BgvSet {
    /// Every set, in the order of their ids.
    pub const ALL: [&'static Self; 6] =
        [&BGV_8192, &BGV_32768_540, &BGV_32768_690, &BGV_32768_780, &BGV_32768_840, &INSECURE_BGV];

    /// N: coefficients of a polynomial, and slots of a block.
    pub fn ring_size(&self) -> usize {
        1 << self.ring_log2
    }
    /// log2(QP), special primes counted: what security is judged by.
    pub fn log2_modulus(&self) -> usize {
        PRIME_BITS as usize * (self.limbs + self.special)
    }
}
