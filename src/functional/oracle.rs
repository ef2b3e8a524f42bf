//! The clear oracle: the definition of every verdict.
//!
//! It counts differing bits and multiplies integers, without `super::LinearForm`, so that the encrypted arithmetic
//! is held against something else than itself.

use super::{Functional, Metric, Probe, ProbeSample, Reference, SampleLayout, pairs};
use crate::agreement::Decimal;
use crate::template::{Eye, IrisCode};

/// What two templates have to say about each other, in the clear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Whether the pair is a hit.
    pub hit: bool,
    /// In the metric's own unit: a cosine, a number of bits, a fraction of the common bits, ... For an iris the least over
    /// the rotations, and 1 where no rotation has a common valid bit. For the short integers of an exact scheme as that of the real vectors
    /// is on average: it meets the agreed threshold iff the pair hits.
    pub score: f64,
    /// phi of the deciding alignment, in the integers that are encrypted: positive iff it hits.
    pub phi: i64,
    /// Columns by which the probe is rolled at the deciding alignment.
    pub rotation: i32,
    /// Common valid bits without rotation, for an iris.
    pub common_bits: Option<usize>,
}

/// One template in the role of the probe, ready to be compared with many references.
pub struct Oracle<'a> {
    functional: &'a Functional,
    sample: &'a ProbeSample,
    /// The probe's code at every rotation, in the order in which they are tried.
    rolled: Vec<(i32, IrisCode)>,
}

impl<'a> Oracle<'a> {
    /// Prepares a probe's rotations.
    pub fn new(functional: &'a Functional, sample: &'a ProbeSample) -> Self {
        let rolled = match sample {
            ProbeSample::Iris(iris) => functional.rotations().into_iter().map(|k| (k, iris.rolled(k))).collect(),
            _ => Vec::new(),
        };
        Self { functional, sample, rolled }
    }

    /// Compares with one reference.
    pub fn compare(&self, reference: &Reference) -> Comparison {
        let plain = |score: f64, phi: i64| Comparison { hit: phi > 0, score, phi, rotation: 0, common_bits: None };
        match (self.functional.metric(), self.sample, reference) {
            (Metric::Hamming { threshold, .. }, ProbeSample::Bits(a), Reference::Bits(b)) => {
                let distance: u32 = a.words().iter().zip(b.words()).map(|(a, b)| (a ^ b).count_ones()).sum();
                plain(f64::from(distance), 2 * (threshold - i64::from(distance)) + 1)
            }
            (Metric::Cosine { threshold, .. }, ProbeSample::Integers(x), Reference::Integers(y)) => {
                let product = inner_product(x, y);
                let cosine = 2.0 * product as f64 / self.functional.phi_per_score();
                // Equal vectors have equal errors: their integers are closer than those of a cosine of 1 are on average.
                plain(cosine.clamp(-1.0, 1.0), 2 * (product - threshold) + 1)
            }
            (Metric::InnerProduct { threshold, .. }, ProbeSample::Integers(x), Reference::Integers(y)) => {
                let product = inner_product(x, y);
                plain(2.0 * product as f64 / self.functional.phi_per_score(), 2 * (product - threshold) + 1)
            }
            (Metric::SquaredEuclidean { threshold, shift, .. }, ProbeSample::Integers(x), Reference::Integers(y)) => {
                let square: i64 = x.iter().zip(y).map(|(&x, &y)| (i64::from(x) - i64::from(y)).pow(2)).sum();
                let unrounded = (square - shift).max(0);
                plain(2.0 * unrounded as f64 / self.functional.phi_per_score(), 2 * (threshold - square) + 1)
            }
            (Metric::FractionalHamming { .. }, ProbeSample::Iris(_), Reference::Iris(iris)) => self.compare_iris(iris),
            // Samples and references of one functional always fit each other.
            _ => plain(f64::NAN, -self.functional.bound()),
        }
    }

