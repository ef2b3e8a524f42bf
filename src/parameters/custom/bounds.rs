//! What the code of each scheme assumes of a set's numbers: anything else would overflow, divide by zero, or take memory without limit.

use std::ops::RangeInclusive;

use super::SetError;
use crate::parameters::bgv::BgvSet;
use crate::parameters::hybrid::HybridSet;
use crate::parameters::tfhe::{MOST_WASHING_ROUNDS, TfheSet};

/// Public keys, expanded for use, take no more than this.
const LARGEST_KEY_BYTES: u64 = 1 << 30;

/// The longest chain of primes, special ones counted: far more than 128 bits of security leave room for, and few enough for all of them to
/// lie so close to 2^30 that noise may be counted in bits of it.
const MOST_PRIMES: usize = 40;

/// Bits of a torus element, less the sign of the largest digit.
const TORUS_BITS: usize = 63;

fn within<T: PartialOrd + std::fmt::Display>(
    field: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), SetError> {
    match range.contains(&value) {
        true => Ok(()),
        false => {
            let (least, most) = range.into_inner();
            Err(SetError::field(field, format!("must be between {least} and {most}, not {value}")))
        }
    }
}

fn power_of_two(field: &'static str, value: usize, log2: RangeInclusive<u32>) -> Result<(), SetError> {
    match value.is_power_of_two() && log2.contains(&value.ilog2()) {
        true => Ok(()),
        false => {
            let (least, most) = log2.into_inner();
            let problem = format!("must be a power of two between {} and {}, not {value}", 1u64 << least, 1u64 << most);
            Err(SetError::field(field, problem))
        }
    }
}

fn key_memory(field: &'static str, bytes: u64) -> Result<(), SetError> {
    match bytes <= LARGEST_KEY_BYTES {
        true => Ok(()),
        false => {
            let mebibytes = |bytes: u64| bytes >> 20;
            let problem = format!(
                "the public keys would take {} MiB of memory where {} are admitted",
                mebibytes(bytes),
                mebibytes(LARGEST_KEY_BYTES)
            );
            Err(SetError::field(field, problem).or("choose it smaller"))
        }
    }
}

pub(super) fn tfhe(set: &TfheSet) -> Result<(), SetError> {
    within("query_glwe_dimension", set.query_glwe_dimension, 1..=32)?;
    // The Fourier transform of a query's polynomials is tried from 128 coefficients on.
    power_of_two("query_polynomial_size", set.query_polynomial_size, 7..=12)?;
    // TUniform(b) needs b + 2 bits.
    within("query_noise_log2", set.query_noise_log2, 1..=60)?;
    // The public key for sanitising is a compact one, whose dimension must be a power of two.
    power_of_two("glwe_dimension", set.glwe_dimension, 0..=3)?;
    power_of_two("polynomial_size", set.polynomial_size, 8..=15)?;
    within("glwe_noise_log2", set.glwe_noise_log2, 1..=60)?;
    let decompositions = [
        ("bootstrap_base_log2", set.bootstrap_base_log2, "bootstrap_levels", set.bootstrap_levels),
        ("keyswitch_base_log2", set.keyswitch_base_log2, "keyswitch_levels", set.keyswitch_levels),
    ];
    for (base_field, base, levels_field, levels) in decompositions {
        within(base_field, base, 1..=32)?;
        within(levels_field, levels, 1..=16)?;
        if base * levels > TORUS_BITS {
            let problem =
                format!("{levels} digits of {base} bits are {} where {TORUS_BITS} are admitted", base * levels);
            return Err(SetError::field(levels_field, problem));
        }
    }
    // Beyond it nothing is left between +1/4 and 0.
    within("flooding_log2", set.flooding_log2, 1..=61)?;
    within("washing_rounds", set.washing_rounds, 1..=MOST_WASHING_ROUNDS)?;
    within("answer_modulus_log2", set.answer_modulus_log2, 2..=32)?;
    let (lwe, bootstrapped) =
        (set.query_glwe_dimension * set.query_polynomial_size, set.glwe_dimension * set.polynomial_size);
    // The centred modulus switch adds up one rounding error, of at most 2^63 / (2 N), an element of the mask.
    if lwe >= 2 * set.polynomial_size {
        let problem = format!(
            "the query key's dimension must stay below 2 polynomial_size = {}, and is {lwe}",
            2 * set.polynomial_size
        );
        return Err(SetError::field("query_glwe_dimension", problem));
    }
    if bootstrapped > 1 << 15 {
        return Err(SetError::field(
            "glwe_dimension",
            format!("times polynomial_size must be at most 32768, not {bootstrapped}"),
        ));
    }
    let parts = (set.glwe_dimension + 1) as u64;
    let bootstrap = 8 * lwe as u64 * set.bootstrap_levels as u64 * parts * parts * set.polynomial_size as u64;
    let keyswitch = 8 * bootstrapped as u64 * set.keyswitch_levels as u64 * (lwe as u64 + 1);
    key_memory("bootstrap_levels", bootstrap)?;
    key_memory("keyswitch_levels", bootstrap + keyswitch)
}

