//! The matcher of Worldcoin's Open-IRIS in the clear, so that a threshold found with it can be carried over.
//!
//! It goes further than an agreement can: scores are normalised by how many bits they rest on, halves of the iris are
//! scored apart, and bits are weighted. What it says is the score that Open-IRIS' `hamming_distance` gives, including
//! where that is surprising (see [`Matcher::distance`]). Nothing here is encrypted.

use crate::template::IrisCode;

/// How scores are corrected for the number of bits they rest on: `mean - (mean - distance) * (gradient * bits + 1/2)`,
/// at least 0.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Mean distance of impostors, in [0, 1].
    pub mean: f64,
    /// What one more common bit adds to the confidence in a distance.
    pub gradient: f64,
}

impl Default for Normalisation {
    /// Open-IRIS' own: 0.45 and 0.00005.
    fn default() -> Self {
        Self { mean: 0.45, gradient: 0.000_05 }
    }
}

impl Normalisation {
    fn apply(self, bits: Count) -> f64 {
        // As in Open-IRIS: of no bits, the quotient is not a number, and the larger of 0 and that is 0.
        (self.mean - (self.mean - bits.differing / bits.common) * (self.gradient * bits.common + 0.5)).max(0.0)
    }
}

/// What to compare, and how.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The probe is rolled by up to so many columns either way.
    pub rotation_shift: u32,
    /// Correct scores for the number of bits.
    #[serde(default)]
    pub normalisation: Option<Normalisation>,
    /// Average the normalised score with that of the two halves scored apart. Without normalisation it changes nothing.
    #[serde(default)]
    pub separate_half_matching: bool,
}

impl Default for Settings {
    /// 15 columns either way, nothing corrected.
    fn default() -> Self {
        Self { rotation_shift: 15, normalisation: None, separate_half_matching: false }
    }
}

/// A score, and the rotation it was found at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Smallest distance over the rotations, in [0, 1]; 1 where no rotation leaves a common bit.
    pub distance: f64,
    /// By how many columns the probe was rolled.
    pub rotation: i32,
}

/// Why nothing is compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OpenIrisError {
    /// The mean distance of impostors is no distance.
    #[error("norm_mean is {0}; it must lie between 0 and 1")]
    Mean(f64),
    /// The gradient is not finite.
    #[error("norm_gradient is not a finite number")]
    Gradient,
    /// More rotations than columns could tell apart.
    #[error("rotation_shift is {0}; at most {limit} columns are tried", limit = Matcher::ROTATION_LIMIT)]
    Rotation(u32),
    /// Probe and reference have another number of filters, or a filter of another size.
    #[error("filter {filter}: probe and reference are of different sizes")]
    Sizes {
        /// Counted from 0.
        filter: usize,
    },
    /// Halves of an odd number of columns.
    #[error("filter {filter} has {columns} columns; their number must be even")]
    OddColumns {
        /// Counted from 0.
        filter: usize,
        /// Columns of its code.
        columns: usize,
    },
    /// The weights do not fit the codes.
    #[error("filter {filter}: one weight is needed for each of {expected} code bits, none negative and not all zero")]
    Weights {
        /// Counted from 0.
        filter: usize,
        /// Code bits of the filter.
        expected: usize,
    },
}

/// A matcher with settings that have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Matcher(Settings);

impl Matcher {
    /// Most columns tried either way.
    pub(crate) const ROTATION_LIMIT: u32 = 1 << 16;

    /// A matcher.
    ///
    /// # Errors
    ///
    /// [`OpenIrisError::Mean`], [`OpenIrisError::Gradient`] or [`OpenIrisError::Rotation`] for a setting out of range.
    pub fn new(settings: Settings) -> Result<Self, OpenIrisError> {
        if settings.rotation_shift > Self::ROTATION_LIMIT {
            return Err(OpenIrisError::Rotation(settings.rotation_shift));
        }
        match settings.normalisation {
            Some(Normalisation { mean, .. }) if !(0.0..=1.0).contains(&mean) => Err(OpenIrisError::Mean(mean)),
            Some(Normalisation { gradient, .. }) if !gradient.is_finite() => Err(OpenIrisError::Gradient),
            _ => Ok(Self(settings)),
        }
    }

