//! Templates as integers: what is refused, and how real vectors are rounded.

use super::{Functional, Metric};
use crate::template::{Bits, IrisCode, RealVector, Template, TemplateError, TemplateShape};

/// A probe's template as integers. Secret to the querier.
pub enum ProbeSample {
    /// As they are.
    Bits(Bits),
    /// As it is.
    Iris(IrisCode),
    /// A vector scaled and rounded.
    Integers(Vec<i32>),
}

/// A reference's template as integers. Secret to the custodian.
#[derive(Clone)]
pub enum Reference {
    /// As they are.
    Bits(Bits),
    /// As it is.
    Iris(IrisCode),
    /// A vector scaled and rounded.
    Integers(Vec<i16>),
}

impl std::fmt::Debug for ProbeSample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProbeSample(redacted)")
    }
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reference(redacted)")
    }
}

impl Reference {
    /// As stored: [`Functional::reference_bytes`] bytes. Bits packed (code, then mask, for an iris); integers in 8 bits each where every
    /// reference under the agreement fits in them, else in 16, little-endian.
    pub fn to_bytes(&self, functional: &Functional) -> Vec<u8> {
        match self {
            Self::Bits(bits) => bits.to_msb_first(),
            Self::Iris(iris) => [iris.code().to_msb_first(), iris.mask().to_msb_first()].concat(),
            // The cast drops nothing: no coordinate is longer than its vector.
            Self::Integers(y) if functional.coordinate_bytes() == 1 => y.iter().map(|&y| y as u8).collect(),
            Self::Integers(y) => y.iter().flat_map(|y| y.to_le_bytes()).collect(),
        }
    }

    /// Reads [`Reference::to_bytes`] back; `None` for anything that [`Functional::reference`] would not have made.
    pub(crate) fn from_bytes(functional: &Functional, bytes: &[u8]) -> Option<Self> {
        let reference = match functional.shape() {
            TemplateShape::Bits(length) => Self::Bits(Bits::from_msb_first(bytes, length).ok()?),
            TemplateShape::Iris(shape) => {
                let (code, mask) = bytes.split_at_checked(bytes.len() / 2)?;
                let bits = |bytes| Bits::from_msb_first(bytes, shape.bits()).ok();
                let iris = IrisCode::new(shape, bits(code)?, bits(mask)?).ok()?;
                Self::Iris(functional.valid_iris(&iris).ok()?.clone())
            }
            TemplateShape::Vector(dimension) => {
                let y: Vec<i16> = match functional.coordinate_bytes() {
                    1 => bytes.iter().map(|&byte| i16::from(byte.cast_signed())).collect(),
                    _ => bytes.as_chunks::<2>().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect(),
                };
                let admitted = y.len() == dimension && functional.admits_integers(&y);
                Self::Integers(admitted.then_some(y)?)
            }
        };
        // Padding bits must be zero, and no byte may be left: one reference, one encoding.
        (reference.to_bytes(functional) == bytes).then_some(reference)
    }
}

/// A reference of nobody, as a gallery could hold it, with weights that are not 0: what is computed on where there is no other, so that it
/// takes as long.
pub(super) fn stand_in(metric: &Metric) -> Result<Reference, TemplateError> {
    let alternating = |length: usize| Bits::new((0..length).map(|bit| bit % 2 == 1));
    let along = |dimension: usize, length: i64| {
        // No longer than 32,000, by the checks on the agreement.
        Reference::Integers(std::iter::once(length as i16).chain(std::iter::repeat_n(0, dimension - 1)).collect())
    };
    Ok(match *metric {
        Metric::Hamming { dimension, .. } => Reference::Bits(alternating(dimension)?),
        Metric::FractionalHamming { shape, .. } => {
            let valid = Bits::new(std::iter::repeat_n(true, shape.bits()))?;
            Reference::Iris(IrisCode::new(shape, alternating(shape.bits())?, valid)?)
        }
        Metric::Cosine { dimension, reference_norm, .. } => along(dimension, reference_norm.into()),
        Metric::InnerProduct { dimension, longest, .. } | Metric::SquaredEuclidean { dimension, longest, .. } => {
            along(dimension, longest)
        }
    })
}

impl Functional {
    /// Bytes of a stored reference: [`Reference::to_bytes`].
    pub fn reference_bytes(&self) -> usize {
        match self.shape() {
            TemplateShape::Bits(bits) => bits.div_ceil(8),
            TemplateShape::Iris(shape) => 2 * shape.bits().div_ceil(8),
            TemplateShape::Vector(dimension) => self.coordinate_bytes() * dimension,
        }
    }

