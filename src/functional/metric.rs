//! The metrics of the protocol's table, with their terms as integers.

use std::ops::RangeInclusive;

use super::demand::MaskDemand;
use super::fraction::simplest_fraction;
use super::rounding;
use crate::agreement::{AgreementError, ComparisonTerms, Decimal};
use crate::template::{IrisShape, TemplateShape};

/// A metric with its terms as integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Metric {
    /// Hit iff HD <= threshold.
    Hamming { dimension: usize, threshold: i64 },
    /// Hit iff unit HD < theta common for some rotation, and common >= minimum unrotated. theta / unit decides as the agreed
    /// `threshold`, in billionths, does.
    FractionalHamming { shape: IrisShape, threshold: i64, theta: i64, unit: i64, minimum_common: usize, rotations: i32 },
    /// Hit iff <x,y> >= threshold, for vectors scaled to the given lengths. `unit` is the mean of <x,y> for a cosine of 1 whose rounding
    /// errors are independent.
    Cosine { dimension: usize, threshold: i64, unit: i64, probe_norm: u32, reference_norm: u32 },
    /// Hit iff <x,y> >= threshold, for vectors times scale, of integer length at most `longest`.
    InnerProduct { dimension: usize, threshold: i64, scale: f64, maximum_norm: f64, longest: i64 },
    /// Hit iff |x-y|^2 <= threshold, likewise. `shift` is what the threshold admits for rounding, which adds to distances.
    SquaredEuclidean { dimension: usize, threshold: i64, shift: i64, scale: f64, maximum_norm: f64, longest: i64 },
}

