//! The two halves of phi: coordinates from a probe, weights and a bias from a reference.

use std::ops::RangeInclusive;

use super::{Counting, Functional, Metric, ProbeSample, Reference};

/// The custodian's half of phi: one small integer a coordinate, and a bias.
///
/// Shape: [`Functional::coordinates`] weights. Range: |w_i| <= 32767.
#[derive(Clone, PartialEq, Eq)]
pub struct LinearForm {
    /// w_i.
    pub weights: Vec<i16>,
    /// Added to the sum.
    pub bias: i64,
    /// Weights before this coordinate are 0, for every reference.
    pub start: usize,
}

impl LinearForm {
    /// Euclidean length of the weights: what the noise of the coordinates is multiplied by.
    pub fn norm(&self) -> f64 {
        self.weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt()
    }

    /// phi of a probe's coordinates.
    pub(crate) fn evaluate(&self, coordinates: &[i64]) -> i64 {
        self.weights.iter().zip(coordinates).map(|(&w, &t)| i64::from(w) * t).sum::<i64>() + self.bias
    }
}

fn sign(bit: bool) -> i64 {
    if bit { -1 } else { 1 }
}

impl Functional {
    /// The querier's half of phi: [`Functional::coordinates`] integers.
    pub(crate) fn probe_coordinates(&self, probe: &ProbeSample) -> Vec<i64> {
        match (&self.metric, probe) {
            (Metric::FractionalHamming { shape, theta, unit: scale, .. }, ProbeSample::Iris(iris)) => {
                let code = iris.mask().iter().zip(iris.code().iter());
                let code = code.map(|(valid, bit)| if valid { scale * sign(bit) } else { 0 });
                let mask = |scale: i64| {
                    let valid = iris.mask().iter().step_by(shape.mask_multiplicity());
                    valid.map(move |valid| i64::from(valid) * scale)
                };
                let copy = match self.counting {
                    Some(Counting::OwnMask { unit }) => Some(mask(unit)),
                    _ => None,
                };
                code.chain(mask(scale - 2 * theta)).chain(copy.into_iter().flatten()).collect()
            }
            (Metric::SquaredEuclidean { .. }, ProbeSample::Integers(x)) => {
                let square: i64 = x.iter().map(|&x| i64::from(x).pow(2)).sum();
                x.iter().map(|&x| 4 * i64::from(x)).chain([2 * square]).collect()
            }
            (_, ProbeSample::Bits(bits)) => bits.iter().map(sign).collect(),
            (_, ProbeSample::Integers(x)) => x.iter().map(|&x| 2 * i64::from(x)).collect(),
            // Codes are only made by the metric above (`Functional::probe`).
            (_, ProbeSample::Iris(_)) => Vec::new(),
        }
    }

    /// The custodian's half of phi, for the reference rolled so that it meets a probe rotated by `rotation` columns.
    pub fn form(&self, reference: &Reference, rotation: i32) -> LinearForm {
        match (&self.metric, reference) {
            (Metric::Hamming { dimension, threshold }, Reference::Bits(bits)) => {
                let weights = bits.iter().map(|bit| sign(bit) as i16).collect();
                LinearForm { weights, bias: 2 * threshold + 1 - *dimension as i64, start: 0 }
            }
            (Metric::FractionalHamming { shape, .. }, Reference::Iris(iris)) => {
                let rolled = iris.rolled(-rotation);
                let multiplicity = shape.mask_multiplicity();
                let code = rolled.mask().iter().zip(rolled.code().iter());
                let code = code.map(|(valid, bit)| if valid { sign(bit) as i16 } else { 0 });
                let mask = rolled.mask().iter().step_by(multiplicity);
                let mask = mask.map(|valid| if valid { -(multiplicity as i16) } else { 0 });
                let mut weights: Vec<i16> = code.chain(mask).collect();
                weights.resize(self.coordinates(), 0);
                LinearForm { weights, bias: -1, start: 0 }
            }
            (Metric::Cosine { threshold, .. } | Metric::InnerProduct { threshold, .. }, Reference::Integers(y)) => {
                LinearForm { weights: y.clone(), bias: 1 - 2 * threshold, start: 0 }
            }
            (Metric::SquaredEuclidean { threshold, .. }, Reference::Integers(y)) => {
                let square: i64 = y.iter().map(|&y| i64::from(y).pow(2)).sum();
                let weights = y.iter().copied().chain([-1]).collect();
                LinearForm { weights, bias: 2 * (threshold - square) + 1, start: 0 }
            }
            // References are only made by the metric above (`Functional::reference`): a miss, whatever the probe.
            _ => LinearForm { weights: Vec::new(), bias: -self.bound, start: 0 },
        }
    }

    /// The verdict on every pair with this reference, where its weights are 0 and the probe does not matter: that of an inner product with
    /// a vector that is rounded to nothing.
    pub(crate) fn constant(&self, reference: &Reference) -> Option<bool> {
        match (&self.metric, reference) {
            (Metric::InnerProduct { .. }, Reference::Integers(y)) if y.iter().all(|&y| y == 0) => {
                Some(self.form(reference, 0).bias > 0)
            }
            _ => None,
        }
    }

    /// The form that is positive iff the pair has the agreed minimum of common bits, unrotated; none but for irises.
    pub(crate) fn common_bits_form(&self, reference: &Reference) -> Option<LinearForm> {
        let Metric::FractionalHamming { shape, theta, unit: scale, minimum_common, .. } = &self.metric else {
            return None;
        };
        let counting = self.counting?;
        let (gain, unit) = counting.gain_and_unit(*theta, *scale);
        let before = match counting {
            Counting::OwnMask { .. } => shape.bits() + shape.mask_bits(),
            Counting::SharedMask { .. } => shape.bits(),
        };
        let multiplicity = shape.mask_multiplicity();
        let weight = gain as i16 * multiplicity as i16;
        let mask: Vec<i16> = match reference {
            Reference::Iris(iris) => {
                iris.mask().iter().step_by(multiplicity).map(|valid| if valid { weight } else { 0 }).collect()
            }
            // No bit in common.
            _ => vec![0; shape.mask_bits()],
        };
        let bias = unit / 2 - unit * *minimum_common as i64;
        Some(LinearForm { weights: [vec![0; before], mask].concat(), bias, start: before })
    }

    /// The longest weights of [`Functional::common_bits_form`], and the units of phi that one common bit counts.
    pub(crate) fn common_bits_scale(&self) -> Option<(f64, i64)> {
        let Metric::FractionalHamming { shape, theta, unit: scale, .. } = &self.metric else { return None };
        let (gain, unit) = self.counting?.gain_and_unit(*theta, *scale);
        let weight = gain as f64 * shape.mask_multiplicity() as f64;
        Some((weight * (shape.mask_bits() as f64).sqrt(), unit))
    }

    /// Under an exact scheme, what every phi of [`Functional::common_bits_form`] is a multiple of: phi over this is
    /// 2 (common - minimum) + 1, within [`Functional::common_bits_range`].
    pub(crate) fn common_bits_unit(&self) -> Option<i64> {
        match self.metric {
            Metric::FractionalHamming { theta, unit, .. } if self.is_exact() => Some(unit - 2 * theta),
            _ => None,
        }
    }

    /// The smallest and the largest 2 (common - minimum) + 1, both odd; none but for irises.
    pub(crate) fn common_bits_range(&self) -> Option<RangeInclusive<i64>> {
        self.metric.common_bits_range()
    }
}