    /// Bytes of a stored integer: 1 where no reference that the agreement admits has a coordinate beyond 127, else 2.
    ///
    /// A matter of the agreement, not of the data: whatever is enrolled later fits as well.
    fn coordinate_bytes(&self) -> usize {
        // In whole numbers, as the norm of a reference of this length is only known to rounding.
        let longest = match self.metric {
            Metric::Cosine { reference_norm, .. } => i64::from(reference_norm) * 101,
            Metric::InnerProduct { longest, .. } | Metric::SquaredEuclidean { longest, .. } => longest * 100,
            _ => return 1,
        };
        if longest < 12_800 { 1 } else { 2 }
    }

    /// Whether stored integers keep phi in range, for [`Functional::bound`] to hold.
    fn admits_integers(&self, y: &[i16]) -> bool {
        let norm = y.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>().sqrt();
        match self.metric {
            Metric::Cosine { reference_norm, .. } if self.is_exact() => fits_length(squared_length(y), reference_norm),
            Metric::Cosine { reference_norm, .. } => (norm / f64::from(reference_norm) - 1.0).abs() <= 0.01,
            Metric::InnerProduct { longest, .. } | Metric::SquaredEuclidean { longest, .. } => norm <= longest as f64,
            _ => false,
        }
    }

    /// A template in the role of the probe.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for another shape than agreed, a zero vector where a direction is needed, a vector over the agreed
    /// length or too short for the quantisation, or an iris with fewer valid bits than the minimum of common bits.
    pub fn probe(&self, template: &Template) -> Result<ProbeSample, TemplateError> {
        self.check_shape(template)?;
        match template {
            Template::Bits(bits) => Ok(ProbeSample::Bits(bits.clone())),
            Template::Iris(iris) => Ok(ProbeSample::Iris(self.valid_iris(iris)?.clone())),
            Template::Vector(vector) => {
                let norm = match self.metric {
                    Metric::Cosine { probe_norm, .. } => probe_norm,
                    _ => 0,
                };
                Ok(ProbeSample::Integers(self.integers(vector, norm)?))
            }
        }
    }

    /// A template in the role of the reference.
    ///
    /// # Errors
    ///
    /// As [`Functional::probe`].
    pub fn reference(&self, template: &Template) -> Result<Reference, TemplateError> {
        self.check_shape(template)?;
        match template {
            Template::Bits(bits) => Ok(Reference::Bits(bits.clone())),
            Template::Iris(iris) => Ok(Reference::Iris(self.valid_iris(iris)?.clone())),
            Template::Vector(vector) => {
                let norm = match self.metric {
                    Metric::Cosine { reference_norm, .. } => reference_norm,
                    _ => 0,
                };
                // At most 32,000 in size, by the checks on the agreement.
                Ok(Reference::Integers(self.integers(vector, norm)?.into_iter().map(|y| y as i16).collect()))
            }
        }
    }

    fn valid_iris<'a>(&self, iris: &'a IrisCode) -> Result<&'a IrisCode, TemplateError> {
        let minimum = match self.metric {
            // Without the rule, a template must still have one valid bit to say anything.
            Metric::FractionalHamming { minimum_common, .. } => minimum_common.max(1),
            _ => 0,
        };
        match iris.valid_bits() {
            valid if valid < minimum => Err(TemplateError::TooFewValidBits { valid, minimum }),
            _ => Ok(iris),
        }
    }

    fn integers(&self, vector: &RealVector, agreed_norm: u32) -> Result<Vec<i32>, TemplateError> {
        match self.metric {
            Metric::InnerProduct { scale, maximum_norm, longest, .. }
            | Metric::SquaredEuclidean { scale, maximum_norm, longest, .. } => {
                if vector.norm() > maximum_norm {
                    return Err(TemplateError::NormTooLarge { norm: vector.norm(), maximum: maximum_norm });
                }
                let rounded = rounded(vector, scale);
                let norm = integer_norm(&rounded);
                match norm <= longest as f64 {
                    true => Ok(rounded),
                    false => {
                        Err(TemplateError::QuantisationTooCoarse { norm, expected: (scale * maximum_norm) as u32 })
                    }
                }
            }
            _ if self.is_exact() => within_length(vector, agreed_norm),
            _ => to_length(vector, agreed_norm),
        }
    }
}

