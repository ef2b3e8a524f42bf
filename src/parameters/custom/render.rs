//! A set as commented TOML.

use super::{OwnBgvSet, OwnSet, OwnTfheSet};

/// Every field with a comment that says what it is.
pub(super) fn toml(set: &OwnSet) -> String {
    match set {
        OwnSet::Tfhe(set) => tfhe(set),
        OwnSet::Bgv(set) => bgv(set),
    }
}

fn tfhe(set: &OwnTfheSet) -> String {
    format!(
        "\
# Names the set: small letters, digits and hyphens.
name = \"{}\"
scheme = \"tfhe\"

# Query key: binary, GLWE dimension k over polynomials of N coefficients. As an LWE key its dimension is k N: the larger, the more secure.
query_glwe_dimension = {}
query_polynomial_size = {}
# Its noise is uniform up to 2^this, of 2^64: more is more secure, and widens the gray zone.
query_noise_log2 = {}

# Bootstrap key: likewise. N also sets the rounding of a score to 2 N steps: the larger, the narrower the gray zone, and the slower.
glwe_dimension = {}
polynomial_size = {}
glwe_noise_log2 = {}
# Decomposition in the bootstrap: bits of a digit, and digits.
bootstrap_base_log2 = {}
bootstrap_levels = {}

# Decomposition in the keyswitch back to the query key.
keyswitch_base_log2 = {}
keyswitch_levels = {}

# Sanitising: noise of each encryption of zero, and how many are added; between two of them the verdict is bootstrapped afresh.
flooding_log2 = {}
washing_rounds = {}
# A verdict crosses modulo 2^this.
answer_modulus_log2 = {}
",
        set.name,
        set.query_glwe_dimension,
        set.query_polynomial_size,
        set.query_noise_log2,
        set.glwe_dimension,
        set.polynomial_size,
        set.glwe_noise_log2,
        set.bootstrap_base_log2,
        set.bootstrap_levels,
        set.keyswitch_base_log2,
        set.keyswitch_levels,
        set.flooding_log2,
        set.washing_rounds,
        set.answer_modulus_log2,
    )
}

fn bgv(set: &OwnBgvSet) -> String {
    format!(
        "\
# Names the set: small letters, digits and hyphens.
name = \"{}\"
scheme = \"bgv\"

# Rings of N = 2^this coefficients, as many references a block. The larger, the more primes are secure.
ring_log2 = {}
# Primes of 30 bits of a fresh ciphertext: each is room for more noise, and less security.
limbs = {}
# Special primes of the keyswitch; they count for security as the others do.
special = {}
# Primes in a digit of the keyswitch: fewer digits are faster, and noisier unless there are as many special primes.
digit = {}
# Rotations of the probe that are made once a query; a power of two.
baby_steps = {}
# Whether the threshold is left to the querier after one squaring: 'each' alone, few primes, longer answers.
one_squaring = {}
",
        set.name, set.ring_log2, set.limbs, set.special, set.digit, set.baby_steps, set.one_squaring,
    )
}
