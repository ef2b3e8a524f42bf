//! The public keys: how the querier sends them, and how the custodian holds them.
//!
//! Three keys, all seeded (masks are expanded from a seed, only bodies are sent):
//!
//! - the *bootstrap key* encrypts the query key under the bootstrap output key;
//! - the *keyswitch key* encrypts the bootstrap output key under the query key;
//! - the *public key* encrypts zeros under the bootstrap output key, for sanitising.

use ::tfhe::Versionize;
use ::tfhe::core_crypto::commons::math::random::{CompressionSeed, Seed};
use ::tfhe::core_crypto::prelude::*;
use ::tfhe::named::Named;
use serde::{Deserialize, Serialize};
use tfhe_versionable::VersionsDispatch;

use super::MODULUS;
use super::ciphertexts::{EncryptedProbes, decode_canonical, encode};
use super::distance::{EncryptedTemplate, Transform};
use crate::functional::Functional;
use crate::parameters::Marked;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::{Crossing, CrossingError, Extent};

/// One querier's public keys, as they cross. Reveals nothing without the secret key.
///
/// Plain numbers rather than `tfhe`'s own key types: those carry fields that their conformance checks do not look at, and
/// that can make their decompression panic.
#[derive(Serialize, Deserialize, Versionize)]
#[versionize(EvaluationKeyVersions)]
pub struct EvaluationKey {
    bootstrap: Seeded,
    keyswitch: Seeded,
    public: Seeded,
    /// Names the parameter set.
    parameters: u16,
}

/// Versions of the encoding.
#[derive(Serialize, Deserialize, VersionsDispatch)]
pub enum EvaluationKeyVersions {
    V0(EvaluationKey),
}

/// The bodies of ciphertexts whose masks follow from a seed.
#[derive(Serialize, Deserialize, Versionize)]
#[versionize(SeededVersions)]
struct Seeded {
    seed: u128,
    bodies: Vec<u64>,
}

/// Versions of the encoding.
#[derive(Serialize, Deserialize, VersionsDispatch)]
enum SeededVersions {
    V0(Seeded),
}

impl Named for EvaluationKey {
    const NAME: &'static str = "cotejo::tfhe::EvaluationKey";
}

/// A key of `tfhe`'s own, as it was generated.
pub(super) struct Generated<K> {
    /// What its masks follow from.
    pub(super) seed: Seed,
    pub(super) key: K,
}

impl EvaluationKey {
    /// Of the three keys.
    pub(super) fn new(
        set: &Marked<TfheSet>,
        bootstrap: Generated<SeededLweBootstrapKeyOwned<u64>>,
        keyswitch: Generated<SeededLweKeyswitchKeyOwned<u64>>,
        public: Generated<SeededLweCompactPublicKeyOwned<u64>>,
    ) -> Self {
        Self {
            bootstrap: Seeded { seed: bootstrap.seed.0, bodies: bootstrap.key.into_container() },
            keyswitch: Seeded { seed: keyswitch.seed.0, bodies: keyswitch.key.into_container() },
            public: Seeded { seed: public.seed.0, bodies: public.key.into_container() },
            parameters: set.id(),
        }
    }

    fn fits(&self, set: &Marked<TfheSet>) -> bool {
        let lengths = [&self.bootstrap, &self.keyswitch, &self.public].map(|key| key.bodies.len());
        self.parameters == set.id() && lengths == set.evaluation_key_bodies()
    }
}

impl Seeded {
    /// One number throughout: an encryption of nothing. What else bodies are cannot be told from a key's by whoever has no secret
    /// (SECURITY.md, "What can be checked of keys").
    fn is_constant(&self) -> bool {
        self.bodies.iter().all(|body| self.bodies.first() == Some(body))
    }

    fn compression_seed(&self) -> CompressionSeed {
        CompressionSeed::from(Seed(self.seed))
    }
}

impl Crossing for EvaluationKey {
    type Set = Marked<TfheSet>;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        encode(self)
    }

    fn decode(bytes: &[u8], set: &Marked<TfheSet>, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let key: Self = decode_canonical(bytes, Self::limit_bytes(set, extent))?;
        if !key.fits(set) {
            return Err(CrossingError::Dimensions("keys"));
        }
        match [&key.bootstrap, &key.keyswitch, &key.public].iter().any(|key| key.is_constant()) {
            true => Err(CrossingError::Trivial),
            false => Ok(key),
        }
    }

    fn limit_bytes(set: &Marked<TfheSet>, _: &Extent<'_>) -> u64 {
        set.evaluation_key_bytes() as u64 + 2048
    }
}

/// One querier's public keys, expanded: the bootstrap key in the Fourier domain, the others with their masks.
///
/// About 59 MB for the bootstrap key and 59 MB for the keyswitch key of `tfhe-896-2048`.
pub struct PreparedKey {
    pub(super) parameters: Marked<TfheSet>,
    pub(super) bootstrap: FourierLweBootstrapKeyOwned,
    pub(super) keyswitch: LweKeyswitchKeyOwned<u64>,
    pub(super) public: LweCompactPublicKeyOwned<u64>,
    /// Transform of the bootstrap's polynomials.
    pub(super) fft: Fft,
    /// Transform of the query's polynomials.
    pub(super) query_transform: Transform,
    /// What bootstraps have done.
    #[cfg(test)]
    pub(super) effort: super::effort::Effort,
}

impl PreparedKey {
    /// The templates of a query, expanded.
    pub(super) fn templates(&self, functional: &Functional, probes: &EncryptedProbes) -> Vec<EncryptedTemplate> {
        let (query, coordinates) = (self.parameters.query(), functional.coordinates());
        EncryptedTemplate::expand(&query, coordinates, probes.seed, probes.bodies.clone(), &self.query_transform)
    }

    pub(super) fn new(key: EvaluationKey, set: &Marked<TfheSet>) -> Self {
        let EvaluationKey { bootstrap, keyswitch, public, .. } = key;
        let (base, levels) =
            (DecompositionBaseLog(set.bootstrap_base_log2), DecompositionLevelCount(set.bootstrap_levels));
        let polynomial_size = PolynomialSize(set.polynomial_size);
        let fft = super::fourier::transform(polynomial_size);
        let (seed, size) = (bootstrap.compression_seed(), set.glwe_size());
        let standard =
            SeededLweBootstrapKey::from_container(bootstrap.bodies, size, polynomial_size, base, levels, seed, MODULUS)
                .par_decompress_into_lwe_bootstrap_key();
        let dimension = LweDimension(set.lwe_dimension());
        let mut fourier = FourierLweBootstrapKeyOwned::new(dimension, size, polynomial_size, base, levels);
        par_convert_standard_lwe_bootstrap_key_to_fourier(&standard, &mut fourier);
        drop(standard);
        let seed = keyswitch.compression_seed();
        let keyswitch = SeededLweKeyswitchKey::from_container(
            keyswitch.bodies,
            DecompositionBaseLog(set.keyswitch_base_log2),
            DecompositionLevelCount(set.keyswitch_levels),
            dimension.to_lwe_size(),
            seed,
            MODULUS,
        );
        let seed = public.compression_seed();
        let public = SeededLweCompactPublicKey::from_container(public.bodies, seed, MODULUS);
        Self {
            parameters: *set,
            bootstrap: fourier,
            keyswitch: keyswitch.par_decompress_into_lwe_keyswitch_key(),
            public: public.decompress_into_lwe_compact_public_key(),
            fft,
            query_transform: Transform::new(&set.query()),
            #[cfg(test)]
            effort: Default::default(),
        }
    }
}
