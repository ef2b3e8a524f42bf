//! The minimum of common bits: at which scale the valid bits that two irises share are counted.

use super::torus::room;
use crate::agreement::Decimal;
use crate::parameters::tfhe::TfheSet;
use crate::template::IrisShape;

/// How the common bits are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Counting {
    /// With the mask as the verdict needs it, coordinates (S-2 theta) m, and this gain as the weight: 2 under an exact scheme, so
    /// that phi is (S-2 theta)(2 (common - M) + 1).
    SharedMask { gain: i64 },
    /// With a copy of the mask, coordinates `unit` m.
    OwnMask { unit: i64 },
}

impl Counting {
    /// The finest scale at which the number of common bits, less the minimum, keeps its distance from the far side of the torus.
    pub(super) fn new(shape: IrisShape, theta: i64, minimum_common: usize, step: u64, set: &TfheSet) -> Self {
        let farthest = minimum_common.max(shape.bits() - minimum_common) as f64 + 1.0;
        let mask_norm = shape.mask_multiplicity() as f64 * (shape.mask_bits() as f64).sqrt();
        let room =
            |gain: i64| room(set.decision_variance(gain as f64 * mask_norm).sqrt()) * 2f64.powi(64) / step as f64;
        let unit = (Decimal::ONE - 2 * theta) as f64;
        // A gain multiplies noise: where it would be large, a second copy of the mask is the better deal.
        let shared = (theta <= Decimal::ONE / 5 * 2)
            .then(|| (1..=16).rev().find(|&gain| gain as f64 * unit * farthest <= room(gain)))
            .flatten();
        match shared {
            Some(gain) => Self::SharedMask { gain },
            None => Self::OwnMask { unit: (room(1) / farthest) as i64 },
        }
    }

    /// The weight of a valid mask bit, and the units of phi that one common bit counts.
    pub(super) fn gain_and_unit(self, theta: i64, unit: i64) -> (i64, i64) {
        match self {
            Self::SharedMask { gain } => (gain, gain * (unit - 2 * theta)),
            Self::OwnMask { unit } => (1, unit),
        }
    }
}