    /// phi at every rotation that is tried; a single one for everything but an iris.
    pub(crate) fn phis(&self, reference: &Reference) -> Vec<i64> {
        match (self.functional.metric(), reference) {
            (Metric::FractionalHamming { .. }, Reference::Iris(reference)) => {
                let phi = |(differing, common)| self.fractional_phi(differing, common);
                self.rolled.iter().map(|(_, probe)| phi(differing_and_common(probe, reference))).collect()
            }
            _ => vec![self.compare(reference).phi],
        }
    }

    /// phi of one rotation: -1 where no bit is common.
    fn fractional_phi(&self, differing: u64, common: u64) -> i64 {
        match *self.functional.metric() {
            Metric::FractionalHamming { theta, unit, .. } => 2 * (theta * common as i64 - unit * differing as i64) - 1,
            _ => -self.functional.bound(),
        }
    }

    /// The least fraction of differing bits over the rotations; the first of equals (Open-IRIS' order).
    fn compare_iris(&self, reference: &IrisCode) -> Comparison {
        let mut best: Option<(u64, u64, i32)> = None;
        let mut unrotated = 0;
        for (rotation, probe) in &self.rolled {
            let (differing, common) = differing_and_common(probe, reference);
            if *rotation == 0 {
                unrotated = common as usize;
            }
            let closer = best.is_none_or(|(d, c, _)| differing * c < d * common);
            if common > 0 && closer {
                best = Some((differing, common, *rotation));
            }
        }
        let phi = best.map_or(-1, |(differing, common, _)| self.fractional_phi(differing, common));
        // The decimal that was agreed decides, not the fraction that stands for it in phi.
        let close = best.is_some_and(|(differing, common, _)| match *self.functional.metric() {
            Metric::FractionalHamming { threshold, .. } => {
                Decimal::ONE as i128 * i128::from(differing) < i128::from(threshold) * i128::from(common)
            }
            _ => false,
        });
        let minimum_common = match *self.functional.metric() {
            Metric::FractionalHamming { minimum_common, .. } => minimum_common,
            _ => 0,
        };
        let (differing, common, rotation) = best.unwrap_or((1, 1, 0));
        Comparison {
            hit: close && unrotated >= minimum_common,
            score: differing as f64 / common as f64,
            phi,
            rotation,
            common_bits: Some(unrotated),
        }
    }
}

fn inner_product(x: &[i32], y: &[i16]) -> i64 {
    x.iter().zip(y).map(|(&x, &y)| i64::from(x) * i64::from(y)).sum()
}

/// Differing and common valid bits of two codes of one shape, as they lie.
pub(crate) fn differing_and_common(a: &IrisCode, b: &IrisCode) -> (u64, u64) {
    let masks = a.mask().words().iter().zip(b.mask().words()).map(|(a, b)| a & b);
    let codes = a.code().words().iter().zip(b.code().words()).map(|(a, b)| a ^ b);
    masks.zip(codes).fold((0, 0), |(differing, common), (mask, code)| {
        (differing + u64::from((mask & code).count_ones()), common + u64::from(mask.count_ones()))
    })
}

/// The verdict on a subject with all its references, by the agreement's eye rule.
pub fn subject_verdict(functional: &Functional, probe: &Probe, references: &[(Option<Eye>, Reference)]) -> bool {
    subject_verdict_of(functional, probe.layout(), probe.samples(), references)
}

pub(crate) fn subject_verdict_of(
    functional: &Functional,
    layout: SampleLayout,
    samples: &[ProbeSample],
    references: &[(Option<Eye>, Reference)],
) -> bool {
    let oracles: Vec<_> = samples.iter().map(|sample| Oracle::new(functional, sample)).collect();
    let hits = |&(sample, reference): &(usize, usize)| match (oracles.get(sample), references.get(reference)) {
        (Some(oracle), Some((_, reference))) => oracle.compare(reference).hit,
        _ => false,
    };
    pairs(functional.eyes(), layout, references).iter().all(|group| group.iter().any(hits))
}