/// The vector scaled so that its integers are as long as they can be without exceeding `norm`.
///
/// The length of the integers only grows with the scale, so bisection finds the last scale before it exceeds. Where coordinates cross
/// to the next integer together, as those of a constant vector do, lengths are skipped: an integer vector below 98 % of the norm is
/// refused.
fn within_length(vector: &RealVector, norm: u32) -> Result<Vec<i32>, TemplateError> {
    let length = vector.norm();
    if length == 0.0 {
        return Err(TemplateError::ZeroVector);
    }
    let most = i64::from(norm).pow(2);
    let fits = |scale: f64| squared_length(&rounded(vector, scale)) <= most;
    let usual = f64::from(norm) / length;
    // Rounding takes away at most everything, or adds at most half of each coordinate.
    let (mut low, high) = if fits(0.9 * usual) { (0.9 * usual, 1.1 * usual) } else { (0.0, 0.9 * usual) };
    if fits(high) {
        low = high;
    }
    let integers = rounded(vector, last_scale(vector, low, high, most));
    match fits_length(squared_length(&integers), norm) {
        true => Ok(integers),
        false => Err(TemplateError::QuantisationTooCoarse { norm: integer_norm(&integers), expected: norm }),
    }
}

/// The last scale between `low`, which fits, and `high`, at which the squared length is at most `most`, to forty halvings.
fn last_scale(vector: &RealVector, mut low: f64, mut high: f64, most: i64) -> f64 {
    let ends = rounded(vector, low).into_iter().zip(rounded(vector, high));
    let all = vector.coordinates().iter().zip(ends).map(|(&x, (low, high))| Moving { x, low, middle: low, high });
    // Only what is rounded differently at both ends can change in between: about half as much after every step.
    let (mut moving, still): (Vec<_>, Vec<_>) = all.partition(|coordinate| coordinate.low != coordinate.high);
    let mut settled = still.iter().map(|coordinate| square(coordinate.low)).fold(0, i64::saturating_add);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        moving.iter_mut().for_each(|coordinate| coordinate.middle = round(coordinate.x * middle));
        let fits = moving.iter().map(|coordinate| square(coordinate.middle)).fold(settled, i64::saturating_add) <= most;
        *(if fits { &mut low } else { &mut high }) = middle;
        moving.retain_mut(|coordinate| {
            *(if fits { &mut coordinate.low } else { &mut coordinate.high }) = coordinate.middle;
            let moves = coordinate.low != coordinate.high;
            if !moves {
                settled = settled.saturating_add(square(coordinate.low));
            }
            moves
        });
    }
    low
}

/// A coordinate, and its integers at the scales of a bisection.
struct Moving {
    x: f64,
    low: i32,
    middle: i32,
    high: i32,
}

fn square(x: i32) -> i64 {
    i64::from(x).pow(2)
}

fn round(x: f64) -> i32 {
    x.round() as i32
}

/// Whether a squared length is at most the agreed one, and at least 98 % of it before squaring.
fn fits_length(square: i64, norm: u32) -> bool {
    let agreed = i64::from(norm).pow(2);
    square <= agreed && 10_000 * square >= 9_604 * agreed
}

fn squared_length<T: Copy + Into<i64>>(x: &[T]) -> i64 {
    x.iter().map(|&x| x.into().saturating_mul(x.into())).fold(0, i64::saturating_add)
}

/// The vector scaled to length `norm` and rounded to the nearest integers.
///
/// Rounding moves the length by up to sqrt(d)/2, which would bias every score of the template. Up to 1 % of that is admitted (and
/// is in the bound of phi); beyond, the agreed norm is too coarse for such a vector.
fn to_length(vector: &RealVector, norm: u32) -> Result<Vec<i32>, TemplateError> {
    let length = vector.norm();
    if length == 0.0 {
        return Err(TemplateError::ZeroVector);
    }
    let rounded = vector.coordinates().iter().map(|x| round(x / length * f64::from(norm))).collect::<Vec<_>>();
    let actual = integer_norm(&rounded);
    match (actual / f64::from(norm) - 1.0).abs() <= 0.01 {
        true => Ok(rounded),
        false => Err(TemplateError::QuantisationTooCoarse { norm: actual, expected: norm }),
    }
}

fn rounded(vector: &RealVector, scale: f64) -> Vec<i32> {
    vector.coordinates().iter().map(|x| round(x * scale)).collect()
}

