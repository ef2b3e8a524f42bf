//! The dimensions of a parameter set: one table of fields for each scheme.
//!
//! A line of a table makes a field of the scheme's struct, of what is read from a file, and of what is written to one, with its comment
//! there. Whoever adds a dimension adds it here, and bounds for it in `custom/bounds.rs`.

use serde::{Deserialize, Serialize};

use super::SchemeId;

/// The dimensions of a set of any scheme. Plain numbers: copied, compared, and neither named nor judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Dimensions {
    /// Of scheme `tfhe`.
    Tfhe(TfheSet),
    /// Of scheme `bgv`.
    Bgv(BgvSet),
    /// Of scheme `hybrid`.
    Hybrid(HybridSet),
}

/// A field that cannot be used, and why.
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) why: FaultKind,
}

/// What is wrong with a field of a file.
pub(super) enum FaultKind {
    /// The scheme needs it.
    Missing,
    /// It is a field of another scheme.
    OtherScheme,
}

/// A field of a file: comment before it, name, number.
pub(super) struct Line {
    pub(super) comment: &'static str,
    pub(super) field: &'static str,
    pub(super) value: String,
}

macro_rules! tables {
    ($(
        $(#[$of_set:meta])*
        $scheme:ident: $set:ident {
            $( $(#[$of_field:meta])* $comment:literal $field:ident: $type:ty, )+
        }
    )+) => {
        $(
            $(#[$of_set])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
            pub struct $set {
                $( $(#[$of_field])* pub $field: $type, )+
            }

            impl $set {
                fn lines(&self) -> Vec<Line> {
                    vec![$( Line { comment: $comment, field: stringify!($field), value: self.$field.to_string() } ),+]
                }
            }
        )+

        /// A set as it stands in a file, field by field, so that an error names the line and the field.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Fields {
            pub(super) name: String,
            pub(super) scheme: SchemeId,
            $($( $field: Option<$type>, )+)+
        }

        impl Fields {
            /// The dimensions, where every field of the scheme is there and none of another.
            pub(super) fn dimensions(&self) -> Result<Dimensions, Fault> {
                $($(
                    if self.$field.is_some() && self.scheme != SchemeId::$scheme {
                        return Err(Fault { field: stringify!($field), why: FaultKind::OtherScheme });
                    }
                )+)+
                match self.scheme {
                    $( SchemeId::$scheme => Ok(Dimensions::$scheme($set {
                        $( $field: need(stringify!($field), self.$field)?, )+
                    })), )+
                }
            }
        }

        impl Dimensions {
            /// The scheme that they are of.
            pub fn scheme(&self) -> SchemeId {
                match self {
                    $( Self::$scheme(_) => SchemeId::$scheme, )+
                }
            }

            /// Every field, as a file has it.
            pub(super) fn lines(&self) -> Vec<Line> {
                match self {
                    $( Self::$scheme(set) => set.lines(), )+
                }
            }
        }
    };
}

fn need<T>(field: &'static str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or(Fault { field, why: FaultKind::Missing })
}

tables! {
    /// The dimensions of a set of scheme `tfhe`; all sizes in the units of their names.
    Tfhe: TfheSet {
        /// Query key: GLWE dimension k. Flattened, it is the LWE key of dimension k N that the bootstrap reads.
        "\n# Query key: binary, GLWE dimension k over polynomials of N coefficients. As an LWE key its dimension is k N: the larger, the more secure.\n"
        query_glwe_dimension: usize,
        /// Query key: polynomial size N.
        "" query_polynomial_size: usize,
        /// Query key: noise TUniform(b).
        "# Its noise is uniform up to 2^this, of 2^64: more is more secure, and widens the gray zone.\n"
        query_noise_log2: u32,
        /// Bootstrap key: GLWE dimension k.
        "\n# Bootstrap key: likewise. N also sets the rounding of a score to 2 N steps: the larger, the narrower the gray zone, and the slower.\n"
        glwe_dimension: usize,
        /// Bootstrap key: polynomial size N; the blind rotation works modulo 2 N.
        "" polynomial_size: usize,
        /// Bootstrap and public key: noise TUniform(b).
        "" glwe_noise_log2: u32,
        /// Bootstrap key: bits of a digit.
        "# Decomposition in the bootstrap: bits of a digit, and digits.\n"
        bootstrap_base_log2: usize,
        /// Bootstrap key: digits.
        "" bootstrap_levels: usize,
        /// Keyswitch key back to the query key: bits of a digit.
        "\n# Decomposition in the keyswitch back to the query key.\n"
        keyswitch_base_log2: usize,
        /// Keyswitch key: digits.
        "" keyswitch_levels: usize,
        /// Sanitising: body noise TUniform(b) of each encryption of zero.
        "\n# Sanitising: noise of each encryption of zero, and how many are added; between two of them the verdict is bootstrapped afresh.\n"
        flooding_log2: u32,
        /// Sanitising: encryptions of zero added to the one verdict of a probe; between two of them it is bootstrapped afresh. More where a
        /// probe has more verdicts (`TfheSet::washing_rounds_for`).
        "" washing_rounds: usize,
        /// A verdict crosses modulo 2^b.
        "# A verdict crosses modulo 2^this.\n"
        answer_modulus_log2: usize,
    }

    /// The dimensions of a set of scheme `bgv`.
    Bgv: BgvSet {
        /// N = 2^ring_log2 coefficients, as many slots.
        "\n# Rings of N = 2^this coefficients, as many references a block. The larger, the more primes are secure.\n"
        ring_log2: u32,
        /// Primes of a fresh ciphertext.
        "# Primes of 30 bits of a fresh ciphertext: each is room for more noise, and less security.\n"
        limbs: usize,
        /// Special primes of the keyswitch.
        "# Special primes of the keyswitch; they count for security as the others do.\n"
        special: usize,
        /// Primes in each digit of a keyswitch: its noise is t sqrt(N) smaller than a rounding's where there is one special prime more.
        "# Primes in a digit of the keyswitch: fewer digits are faster, and noisier unless there are as many special primes.\n"
        digit: usize,
        /// Slots that the baby steps of the linear stage reach: the second rotation key rotates by so many.
        "# Rotations of the probe that are made once a query; a power of two.\n"
        baby_steps: usize,
        /// Whether thresholds are answered by the one-squaring variant (docs/protocol.md, section 8).
        "# Whether the threshold is left to the querier after one squaring: 'each' alone, few primes, longer answers.\n"
        one_squaring: bool,
    }

    /// The dimensions of a set of scheme `hybrid`: a query key as of scheme `tfhe`, a ring as of scheme `bgv`, and the bound between them.
    Hybrid: HybridSet {
        /// Probe key: GLWE dimension k. Flattened, it is an LWE key of dimension n = k N, which the evaluation key encrypts.
        "\n# Probe key: binary, GLWE dimension k over polynomials of N coefficients; n = k N, a power of two, as an LWE key.\n"
        probe_glwe_dimension: usize,
        /// Probe key: polynomial size N.
        "" probe_polynomial_size: usize,
        /// Probe key: noise TUniform(b).
        "# Its noise is uniform up to 2^this, of 2^64: more is more secure, and widens the gray zone.\n"
        probe_noise_log2: u32,
        /// B: the largest score, once it is switched to the plaintext modulus.
        "\n# The largest score in steps: twice as many halve the gray zone, and take longer and more primes.\n"
        score_bound: usize,
        /// N = 2^block_log2 slots.
        "\n# Rings of N = 2^this coefficients, as many pairs of a probe and a subject a block.\n"
        block_log2: u32,
        /// Primes of a fresh ciphertext.
        "# Primes of 30 bits of a fresh ciphertext, and special primes of the keyswitch, which count for security as the others do.\n"
        primes: usize,
        /// Special primes of the keyswitch.
        "" special_primes: usize,
        /// Primes in each digit of a keyswitch.
        "# Primes in a digit of the keyswitch.\n"
        digit_primes: usize,
        /// Rotations of the probe key that are kept with a prepared key; the second rotation key rotates by so many slots.
        "# Rotations of the probe key that are made once a key, and kept in memory; a power of two.\n"
        rotations: usize,
    }
}