impl Metric {
    /// `exact` where phi must stay small rather than fill a torus. Lengths and scales must be given.
    pub(super) fn new(shape: TemplateShape, terms: &ComparisonTerms, exact: bool) -> Result<Self, AgreementError> {
        use AgreementError as E;
        let threshold_range = |text: &str| E::field("comparison.threshold", text);
        match (shape, terms) {
            (TemplateShape::Bits(dimension), &ComparisonTerms::Hamming { threshold }) => {
                match (threshold as usize) < dimension {
                    true => Ok(Self::Hamming { dimension, threshold: threshold.into() }),
                    false => Err(threshold_range("must be below the number of bits, or everything is a hit")),
                }
            }
            (
                TemplateShape::Iris(shape),
                &ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, .. },
            ) => {
                let theta = threshold.billionths();
                if !(1..Decimal::ONE / 2).contains(&theta) {
                    return Err(threshold_range("must be above 0 and below 0.5, the distance of unrelated irises"));
                }
                let minimum_common = minimum_common_bits as usize;
                if minimum_common > shape.bits() {
                    return Err(E::field("comparison.minimum_common_bits", "must not exceed the number of bits"));
                }
                if rotations as usize * 2 >= shape.columns {
                    return Err(E::field("comparison.rotations", "must be below half the columns"));
                }
                let rotations = rotations as i32;
                let (threshold, (theta, unit)) = match exact {
                    true => (theta, simplest_fraction(theta, shape.bits())),
                    false => (theta, (theta, Decimal::ONE)),
                };
                Ok(Self::FractionalHamming { shape, threshold, theta, unit, minimum_common, rotations })
            }
            (TemplateShape::Vector(dimension), &ComparisonTerms::Cosine { threshold, probe_norm, reference_norm }) => {
                if threshold.billionths().abs() >= Decimal::ONE {
                    return Err(threshold_range("must be between -1 and 1"));
                }
                let probe_norm = probe_norm.ok_or(E::Open { field: "comparison.probe_norm" })?;
                let reference_norm = reference_norm.ok_or(E::Open { field: "comparison.reference_norm" })?;
                for (field, norm, most) in [
                    ("comparison.probe_norm", probe_norm, 1 << 20),
                    ("comparison.reference_norm", reference_norm, 1 << 12),
                ] {
                    if !(16..=most).contains(&norm) {
                        return Err(E::field(field, format!("must be between 16 and {most}")));
                    }
                }
                let unit = match exact {
                    true => rounding::product_of_scaled(probe_norm, reference_norm, dimension).round() as i64,
                    false => i64::from(probe_norm) * i64::from(reference_norm),
                };
                let threshold = threshold.times_rounded_up(unit) as i64;
                Ok(Self::Cosine { dimension, threshold, unit, probe_norm, reference_norm })
            }
            (
                TemplateShape::Vector(dimension),
                &ComparisonTerms::InnerProduct { threshold, scale, maximum_norm }
                | &ComparisonTerms::SquaredEuclidean { threshold, scale, maximum_norm },
            ) => {
                let scale = scale.ok_or(E::Open { field: "comparison.scale" })?;
                if scale.billionths() <= 0 {
                    return Err(E::field("comparison.scale", "must be above 0"));
                }
                let length = scale.to_f64() * maximum_norm.to_f64();
                let longest = if exact { longest_rounded(length, dimension) } else { length * 1.01 };
                if !(16.0..=32_000.0).contains(&longest) {
                    return Err(E::field(
                        "comparison.maximum_norm",
                        format!("times scale must be between 16 and 31600 (256 is a good choice), but is {longest:.1}"),
                    ));
                }
                let longest = longest.ceil() as i64;
                let (whole, is_whole) = times_squared(threshold, scale)
                    .ok_or_else(|| threshold_range("is far beyond what the longest vectors can reach"))?;
                let (scale, maximum_norm) = (scale.to_f64(), maximum_norm.to_f64());
                if matches!(terms, ComparisonTerms::InnerProduct { .. }) {
                    // The least integer not below it.
                    let threshold = if is_whole { whole } else { whole + 1 };
                    match threshold.saturating_abs() <= longest * longest {
                        true => Ok(Self::InnerProduct { dimension, threshold, scale, maximum_norm, longest }),
                        false => Err(threshold_range("is beyond the inner product of the longest vectors")),
                    }
                } else {
                    let shift = if exact { rounding::added_to_square(dimension, whole) } else { 0 };
                    let threshold = whole.saturating_add(shift);
                    match (0..=4 * longest * longest).contains(&threshold) {
                        true => {
                            Ok(Self::SquaredEuclidean { dimension, threshold, shift, scale, maximum_norm, longest })
                        }
                        false => Err(threshold_range("must be between 0 and the distance of the longest vectors")),
                    }
                }
            }
            (shape, terms) => Err(E::field(
                "comparison.metric",
                format!("{} does not compare {shape}", terms.metric()),
            )
            .or("bits go with hamming, iris codes with fractional-hamming, vectors with cosine, inner-product or squared-euclidean")),
        }
    }

    /// Rotations of the reference that are tried, in columns: 0, -1, 1, -2, 2, ... or 0 alone.
    pub(super) fn rotations(&self) -> Vec<i32> {
        let most = match *self {
            Self::FractionalHamming { rotations, .. } => rotations,
            _ => 0,
        };
        std::iter::once(0).chain((1..=most).flat_map(|k| [-k, k])).collect()
    }

    /// The smallest and the largest 2 (common - minimum) + 1, both odd; none but for irises.
    pub(super) fn common_bits_range(&self) -> Option<RangeInclusive<i64>> {
        match *self {
            Self::FractionalHamming { shape, minimum_common, .. } => {
                let (bits, minimum) = (shape.bits() as i64, minimum_common as i64);
                Some(1 - 2 * minimum..=2 * (bits - minimum) + 1)
            }
            _ => None,
        }
    }

    /// What counting common bits asks; none but for irises.
    pub(super) fn mask_demand(&self) -> Option<MaskDemand> {
        match *self {
            Self::FractionalHamming { shape, theta, unit, minimum_common, .. } => {
                Some(MaskDemand { shape, theta, unit, minimum_common })
            }
            _ => None,
        }
    }

    pub(super) fn largest_weight_norm(&self) -> f64 {
        match self {
            Metric::Hamming { dimension, .. } => (*dimension as f64).sqrt(),
            Metric::FractionalHamming { shape, .. } => {
                let multiplicity = shape.mask_multiplicity() as f64;
                (shape.bits() as f64 + shape.mask_bits() as f64 * multiplicity.powi(2)).sqrt()
            }
            Metric::Cosine { reference_norm, .. } => f64::from(*reference_norm) * 1.01,
            Metric::InnerProduct { longest, .. } => *longest as f64,
            Metric::SquaredEuclidean { longest, .. } => (*longest as f64).hypot(1.0),
        }
    }

    /// Coordinates of a template where no mask is encrypted twice: see [`super::Functional::coordinates`].
    pub(super) fn coordinates(&self) -> usize {
        match *self {
            Self::FractionalHamming { shape, .. } => shape.bits() + shape.mask_bits(),
            Self::SquaredEuclidean { dimension, .. } => dimension + 1,
            Self::Hamming { dimension, .. } | Self::Cosine { dimension, .. } | Self::InnerProduct { dimension, .. } => {
                dimension
            }
        }
    }

    /// The term that a phi out of range is due to.
    pub(super) fn field(&self) -> &'static str {
        match self {
            Self::Hamming { .. } | Self::FractionalHamming { .. } => "comparison.threshold",
            Self::Cosine { .. } => "comparison.reference_norm",
            Self::InnerProduct { .. } | Self::SquaredEuclidean { .. } => "comparison.scale",
        }
    }

    /// The smallest and the largest phi of any admissible pair, both odd. Integer vectors of an exact scheme are never longer than
    /// agreed; others by up to 1 % (see `quantise`).
    pub(super) fn phi_range(&self, exact: bool) -> RangeInclusive<i64> {
        match *self {
            Self::Hamming { dimension, threshold } => 2 * (threshold - dimension as i64) + 1..=2 * threshold + 1,
            Self::FractionalHamming { shape, theta, unit, .. } => {
                let bits = shape.bits() as i64;
                2 * (theta - unit) * bits - 1..=2 * theta * bits - 1
            }
            Self::Cosine { threshold, probe_norm, reference_norm, .. } => {
                let product = match exact {
                    true => i64::from(probe_norm) * i64::from(reference_norm),
                    false => longest_product(probe_norm, reference_norm),
                };
                2 * (-product - threshold) + 1..=2 * (product - threshold) + 1
            }
            Self::InnerProduct { threshold, longest, .. } => {
                2 * (-longest * longest - threshold) + 1..=2 * (longest * longest - threshold) + 1
            }
            Self::SquaredEuclidean { threshold, longest, .. } => {
                2 * (threshold - 4 * longest * longest) + 1..=2 * threshold + 1
            }
        }
    }

    /// The largest |phi| of any admissible pair.
    pub(super) fn bound(&self) -> i64 {
        match *self {
            Self::Hamming { dimension, threshold } => 2 * threshold.max(dimension as i64 - threshold) + 1,
            // From all common bits differing, 2 (theta - unit) common - 1, to none, 2 theta common - 1, where theta <= unit / 2.
            Self::FractionalHamming { shape, theta, unit, .. } => 2 * (unit - theta) * shape.bits() as i64 + 1,
            Self::Cosine { threshold, probe_norm, reference_norm, .. } => {
                2 * (longest_product(probe_norm, reference_norm) + threshold.abs()) + 1
            }
            Self::InnerProduct { threshold, longest, .. } => 2 * (longest * longest + threshold.abs()) + 1,
            Self::SquaredEuclidean { threshold, longest, .. } => {
                2 * threshold.max(4 * longest * longest - threshold) + 1
            }
        }
    }
}

