//! How hard each key of a set is to break, and who says so.

use serde::Serialize;

use crate::parameters::bgv::ERROR_COINS;
use crate::parameters::security::{self, Place, SecurityEstimate};
use crate::parameters::{Dimensions, ParameterSet};

/// Where the estimates are kept.
const TABLE: &str = "scripts/security/table.tsv";

/// One key as an instance of learning with errors, and how hard that is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct KeyStrength {
    /// Which key.
    pub key: &'static str,
    /// Dimension of the secret.
    pub dimension: usize,
    /// log2 of the modulus.
    pub log2_modulus: usize,
    /// Distribution of the secret.
    pub secret: &'static str,
    /// Distribution of the errors.
    pub error: String,
    /// Bits of security.
    pub bits: f64,
    /// Where that figure comes from.
    pub source: String,
    /// The command that makes it again.
    pub command: String,
}

/// Every key of a set that protects anything, by the table and what is interpolated from it.
pub(super) fn strengths(set: &ParameterSet) -> Vec<KeyStrength> {
    match set.dimensions() {
        Dimensions::Tfhe(set) => [
            ("query key", set.lwe_dimension(), set.query_noise_log2),
            ("bootstrap output key", set.bootstrapped_dimension(), set.glwe_noise_log2),
        ]
        .into_iter()
        .map(|(key, dimension, noise)| {
            let error = format!("tuniform{noise}");
            strength((key, dimension, 64), "binary", error, &security::of_binary_lwe(dimension, noise))
        })
        .collect(),
        Dimensions::Bgv(set) => {
            let estimate = security::of_ternary_rlwe(set.ring_log2, set.log2_modulus());
            let key = ("secret key", set.ring_size(), set.log2_modulus());
            vec![strength(key, "ternary", format!("cbd{ERROR_COINS}"), &estimate)]
        }
        Dimensions::Hybrid(set) => {
            let (dimension, noise) = (set.query().lwe_dimension(), set.probe_noise_log2);
            let probe = security::of_binary_lwe(dimension, noise);
            let ring = security::of_ternary_rlwe(set.block_log2, set.log2_modulus());
            let ring_key = ("ring key", set.block_size(), set.log2_modulus());
            vec![
                strength(("probe key", dimension, 64), "binary", format!("tuniform{noise}"), &probe),
                strength(ring_key, "ternary", format!("cbd{ERROR_COINS}"), &ring),
            ]
        }
    }
}

fn strength(
    (key, dimension, log2_modulus): (&'static str, usize, usize),
    secret: &'static str,
    error: String,
    estimate: &SecurityEstimate,
) -> KeyStrength {
    KeyStrength {
        key,
        dimension,
        log2_modulus,
        secret,
        error,
        bits: estimate.bits,
        source: match &estimate.place {
            Place::Short(shortfall) => format!("{TABLE}: {shortfall}"),
            place => format!("{TABLE}, {place}; {}", estimate.source),
        },
        command: estimate.command(),
    }
}
