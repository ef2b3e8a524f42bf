//! Every dimension, distribution and decomposition of a set, with what it is.

use serde::Serialize;

use crate::parameters::bgv::{BgvSet, ERROR_COINS, PLAINTEXT_MODULUS, PRIME_BITS};
use crate::parameters::hybrid::HybridSet;
use crate::parameters::tfhe::TfheSet;
use crate::parameters::{Dimensions, ParameterSet};

/// One dimension: a field of the set, or what follows from its fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Dimension {
    /// Name, as in a set's file where it is a field.
    pub name: &'static str,
    /// The number, or the distribution.
    pub value: String,
    /// What it is.
    pub meaning: &'static str,
}

pub(super) fn dimensions(set: &ParameterSet) -> Vec<Dimension> {
    let rows = match set.dimensions() {
        Dimensions::Tfhe(set) => tfhe(set),
        Dimensions::Bgv(set) => bgv(set),
        Dimensions::Hybrid(set) => hybrid(set),
    };
    rows.into_iter().map(|(name, value, meaning)| Dimension { name, value, meaning }).collect()
}

fn digits(count: usize) -> String {
    format!("{count} digit{}", if count == 1 { "" } else { "s" })
}

type Row = (&'static str, String, &'static str);

fn tfhe(set: &TfheSet) -> Vec<Row> {
    let decomposition = |base: usize, levels: usize| format!("base 2^{base}, {}", digits(levels));
    vec![
        ("modulus", "2^64".to_owned(), "of every ciphertext"),
        ("query_glwe_dimension", set.query_glwe_dimension.to_string(), "query key: k polynomials"),
        ("query_polynomial_size", set.query_polynomial_size.to_string(), "query key: N coefficients"),
        ("lwe_dimension", set.lwe_dimension().to_string(), "query key as an LWE key: k N; binary, uniform"),
        (
            "query_noise_log2",
            format!("TUniform({})", set.query_noise_log2),
            "noise of a query and of the keyswitch key",
        ),
        ("glwe_dimension", set.glwe_dimension.to_string(), "bootstrap output key: k polynomials"),
        (
            "polynomial_size",
            set.polynomial_size.to_string(),
            "bootstrap output key: N coefficients; a score is rounded to 2 N steps",
        ),
        (
            "bootstrapped_dimension",
            set.bootstrapped_dimension().to_string(),
            "bootstrap output key as an LWE key: k N; binary, uniform",
        ),
        (
            "glwe_noise_log2",
            format!("TUniform({})", set.glwe_noise_log2),
            "noise of the bootstrap key and of the public key",
        ),
        (
            "bootstrap",
            decomposition(set.bootstrap_base_log2, set.bootstrap_levels),
            "decomposition: bootstrap_base_log2, bootstrap_levels",
        ),
        (
            "keyswitch",
            decomposition(set.keyswitch_base_log2, set.keyswitch_levels),
            "decomposition: keyswitch_base_log2, keyswitch_levels",
        ),
        ("flooding_log2", format!("TUniform({})", set.flooding_log2), "noise that drowns a verdict's own"),
        ("washing_rounds", set.washing_rounds.to_string(), "times that it does"),
        ("answer_modulus_log2", format!("2^{}", set.answer_modulus_log2), "modulus of a verdict that crosses"),
    ]
}

fn hybrid(set: &HybridSet) -> Vec<Row> {
    let ring = set.ring();
    vec![
        ("probe modulus", "2^64".to_owned(), "of a query and of a score"),
        ("probe_glwe_dimension", set.probe_glwe_dimension.to_string(), "probe key: k polynomials"),
        ("probe_polynomial_size", set.probe_polynomial_size.to_string(), "probe key: N coefficients"),
        ("lwe_dimension", set.query().lwe_dimension().to_string(), "probe key as an LWE key: n = k N; binary, uniform"),
        ("probe_noise_log2", format!("TUniform({})", set.probe_noise_log2), "noise of a query"),
        (
            "score_bound",
            set.score_bound.to_string(),
            "B: the largest score once it is switched to the plaintext modulus",
        ),
        (
            "ring",
            format!("N = 2^{} = {}", set.block_log2, set.block_size()),
            "block_log2: coefficients, and pairs a block",
        ),
        ("plaintext modulus", PLAINTEXT_MODULUS.to_string(), "every slot is a residue of it"),
        ("primes", format!("{} primes of {PRIME_BITS} bits", set.primes), "modulus of a fresh ciphertext"),
        (
            "special_primes",
            format!("{} primes of {PRIME_BITS} bits", set.special_primes),
            "special primes of the keyswitch",
        ),
        ("log2_modulus", set.log2_modulus().to_string(), "logQP: both together, which security is judged by"),
        (
            "digit_primes",
            format!("{} primes, {}", set.digit_primes, digits(ring.digits())),
            "decomposition of the keyswitch",
        ),
        ("secret", "uniform ternary".to_owned(), "of the ring: coefficients -1, 0, 1"),
        ("error", format!("cbd({ERROR_COINS})"), "of every encryption in the ring: centred binomial, deviation 3.24"),
        ("rotations", set.rotations.to_string(), "of the probe key, made once a key; giant steps go by as many slots"),
        ("public_limbs", ring.public_limbs().to_string(), "primes over which verdicts are masked and sanitised"),
    ]
}

fn bgv(set: &BgvSet) -> Vec<Row> {
    let steps = "rotations of a probe; giant steps go by as many slots";
    vec![
        (
            "ring",
            format!("N = 2^{} = {}", set.ring_log2, set.ring_size()),
            "ring_log2: coefficients, and references a block",
        ),
        ("plaintext modulus", PLAINTEXT_MODULUS.to_string(), "phi and every slot are residues of it"),
        ("limbs", format!("{} primes of {PRIME_BITS} bits", set.limbs), "modulus of a fresh ciphertext"),
        ("special", format!("{} primes of {PRIME_BITS} bits", set.special), "special primes of the keyswitch"),
        ("log2_modulus", set.log2_modulus().to_string(), "logQP: both together, which security is judged by"),
        ("digit", format!("{} primes, {}", set.digit, digits(set.digits())), "decomposition of the keyswitch"),
        ("secret", "uniform ternary".to_owned(), "coefficients -1, 0, 1"),
        ("error", format!("cbd({ERROR_COINS})"), "of every encryption: centred binomial, deviation 3.24"),
        ("baby_steps", set.baby_steps.to_string(), steps),
        (
            "one_squaring",
            set.one_squaring.to_string(),
            "whether thresholds end after one squaring, which answers 'each' alone",
        ),
        ("public_limbs", set.public_limbs().to_string(), "primes over which verdicts are sanitised"),
    ]
}
