//! The metrics of the protocol's table, with their terms as integers.

use crate::agreement::{AgreementError, ComparisonTerms, Decimal};
use crate::template::{IrisShape, TemplateShape};

/// A metric with its terms as integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Metric {
    /// Hit iff HD <= threshold.
    Hamming { dimension: usize, threshold: i64 },
    /// Hit iff S HD < theta common for some rotation, and common >= minimum unrotated.
    FractionalHamming { shape: IrisShape, theta: i64, minimum_common: usize, rotations: i32 },
    /// Hit iff <x,y> >= threshold, for vectors scaled to the given lengths.
    Cosine { dimension: usize, threshold: i64, probe_norm: u32, reference_norm: u32 },
    /// Hit iff <x,y> >= threshold, for vectors times scale, of integer length at most `longest`.
    InnerProduct { dimension: usize, threshold: i64, scale: f64, maximum_norm: f64, longest: i64 },
    /// Hit iff |x-y|^2 <= threshold, likewise.
    SquaredEuclidean { dimension: usize, threshold: i64, scale: f64, maximum_norm: f64, longest: i64 },
}

impl Metric {
    pub(super) fn new(shape: TemplateShape, terms: &ComparisonTerms) -> Result<Self, AgreementError> {
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
                Ok(Self::FractionalHamming { shape, theta, minimum_common, rotations: rotations as i32 })
            }
            (TemplateShape::Vector(dimension), &ComparisonTerms::Cosine { threshold, probe_norm, reference_norm }) => {
                if threshold.billionths().abs() >= Decimal::ONE {
                    return Err(threshold_range("must be between -1 and 1"));
                }
                for (field, norm, most) in [
                    ("comparison.probe_norm", probe_norm, 1 << 20),
                    ("comparison.reference_norm", reference_norm, 1 << 12),
                ] {
                    if !(16..=most).contains(&norm) {
                        return Err(E::field(field, format!("must be between 16 and {most}")));
                    }
                }
                let product = i64::from(probe_norm) * i64::from(reference_norm);
                let threshold = threshold.times_rounded_up(product) as i64;
                Ok(Self::Cosine { dimension, threshold, probe_norm, reference_norm })
            }
            (
                TemplateShape::Vector(dimension),
                &ComparisonTerms::InnerProduct { threshold, scale, maximum_norm }
                | &ComparisonTerms::SquaredEuclidean { threshold, scale, maximum_norm },
            ) => {
                if scale.billionths() <= 0 {
                    return Err(E::field("comparison.scale", "must be above 0"));
                }
                let longest = scale.to_f64() * maximum_norm.to_f64() * 1.01;
                if !(16.0..=32_000.0).contains(&longest) {
                    return Err(E::field(
                        "comparison.maximum_norm",
                        format!("times scale must be between 16 and 31600 (256 is a good choice), but is {longest:.1}"),
                    ));
                }
                let longest = longest.ceil() as i64;
                let (whole, exact) = times_squared(threshold, scale)
                    .ok_or_else(|| threshold_range("is far beyond what the longest vectors can reach"))?;
                let (scale, maximum_norm) = (scale.to_f64(), maximum_norm.to_f64());
                if matches!(terms, ComparisonTerms::InnerProduct { .. }) {
                    // The least integer not below it.
                    let threshold = if exact { whole } else { whole + 1 };
                    match threshold.saturating_abs() <= longest * longest {
                        true => Ok(Self::InnerProduct { dimension, threshold, scale, maximum_norm, longest }),
                        false => Err(threshold_range("is beyond the inner product of the longest vectors")),
                    }
                } else {
                    let threshold = whole;
                    match (0..=4 * longest * longest).contains(&threshold) {
                        true => Ok(Self::SquaredEuclidean { dimension, threshold, scale, maximum_norm, longest }),
                        false => Err(threshold_range("must be between 0 and the distance of the longest vectors")),
                    }
                }
            }
            (shape, terms) => Err(E::field(
                "comparison.metric",
                format!(
                    "{} does not compare {shape}; bits go with hamming, iris codes with fractional-hamming, vectors with cosine, inner-product or squared-euclidean",
                    terms.metric()
                ),
            )),
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

    /// The largest |phi| of any admissible pair.
    pub(super) fn bound(&self) -> i64 {
        match *self {
            Self::Hamming { dimension, threshold } => 2 * threshold.max(dimension as i64 - threshold) + 1,
            Self::FractionalHamming { shape, theta, .. } => Self::fractional_bound(shape, theta),
            Self::Cosine { threshold, probe_norm, reference_norm, .. } => {
                // Integer lengths may exceed the agreed ones by 1 %: see `quantise`.
                let product = 1.0201 * f64::from(probe_norm) * f64::from(reference_norm);
                2 * (product.ceil() as i64 + threshold.abs()) + 1
            }
            Self::InnerProduct { threshold, longest, .. } => 2 * (longest * longest + threshold.abs()) + 1,
            Self::SquaredEuclidean { threshold, longest, .. } => {
                2 * threshold.max(4 * longest * longest - threshold) + 1
            }
        }
    }

    /// From all common bits differing, 2 (theta - S) common - 1, to none, 2 theta common - 1, where theta < S/2.
    fn fractional_bound(shape: IrisShape, theta: i64) -> i64 {
        2 * (Decimal::ONE - theta) * shape.bits() as i64 + 1
    }
}

/// threshold scale^2 rounded down, and whether that is exact; `None` where it does not fit.
fn times_squared(threshold: Decimal, scale: Decimal) -> Option<(i64, bool)> {
    let square = i128::from(scale.billionths()).checked_mul(scale.billionths().into())?;
    let product = square.checked_mul(threshold.billionths().into())?;
    let one = i128::from(Decimal::ONE).pow(3);
    Some((product.div_euclid(one).try_into().ok()?, product.rem_euclid(one) == 0))
}
