//! Stage 2: a template as integers, and every metric as one linear functional.
//!
//! The querier's template becomes integer coordinates t_i, the custodian's becomes small integer weights w_i and a bias, and
//!
//! > phi = sum_i w_i t_i + bias,   hit iff phi > 0
//!
//! (protocol, section 2). phi is never 0, and lies midway between the last miss and the first hit, so that noise has equal room on
//! both sides. Only the custodian's half depends on the gallery, so a rotation of an iris costs the custodian a
//! roll of its own clear bits, and the querier nothing.
//!
//! | metric | coordinates t | weights w | phi |
//! |---|---|---|---|
//! | Hamming | 1-2b | 1-2b' | 2 (T - HD) + 1 |
//! | fractional Hamming | S m(1-2c), (S-2 theta) m | m'(1-2c'), -m' | 2 (theta common - S HD) - 1 |
//! | common bits | the same (S-2 theta) m, or u m | g m' | g (S-2 theta)(common - M + 1/2), or with u for g (S-2 theta) |
//! | cosine, inner product | 2x | y | 2 (<x,y> - tau) + 1 |
//! | squared Euclidean | 4x, 2\|x\|^2 | y, -1 | 2 (T - \|x-y\|^2) + 1 |
//!
//! with S = 10^9 and theta in units of 1/S, so that a decimal threshold is exact. Above theta = 0.4 the coordinate (S-2 theta) m is too
//! small to count common bits with, so the mask is encrypted once more at a scale u of its own.

mod form;
pub mod oracle;
mod quantise;
mod rule;
#[cfg(test)]
mod tests;

use crate::agreement::{AgreementError, ComparisonTerms, Decimal, Terms};
use crate::template::{IrisShape, Template, TemplateError, TemplateShape};
pub use form::LinearForm;
pub use quantise::{ProbeSample, Reference};
pub use rule::{Probe, ProbeError, SampleLayout, pairs};
pub(crate) use rule::{eye_of, require_both_eyes};

/// The comparison of an agreement, ready to turn templates into integers.
#[derive(Clone, Debug)]
pub struct Functional {
    metric: Metric,
    eyes: crate::agreement::EyeRule,
    bound: i64,
    step: u64,
}

/// A metric with its terms as integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Metric {
    /// Hit iff HD <= threshold.
    Hamming { dimension: usize, threshold: i64 },
    /// Hit iff S HD < theta common for some rotation, and common >= minimum unrotated.
    FractionalHamming { shape: IrisShape, theta: i64, minimum_common: usize, rotations: i32, counting: Counting },
    /// Hit iff <x,y> >= threshold, for vectors scaled to the given lengths.
    Cosine { dimension: usize, threshold: i64, probe_norm: u32, reference_norm: u32 },
    /// Hit iff <x,y> >= threshold, for vectors times scale, of integer length at most `longest`.
    InnerProduct { dimension: usize, threshold: i64, scale: f64, maximum_norm: f64, longest: i64 },
    /// Hit iff |x-y|^2 <= threshold, likewise.
    SquaredEuclidean { dimension: usize, threshold: i64, scale: f64, maximum_norm: f64, longest: i64 },
}

/// How the common bits are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Counting {
    /// Not at all: no minimum is agreed.
    Off,
    /// With the mask as the verdict needs it, coordinates (S-2 theta) m, and this gain as the weight.
    SharedMask { gain: i64 },
    /// With a copy of the mask, coordinates `unit` m.
    OwnMask { unit: i64 },
}

impl Counting {
    /// The weight of a valid mask bit, and the units of phi that one common bit counts.
    fn gain_and_unit(self, theta: i64) -> Option<(i64, i64)> {
        match self {
            Self::Off => None,
            Self::SharedMask { gain } => Some((gain, gain * (Decimal::ONE - 2 * theta))),
            Self::OwnMask { unit } => Some((1, unit)),
        }
    }
}

impl Functional {
    /// Share of the torus' half that |phi| may fill: 2 % are spare.
    const FILL: f64 = 0.98;

    /// The functional of an agreement's terms.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for a metric that does not suit the template, or a threshold, norm or scale out of range.
    pub fn new(terms: &Terms) -> Result<Self, AgreementError> {
        let metric = Metric::new(terms.template.shape(), &terms.comparison)?;
        let bound = metric.bound();
        // 2^63 torus units are half the torus.
        let step = (Self::FILL * 2f64.powi(63) / bound as f64) as u64;
        Ok(Self { metric, eyes: terms.comparison.eyes(), bound, step })
    }

    /// The shape of every template.
    pub fn shape(&self) -> TemplateShape {
        match self.metric {
            Metric::Hamming { dimension, .. } => TemplateShape::Bits(dimension),
            Metric::FractionalHamming { shape, .. } => TemplateShape::Iris(shape),
            Metric::Cosine { dimension, .. }
            | Metric::InnerProduct { dimension, .. }
            | Metric::SquaredEuclidean { dimension, .. } => TemplateShape::Vector(dimension),
        }
    }

