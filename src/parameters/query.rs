//! The key that probes are encrypted under, of schemes that score over the torus.

/// The dimensions of a query key: a binary GLWE key of dimension k over polynomials of N coefficients, or flattened an LWE key of dimension
/// n = k N; q = 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryKeySet {
    /// k.
    pub glwe_dimension: usize,
    /// N.
    pub polynomial_size: usize,
    /// Noise TUniform(b): uniform on [-2^b, 2^b], of 2^64, with halved end points.
    pub noise_log2: u32,
}

impl QueryKeySet {
    /// n.
    pub(crate) fn lwe_dimension(&self) -> usize {
        self.glwe_dimension * self.polynomial_size
    }

    /// Polynomials that `coordinates` coordinates fill.
    pub(crate) fn polynomials(&self, coordinates: usize) -> usize {
        coordinates.div_ceil(self.polynomial_size)
    }

    /// Bodies of one encrypted template: torus elements, whole polynomials of them.
    pub(crate) fn bodies(&self, coordinates: usize) -> usize {
        self.polynomials(coordinates) * self.polynomial_size
    }

    /// Bytes of one encrypted template as sent: bodies only, masks from a seed.
    pub(crate) fn encrypted_template_bytes(&self, coordinates: usize) -> usize {
        8 * self.bodies(coordinates)
    }

    /// Variance of one encrypted coordinate, in units of the torus squared: (2^(2b+1) + 1) / 6 units of 2^-64.
    pub(crate) fn variance(&self) -> f64 {
        tuniform_variance(self.noise_log2)
    }
}

/// Variance of TUniform(b): (2^(2b+1) + 1) / 6 units squared, in units of the torus squared.
pub(crate) fn tuniform_variance(bound_log2: u32) -> f64 {
    (2f64.powi(2 * bound_log2 as i32 + 1) + 1.0) / 6.0 * 2f64.powi(-128)
}
