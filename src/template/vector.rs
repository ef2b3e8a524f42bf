//! Real feature vectors: face and fingerprint embeddings.

use super::TemplateError;

/// A non-empty vector of finite real numbers.
#[derive(Clone, PartialEq)]
pub struct RealVector(Vec<f64>);

impl RealVector {
    /// A feature vector.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Empty`], or [`TemplateError::NotFinite`] at the first infinity or not-a-number.
    pub fn new(coordinates: Vec<f64>) -> Result<Self, TemplateError> {
        if coordinates.is_empty() {
            return Err(TemplateError::Empty);
        }
        match coordinates.iter().position(|x| !x.is_finite()) {
            Some(coordinate) => Err(TemplateError::NotFinite { coordinate }),
            None => Ok(Self(coordinates)),
        }
    }

    /// The coordinates in order.
    pub fn coordinates(&self) -> &[f64] {
        &self.0
    }

    /// Euclidean length.
    pub fn norm(&self) -> f64 {
        let largest = self.0.iter().fold(0f64, |largest, x| largest.max(x.abs()));
        if largest == 0.0 {
            return 0.0;
        }
        largest * self.0.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_refused_with_its_place() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(RealVector::new(vec![0.0, bad]), Err(TemplateError::NotFinite { coordinate: 1 })));
        }
    }

    #[test]
    fn a_norm_neither_overflows_nor_underflows() {
        assert_eq!(RealVector::new(vec![3e300, 4e300]).unwrap().norm(), 5e300);
        assert_eq!(RealVector::new(vec![3e-300, 4e-300]).unwrap().norm(), 5e-300);
        assert_eq!(RealVector::new(vec![0.0; 3]).unwrap().norm(), 0.0);
    }
}
