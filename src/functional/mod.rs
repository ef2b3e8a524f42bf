//! Stage 2: a template as integers, and every metric as one linear functional.
//!
//! The querier's template becomes integer coordinates t_i, the custodian's becomes small integer weights w_i and a bias, and
//!
//! > phi = sum_i w_i t_i + bias,   hit iff phi > 0
//!
//! (docs/protocol.md, section 2). phi is never 0, and lies midway between the last miss and the first hit, so that noise has equal
//! room on both sides. Only the custodian's half depends on the gallery, so a rotation of an iris costs the custodian a
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
//! with S = 10^9 and theta in units of 1/S, so that a decimal threshold is exact; an exact scheme, for which phi must be small, takes the
//! simplest fraction theta / S that decides on every pair as the decimal does. tau and T are the agreed threshold in integers; an exact
//! scheme, whose vectors are short, shifts them by what rounding does to scores on average (`rounding`). Above theta = 0.4 the coordinate (S-2 theta) m is too
//! small to count common bits with, so the mask is encrypted once more at a scale u of its own.

mod accuracy;
mod bulk;
mod demand;
mod form;
mod fraction;
mod metric;
pub mod oracle;
mod quantise;
mod relations;
mod rounding;
mod rule;
#[cfg(test)]
mod tests;
mod witness;

use std::ops::RangeInclusive;

use crate::agreement::{AgreementError, Terms};
use crate::template::{Template, TemplateError, TemplateShape};
pub use bulk::{Bulk, BulkError};
pub(crate) use bulk::{Judged, Kept, PIECE};
pub(crate) use demand::{Admission, Counting, Demand, MaskDemand};
pub(crate) use form::LinearForm;
pub(crate) use metric::Metric;
pub use quantise::{ProbeSample, Reference};
pub(crate) use relations::Relation;
pub use rule::{Probe, ProbeError, SampleLayout, pairs};
pub(crate) use rule::{eye_of, require_both_eyes};

/// What an agreement's terms ask of a scheme; lengths must be given.
///
/// # Errors
///
/// As [`Functional::new`], but for what a set refuses.
pub(crate) fn demand_of(terms: &Terms, exact: bool) -> Result<Demand, AgreementError> {
    let metric = Metric::new(terms.template.shape(), &terms.comparison, exact)?;
    Ok(demand(&metric, exact, terms))
}

fn demand(metric: &Metric, exact: bool, terms: &Terms) -> Demand {
    Demand {
        coordinates: metric.coordinates(),
        aligned: metric.phi_range(exact),
        bound: metric.bound(),
        weight_norm: metric.largest_weight_norm(),
        common_bits: metric.common_bits_range(),
        masks: metric.mask_demand(),
        alignments: metric.rotations().len(),
        disclosure: terms.disclosure,
        hits_per_probe: terms.limits.hits_per_probe.unwrap_or(0),
        eyes: terms.comparison.eyes(),
        references: terms.limits.references,
        references_per_subject: terms.limits.references_per_subject,
        field: metric.field(),
    }
}

/// The comparison of an agreement, ready to turn templates into integers.
#[derive(Clone, Debug)]
pub struct Functional {
    metric: Metric,
    eyes: crate::agreement::EyeRule,
    /// How common bits are counted, for an iris.
    counting: Option<Counting>,
    bound: i64,
    /// Whether phi is judged without noise.
    exact: bool,
    stand_in: Reference,
    largest_gallery: usize,
    references_per_subject: usize,
    hits_per_probe: usize,
    probes_together: usize,
}

impl Functional {
    /// The functional of an agreement's terms, as a parameter set admits it.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for a metric that does not suit the template, a threshold, norm or scale out of range, and for what
    /// [`Admission::admit`] refuses; [`AgreementError::Open`] for a length that is left open.
    pub(crate) fn new(terms: &Terms, set: &dyn Admission) -> Result<Self, AgreementError> {
        let exact = set.is_exact();
        let metric = Metric::new(terms.template.shape(), &terms.comparison, exact)?;
        let demand = demand(&metric, exact, terms);
        let counting = set.admit(&demand)?;
        let probes_together = set.together(&demand).max(1);
        let stand_in = quantise::stand_in(&metric).map_err(|error| AgreementError::found("template", &error))?;
        let (bound, eyes) = (metric.bound(), terms.comparison.eyes());
        let largest_gallery = terms.limits.references;
        let references_per_subject = terms.limits.references_per_subject;
        let hits_per_probe = terms.limits.hits_per_probe.unwrap_or(0);
        Ok(Self {
            bound,
            metric,
            eyes,
            counting,
            exact,
            stand_in,
            largest_gallery,
            references_per_subject,
            hits_per_probe,
            probes_together,
        })
    }