/// The names under which a scheme's file has the fields of a ring.
struct RingFields {
    ring_log2: &'static str,
    limbs: &'static str,
    special: &'static str,
    digit: &'static str,
    baby_steps: &'static str,
}

pub(super) fn bgv(set: &BgvSet) -> Result<(), SetError> {
    let fields = RingFields {
        ring_log2: "ring_log2",
        limbs: "limbs",
        special: "special",
        digit: "digit",
        baby_steps: "baby_steps",
    };
    ring(set, &fields)
}

pub(super) fn hybrid(set: &HybridSet) -> Result<(), SetError> {
    within("probe_glwe_dimension", set.probe_glwe_dimension, 1..=32)?;
    power_of_two("probe_glwe_dimension", set.probe_glwe_dimension, 0..=5)?;
    // As for a query of scheme tfhe.
    power_of_two("probe_polynomial_size", set.probe_polynomial_size, 7..=12)?;
    within("probe_noise_log2", set.probe_noise_log2, 1..=60)?;
    within("block_log2", set.block_log2, 8..=15)?;
    // s fills a row of slots without a rest.
    let (dimension, row) = (set.query().lwe_dimension(), set.block_size() / 2);
    if dimension > row {
        let problem = format!("times probe_polynomial_size must be at most half the slots, {row}, not {dimension}");
        return Err(SetError::field("probe_glwe_dimension", problem));
    }
    within("score_bound", set.score_bound, 16..=16_000)?;
    let fields = RingFields {
        ring_log2: "block_log2",
        limbs: "primes",
        special: "special_primes",
        digit: "digit_primes",
        baby_steps: "rotations",
    };
    ring(&set.ring(), &fields)?;
    if set.rotations > dimension {
        return Err(SetError::field("rotations", format!("must be at most n = {dimension}, not {}", set.rotations)));
    }
    key_memory("rotations", set.ring().prepared_key_bytes() as u64 + set.kept_rotations_bytes())
}

fn ring(set: &BgvSet, fields: &RingFields) -> Result<(), SetError> {
    // Up to 2^15 the plaintext modulus 2^16 + 1 splits X^N + 1.
    within(fields.ring_log2, set.ring_log2, 8..=15)?;
    within(fields.limbs, set.limbs, 1..=MOST_PRIMES - 1)?;
    within(fields.special, set.special, 1..=MOST_PRIMES - 1)?;
    if set.limbs + set.special > MOST_PRIMES {
        let problem = format!("with {} at most {MOST_PRIMES} primes, not {}", fields.special, set.limbs + set.special);
        return Err(SetError::field(fields.limbs, problem));
    }
    within(fields.digit, set.digit, 1..=set.limbs)?;
    // Rotations stay within a row of N/2 slots, and baby and giant steps share a power of two.
    power_of_two(fields.baby_steps, set.baby_steps, 0..=set.ring_log2 - 1)?;
    key_memory(fields.digit, set.prepared_key_bytes() as u64)
}