fn integer_norm(x: &[i32]) -> f64 {
    x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;
    use statrs::distribution::{ContinuousCDF, Normal};

    use super::*;
    use crate::agreement::{SchemeChoice, Terms};
    use crate::planning;
    use crate::scheme::Opened;

    fn vector(coordinates: &[f64]) -> Template {
        Template::Vector(RealVector::new(coordinates.to_vec()).unwrap())
    }

    #[test]
    fn a_vector_that_could_break_the_range_is_refused() {
        let euclid = Terms::squared_euclidean(3, "1.0".parse().unwrap(), "0.5".parse().unwrap());
        let agreement = planning::open(euclid).unwrap();
        let functional = agreement.functional();
        assert!(functional.probe(&vector(&[0.6, 0.8, 0.0])).is_ok());
        assert!(matches!(functional.probe(&vector(&[0.7, 0.8, 0.0])), Err(TemplateError::NormTooLarge { .. })));
        assert!(matches!(
            functional.reference(&vector(&[0.6, 0.8])),
            Err(TemplateError::Dimension { expected: 3, actual: 2 })
        ));
    }

    #[test]
    fn a_zero_vector_has_no_cosine() {
        let agreement = planning::open(Terms::face(3)).unwrap();
        assert!(matches!(agreement.functional().probe(&vector(&[0.0; 3])), Err(TemplateError::ZeroVector)));
    }

    #[test]
    fn an_exact_scheme_never_sees_a_vector_longer_than_agreed() {
        let agreement = planning::open(Terms::face(512).with_scheme(SchemeChoice::Bgv)).unwrap();
        let functional = agreement.functional();
        let Metric::Cosine { reference_norm: norm, .. } = *functional.metric() else { panic!() };
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let normal = Normal::standard();
        for _ in 0..300 {
            let template = vector(&(0..512).map(|_| normal.inverse_cdf(rng.random())).collect::<Vec<f64>>());
            let ProbeSample::Integers(x) = functional.probe(&template).unwrap() else { panic!() };
            let Reference::Integers(y) = functional.reference(&template).unwrap() else { panic!() };
            for square in [squared_length(&x), squared_length(&y)] {
                let most = i64::from(norm).pow(2);
                assert!(square <= most && square as f64 > 0.99 * most as f64, "{square} of {most}");
            }
        }
        // All coordinates cross to the next integer together, and skip the agreed length.
        let refused = functional.probe(&vector(&[1.0; 512]));
        assert!(matches!(refused, Err(TemplateError::QuantisationTooCoarse { .. })), "{norm}");
    }

    #[test]
    fn the_last_scale_is_that_of_a_bisection_over_all_coordinates() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        for (dimension, norm) in [(1, 16), (2, 70), (3, 1 << 20), (64, 16), (512, 70), (700, 32)] {
            for round in 0..40 {
                let x: Vec<f64> = match round {
                    0 => vec![1.0; dimension],
                    _ => (0..dimension).map(|_| rng.random_range(-1.0..1.0) * rng.random_range(0.0..1e3)).collect(),
                };
                let vector = RealVector::new(x).unwrap();
                let most = i64::from(norm).pow(2);
                let usual = f64::from(norm) / vector.norm();
                for (low, high) in [(0.9 * usual, 1.1 * usual), (0.0, 0.9 * usual), (usual, usual), (0.0, 1e12 * usual)]
                {
                    let (mut plain, mut beyond) = (low, high);
                    for _ in 0..40 {
                        let middle = 0.5 * (plain + beyond);
                        let fits = squared_length(&rounded(&vector, middle)) <= most;
                        *(if fits { &mut plain } else { &mut beyond }) = middle;
                    }
                    assert_eq!(last_scale(&vector, low, high, most).to_bits(), plain.to_bits(), "{dimension} {round}");
                }
            }
        }
    }

    #[test]
    fn a_vector_that_rounding_would_bias_is_refused() {
        let agreement = planning::open(Terms::face(512)).unwrap();
        // 256 / sqrt(512) = 11.3 rounds to 11: the reference would be 2.8 % short.
        let constant = vector(&[1.0; 512]);
        assert!(matches!(
            agreement.functional().reference(&constant),
            Err(TemplateError::QuantisationTooCoarse { expected: 256, .. })
        ));
        assert!(agreement.functional().probe(&constant).is_ok());
    }

    /// A cosine scaled to this length: the longest admissible coordinate is 1 % beyond it.
    fn scaled_to(reference_norm: u32) -> Opened {
        let mut terms = Terms::face(4);
        if let crate::agreement::ComparisonTerms::Cosine { reference_norm: norm, .. } = &mut terms.comparison {
            *norm = Some(reference_norm);
        }
        planning::open(terms).unwrap()
    }

    #[test]
    fn integers_take_a_byte_where_none_can_exceed_it() {
        for (norm, bytes) in [(100, 4), (126, 4), (127, 8), (256, 8)] {
            let agreement = scaled_to(norm);
            let functional = agreement.functional();
            assert_eq!(functional.reference_bytes(), bytes, "{norm}");
            for along in [[1.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.5, -0.5, 0.5, 0.5]] {
                let stored = functional.reference(&vector(&along)).unwrap().to_bytes(functional);
                let read = Reference::from_bytes(functional, &stored).unwrap();
                assert_eq!(functional.form(&read, 0).weights[0], (along[0] * f64::from(norm)).round() as i16);
            }
        }
    }
}