    /// The smallest distance over all rotations of the probe, tried in the order 0, -1, 1, -2, 2, ...; of equal ones the
    /// first. Rotations without a common valid bit are passed over.
    ///
    /// A template is one code for each filter, or one with the filters side by side as channels; rotation is alike, but
    /// weights are scaled filter by filter. `weights`, one for each code bit of each filter, are not rolled.
    ///
    /// Two peculiarities of the original are kept. Halves that are scored apart count twice the bits they have, and so
    /// does the whole then. And where the second half of the columns has no common bit, the first half scores the mean
    /// of impostors, though it may have bits.
    ///
    /// # Errors
    ///
    /// [`OpenIrisError`] when codes or weights do not fit each other.
    pub fn distance(
        &self,
        probe: &[IrisCode],
        reference: &[IrisCode],
        weights: Option<&[Vec<f64>]>,
    ) -> Result<Score, OpenIrisError> {
        check(probe, reference, weights)?;
        let filters: Vec<Filter> = reference
            .iter()
            .enumerate()
            .map(|(index, code)| Filter::new(code, weights.and_then(|weights| weights.get(index))))
            .collect();
        let shift = self.0.rotation_shift as i32;
        let mut best = Score { distance: 1.0, rotation: 0 };
        for rotation in std::iter::once(0).chain((1..=shift).flat_map(|columns| [-columns, columns])) {
            let halves = filters.iter().zip(probe).fold(Halves::default(), |halves, (filter, probe)| {
                halves.plus(filter.compare(&probe.rolled(rotation)))
            });
            if let Some(distance) = self.score(halves).filter(|distance| *distance < best.distance) {
                best = Score { distance, rotation };
            }
        }
        Ok(best)
    }

    /// The score at one rotation, where there is a common bit.
    fn score(&self, halves: Halves) -> Option<f64> {
        let halves = if self.0.separate_half_matching { halves.doubled() } else { halves };
        let whole = halves.first.plus(halves.second);
        if whole.common == 0.0 {
            return None;
        }
        let Some(normalisation) = self.0.normalisation else { return Some(whole.differing / whole.common) };
        let normalised = normalisation.apply(whole);
        if !self.0.separate_half_matching {
            return Some(normalised);
        }
        // Upstream asks the second half both times.
        let half = |bits| if halves.second.common > 0.0 { normalisation.apply(bits) } else { normalisation.mean };
        let weighted = |bits: Count| half(bits) * bits.common;
        let apart = (weighted(halves.second) + weighted(halves.first)) / whole.common;
        Some((normalised + apart) / 2.0)
    }
}

fn check(probe: &[IrisCode], reference: &[IrisCode], weights: Option<&[Vec<f64>]>) -> Result<(), OpenIrisError> {
    if probe.len() != reference.len() {
        return Err(OpenIrisError::Sizes { filter: probe.len().min(reference.len()) });
    }
    for (filter, (probe, reference)) in probe.iter().zip(reference).enumerate() {
        let size = |code: &IrisCode| (code.shape().rows, code.shape().columns, code.shape().channels);
        if size(probe) != size(reference) {
            return Err(OpenIrisError::Sizes { filter });
        }
        let shape = probe.shape();
        if shape.columns % 2 == 1 {
            return Err(OpenIrisError::OddColumns { filter, columns: shape.columns });
        }
        let Some(weights) = weights else { continue };
        let fits = weights.get(filter).is_some_and(|weights| {
            let sum: f64 = weights.iter().sum();
            weights.len() == shape.bits() && weights.iter().all(|weight| *weight >= 0.0) && sum > 0.0 && sum.is_finite()
        });
        if !fits {
            return Err(OpenIrisError::Weights { filter, expected: shape.bits() });
        }
    }
    Ok(())
}

/// Bits, weighted: how many differ among how many that are valid in both.
#[derive(Clone, Copy, Default)]
struct Count {
    differing: f64,
    common: f64,
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self { differing: self.differing + other.differing, common: self.common + other.common }
    }
}

/// The first and the second half of the columns.
#[derive(Clone, Copy, Default)]
struct Halves {
    first: Count,
    second: Count,
}

impl Halves {
    fn plus(self, other: Self) -> Self {
        Self { first: self.first.plus(other.first), second: self.second.plus(other.second) }
    }

    fn doubled(self) -> Self {
        self.plus(self)
    }
}

/// One filter of the reference, laid out for comparison.
struct Filter<'a> {
    code: &'a IrisCode,
    /// One for each code bit, with mean 1; none where all weigh the same.
    weights: Option<Vec<f64>>,
}

impl<'a> Filter<'a> {
    fn new(code: &'a IrisCode, weights: Option<&Vec<f64>>) -> Self {
        let scaled = |weights: &Vec<f64>| {
            let scale = weights.len() as f64 / weights.iter().sum::<f64>();
            weights.iter().map(|weight| weight * scale).collect()
        };
        Self { code, weights: weights.map(scaled) }
    }

