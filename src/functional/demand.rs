//! What a comparison asks of a scheme, and what a scheme says to it: so that this module names none.

use std::ops::RangeInclusive;

use crate::agreement::{AgreementError, Disclosure, EyeRule};
use crate::template::IrisShape;

/// What a comparison under an agreement's other terms asks of a scheme.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// Coordinates of a template, where no mask is encrypted twice.
    pub coordinates: usize,
    /// Smallest and largest phi, both odd.
    pub aligned: RangeInclusive<i64>,
    /// The largest |phi|.
    pub bound: i64,
    /// Euclidean length of the longest weights that a reference can have.
    pub weight_norm: f64,
    /// Smallest and largest 2 (common - minimum) + 1, where common bits are judged.
    pub common_bits: Option<RangeInclusive<i64>>,
    /// The masks of irises, where there are any.
    pub masks: Option<MaskDemand>,
    /// Rotations of a pair.
    pub alignments: usize,
    /// What the querier learns.
    pub disclosure: Disclosure,
    /// Hits of a probe whose handles are disclosed; 0 where none are.
    pub hits_per_probe: usize,
    /// How two eyes combine.
    pub eyes: EyeRule,
    /// References that a gallery may hold.
    pub references: usize,
    /// References that a subject may have, of each eye.
    pub references_per_subject: usize,
    /// The term of the agreement that integers out of range are due to, as `section.field`.
    pub field: &'static str,
}

/// What counting the common bits of two irises asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaskDemand {
    /// The shape of a template.
    pub shape: IrisShape,
    /// Hit iff `unit` HD < `theta` common.
    pub theta: i64,
    /// See `theta`.
    pub unit: i64,
    /// A pair with fewer common valid bits never hits.
    pub minimum_common: usize,
}

/// How the common bits are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Counting {
    /// With the mask as the verdict needs it, coordinates (S-2 theta) m, and this gain as the weight: 2 under an exact scheme, so
    /// that phi is (S-2 theta)(2 (common - M) + 1).
    SharedMask {
        /// The weight of a valid mask bit.
        gain: i64,
    },
    /// With a copy of the mask, coordinates `unit` m.
    OwnMask {
        /// Units of phi that one common bit counts.
        unit: i64,
    },
}

impl Counting {
    /// The weight of a valid mask bit, and the units of phi that one common bit counts.
    pub(crate) fn gain_and_unit(self, theta: i64, unit: i64) -> (i64, i64) {
        match self {
            Self::SharedMask { gain } => (gain, gain * (unit - 2 * theta)),
            Self::OwnMask { unit } => (1, unit),
        }
    }
}

/// A parameter set as a functional sees it: handed in by whoever knows the schemes.
pub(crate) trait Admission {
    /// Whether phi is judged without noise, so that integers must be small rather than fill a torus.
    fn is_exact(&self) -> bool;

    /// Whether the set can do what a comparison asks, and how it counts common bits there: `None` where none are judged.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for terms under which noise, not the templates, would decide, or whose integers do not fit the set.
    fn admit(&self, demand: &Demand) -> Result<Option<Counting>, AgreementError>;

    /// How many probes of a query can share a ciphertext under a comparison that is admitted: 1 where each has its own.
    fn together(&self, demand: &Demand) -> usize;
}
