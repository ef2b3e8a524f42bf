//! How the common bits of two irises are counted where noise decides beside the threshold.

use crate::agreement::{AgreementError, Decimal};
use crate::functional::{Counting, MaskDemand};

/// The largest deviation of a fractional Hamming distance that is admitted, at the minimum of common bits.
const COARSEST_FRACTION: f64 = 0.02;

/// Whether a pair with the agreed minimum of common bits is decided by its bits, where one deviation of phi is this.
///
/// # Errors
///
/// [`AgreementError::Field`] for a minimum at which noise would decide.
pub(super) fn require_common_bits(masks: &MaskDemand, phi_deviation: f64) -> Result<(), AgreementError> {
    // One deviation of the fraction is this over the common bits.
    let bits = phi_deviation / (2.0 * Decimal::ONE as f64);
    let least = (bits / COARSEST_FRACTION).ceil() as usize;
    match masks.minimum_common < least {
        false => Ok(()),
        true => {
            let problem = format!("with fewer than {least} common bits noise would decide");
            Err(AgreementError::field("comparison.minimum_common_bits", problem).or("agree on more"))
        }
    }
}

/// The finest scale at which |phi| of the number of common bits, less the minimum, stays within `most`, for mask weights of this gain.
pub(super) fn finest(masks: &MaskDemand, most: impl Fn(i64) -> f64) -> Counting {
    let MaskDemand { shape, theta, minimum_common, .. } = *masks;
    let farthest = minimum_common.max(shape.bits() - minimum_common) as f64 + 1.0;
    let unit = (Decimal::ONE - 2 * theta) as f64;
    // A gain multiplies noise: where it would be large, a second copy of the mask is the better deal.
    let shared = (theta <= Decimal::ONE / 5 * 2)
        .then(|| (1..=16).rev().find(|&gain| gain as f64 * unit * farthest <= most(gain)))
        .flatten();
    match shared {
        Some(gain) => Counting::SharedMask { gain },
        None => Counting::OwnMask { unit: (most(1) / farthest) as i64 },
    }
}