    /// How many coordinates a template is encrypted as.
    pub fn coordinates(&self) -> usize {
        match self.metric {
            Metric::FractionalHamming { shape, counting: Counting::OwnMask { .. }, .. } => {
                shape.bits() + 2 * shape.mask_bits()
            }
            Metric::FractionalHamming { shape, .. } => shape.bits() + shape.mask_bits(),
            Metric::SquaredEuclidean { dimension, .. } => dimension + 1,
            Metric::Hamming { dimension, .. }
            | Metric::Cosine { dimension, .. }
            | Metric::InnerProduct { dimension, .. } => dimension,
        }
    }

    /// Rotations of the reference that are tried, in columns: 0, -1, 1, -2, 2, ... or 0 alone.
    pub fn rotations(&self) -> Vec<i32> {
        let most = match self.metric {
            Metric::FractionalHamming { rotations, .. } => rotations,
            _ => 0,
        };
        std::iter::once(0).chain((1..=most).flat_map(|k| [-k, k])).collect()
    }

    /// Encrypted decisions that one pair of templates costs: one a rotation, and one for the common bits.
    pub fn decisions_per_pair(&self) -> usize {
        self.rotations().len() + usize::from(self.judges_common_bits())
    }

    /// Whether a second functional judges the number of common bits.
    pub fn judges_common_bits(&self) -> bool {
        matches!(self.metric, Metric::FractionalHamming { counting, .. } if counting != Counting::Off)
    }

    /// |phi| never exceeds this.
    pub fn bound(&self) -> i64 {
        self.bound
    }

    /// One unit of phi, in units of 2^-64 of the torus.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Units of phi for one unit of the metric's score (a cosine, a bit, ...), at full overlap for an iris.
    pub fn phi_per_score(&self) -> f64 {
        match &self.metric {
            Metric::Hamming { .. } => 2.0,
            Metric::FractionalHamming { shape, .. } => 2.0 * shape.bits() as f64 * Decimal::ONE as f64,
            Metric::Cosine { probe_norm, reference_norm, .. } => {
                2.0 * f64::from(*probe_norm) * f64::from(*reference_norm)
            }
            Metric::InnerProduct { scale, .. } | Metric::SquaredEuclidean { scale, .. } => 2.0 * scale * scale,
        }
    }

    /// Euclidean length of the longest weights a reference can have (for the noise that they multiply).
    pub fn largest_weight_norm(&self) -> f64 {
        match &self.metric {
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

    pub(crate) fn metric(&self) -> &Metric {
        &self.metric
    }

    /// How the verdicts on a person's two eyes combine.
    pub fn eyes(&self) -> crate::agreement::EyeRule {
        self.eyes
    }

    pub(crate) fn check_shape(&self, template: &Template) -> Result<(), TemplateError> {
        match (self.shape(), template.shape()) {
            (expected, actual) if expected == actual => Ok(()),
            (TemplateShape::Bits(expected), TemplateShape::Bits(actual))
            | (TemplateShape::Vector(expected), TemplateShape::Vector(actual)) => {
                Err(TemplateError::Dimension { expected, actual })
            }
            (expected, actual) => Err(TemplateError::Shape { expected, actual }),
        }
    }
}

impl Metric {
    fn new(shape: TemplateShape, terms: &ComparisonTerms) -> Result<Self, AgreementError> {
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
                let counting = Self::counting(shape, theta, minimum_common);
                Ok(Self::FractionalHamming { shape, theta, minimum_common, rotations: rotations as i32, counting })
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
                        format!("times scale must be between 16 and 31000 (256 is a good choice), but is {longest:.1}"),
                    ));
                }
                let longest = longest.ceil() as i64;
                let squared_scale = scale.to_f64().powi(2);
                let scaled = threshold.to_f64() * squared_scale;
                let (scale, maximum_norm) = (scale.to_f64(), maximum_norm.to_f64());
                if matches!(terms, ComparisonTerms::InnerProduct { .. }) {
                    let threshold = scaled.ceil() as i64;
                    match threshold.abs() <= longest * longest {
                        true => Ok(Self::InnerProduct { dimension, threshold, scale, maximum_norm, longest }),
                        false => Err(threshold_range("is beyond the inner product of the longest vectors")),
                    }
                } else {
                    let threshold = scaled.floor() as i64;
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

    /// The largest |phi| of any admissible pair, for the verdict and for the common bits.
    fn bound(&self) -> i64 {
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

    /// The finest scale at which the number of common bits, less the minimum, stays within the bound of the verdict.
    fn counting(shape: IrisShape, theta: i64, minimum_common: usize) -> Counting {
        let farthest = minimum_common.max(shape.bits() - minimum_common) as i64;
        let finest = Self::fractional_bound(shape, theta) / (farthest + 1);
        match minimum_common {
            0 => Counting::Off,
            // The gain multiplies noise: where it would be large, a second copy of the mask is the better deal.
            _ if theta > Decimal::ONE / 5 * 2 => Counting::OwnMask { unit: finest },
            _ => Counting::SharedMask { gain: finest / (Decimal::ONE - 2 * theta) },
        }
    }
}
