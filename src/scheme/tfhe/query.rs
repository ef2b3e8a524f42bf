//! The key under which templates are encrypted, and nothing but it: of scheme `tfhe`, and of whoever scores as it does. Stage 3, SECRET.

use ::tfhe::core_crypto::commons::generators::SecretRandomGenerator;
use ::tfhe::core_crypto::commons::math::random::{CompressionSeed, DefaultRandomGenerator, Seed};
use ::tfhe::core_crypto::prelude::*;
use rand::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::{MODULUS, RngSeeder};
use crate::functional::{Functional, Probe};
use crate::parameters::query::QueryKeySet;

/// A binary GLWE key of dimension k over polynomials of N coefficients; flattened, an LWE key of dimension n = k N. Wiped on drop.
pub(in crate::scheme) struct QueryKey {
    pub(super) glwe: GlweSecretKeyOwned<u64>,
    set: QueryKeySet,
}

impl Drop for QueryKey {
    fn drop(&mut self) {
        self.glwe.as_mut().zeroize();
    }
}

/// Encrypted torus elements: bodies of whole polynomials, whose masks follow from one seed.
pub(in crate::scheme) struct SeededBodies {
    pub(in crate::scheme) seed: u128,
    pub(in crate::scheme) bodies: Vec<u64>,
}

impl QueryKey {
    pub(in crate::scheme) fn random(set: QueryKeySet, rng: &mut dyn CryptoRng) -> Self {
        let mut generator = SecretRandomGenerator::<DefaultRandomGenerator>::new(RngSeeder(rng).seed());
        let glwe = allocate_and_generate_new_binary_glwe_secret_key(
            GlweDimension(set.glwe_dimension),
            PolynomialSize(set.polynomial_size),
            &mut generator,
        );
        Self { glwe, set }
    }

    /// As an LWE key: n numbers, 0 or 1.
    pub(in crate::scheme) fn bits(&self) -> &[u64] {
        self.glwe.as_ref()
    }

    /// Every sample of every probe, in order, coordinates times `step`.
    pub(in crate::scheme) fn encrypt_probes(
        &self,
        functional: &Functional,
        step: u64,
        probes: &[Probe],
        rng: &mut dyn CryptoRng,
    ) -> SeededBodies {
        let padded = self.set.bodies(functional.coordinates());
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
        self.encrypt(&plain, rng)
    }

    /// Torus elements, as many as whole polynomials have.
    pub(in crate::scheme) fn encrypt(&self, plain: &[u64], rng: &mut dyn CryptoRng) -> SeededBodies {
        let mut seeder = RngSeeder(rng);
        let seed = seeder.seed();
        let mut list = SeededGlweCiphertextList::from_container(
            vec![0; plain.len()],
            GlweDimension(self.set.glwe_dimension).to_glwe_size(),
            PolynomialSize(self.set.polynomial_size),
            CompressionSeed::from(seed),
            MODULUS,
        );
        let plaintexts = PlaintextList::from_container(plain);
        let noise = TUniform::new(self.set.noise_log2);
        encrypt_seeded_glwe_ciphertext_list(&self.glwe, &mut list, &plaintexts, noise, &mut seeder);
        SeededBodies { seed: seed.0, bodies: list.into_container() }
    }

    /// The phase of every body, padding included: for measurements of noise.
    pub(in crate::scheme) fn phases(&self, seed: u128, bodies: &[u64]) -> Vec<u64> {
        let list = expanded(&self.set, seed, bodies.to_vec());
        let mut phases = PlaintextList::new(0, PlaintextCount(bodies.len()));
        decrypt_glwe_ciphertext_list(&self.glwe, &list, &mut phases);
        phases.into_container()
    }

    /// Eight bits a byte, the first the lowest.
    pub(in crate::scheme) fn export(&self) -> Zeroizing<Vec<u8>> {
        let bytes = self.bits().chunks(8).map(|chunk| chunk.iter().rev().fold(0, |byte, &bit| byte << 1 | (bit as u8)));
        Zeroizing::new(bytes.collect())
    }

    /// Reads [`QueryKey::export`] back; `None` for another length.
    pub(in crate::scheme) fn import(bytes: &[u8], set: QueryKeySet) -> Option<Self> {
        let dimension = set.lwe_dimension();
        if bytes.len() != dimension.div_ceil(8) {
            return None;
        }
        let mut bits = Vec::with_capacity(8 * bytes.len()); // in one piece, to be wiped
        bits.extend(bytes.iter().flat_map(|&byte| (0..8).map(move |i| u64::from(byte >> i & 1))));
        bits.truncate(dimension);
        let glwe = GlweSecretKey::from_container(bits, PolynomialSize(set.polynomial_size));
        Some(Self { glwe, set })
    }
}

/// Ciphertexts with their masks.
pub(super) fn expanded(set: &QueryKeySet, seed: u128, bodies: Vec<u64>) -> GlweCiphertextListOwned<u64> {
    let seeded = SeededGlweCiphertextList::from_container(
        bodies,
        GlweDimension(set.glwe_dimension).to_glwe_size(),
        PolynomialSize(set.polynomial_size),
        CompressionSeed::from(Seed(seed)),
        MODULUS,
    );
    seeded.decompress_into_glwe_ciphertext_list()
}
