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
use crate::parameters::ParameterSet;
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
    /// How common bits are counted, for an iris.
    counting: Option<Counting>,
    bound: i64,
    step: u64,
}

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

/// How the common bits are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Counting {
    /// With the mask as the verdict needs it, coordinates (S-2 theta) m, and this gain as the weight.
    SharedMask { gain: i64 },
    /// With a copy of the mask, coordinates `unit` m.
    OwnMask { unit: i64 },
}

impl Counting {
    /// The weight of a valid mask bit, and the units of phi that one common bit counts.
    fn gain_and_unit(self, theta: i64) -> (i64, i64) {
        match self {
            Self::SharedMask { gain } => (gain, gain * (Decimal::ONE - 2 * theta)),
            Self::OwnMask { unit } => (1, unit),
        }
    }
}

/// The share of the torus that |phi| may fill, on either side, beside a noise of this deviation: 1/2 less 2 % of it, or
/// less eight deviations where that is more, so that noise does not wrap phi around the torus.
fn room(deviation: f64) -> f64 {
    0.5 - f64::max(0.01, 8.0 * deviation)
}

impl Functional {
    /// The functional of an agreement's terms, scaled to the noise of a parameter set.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for a metric that does not suit the template, a threshold, norm or scale out of range, and for terms
    /// under which noise, not the templates, would decide.
    pub fn new(terms: &Terms, set: &ParameterSet) -> Result<Self, AgreementError> {
        let metric = Metric::new(terms.template.shape(), &terms.comparison)?;
        let bound = metric.bound();
        let deviation = set.decision_variance(metric.largest_weight_norm()).sqrt();
        if room(deviation) < 0.25 {
            let field = match metric {
                Metric::Cosine { .. } => "comparison.reference_norm",
                _ => "comparison.scale",
            };
            let problem = "weights this long drown the comparison in noise; choose it so that vectors have length 256 in integers";
            return Err(AgreementError::field(field, problem));
        }
        let step = (room(deviation) * 2f64.powi(64) / bound as f64) as u64;
        let counting = match metric {
            Metric::FractionalHamming { shape, theta, minimum_common, .. } => {
                // One deviation of the fraction is this over the common bits.
                let bits = deviation * 2f64.powi(64) / step as f64 / (2.0 * Decimal::ONE as f64);
                let least = (bits / Self::COARSEST_FRACTION).ceil() as usize;
                if minimum_common < least {
                    let problem = format!("with fewer than {least} common bits noise would decide; agree on more");
                    return Err(AgreementError::field("comparison.minimum_common_bits", problem));
                }
                Some(Self::counting(shape, theta, minimum_common, step, set))
            }
            _ => None,
        };
        Ok(Self { metric, eyes: terms.comparison.eyes(), counting, bound, step })
    }

    /// The largest deviation of a fractional Hamming distance that is admitted, at the minimum of common bits.
    const COARSEST_FRACTION: f64 = 0.02;

    /// The finest scale at which the number of common bits, less the minimum, keeps its distance from the far side of the torus.
    fn counting(shape: IrisShape, theta: i64, minimum_common: usize, step: u64, set: &ParameterSet) -> Counting {
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
            Some(gain) => Counting::SharedMask { gain },
            None => Counting::OwnMask { unit: (room(1) / farthest) as i64 },
        }
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
            Metric::FractionalHamming { shape, .. } => {
                let masks = if matches!(self.counting, Some(Counting::OwnMask { .. })) { 2 } else { 1 };
                shape.bits() + masks * shape.mask_bits()
            }
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
        self.counting.is_some()
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
        self.metric.largest_weight_norm()
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

    fn largest_weight_norm(&self) -> f64 {
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
}

/// threshold scale^2 rounded down, and whether that is exact; `None` where it does not fit.
fn times_squared(threshold: Decimal, scale: Decimal) -> Option<(i64, bool)> {
    let square = i128::from(scale.billionths()).checked_mul(scale.billionths().into())?;
    let product = square.checked_mul(threshold.billionths().into())?;
    let one = i128::from(Decimal::ONE).pow(3);
    Some((product.div_euclid(one).try_into().ok()?, product.rem_euclid(one) == 0))
}
