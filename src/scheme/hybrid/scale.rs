//! How an integer phi lies modulo t once it is switched, and how far noise moves it.
//!
//! phi is encrypted as `step * phi` modulo 2^64, and switched to t = 65537: x = phi step t / 2^64 steps, |x| at most B. A slot holds
//! v = floor(x + noise) and judges w = 2 v + 1, which is odd, never 0, and a hit iff it is positive.

use std::ops::RangeInclusive;

use crate::agreement::Disclosure;
use crate::functional::{Counting, Demand, Functional, MaskDemand};
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::circuit::{Comparison, Sharing};
use crate::scheme::bgv::shape::Shape;

/// Deviations of noise that a switched score is given room for beyond its range: P(more) is 2^-62 a decision.
const TAIL: f64 = 9.0;

/// The numbers phi of one kind of decision, over all admissible pairs.
#[derive(Clone, Debug)]
pub(super) struct Scores {
    /// Smallest and largest.
    phi: RangeInclusive<i64>,
    /// Euclidean length of the longest weights.
    pub(super) weight_norm: f64,
}

/// The decisions of a comparison.
#[derive(Clone, Debug)]
pub(super) struct Decisions {
    /// The largest |phi| at any rotation: what B stands for.
    bound: i64,
    aligned: Scores,
    common_bits: Option<Scores>,
    /// Under `labelled` the hits of a probe that have handles.
    hits: usize,
    /// Whether an OR has more than one input: of rotations, of references of one eye, of two eyes either of which is enough.
    disjunction: bool,
}

impl Decisions {
    /// Of an agreement's functional.
    pub(super) fn of(functional: &Functional) -> Self {
        let common = functional.common_bits_range().zip(functional.common_bits_scale());
        let shape = Shape::of_functional(functional, functional.references_per_subject());
        Self {
            bound: functional.bound(),
            aligned: Scores { phi: functional.phi_range(), weight_norm: functional.largest_weight_norm() },
            common_bits: common.map(|(range, (weight_norm, unit))| Scores { phi: counted(&range, unit), weight_norm }),
            hits: functional.hits_per_probe(),
            disjunction: !shape.is_conjunction(),
        }
    }

    /// Of what terms ask of a set, that counts common bits so.
    pub(super) fn demanded(demand: &Demand, counting: Option<Counting>) -> Self {
        let common = demand.common_bits.as_ref().zip(demand.masks).zip(counting);
        let common_bits = common.map(|((range, MaskDemand { shape, theta, unit, .. }), counting)| {
            let (gain, unit) = counting.gain_and_unit(theta, unit);
            let weight = gain as f64 * shape.mask_multiplicity() as f64;
            Scores { phi: counted(range, unit), weight_norm: weight * (shape.mask_bits() as f64).sqrt() }
        });
        Self {
            bound: demand.bound,
            aligned: Scores { phi: demand.aligned.clone(), weight_norm: demand.weight_norm },
            common_bits,
            hits: demand.hits_per_probe,
            disjunction: !Shape::demanded(demand).is_conjunction(),
        }
    }

    /// Whether an OR has more than one input under the agreement, whatever the gallery.
    pub(super) fn is_disjunction(&self) -> bool {
        self.disjunction
    }
}

/// phi = unit (common - minimum) + unit / 2, of 2 (common - minimum) + 1.
fn counted(odd: &RangeInclusive<i64>, unit: i64) -> RangeInclusive<i64> {
    let half = |odd: i64| (i128::from(odd) * i128::from(unit) / 2) as i64;
    half(*odd.start())..=half(*odd.end())
}

impl HybridSet {
    /// One unit of a functional's phi, in units of 2^-64 of the torus.
    pub(crate) fn step(&self, functional: &Functional) -> u64 {
        self.finest_step(functional.bound())
    }

    /// The largest step at which |phi| within `bound` is within B steps once it is switched.
    fn finest_step(&self, bound: i64) -> u64 {
        let room = (self.score_bound as u128) << 64;
        u64::try_from(room / (u128::from(PLAINTEXT_MODULUS) * bound.max(1) as u128)).unwrap_or(u64::MAX)
    }

    /// Steps of a switched score for one unit of phi.
    fn steps_per_phi(&self, bound: i64) -> f64 {
        self.finest_step(bound) as f64 * f64::from(PLAINTEXT_MODULUS) / 2f64.powi(64)
    }

    /// Variance of a switched score, in steps squared: the query's noise by the weights, and n + 1 roundings of which those of the mask are
    /// multiplied by a binary key and centred (as the modulus switch of scheme `tfhe`).
    pub(crate) fn decision_variance(&self, weight_norm: f64) -> f64 {
        let t = f64::from(PLAINTEXT_MODULUS);
        weight_norm.powi(2) * self.query().variance() * t * t + self.switch_variance()
    }

    /// The part of it that rounding to t adds.
    pub(crate) fn switch_variance(&self) -> f64 {
        self.query().lwe_dimension() as f64 / 48.0 + 1.0 / 12.0
    }

    /// One standard deviation of an encrypted phi in units of phi, for weights of Euclidean length `weight_norm`.
    pub(crate) fn phi_deviation(&self, functional: &Functional, weight_norm: f64) -> f64 {
        self.deviation_of(functional.bound(), weight_norm)
    }

    /// As [`HybridSet::phi_deviation`], where |phi| is within `bound`.
    pub(super) fn deviation_of(&self, bound: i64, weight_norm: f64) -> f64 {
        self.decision_variance(weight_norm).sqrt() / self.steps_per_phi(bound)
    }

    /// The largest |phi| that has room, in units of phi where |phi| of an aligned score is within `bound`.
    pub(super) fn most_phi(&self, bound: i64) -> f64 {
        self.score_bound as f64 / self.steps_per_phi(bound)
    }

    /// What is judged in a slot: w = 2 v + 1 of every decision, all of them odd.
    pub(super) fn comparison(&self, decisions: &Decisions, disclosure: Disclosure) -> Comparison {
        let steps = self.steps_per_phi(decisions.bound);
        let range = |scores: &Scores| {
            let tail = TAIL * self.decision_variance(scores.weight_norm).sqrt() + 1.0;
            let odd = |phi: i64, tail: f64| 2 * (phi as f64 * steps + tail).floor() as i64 + 1;
            odd(*scores.phi.start(), -tail)..=odd(*scores.phi.end(), tail)
        };
        Comparison {
            coordinates: self.query().lwe_dimension(),
            aligned: range(&decisions.aligned),
            common_bits: decisions.common_bits.as_ref().map(range),
            disclosure,
            hits: decisions.hits,
            sharing: Sharing::Pairs { disjunction: decisions.disjunction },
        }
    }

    /// Deviations of noise that there is room for beside the largest score, in steps.
    pub(super) fn tail(&self, weight_norm: f64) -> f64 {
        TAIL * self.decision_variance(weight_norm).sqrt()
    }
}
