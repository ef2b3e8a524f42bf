//! The ciphertexts that cross: encrypted templates one way, sanitised verdicts the other.

use ::tfhe::conformance::ParameterSetConformant;
use ::tfhe::core_crypto::prelude::compressed_modulus_switched_lwe_ciphertext::{
    CompressedModulusSwitchedLweCiphertext, CompressedModulusSwitchedLweCiphertextConformanceParams,
    MsDecompressionType,
};
use ::tfhe::core_crypto::prelude::*;
use ::tfhe::named::Named;
use ::tfhe::safe_serialization::{DeserializationConfig, SerializationConfig};
use ::tfhe::{Unversionize, Versionize};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tfhe_versionable::VersionsDispatch;

use super::MODULUS;
use crate::parameters::ParameterSet;
use crate::scheme::{Crossing, CrossingError, Extent};

/// `tfhe`'s safe serialisation: a header with type and version, then bincode 1.3.
pub(super) fn encode<T: Serialize + Versionize + Named>(value: &T) -> Result<Vec<u8>, CrossingError> {
    let mut bytes = Vec::new();
    SerializationConfig::new_with_unlimited_size()
        .serialize_into(value, &mut bytes)
        .map_err(|error| CrossingError::Encoding(error.to_string()))?;
    Ok(bytes)
}

/// Reads bytes that are exactly what [`encode`] writes; at most `limit` of them.
pub(super) fn decode_canonical<T>(bytes: &[u8], limit: u64) -> Result<T, CrossingError>
where
    T: Serialize + DeserializeOwned + Versionize + Unversionize + Named,
{
    let actual = bytes.len() as u64;
    if actual > limit {
        return Err(CrossingError::TooLarge { limit, actual });
    }
    let value: T = DeserializationConfig::new(actual.max(1024))
        .disable_conformance()
        .deserialize_from(bytes)
        .map_err(CrossingError::Encoding)?;
    // One value, one encoding: nothing can hide in what a decoder would skip.
    match encode(&value)? == bytes {
        true => Ok(value),
        false => Err(CrossingError::NotCanonical),
    }
}

/// Encrypted templates: GLWE ciphertexts with their masks as one seed.
///
/// Shape: for each template, ceil(coordinates / N) polynomials of N bodies, the last one padded with encryptions of zero.
#[derive(Serialize, Deserialize, Versionize)]
#[versionize(EncryptedProbesVersions)]
pub struct EncryptedProbes {
    pub(super) seed: u128,
    pub(super) bodies: Vec<u64>,
    pub(super) parameters: u16,
}

/// Versions of the encoding.
#[derive(Serialize, Deserialize, VersionsDispatch)]
#[expect(missing_docs, reason = "one variant a version")]
pub enum EncryptedProbesVersions {
    V0(EncryptedProbes),
}

impl Named for EncryptedProbes {
    const NAME: &'static str = "cotejo::tfhe::EncryptedProbes";
}

impl EncryptedProbes {
    /// The first bytes of the ciphertext, for people who want to see that they look like noise.
    pub fn excerpt(&self, bytes: usize) -> Vec<u8> {
        self.bodies.iter().flat_map(|body| body.to_le_bytes()).take(bytes).collect()
    }
}

impl Crossing for EncryptedProbes {
    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        encode(self)
    }

    fn decode(bytes: &[u8], parameters: &'static ParameterSet, extent: Extent) -> Result<Self, CrossingError> {
        let probes: Self = decode_canonical(bytes, Self::limit_bytes(parameters, extent))?;
        let expected = extent.count * parameters.encrypted_template_bytes(extent.coordinates) / 8;
        match probes.parameters == parameters.id && probes.bodies.len() == expected {
            true => Ok(probes),
            false => Err(CrossingError::Dimensions("templates")),
        }
    }

    fn limit_bytes(parameters: &ParameterSet, extent: Extent) -> u64 {
        (extent.count * parameters.encrypted_template_bytes(extent.coordinates)) as u64 + 512
    }
}

/// Sanitised verdicts: LWE samples under the query key, modulo 2^`answer_modulus_log2`, packed.
///
/// The phase is near +1/4 of the modulus for a hit and -1/4 for a miss.
#[derive(Serialize, Deserialize, Versionize)]
#[versionize(EncryptedVerdictsVersions)]
pub struct EncryptedVerdicts {
    pub(super) verdicts: Vec<CompressedModulusSwitchedLweCiphertext<u64>>,
    pub(super) parameters: u16,
}

/// Versions of the encoding.
#[derive(Serialize, Deserialize, VersionsDispatch)]
#[expect(missing_docs, reason = "one variant a version")]
pub enum EncryptedVerdictsVersions {
    V0(EncryptedVerdicts),
}

impl Named for EncryptedVerdicts {
    const NAME: &'static str = "cotejo::tfhe::EncryptedVerdicts";
}

impl ParameterSetConformant for EncryptedVerdicts {
    type ParameterSet = &'static ParameterSet;

    fn is_conformant(&self, set: &&'static ParameterSet) -> bool {
        let expected = CompressedModulusSwitchedLweCiphertextConformanceParams {
            ct_params: LweCiphertextConformanceParams {
                lwe_dim: LweDimension(set.lwe_dimension()),
                ct_modulus: MODULUS,
            },
            ms_decompression_type: MsDecompressionType::ClassicPbs {
                br_input_modulus_log: CiphertextModulusLog(set.answer_modulus_log2),
                br_input_lwe_dim: LweDimension(set.lwe_dimension()),
            },
        };
        self.parameters == set.id && self.verdicts.iter().all(|verdict| verdict.is_conformant(&expected))
    }
}

impl Crossing for EncryptedVerdicts {
    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        encode(self)
    }

    fn decode(bytes: &[u8], parameters: &'static ParameterSet, extent: Extent) -> Result<Self, CrossingError> {
        let answer: Self = decode_canonical(bytes, Self::limit_bytes(parameters, extent))?;
        if !answer.is_conformant(&parameters) || answer.verdicts.len() != extent.count {
            return Err(CrossingError::Dimensions("verdicts"));
        }
        let trivial = |verdict: &CompressedModulusSwitchedLweCiphertext<u64>| {
            verdict.extract().mask().all(|element| element == 0)
        };
        match answer.verdicts.iter().any(trivial) {
            true => Err(CrossingError::Trivial),
            false => Ok(answer),
        }
    }

    fn limit_bytes(parameters: &ParameterSet, extent: Extent) -> u64 {
        (extent.count * (parameters.encrypted_verdict_bytes() + 128)) as u64 + 512
    }
}