/// Integer lengths may exceed the agreed ones by 1 %: see `quantise`.
fn longest_product(probe_norm: u32, reference_norm: u32) -> i64 {
    (1.0201 * f64::from(probe_norm) * f64::from(reference_norm)).ceil() as i64
}

/// The length that a vector of this length and dimension has at most when it is rounded, but for one in a million.
///
/// Rounding adds an error e, uniform in each coordinate: |x + e|^2 = |x|^2 + 2 <x,e> + |e|^2, with mean |x|^2 + d/12 and deviations
/// |x|/sqrt(3) and sqrt(d/180) of the last two; five of each are left.
fn longest_rounded(length: f64, dimension: usize) -> f64 {
    let d = dimension as f64;
    (length * length + d / 12.0 + 5.0 * (length / 3f64.sqrt() + (d / 180.0).sqrt())).sqrt()
}

/// threshold scale^2 rounded down, and whether that is exact; `None` where it does not fit.
fn times_squared(threshold: Decimal, scale: Decimal) -> Option<(i64, bool)> {
    let square = i128::from(scale.billionths()).checked_mul(scale.billionths().into())?;
    let product = square.checked_mul(threshold.billionths().into())?;
    let one = i128::from(Decimal::ONE).pow(3);
    Some((product.div_euclid(one).try_into().ok()?, product.rem_euclid(one) == 0))
}
