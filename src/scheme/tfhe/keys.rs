//! The public keys: how the querier sends them, and how the custodian holds them.
//!
//! Three keys, all seeded (masks are expanded from a seed, only bodies are sent):
//!
//! - the *bootstrap key* encrypts the query key under the bootstrap output key;
//! - the *keyswitch key* encrypts the bootstrap output key under the query key;
//! - the *public key* encrypts zeros under the bootstrap output key, for sanitising.

use ::tfhe::Versionize;
use ::tfhe::conformance::ParameterSetConformant;
use ::tfhe::core_crypto::fft_impl::fft64::crypto::bootstrap::LweBootstrapKeyConformanceParams;
use ::tfhe::core_crypto::prelude::*;
use ::tfhe::named::Named;
use serde::{Deserialize, Serialize};
use tfhe_versionable::VersionsDispatch;

use super::MODULUS;
use super::ciphertexts::{decode_canonical, encode};
use crate::parameters::ParameterSet;
use crate::scheme::{Crossing, CrossingError, Extent};

/// One querier's public keys, as they cross. Reveals nothing without the secret key.
#[derive(Serialize, Deserialize, Versionize)]
#[versionize(EvaluationKeyVersions)]
pub struct EvaluationKey {
    pub(super) bootstrap: SeededLweBootstrapKeyOwned<u64>,
    pub(super) keyswitch: SeededLweKeyswitchKeyOwned<u64>,
    pub(super) public: SeededLweCompactPublicKeyOwned<u64>,
    /// Names the parameter set.
    pub(super) parameters: u16,
}

/// Versions of the encoding.
#[derive(Serialize, Deserialize, VersionsDispatch)]
#[expect(missing_docs, reason = "one variant a version")]
pub enum EvaluationKeyVersions {
    V0(EvaluationKey),
}

impl Named for EvaluationKey {
    const NAME: &'static str = "cotejo::tfhe::EvaluationKey";
}

impl ParameterSetConformant for EvaluationKey {
    type ParameterSet = &'static ParameterSet;

    fn is_conformant(&self, set: &&'static ParameterSet) -> bool {
        self.parameters == set.id
            && self.bootstrap.is_conformant(&LweBootstrapKeyConformanceParams {
                decomp_base_log: DecompositionBaseLog(set.bootstrap_base_log2),
                decomp_level_count: DecompositionLevelCount(set.bootstrap_levels),
                input_lwe_dimension: LweDimension(set.lwe_dimension()),
                output_glwe_size: set.glwe_size(),
                polynomial_size: PolynomialSize(set.polynomial_size),
                ciphertext_modulus: MODULUS,
            })
            && self.keyswitch.is_conformant(&LweKeyswitchKeyConformanceParams {
                decomp_base_log: DecompositionBaseLog(set.keyswitch_base_log2),
                decomp_level_count: DecompositionLevelCount(set.keyswitch_levels),
                output_lwe_size: LweDimension(set.lwe_dimension()).to_lwe_size(),
                input_lwe_dimension: LweDimension(set.bootstrapped_dimension()),
                ciphertext_modulus: MODULUS,
            })
            && self.public.is_conformant(&LweCompactPublicKeyConformanceParams {
                encryption_lwe_dimension: LweDimension(set.bootstrapped_dimension()),
                ciphertext_modulus: MODULUS,
            })
    }
}

impl Crossing for EvaluationKey {
    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        encode(self)
    }

    fn decode(bytes: &[u8], parameters: &'static ParameterSet, extent: Extent) -> Result<Self, CrossingError> {
        let key: Self = decode_canonical(bytes, Self::limit_bytes(parameters, extent))?;
        match key.is_conformant(&parameters) {
            true => Ok(key),
            false => Err(CrossingError::Dimensions("keys")),
        }
    }

    fn limit_bytes(parameters: &ParameterSet, _: Extent) -> u64 {
        parameters.evaluation_key_bytes() as u64 + 2048
    }
}

/// One querier's public keys, expanded: the bootstrap key in the Fourier domain, the others with their masks.
///
/// About 59 MB for the bootstrap key and 59 MB for the keyswitch key of `tfhe-896-2048`.
pub struct PreparedKey {
    pub(super) parameters: &'static ParameterSet,
    pub(super) bootstrap: FourierLweBootstrapKeyOwned,
    pub(super) keyswitch: LweKeyswitchKeyOwned<u64>,
    pub(super) public: LweCompactPublicKeyOwned<u64>,
    /// Transform of the bootstrap's polynomials.
    pub(super) fft: Fft,
    /// Transform of the query's polynomials.
    pub(super) query_fft: Fft,
}

impl PreparedKey {
    pub(super) fn new(key: EvaluationKey) -> Self {
        let EvaluationKey { bootstrap, keyswitch, public, parameters } = key;
        // Decoding has checked the id against a known set.
        let parameters = ParameterSet::by_id(parameters).unwrap_or(crate::parameters::DEFAULT);
        let polynomial_size = PolynomialSize(parameters.polynomial_size);
        let mut fourier = FourierLweBootstrapKeyOwned::new(
            bootstrap.input_lwe_dimension(),
            bootstrap.glwe_size(),
            polynomial_size,
            bootstrap.decomposition_base_log(),
            bootstrap.decomposition_level_count(),
        );
        let standard = bootstrap.par_decompress_into_lwe_bootstrap_key();
        par_convert_standard_lwe_bootstrap_key_to_fourier(&standard, &mut fourier);
        Self {
            parameters,
            bootstrap: fourier,
            keyswitch: keyswitch.par_decompress_into_lwe_keyswitch_key(),
            public: public.decompress_into_lwe_compact_public_key(),
            fft: Fft::new(polynomial_size),
            query_fft: Fft::new(PolynomialSize(parameters.query_polynomial_size)),
        }
    }
}
