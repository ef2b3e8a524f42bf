//! Stages 3 and 7, with the SECRET key: key generation, encryption, decryption.

use ::tfhe::core_crypto::commons::generators::{EncryptionRandomGenerator, SecretRandomGenerator};
use ::tfhe::core_crypto::commons::math::random::{CompressionSeed, DefaultRandomGenerator, Seed};
use ::tfhe::core_crypto::prelude::*;
use rand::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use super::keys::{EvaluationKey, Generated};
use super::{MODULUS, RngSeeder, Tfhe};
use crate::functional::{Functional, Probe};
use crate::parameters::Marked;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::{Disclosed, Extent, Holder};

/// The query key: a binary GLWE key of dimension k over polynomials of N coefficients.
///
/// Flattened it is the LWE key of dimension k N that the bootstrap reads, so a distance needs no keyswitch. Answers come back under it
/// too; the bootstrap output key is forgotten once the public keys are made.
pub struct SecretKey {
    glwe: GlweSecretKeyOwned<u64>,
    parameters: Marked<TfheSet>,
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.glwe.as_mut().zeroize();
    }
}

impl SecretKey {
    fn random(parameters: &Marked<TfheSet>, dimension: usize, size: usize, rng: &mut dyn CryptoRng) -> Self {
        let mut generator = SecretRandomGenerator::<DefaultRandomGenerator>::new(RngSeeder(rng).seed());
        let glwe = allocate_and_generate_new_binary_glwe_secret_key(
            GlweDimension(dimension),
            PolynomialSize(size),
            &mut generator,
        );
        Self { glwe, parameters: *parameters }
    }

    /// As an LWE key of dimension k N.
    pub(super) fn lwe(&self) -> LweSecretKey<&[u64]> {
        self.glwe.as_lwe_secret_key()
    }

    /// The phase of every encrypted coordinate, padding included: for measurements of noise.
    pub(super) fn coordinate_phases(&self, probes: &EncryptedProbes) -> Vec<u64> {
        let set = self.parameters;
        let seeded = SeededGlweCiphertextList::from_container(
            probes.bodies.as_slice(),
            set.query_glwe_size(),
            PolynomialSize(set.query_polynomial_size),
            CompressionSeed::from(Seed(probes.seed)),
            MODULUS,
        );
        let list = seeded.decompress_into_glwe_ciphertext_list();
        let mut phases = PlaintextList::new(0, PlaintextCount(probes.bodies.len()));
        decrypt_glwe_ciphertext_list(&self.glwe, &list, &mut phases);
        phases.into_container()
    }
}

impl Holder for Tfhe {
    type SecretKey = SecretKey;

    fn generate(parameters: &Marked<TfheSet>, rng: &mut dyn CryptoRng) -> (SecretKey, EvaluationKey) {
        let (query, _, public) = generate_all(parameters, rng);
        (query, public)
    }

    fn encrypt(key: &SecretKey, functional: &Functional, probes: &[Probe], rng: &mut dyn CryptoRng) -> EncryptedProbes {
        let set = key.parameters;
        let step = set.step(functional);
        let padded = set.polynomials(functional.coordinates()) * set.query_polynomial_size;
        let samples: usize = probes.iter().map(|probe| probe.samples().len()).sum();
        // In one piece: growing would leave copies that are not wiped.
        let mut plain = Zeroizing::new(Vec::with_capacity(samples * padded));
        for sample in probes.iter().flat_map(Probe::samples) {
            let coordinates = Zeroizing::new(functional.probe_coordinates(sample));
            let scaled = coordinates.iter().map(|&t| (t as u64).wrapping_mul(step));
            let end = plain.len() + padded;
            plain.extend(scaled);
            plain.resize(end, 0);
        }
        encrypted(key, &plain, rng)
    }

    fn decrypt(key: &SecretKey, extent: &Extent<'_>, verdicts: &EncryptedVerdicts) -> Vec<Disclosed> {
        let bits: Vec<bool> =
            verdicts.phases(&key.parameters, key.lwe().as_ref()).map(|phase| phase >> 63 == 0).collect();
        bits.chunks(extent.verdicts_per_probe.max(1)).map(|bits| Disclosed::Bits(bits.to_vec())).collect()
    }

    fn export_secret(key: &SecretKey) -> Zeroizing<Vec<u8>> {
        let bits: &[u64] = key.glwe.as_ref();
        let bytes = bits.chunks(8).map(|chunk| chunk.iter().rev().fold(0, |byte, &bit| byte << 1 | (bit as u8)));
        Zeroizing::new(bytes.collect())
    }

    fn import_secret(bytes: &[u8], parameters: &Marked<TfheSet>) -> Option<SecretKey> {
        let dimension = parameters.lwe_dimension();
        if bytes.len() != dimension.div_ceil(8) {
            return None;
        }
        let mut bits = Vec::with_capacity(8 * bytes.len()); // in one piece, to be wiped
        bits.extend(bytes.iter().flat_map(|&byte| (0..8).map(move |i| u64::from(byte >> i & 1))));
        bits.truncate(dimension);
        let glwe = GlweSecretKey::from_container(bits, PolynomialSize(parameters.query_polynomial_size));
        Some(SecretKey { glwe, parameters: *parameters })
    }
}

/// Torus elements, as many as whole polynomials have, encrypted with masks of one seed.
pub(super) fn encrypted(key: &SecretKey, plain: &[u64], rng: &mut dyn CryptoRng) -> EncryptedProbes {
    let set = key.parameters;
    let mut seeder = RngSeeder(rng);
    let seed = seeder.seed();
    let mut list = SeededGlweCiphertextList::from_container(
        vec![0; plain.len()],
        set.query_glwe_size(),
        PolynomialSize(set.query_polynomial_size),
        CompressionSeed::from(seed),
        MODULUS,
    );
    let plaintexts = PlaintextList::from_container(plain);
    encrypt_seeded_glwe_ciphertext_list(&key.glwe, &mut list, &plaintexts, set.query_noise(), &mut seeder);
    EncryptedProbes { seed: seed.0, bodies: list.into_container(), parameters: set.id() }
}

/// The query key, the bootstrap output key (wiped by the caller's drop), and the public keys between them.
pub(super) fn generate_all(set: &Marked<TfheSet>, rng: &mut dyn CryptoRng) -> (SecretKey, SecretKey, EvaluationKey) {
    let query = SecretKey::random(set, set.query_glwe_dimension, set.query_polynomial_size, rng);
    let output = SecretKey::random(set, set.glwe_dimension, set.polynomial_size, rng);
    let mut seeder = RngSeeder(rng);
    let (size, dimension) = (PolynomialSize(set.polynomial_size), LweDimension(set.lwe_dimension()));

    let seed = seeder.seed();
    let (base, levels) = (DecompositionBaseLog(set.bootstrap_base_log2), DecompositionLevelCount(set.bootstrap_levels));
    let mut bootstrap =
        SeededLweBootstrapKey::new(0, set.glwe_size(), size, base, levels, dimension, seed.into(), MODULUS);
    par_generate_seeded_lwe_bootstrap_key(&query.lwe(), &output.glwe, &mut bootstrap, set.glwe_noise(), &mut seeder);
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