    fn compare(&self, probe: &IrisCode) -> Halves {
        let shape = self.code.shape();
        let bits = probe.code().iter().zip(self.code.code().iter()).map(|(a, b)| a != b);
        let valid = probe.mask().iter().zip(self.code.mask().iter()).map(|(a, b)| a && b);
        let weights = self.weights.iter().flatten().copied().chain(std::iter::repeat(1.0));
        let mut halves = Halves::default();
        for (index, ((differs, _), weight)) in
            bits.zip(valid).zip(weights).enumerate().filter(|(_, ((_, valid), _))| *valid)
        {
            let column = index / shape.channels % shape.columns;
            let half = if column < shape.columns / 2 { &mut halves.first } else { &mut halves.second };
            *half = half.plus(Count { differing: if differs { weight } else { 0.0 }, common: weight });
        }
        halves
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::{Bits, IrisShape, MaskSharing};

    fn iris(columns: usize, code: &[bool], valid: bool) -> IrisCode {
        let shape = IrisShape { rows: code.len() / columns, columns, channels: 1, mask: MaskSharing::PerBit };
        let mask = Bits::new(code.iter().map(|_| valid)).unwrap();
        IrisCode::new(shape, Bits::new(code.iter().copied()).unwrap(), mask).unwrap()
    }

    proptest! {
        #[test]
        fn a_rolled_code_is_found_where_it_was_rolled_to(code in proptest::collection::vec(any::<bool>(), 32), by in -8i32..=8) {
            let reference = [iris(32, &code, true)];
            let probe = [reference[0].rolled(by)];
            let score = Matcher::new(Settings::default()).unwrap().distance(&probe, &reference, None).unwrap();
            prop_assert_eq!(score.distance, 0.0);
            prop_assert!(score.rotation.abs() <= by.abs());
            prop_assert!(probe[0].rolled(score.rotation).code() == reference[0].code());
        }

        #[test]
        fn equal_weights_change_nothing(
            a in proptest::collection::vec(any::<bool>(), 16),
            b in proptest::collection::vec(any::<bool>(), 16),
            weight in 0.1f64..10.0,
            separate_half_matching: bool,
        ) {
            let (a, b) = ([iris(8, &a, true)], [iris(8, &b, true)]);
            let normalisation = Some(Normalisation::default());
            let matcher = Matcher::new(Settings { rotation_shift: 0, normalisation, separate_half_matching }).unwrap();
            let plain = matcher.distance(&a, &b, None).unwrap();
            let weighted = matcher.distance(&a, &b, Some(&[vec![weight; 16]])).unwrap();
            prop_assert!((plain.distance - weighted.distance).abs() < 1e-12);
        }
    }

    #[test]
    fn without_a_common_bit_the_distance_is_one() {
        let (seen, unseen) = ([iris(4, &[true; 8], true)], [iris(4, &[true; 8], false)]);
        let score = Matcher::new(Settings::default()).unwrap().distance(&seen, &unseen, None).unwrap();
        assert_eq!(score, Score { distance: 1.0, rotation: 0 });
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let with = |normalisation| Settings { normalisation: Some(normalisation), ..Settings::default() };
        let gradient = Normalisation { gradient: f64::NAN, ..Normalisation::default() };
        assert_eq!(Matcher::new(with(gradient)).unwrap_err(), OpenIrisError::Gradient);
        let mean = Normalisation { mean: f64::NAN, ..Normalisation::default() };
        assert!(matches!(Matcher::new(with(mean)), Err(OpenIrisError::Mean(_))));
        let far = Settings { rotation_shift: u32::MAX, ..Settings::default() };
        assert_eq!(Matcher::new(far).unwrap_err(), OpenIrisError::Rotation(u32::MAX));

        let matcher = Matcher::new(Settings::default()).unwrap();
        let code = [iris(4, &[true; 8], true)];
        for weights in [vec![1.0; 7], vec![0.0; 8], vec![f64::NAN; 8], [vec![2.0; 7], vec![-1.0]].concat()] {
            let refused = matcher.distance(&code, &code, Some(&[weights])).unwrap_err();
            assert_eq!(refused, OpenIrisError::Weights { filter: 0, expected: 8 });
        }
        assert_eq!(matcher.distance(&code, &[], None).unwrap_err(), OpenIrisError::Sizes { filter: 0 });
    }
}
