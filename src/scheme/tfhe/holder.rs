//! Stages 3 and 7, with the SECRET key: key generation, encryption, decryption.

use ::tfhe::core_crypto::commons::generators::EncryptionRandomGenerator;
use ::tfhe::core_crypto::commons::math::random::DefaultRandomGenerator;
use ::tfhe::core_crypto::prelude::*;
use rand::CryptoRng;
use zeroize::Zeroizing;

use super::ciphertexts::{self, EncryptedProbes, EncryptedVerdicts};
use super::keys::{EvaluationKey, Generated};
use super::labelled::{self, OUTPUTS};
use super::query::QueryKey;
use super::{MODULUS, RngSeeder, Tfhe};
use crate::agreement::Disclosure;
use crate::functional::{Functional, Probe};
use crate::parameters::Marked;
use crate::parameters::query::QueryKeySet;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::{Disclosed, Extent, Holder};

/// The query key. Flattened it is the LWE key of dimension k N that the bootstrap reads, so a distance needs no keyswitch. Answers come back
/// under it too; the bootstrap output key is forgotten once the public keys are made.
pub struct SecretKey {
    key: QueryKey,
    parameters: Marked<TfheSet>,
}

impl SecretKey {
    /// As an LWE key of dimension k N.
    pub(super) fn lwe(&self) -> LweSecretKey<&[u64]> {
        self.key.glwe.as_lwe_secret_key()
    }

    /// The phase of every encrypted coordinate, padding included: for measurements of noise.
    pub(super) fn coordinate_phases(&self, probes: &EncryptedProbes) -> Vec<u64> {
        self.key.phases(probes.seed, &probes.bodies)
    }
}

impl Holder for Tfhe {
    type SecretKey = SecretKey;

    fn generate(parameters: &Marked<TfheSet>, rng: &mut dyn CryptoRng) -> (SecretKey, EvaluationKey) {
        let (query, _, public) = generate_all(parameters, rng);
        (query, public)
    }

    fn encrypt(key: &SecretKey, functional: &Functional, probes: &[Probe], rng: &mut dyn CryptoRng) -> EncryptedProbes {
        let encrypted = key.key.encrypt_probes(functional, key.parameters.step(functional), probes, rng);
        EncryptedProbes::new(&key.parameters, encrypted)
    }

    fn decrypt(key: &SecretKey, extent: &Extent<'_>, verdicts: &EncryptedVerdicts) -> Vec<Disclosed> {
        let samples = ciphertexts::samples(extent);
        let lwe = key.lwe();
        let phases = verdicts.phases(&key.parameters, lwe.as_ref()).take(samples);
        let bits: Vec<bool> = phases.map(|phase| phase >> 63 == 0).collect();
        if extent.disclosure == Disclosure::Labelled {
            let boxes = verdicts.boxes(samples * key.parameters.encrypted_verdict_words(), extent.probes);
            return bits.chunks(OUTPUTS).zip(boxes).map(|(bits, boxes)| labelled::read(bits, boxes)).collect();
        }
        bits.chunks(extent.verdicts_per_probe.max(1)).map(|bits| Disclosed::Bits(bits.to_vec())).collect()
    }

    fn export_secret(key: &SecretKey) -> Zeroizing<Vec<u8>> {
        key.key.export()
    }

    fn import_secret(bytes: &[u8], parameters: &Marked<TfheSet>) -> Option<SecretKey> {
        QueryKey::import(bytes, parameters.query()).map(|key| SecretKey { key, parameters: *parameters })
    }
}

/// Torus elements, as many as whole polynomials have, encrypted with masks of one seed.
#[cfg(test)]
pub(super) fn encrypted(key: &SecretKey, plain: &[u64], rng: &mut dyn CryptoRng) -> EncryptedProbes {
    EncryptedProbes::new(&key.parameters, key.key.encrypt(plain, rng))
}

/// The query key, the bootstrap output key (wiped by the caller's drop), and the public keys between them.
pub(super) fn generate_all(set: &Marked<TfheSet>, rng: &mut dyn CryptoRng) -> (SecretKey, SecretKey, EvaluationKey) {
    let of =
        |key: QueryKeySet, rng: &mut dyn CryptoRng| SecretKey { key: QueryKey::random(key, rng), parameters: *set };
    let query = of(set.query(), rng);
    let output = QueryKeySet {
        glwe_dimension: set.glwe_dimension,
        polynomial_size: set.polynomial_size,
        noise_log2: set.glwe_noise_log2,
    };
    let output = of(output, rng);
    let mut seeder = RngSeeder(rng);
    let (size, dimension) = (PolynomialSize(set.polynomial_size), LweDimension(set.lwe_dimension()));

    let seed = seeder.seed();
    let (base, levels) = (DecompositionBaseLog(set.bootstrap_base_log2), DecompositionLevelCount(set.bootstrap_levels));
    let mut bootstrap =
        SeededLweBootstrapKey::new(0, set.glwe_size(), size, base, levels, dimension, seed.into(), MODULUS);
    par_generate_seeded_lwe_bootstrap_key(
        &query.lwe(),
        &output.key.glwe,
        &mut bootstrap,
        set.glwe_noise(),
        &mut seeder,
    );
    let bootstrap = Generated { seed, key: bootstrap };

    let seed = seeder.seed();
    let (base, levels) = (DecompositionBaseLog(set.keyswitch_base_log2), DecompositionLevelCount(set.keyswitch_levels));
    let from = LweDimension(set.bootstrapped_dimension());
    let mut keyswitch = SeededLweKeyswitchKey::new(0, base, levels, from, dimension, seed.into(), MODULUS);
    generate_seeded_lwe_keyswitch_key(&output.lwe(), &query.lwe(), &mut keyswitch, set.query_noise(), &mut seeder);
    let keyswitch = Generated { seed, key: keyswitch };

    let seed = seeder.seed();
    let mut public = SeededLweCompactPublicKey::new(0, from, seed.into(), MODULUS);
    generate_seeded_lwe_compact_public_key(&output.lwe(), &mut public, set.glwe_noise(), &mut seeder);
    let public = Generated { seed, key: public };

    let keys = EvaluationKey::new(set, bootstrap, keyswitch, public);
    (query, output, keys)
}

/// A generator for one encryption with a public key.
pub(super) fn noise_generator(rng: &mut dyn CryptoRng) -> EncryptionRandomGenerator<DefaultRandomGenerator> {
    let mut seeder = RngSeeder(rng);
    let seed = seeder.seed();
    EncryptionRandomGenerator::new(seed, &mut seeder)
}
