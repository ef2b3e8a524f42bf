//! The named parameter sets of scheme `tfhe`: dimensions, noise, sizes.
//!
//! Notation as in Chillotti, Gama, Georgieva, Izabachène, "TFHE" (J. Cryptology 2020) and in `tfhe`: a GLWE of dimension k
//! over polynomials of N coefficients; decomposition into `levels` digits of `base_log2` bits; torus elements are
//! 64-bit integers, so a noise of 2^-18 of the torus is 2^46 units. `TUniform(b)` is uniform on [-2^b, 2^b] with
//! halved end points.
//!
//! Security (`named.rs`) is the least of primal uSVP, BDD and dual hybrid by the lattice estimator, commit 27a581b, with its
//! default cost model.

pub use super::dimensions::TfheSet;
use super::query::QueryKeySet;

/// 128-bit security: the set for everything. `cargo bench --bench stages` times a decision here.
pub const TFHE_896_2048: TfheSet = TfheSet {
    query_glwe_dimension: 7,
    query_polynomial_size: 128,
    query_noise_log2: 46,
    glwe_dimension: 1,
    polynomial_size: 2048,
    glwe_noise_log2: 17,
    bootstrap_base_log2: 23,
    bootstrap_levels: 1,
    keyswitch_base_log2: 4,
    keyswitch_levels: 4,
    flooding_log2: 61,
    washing_rounds: 5,
    answer_modulus_log2: 10,
};

/// 128-bit security, the rounding share of the gray zone halved for twice the time and twice the key.
pub(crate) const TFHE_896_4096: TfheSet = TfheSet {
    polynomial_size: 4096,
    washing_rounds: 6, // its bootstrap is noisier
    ..TFHE_896_2048
};

/// **Insecure**: dimensions small enough for quick tests. Protects nothing.
pub const INSECURE_TEST: TfheSet = TfheSet { query_glwe_dimension: 2, polynomial_size: 1024, ..TFHE_896_2048 };

/// The name of the set of an agreement on scheme `tfhe` that names none.
pub const DEFAULT: &str = "tfhe-896-2048";

/// Most rounds of washing.
pub(crate) const MOST_WASHING_ROUNDS: usize = 32;

impl TfheSet {
    /// The key that probes are encrypted under.
    pub(crate) fn query(&self) -> QueryKeySet {
        QueryKeySet {
            glwe_dimension: self.query_glwe_dimension,
            polynomial_size: self.query_polynomial_size,
            noise_log2: self.query_noise_log2,
        }
    }

    /// Every named one.
    #[cfg(test)]
    pub(crate) const ALL: [&'static Self; 3] = [&TFHE_896_2048, &TFHE_896_4096, &INSECURE_TEST];

    /// Dimension n of the LWE key under which queries and answers are encrypted.
    pub fn lwe_dimension(&self) -> usize {
        self.query().lwe_dimension()
    }

    /// Dimension of the LWE key under which a bootstrap leaves its output.
    pub fn bootstrapped_dimension(&self) -> usize {
        self.glwe_dimension * self.polynomial_size
    }

    /// Bodies of the bootstrap, the keyswitch and the public key: 64-bit words.
    pub(crate) fn evaluation_key_bodies(&self) -> [usize; 3] {
        let bootstrap = self.lwe_dimension() * self.bootstrap_levels * (self.glwe_dimension + 1) * self.polynomial_size;
        [bootstrap, self.bootstrapped_dimension() * self.keyswitch_levels, self.bootstrapped_dimension()]
    }

    /// Bytes of the three public keys as sent: bodies only, masks from a seed.
    pub(crate) fn evaluation_key_bytes(&self) -> usize {
        8 * self.evaluation_key_bodies().iter().sum::<usize>()
    }

    /// Bytes of one encrypted template as sent.
    pub fn encrypted_template_bytes(&self, coordinates: usize) -> usize {
        self.query().encrypted_template_bytes(coordinates)
    }

    /// 64-bit words of one encrypted verdict as sent.
    pub fn encrypted_verdict_words(&self) -> usize {
        ((self.lwe_dimension() + 1) * self.answer_modulus_log2).div_ceil(64)
    }

    /// Bytes of one encrypted verdict as sent.
    pub(crate) fn encrypted_verdict_bytes(&self) -> usize {
        8 * self.encrypted_verdict_words()
    }

    /// Bytes of the bootstrap key in memory, in the Fourier domain.
    pub(crate) fn prepared_key_bytes(&self) -> usize {
        let rows = self.bootstrap_levels * (self.glwe_dimension + 1);
        self.lwe_dimension() * rows * (self.glwe_dimension + 1) * self.polynomial_size * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_set_keeps_the_promised_sizes() {
        let named = crate::parameters::ParameterSet::by_name(DEFAULT).unwrap();
        assert!(named.is_secure() && named.dimensions() == &crate::parameters::Dimensions::Tfhe(TFHE_896_2048));
        assert!(TFHE_896_2048.evaluation_key_bytes() < 32_000_000);
        assert!(TFHE_896_2048.encrypted_template_bytes(512) <= 8 * 512);
        assert!(TFHE_896_2048.encrypted_template_bytes(12_800 + 6_400) <= 8 * 19_200);
        assert!(TFHE_896_2048.encrypted_verdict_bytes() < 20_000);
    }
}
