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

mod counting;
mod form;
mod metric;
pub mod oracle;
mod quantise;
mod rule;
#[cfg(test)]
mod tests;

use crate::agreement::{AgreementError, Decimal, Terms};
use crate::parameters::ParameterSet;
use crate::template::{Template, TemplateError, TemplateShape};
use counting::Counting;
pub use form::LinearForm;
pub(crate) use metric::Metric;
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
        let ParameterSet::Tfhe(set) = set else {
            return Err(AgreementError::field("encryption.scheme", "bgv is not there yet"));
        };
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
                Some(Counting::new(shape, theta, minimum_common, step, set))
            }
            _ => None,
        };
        Ok(Self { metric, eyes: terms.comparison.eyes(), counting, bound, step })
    }

    /// The largest deviation of a fractional Hamming distance that is admitted, at the minimum of common bits.
    const COARSEST_FRACTION: f64 = 0.02;

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
