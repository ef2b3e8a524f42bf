//! How fast a machine is: the time of one bootstrap, in which a search is counted.

use std::time::Duration;

use crate::parameters::tfhe::TfheSet;

/// Wall time of one bootstrap with all threads busy, on the reference machine, two threads: what `auto` chooses by, so that both parties
/// choose the same.
///
/// For each of the n elements of a mask a blind rotation takes (k+1)(l+1) Fourier transforms, each as N log2 N, and l (k+1)^2 products, each as N.
/// Calibrated on the named sets, `tfhe-896-2048` at 3.5 ms and `tfhe-896-4096` at 2.2 times that; the share of the products follows from sets
/// with k = 2, with two and three digits and N from 1024 to 8192, whose processor time was within a sixth of the formula.
pub(crate) fn reference_bootstrap(set: &TfheSet) -> Duration {
    let (n, k, size) = (set.lwe_dimension() as f64, set.glwe_dimension as f64, set.polynomial_size as f64);
    let levels = set.bootstrap_levels as f64;
    let transforms = (k + 1.0) * (levels + 1.0) * size * size.log2();
    let products = levels * (k + 1.0).powi(2) * size;
    Duration::from_secs_f64(n * (transforms * REFERENCE_TRANSFORM + products * REFERENCE_PRODUCT))
}

/// Of N log2 N of a transform, in seconds: 85 % of the 3.5 ms.
const REFERENCE_TRANSFORM: f64 = 3.685e-11;
/// Of N of a product, in seconds: the rest.
const REFERENCE_PRODUCT: f64 = 7.153e-11;