    /// The shape of every template.
    pub(crate) fn shape(&self) -> TemplateShape {
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
        let own_mask = match (&self.metric, self.counting) {
            (Metric::FractionalHamming { shape, .. }, Some(Counting::OwnMask { .. })) => shape.mask_bits(),
            _ => 0,
        };
        self.metric.coordinates() + own_mask
    }

    /// Rotations of the reference that are tried, in columns: 0, -1, 1, -2, 2, ... or 0 alone.
    pub(crate) fn rotations(&self) -> Vec<i32> {
        self.metric.rotations()
    }

    /// Encrypted decisions that one pair of templates costs: one a rotation, and one for the common bits.
    pub(crate) fn decisions_per_pair(&self) -> usize {
        self.rotations().len() + usize::from(self.judges_common_bits())
    }

    /// Whether a second functional judges the number of common bits.
    pub(crate) fn judges_common_bits(&self) -> bool {
        self.counting.is_some()
    }

    /// A reference of nobody, as a gallery could hold it: what is computed on where there is no other, so that it takes as long.
    pub(crate) fn stand_in(&self) -> &Reference {
        &self.stand_in
    }

    /// References of the largest gallery that the agreement admits.
    pub(crate) fn largest_gallery(&self) -> usize {
        self.largest_gallery
    }

    /// References that a subject may have of each eye, by the agreement.
    pub(crate) fn references_per_subject(&self) -> usize {
        self.references_per_subject
    }

    /// Hits of a probe whose handles are disclosed; 0 where none are.
    pub(crate) fn hits_per_probe(&self) -> usize {
        self.hits_per_probe
    }

    /// Probes of a query that can share a ciphertext; 1 where each has its own.
    pub(crate) fn probes_together(&self) -> usize {
        self.probes_together
    }

    /// |phi| never exceeds this.
    pub(crate) fn bound(&self) -> i64 {
        self.bound
    }

    /// The smallest and the largest phi of any admissible pair, both odd: those of [`Functional::form`], at any rotation.
    pub(crate) fn phi_range(&self) -> RangeInclusive<i64> {
        self.metric.phi_range(self.exact)
    }

    /// Whether encrypted verdicts equal the oracle's also at the threshold: there is no torus, and no noise on it.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// Units of phi for one unit of the metric's score (a cosine, a bit, ...), at full overlap for an iris.
    pub fn phi_per_score(&self) -> f64 {
        match &self.metric {
            Metric::Hamming { .. } => 2.0,
            Metric::FractionalHamming { shape, unit, .. } => 2.0 * shape.bits() as f64 * *unit as f64,
            Metric::Cosine { unit, .. } => 2.0 * *unit as f64,
            Metric::InnerProduct { scale, .. } | Metric::SquaredEuclidean { scale, .. } => 2.0 * scale * scale,
        }
    }

    /// Euclidean length of the longest weights a reference can have (for the noise that they multiply).
    pub(crate) fn largest_weight_norm(&self) -> f64 {
        self.metric.largest_weight_norm()
    }

    /// Length to which references are scaled before they are rounded to integers; none where nothing is rounded.
    pub(crate) fn reference_length(&self) -> Option<u32> {
        match self.metric {
            Metric::Cosine { reference_norm, .. } => Some(reference_norm),
            Metric::InnerProduct { scale, maximum_norm, .. } | Metric::SquaredEuclidean { scale, maximum_norm, .. } => {
                Some((scale * maximum_norm).round() as u32)
            }
            Metric::Hamming { .. } | Metric::FractionalHamming { .. } => None,
        }
    }

    pub(crate) fn metric(&self) -> &Metric {
        &self.metric
    }

    /// How the verdicts on a person's two eyes combine.
    pub(crate) fn eyes(&self) -> crate::agreement::EyeRule {
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
