//! The named parameter sets of scheme `bgv`: ring, moduli, security.
//!
//! A ring element is a polynomial of degree N over a product of primes just below 2^30; the keyswitch works modulo that product
//! times some special primes, so that security is that of log2(QP) ~ 30 (limbs + special). Secrets are ternary, errors have a
//! standard deviation of 3.2 (protocol, section 8).

/// One set of parameters of scheme `bgv`.
#[derive(Debug, PartialEq)]
pub struct BgvSet {
    /// Identifies the set in the header of every file.
    pub id: u16,
    /// Name in the agreement.
    pub name: &'static str,
    /// Bits of security of the weakest key.
    pub security_bits: f64,
    /// Where that figure comes from.
    pub security_note: &'static str,
    /// The ring has N = 2^`ring_log2` coefficients.
    pub ring_log2: u32,
    /// Primes of the ciphertext modulus.
    pub limbs: usize,
    /// Special primes of the keyswitch.
    pub special: usize,
    /// Whether the threshold is judged after a single squaring, by many blinded outputs, instead of by one polynomial.
    pub one_squaring: bool,
}

const NOTE: &str = "lattice estimator: N = 8192/16384/32768 reach 128 bits up to logQP 214/430/866";

/// For short templates and small galleries: keys of a few megabytes.
pub const BGV_8192: BgvSet = BgvSet {
    id: 16,
    name: "bgv-8192-210",
    security_bits: 128.0,
    security_note: NOTE,
    ring_log2: 13,
    limbs: 6,
    special: 1,
    one_squaring: true,
};

/// For some hundred matching values.
pub const BGV_16384: BgvSet =
    BgvSet { id: 17, name: "bgv-16384-420", ring_log2: 14, limbs: 12, special: 2, one_squaring: false, ..BGV_8192 };

/// For half a thousand matching values.
pub const BGV_32768_570: BgvSet =
    BgvSet { id: 18, name: "bgv-32768-570", ring_log2: 15, limbs: 14, special: 5, ..BGV_16384 };

/// For some thousand matching values, or one bit over a whole gallery.
pub const BGV_32768_720: BgvSet = BgvSet { id: 19, name: "bgv-32768-720", limbs: 18, special: 6, ..BGV_32768_570 };

/// The deepest: what no smaller set admits.
pub const BGV_32768_840: BgvSet = BgvSet { id: 20, name: "bgv-32768-840", limbs: 22, special: 6, ..BGV_32768_570 };

/// **Insecure**: a ring small enough for quick tests. Protects nothing.
pub const INSECURE_BGV: BgvSet = BgvSet {
    id: 0x8002,
    name: "insecure-bgv-test",
    security_bits: 0.0,
    security_note: "INSECURE, for tests only",
    ring_log2: 10,
    ..BGV_32768_840
};

impl BgvSet {
    /// Every set of this scheme that protects, from the smallest.
    pub const SECURE: [&'static Self; 5] = [&BGV_8192, &BGV_16384, &BGV_32768_570, &BGV_32768_720, &BGV_32768_840];

    /// How many values of phi may be hits: what the circuit that finds them among all has depth for.
    pub fn matching_values_limit(&self) -> i64 {
        match (self.ring_log2, self.limbs) {
            (13, _) => 40,
            (14, _) => 64,
            (15, ..18) => 256,
            (15, 18..22) => 1024,
            (15, _) => 4096,
            _ => 1024,
        }
    }

    /// Coefficients N of a ring element.
    pub fn ring_size(&self) -> usize {
        1 << self.ring_log2
    }
}
